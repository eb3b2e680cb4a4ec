"""What may be written into an entity, and how it is: first all is checked, then nothing can fail.

Source: amoCRM's "Deals", "Contacts", "Companies", "Customers"; for refusals see :mod:`simulator.checks`.
"""

from typing import Any

from simulator import money, rights, values
from simulator.call import Call
from simulator.checks import Told
from simulator.resources import customers
from simulator.state import Entity

_COMMON = ("name", "responsible_user_id", "created_at", "updated_at")
OWN = {
    "leads": (*_COMMON, "price", "status_id", "pipeline_id", "loss_reason_id"),
    "contacts": (*_COMMON, "first_name", "last_name"),
    "companies": _COMMON,
    "customers": (*_COMMON, "status_id", "next_price", "next_date", "periodicity"),
}
CLOSED = (142, 143)
UNSORTED = 1  # the type of the status of incoming leads
LOSS_REASONS = (800_001,)
_LONGEST_NAME = 255
_NUMBERS = ("created_at", "updated_at")


def check(call: Call, entity_type: str, told: Told, item: Entity, entity: Entity | None = None) -> None:
    """`entity`: the one that is changed; None for a new one. What is linked with it is checked by `check_links`."""
    for name in ("name", "first_name", "last_name"):
        # vendor: entities.name_length
        if item.get(name) is not None and told.of_type(name, item[name], "string"):
            told.at_most(name, item[name], _LONGEST_NAME)
    for name in _NUMBERS:
        if item.get(name) is not None:
            told.of_type(name, item[name], "int")
    if item.get("responsible_user_id") is not None:
        check_user(call, told, "responsible_user_id", item["responsible_user_id"])
    if entity_type == "leads":
        if item.get("price") is not None and not money.is_taken(call.account, item["price"]):
            told.wrong("price", "InvalidType", "This value should be of type int.")
        if item.get("loss_reason_id") is not None and item["loss_reason_id"] not in LOSS_REASONS:
            told.no_choice("loss_reason_id")
        _check_place(call, told, item, entity)
    if entity_type == "customers":
        customers.check(told, item, is_new=entity is None)
    values.check(call.account, entity_type, told, item.get("custom_fields_values"))
    _check_tags(call, entity_type, told, (item.get("_embedded") or {}).get("tags"))


def check_user(call: Call, told: Told, path: str, user_id: Any) -> None:
    """Both errors at once for a word, as was seen."""
    told.of_type(path, user_id, "int")
    user = call.account.users.get(user_id) if isinstance(user_id, int) else None
    # vendor: users.switched_off
    # vendor: leads.route_refused
    if user is None or not user["rights"]["is_active"] or user_id in call.account.not_responsible:
        told.no_choice(path)


def check_links(call: Call, told: Told, item: Entity, kinds: tuple[str, ...] = ("contacts", "companies")) -> None:
    """Contacts and companies of a new deal that are to be there already."""
    for kind in kinds:
        for position, one in enumerate((item.get("_embedded") or {}).get(kind) or []):
            check_known(call, told.inside(f"_embedded.{kind}.{position}"), kind, one)


def check_known(call: Call, told: Told, kind: str, one: Any) -> None:
    # vendor: contacts.gone
    if not isinstance(one, dict) or one.get("id") is None:
        told.missing("id")
    elif told.of_type("id", one["id"], "int") and rights.seen(call, kind, one["id"]) is None:
        told.no_choice("id")


def _check_place(call: Call, told: Told, item: Entity, entity: Entity | None) -> None:
    """The pipeline and the stage, together: as they are sent, else as they are."""
    main = next(pipeline["id"] for pipeline in call.account.pipelines.values() if pipeline["is_main"])
    pipeline_id = item.get("pipeline_id") or (entity["pipeline_id"] if entity else main)
    pipeline = call.account.pipelines.get(pipeline_id) if isinstance(pipeline_id, int) else None
    if item.get("pipeline_id") is not None and (pipeline is None or pipeline["is_archive"]):
        # vendor: pipelines.archived
        told.no_choice("pipeline_id")
        return
    if item.get("status_id") is not None and pipeline is not None:
        able = {one["id"] for one in pipeline["_embedded"]["statuses"] if one["type"] != UNSORTED}
        # vendor: leads.route_refused
        able -= set(CLOSED) if entity is None and not call.account.makes_closed_deals else set()
        if item["status_id"] not in able:
            told.no_choice("status_id")


def _check_tags(call: Call, entity_type: str, told: Told, tags: Any) -> None:
    if tags is None or not told.of_type("_embedded.tags", tags, "array"):
        return
    ids = set(call.account.tags[entity_type].values())
    for position, tag in enumerate(tags):
        here = told.inside(f"_embedded.tags.{position}")
        if not isinstance(tag, dict) or not ({"id", "name"} & tag.keys()):
            here.missing("name")
        elif "id" in tag and "name" not in tag:
            if tag["id"] not in ids:
                here.no_choice("id")
        elif here.of_type("name", tag["name"], "string") and not tag["name"].strip():
            here.blank("name")


def write(call: Call, entity_type: str, entity: Entity, item: Entity) -> None:
    """Only what was checked."""
    for name in OWN[entity_type]:
        if item.get(name) is not None or (name in item and name == "loss_reason_id"):
            entity[name] = item[name]
    if entity_type == "leads":
        entity["price"] = money.kept(call.account, entity["price"]) if "price" in item else entity["price"]
        _put(call, entity, item)
    if item.get("custom_fields_values") is not None:
        before = entity.get("custom_fields_values")
        entity["custom_fields_values"] = values.written(call.account, entity_type, before, item["custom_fields_values"])
    embedded = item.get("_embedded") or {}
    if embedded.get("tags") is not None:
        entity["_tags"] = _tags(call, entity_type, embedded["tags"])


def _put(call: Call, lead: Entity, item: Entity) -> None:
    """A stage of its pipeline: the first one where none is named and its own is of another pipeline."""
    statuses = call.account.pipelines[lead["pipeline_id"]]["_embedded"]["statuses"]
    if lead.get("_incoming"):
        return
    if lead["status_id"] not in {status["id"] for status in statuses}:
        lead["status_id"] = next(status["id"] for status in statuses if status["type"] != UNSORTED)
    if lead["status_id"] not in CLOSED:
        lead["closed_at"] = None
    elif lead["closed_at"] is None or "status_id" in item:
        lead["closed_at"] = call.world.now()


def _tags(call: Call, entity_type: str, given: list[Entity]) -> list[Entity]:
    known = call.account.tags[entity_type]
    names = {tag_id: name for name, tag_id in known.items()}
    wanted = [str(tag.get("name") or names[tag["id"]]) for tag in given]
    for name in wanted:
        if name not in known:
            known[name] = call.world.new_id("tags")
    return [{"id": known[name], "name": name} for name in dict.fromkeys(wanted)]


def link(call: Call, lead: Entity, embedded: Entity) -> None:
    """A new deal with contacts and companies that are there."""
    for kind in ("contacts", "companies"):
        for position, one in enumerate(embedded.get(kind) or []):
            metadata = {"main_contact": bool(one.get("is_main", position == 0))} if kind == "contacts" else {}
            call.account.links[lead["id"]].append(
                {"to_entity_id": one["id"], "to_entity_type": kind, "metadata": metadata}
            )
