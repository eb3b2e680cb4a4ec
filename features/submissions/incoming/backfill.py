"""A body that was read again: what its deal and contact lack by now is filled in, and nothing is made a second time.

What somebody has written meanwhile stays: fields, a name, a budget are set where they are empty, phones and e-mails are
added. The note holds what no note of the deal says yet. So the same again changes nothing.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Raw, Struct
from msgspec.structs import replace

from features.submissions import note, plan, unmapped_values
from features.submissions.carts import PAID, STATE, TRANSACTION
from features.submissions.mapping import Unplaced
from features.submissions.model import SUBMIT_ORDER, Accepted, Body, SubmitOrder
from features.submissions.settings import of as settings_of
from features.submissions.writer import Submission, kind_of
from shared.actions.feature import Planner
from shared.amocrm.contacts import main_contact
from shared.amocrm.directory import Directory
from shared.amocrm.errors import BadRequestError
from shared.amocrm.filtered_reads import newest_first
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import Plan, Result, Step
from shared.platform.decoding import decode
from shared.platform.i18n import document_language
from shared.platform.messages import say
from shared.runtime import Runtime
from shared.storage.cache import SharedCache

ACTION: Final = "read_again"
Entity = dict[str, Any]
# A text this long stands nowhere by chance.
_LONG: Final = 12


class BackfillRequest(Struct, frozen=True):
    """What is stored: the body as it is read now, and what the first reading has made."""

    mode: str
    action: str  # that took it
    body: Raw
    lead_id: int | None
    contact_id: int | None
    since: int  # Unix seconds: notes of the deal from then on may hold what was said already
    had: list[str]  # values that the first reading has brought somewhere, as far as they are still kept
    has_goods: bool  # and the goods of an order
    first: str = ""  # the action of the first delivery


def read(request: str) -> tuple[BackfillRequest, Body]:
    """Raises msgspec.ValidationError."""
    wanted = decode(request, BackfillRequest)
    return wanted, Accepted("lead", wanted.body).decoded(wanted.action)


def first_steps(runtime: Runtime, integration: Integration, mode: str, body: Body) -> list[str]:
    """The name of the one that depends on nothing."""
    settings = settings_of(integration)
    fields = [plan.FIELDS[entity] for entity in plan.entities_to_complete(settings, mode, body)]
    return [(*fields, _MADE[mode == "contact"])[0]]


_MADE: Final = ("lead", "contact")


def _planned(
    runtime: Runtime, delivery: Delivery, integration: Integration, content: tuple[BackfillRequest, Body]
) -> Plan:
    wanted, body = content
    accepted = Accepted("contact" if wanted.lead_id is None else "lead", wanted.body)
    settings = replace(settings_of(integration), skip_empty=True)
    language = document_language(integration.settings, integration.account_domain)
    parts = (runtime.database, runtime.keyring, runtime.locks, delivery, integration.id, accepted, body)
    made = Submission(*parts, settings, language, fills_only=True)
    steps: list[Step] = []
    for entity in plan.entities_to_complete(settings, accepted.mode, body):
        steps.append(plan.fields_step(made, entity, steps[-1].name if steps else None))
    before = steps[-1].name if steps else None
    if wanted.lead_id is None:
        steps.append(_contact_step(wanted, before))
    else:
        steps.append(_lead_step(made, wanted, wanted.lead_id, before))
    steps += [_person_step(made, steps[-1].name), _note_step(made, wanted, steps[-1].name)]
    if isinstance(body, SubmitOrder) and wanted.lead_id is not None and not wanted.has_goods:
        steps += plan.goods_steps(
            SharedCache(made.database, delivery.integration_id), made.keyring, made.locks, delivery, body, made.language
        )
    return steps, 5


PLANNER: Final = Planner(ACTION, read, _planned)


def _contact_step(wanted: BackfillRequest, before: str | None) -> Step:
    def found(*_: object) -> Result:
        return {"contact_id": wanted.contact_id, "created": False}

    return Step("contact", found, lambda *_: None, after=before)


def _lead_step(made: Submission, wanted: BackfillRequest, lead_id: int, before: str | None) -> Step:
    """What the deal lacks: fields without a value, and a budget that is nought."""

    def write(api: AccountApi, *_: Result) -> Result:
        lead = api.lead(lead_id)
        there = {one["field_id"] for one in lead.get("custom_fields_values") or [] if one.get("values")}
        placed = [one for one in made.placed_in_lead(Directory(api, made.integration_id)).fields if one["values"]]
        missing = [one for one in placed if one["field_id"] not in there]
        fields: Entity = {"custom_fields_values": missing} if missing else {}
        change, refused = plan.change_deal(made, api, lead_id, fields, {})
        budget, not_taken = _budget(made, api, lead)
        for error in (refused, not_taken):
            if error is not None:
                made.tell_refused(error)
        names = {field.id: field.name for field in Directory(api, made.integration_id).fields("leads")}
        ids = [one["field_id"] for one in missing] if "custom_fields_values" in change else []
        filled = [names.get(one, str(one)) for one in ids] + (["price"] if "price" in budget else [])
        contact_id = main_contact(lead) or wanted.contact_id
        told = budget.get("told") or budget.get("skipped")
        result = {"lead_id": lead_id, "contact_id": contact_id, "created": False, "filled": filled}
        return result | ({"told": told} if told else {})

    return Step("lead", write, lambda *_: None, after=before)


def _budget(made: Submission, api: AccountApi, lead: Entity) -> tuple[Result, BadRequestError | None]:
    try:
        return made.budget.filled(api, lead, plan.price_setter(made, api, int(lead["id"]))), None
    except BadRequestError as error:
        return {}, error


def _person_step(made: Submission, after: str) -> Step:
    """The contact gets the phones, e-mails, name and fields that it lacks."""

    def write(api: AccountApi, place: Result) -> Result:
        filled = _lacking(made, api, place.get("contact_id"))
        _tell_of_others(made, api, place.get("contact_id"))
        result = made.update_contact(api, place)
        return result | {"filled": filled if result.get("changed") else []}

    return Step("contact_update", write, lambda *_: None, after=after)


def _lacking(made: Submission, api: AccountApi, contact_id: int | None) -> list[str]:
    """Names of what the contact is going to get."""
    known = next(iter(api.contacts([contact_id])), None) if contact_id is not None else None
    if known is None:
        return []
    account = Directory(api, made.integration_id)
    change = made.update_of(account, known, overwrites=False).body()
    names = {field.id: field.name for field in account.fields("contacts")}
    ids = [one["field_id"] for one in change.get("custom_fields_values") or []]
    return [names.get(one, str(one)) for one in ids] + (["name"] if "name" in change else [])


def _tell_of_others(made: Submission, api: AccountApi, contact_id: int | None) -> None:
    """A phone that was found later may be somebody's who has a contact already. The two are a person's to join."""
    with made.holding() as held:
        other = made.find_person(api, held)
        if other is not None and int(other["id"]) != contact_id:
            told = say(
                "Contact {other} has the same phone or e-mail as contact {own} of this deal: join the two in amoCRM.",
                other=other["id"],
                own=contact_id,
            )
            made.tell("several_contacts", told)
        elif contact_id is not None:
            held.remember = contact_id


def _note_step(made: Submission, wanted: BackfillRequest, after: str) -> Step:
    """What no field takes, and no note says."""

    def text(api: AccountApi, place: Result) -> str | None:
        entity, entity_id = plan.place_of(place)
        said = _said(api, wanted, entity, entity_id)
        values, _ = made.values()
        unmapped, unplaced = unmapped_values.of_submission(made, api, place)
        new = {name: [one for one in texts if not said.holds(one)] for name, texts in values.items()}
        left = [
            Unplaced(one.source, tuple(text for text in one.values if not said.holds(text)), one.reason)
            for one in unplaced
        ]
        left = [one for one in left if one.values]
        if wanted.first == SUBMIT_ORDER:  # notes of their own have told, in their own words, what became of the order
            new |= {name: [] for name in (PAID, STATE, TRANSACTION, "payment")}
        plan.tell_unplaced(made, left)
        order = made.body.order if isinstance(made.body, SubmitOrder) and not wanted.has_goods else None
        if order is not None and not order.currency:
            order = replace(order, currency=made.budget.own_currency(api))
        return note.text(kind_of(made.body), made.heading, new, order, unmapped, left, made.language)

    return plan.noted(made, "note", after, reference(made.delivery.id), text)


class _Said:
    """What stands in notes."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._all = "\n".join(_plain(text) for text in texts)
        self._parts = {part for text in texts for line in text.splitlines() for part in _parts(line)}

    def holds(self, text: str) -> bool:
        """Whether a value stands there: by itself after its name, or, where it is long, anywhere."""
        plain = _plain(text)
        begin = _plain(text[:200])
        return not plain or plain in self._parts or (len(begin) >= _LONG and begin in self._all)


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().casefold()


def _parts(line: str) -> list[str]:
    value = line.partition(": ")[2] or line
    return [_plain(one) for one in (line, value, *value.split(", "))]


def _said(api: AccountApi, wanted: BackfillRequest, entity: str, entity_id: int | None) -> _Said:
    if entity_id is None:
        return _Said(wanted.had)

    def read_page(params: list[tuple[str, Any]]) -> Any:
        return api.send("GET", f"/{entity}/{entity_id}/notes", params=params)

    found = newest_first(read_page, "notes", {"order[id]": "desc"}, wanted.since)
    return _Said([*wanted.had, *(str((one.get("params") or {}).get("text") or "") for one in found)])
