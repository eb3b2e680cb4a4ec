"""The controls of accounts: what is made and changed in them, and what they hold now. See :mod:`simulator.control`."""

import base64
from typing import Any

from simulator import consent, search, seed
from simulator.named import Body, account_of, client_of
from simulator.simulation import Simulation
from simulator.state import Account, Entity


def make_account(simulation: Simulation, body: Body) -> Any:
    """An account with the facts in the body; `filling`: what it holds, as `seed.Filling`; `fill`: whether anything."""
    fill, filling = body.pop("fill", True), body.pop("filling", None)
    account = simulation.world.add_account(**body)
    if fill:
        seed.fill(simulation.world, account, seed.Filling(**filling) if filling else seed.WORKSHOP)
    return {"id": account.id, "domain": account.domain, "leads": list(account.leads), "users": list(account.users)}


def make_accounts(simulation: Simulation, body: Body) -> Any:
    """Many accounts with a deal each, and the one integration's code, or a pair: `{count, client_id, pairs?, fill?}`.

    `fill`: with other people's deals and contacts beside it.
    """
    client = client_of(simulation, body)
    made = []
    for _ in range(body["count"]):
        account = simulation.world.add_account(f"many{simulation.world.new_id('accounts')}")
        user_id = consent.administrator(account)["id"]
        grant = (
            {"pair": simulation.tokens.pair_for(client, account, user_id)}
            if body.get("pairs")
            else {"code": simulation.tokens.make_code(client, account, user_id)}
        )
        if body.get("fill"):
            seed.fill(simulation.world, account)
        else:
            seed.goods(simulation.world, account)
        lead = seed.deal(simulation.world, account, "Сделка", 0, [], account.users[user_id])
        made.append({"domain": account.domain, "id": account.id, "lead": lead["id"], **grant})
    return {"accounts": made}


def change_account(simulation: Simulation, body: Body) -> Any:
    account = account_of(simulation, body)
    for name, value in body.items():
        if name in (
            "paid",
            "shows_unpaid",
            "may_create_fields",
            "makes_closed_deals",
            "not_responsible",
            "missing_entity_status",
            "missing_write_status",
            "hidden_entity_status",
            "list_lag",
            "search_lag",
            "search_digits",
            "deleted_lag",
            "has_filters",
            "elements_on_a_page",
            "has_customers",
            "may_use_webhooks",
            "asks_addresses",
            "escapes_texts",
            "unknown_settings",
            "bare_messages",
            "declined_to_trash",
            "controls_duplicates",
            "utc_offset",
            "time_zone",
            "cents",
            "country",
            "currency",
        ):
            setattr(account, name, value)
    if body.get("goods") is False:
        account.catalogs.clear()
    return {}


def remove(simulation: Simulation, body: Body) -> Any:
    """What an administrator deletes: `{domain, pipeline?, status?, user?, field?, element?}`, each an id."""
    account = account_of(simulation, body)
    for catalog_id, elements in account.elements.items():
        gone = elements.pop(body.get("element", 0), None)
        if gone is not None:
            search.forget(account, f"catalogs/{catalog_id}", gone, simulation.world.clock.now())
    account.pipelines.pop(body.get("pipeline", 0), None)
    if (user := account.users.pop(body.get("user", 0), None)) is not None:
        account.removed_users[user["id"]] = user
    for pipeline in account.pipelines.values():
        statuses = pipeline["_embedded"]["statuses"]
        statuses[:] = [status for status in statuses if status["id"] != body.get("status")]
    for fields in account.custom_fields.values():
        fields[:] = [field for field in fields if field["id"] != body.get("field")]
    return {}


def delete(simulation: Simulation, body: Body) -> Any:
    """What somebody of the account deletes, or merges away: `{domain, kind: leads|contacts, id, into?}`.

    With `into`, the id of another one, its links, values, tasks and notes are that one's now.
    """
    account = account_of(simulation, body)
    entities, id_, into = account.entities(body["kind"]), body["id"], body.get("into")
    for links in account.links.values():
        if into is None:
            links[:] = [one for one in links if (one["to_entity_type"], one["to_entity_id"]) != (body["kind"], id_)]
        for link in links:
            if (link["to_entity_type"], link["to_entity_id"]) == (body["kind"], id_):
                link["to_entity_id"] = into
    gone = entities.pop(id_)
    search.forget(account, body["kind"], gone, simulation.world.clock.now())
    if into is not None:
        _move_into(account, body["kind"], id_, into)
        merged = {one["field_id"]: dict(one) for one in entities[into]["custom_fields_values"] or []}
        for one in gone["custom_fields_values"] or []:
            field = merged.setdefault(one["field_id"], one | {"values": []})
            field["values"] = [*field["values"], *(value for value in one["values"] if value not in field["values"])]
        search.keep(entities[into])
        entities[into]["custom_fields_values"] = list(merged.values()) or None
        search.index(account, entities[into], simulation.world.clock.now())
    return {}


def _move_into(account: Account, kind: str, id_: int, into: int) -> None:
    for task in account.tasks.values():
        if (task["entity_type"], task["entity_id"]) == (kind, id_):
            task["entity_id"] = into
    account.notes[kind, into] += account.notes.pop((kind, id_), [])
    if kind == "leads":
        known = [(one["to_entity_type"], one["to_entity_id"]) for one in account.links[into]]
        links = account.links.pop(id_, [])
        account.links[into] += [one for one in links if (one["to_entity_type"], one["to_entity_id"]) not in known]
        account.attached[into] += account.attached.pop(id_, [])


def add(simulation: Simulation, body: Body) -> Any:
    """What an administrator of the account makes: `{domain, pipeline?: {…}, user?: {…}, field?: {…}, bot?: {…}}`."""
    account, world = account_of(simulation, body), simulation.world
    made = {}
    if "pipeline" in body:
        made["pipeline"] = world.add_pipeline(account, **body["pipeline"])
    if "user" in body:
        made["user"] = world.add_user(account, **body["user"])
    if "field" in body:
        made["field"] = world.add_field(account, **body["field"])
    if "bot" in body:
        made["bot"] = world.add_bot(account, **body["bot"])
    return made


def change_user(simulation: Simulation, body: Body) -> Any:
    """What a user may do: `{domain, user, is_admin?, is_active?, view?, edit?, add?}`, the latter letters (see rights)
    for deals, contacts and companies."""
    rights = account_of(simulation, body).users[body["user"]]["rights"]
    rights |= {name: body[name] for name in ("is_admin", "is_active") if name in body}
    for kind in ("leads", "contacts", "companies"):
        rights[kind] |= {name: body[name] for name in ("view", "edit", "add") if name in body}
    return {}


def rename(simulation: Simulation, body: Body) -> Any:
    account = account_of(simulation, body)
    simulation.world.rename(account, body["to"])
    return {"domain": account.domain}


def file(simulation: Simulation, body: Body) -> Any:
    """The content of an uploaded file, in Base64."""
    return {"content": base64.b64encode(account_of(simulation, body).contents[body["uuid"]]).decode()}


def _shown(entities: dict[int, Entity]) -> dict[int, Entity]:
    """Without what only the search knows."""
    return {id_: {name: value for name, value in one.items() if name != "_texts"} for id_, one in entities.items()}


def show(simulation: Simulation, body: Body) -> Any:
    account = account_of(simulation, body)
    return {
        "id": account.id,
        "leads": _shown(account.leads),
        "contacts": _shown(account.contacts),
        "companies": _shown(account.companies),
        "customers": _shown(account.customers),
        "notes": {f"{kind}/{id_}": notes for (kind, id_), notes in account.notes.items()},
        "links": account.links,
        "files": account.files,
        "attached": account.attached,
        "catalogs": account.catalogs,
        "elements": {catalog_id: _shown(elements) for catalog_id, elements in account.elements.items()},
        "incoming": account.incoming,
        "bots": account.bots,
        "salesbots": account.salesbots,
        "started_bots": account.started_bots,
        "tasks": account.tasks,
        "talks": account.talks,
        "messages": account.messages,
        "events": account.events,
        "webhooks": {
            address: hook.entry | {"waiting": hook.unsent, "failed": len(hook.failed)}
            for address, hook in account.hooks.items()
        },
        "pipelines": account.pipelines,
        "users": account.users,
        "custom_fields": account.custom_fields,
    }
