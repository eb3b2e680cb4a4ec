"""The control API, under `/_control/` on any host: for tests and demos, JSON in, JSON out.

It makes accounts and integrations, plays the person at the consent page, moves the clock, orders faults, and reads the
ground truth.
"""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from simulator import archives, automation, consent, crowd, person, seed
from simulator.faults import Fault
from simulator.journal import Weather
from simulator.simulation import Simulation
from simulator.state import Account, Client

Body = dict[str, Any]


class UnknownNameError(Exception):
    """No such control, account or integration."""


def run(simulation: Simulation, name: str, body: Body) -> Any:
    control = _CONTROLS.get(name)
    if control is None:
        raise UnknownNameError(f"no control {name}; there are {', '.join(sorted(_CONTROLS))}")
    return control(simulation, body)


def _account(simulation: Simulation, body: Body) -> Account:
    account = simulation.world.accounts.get(body["domain"])
    if account is None:
        raise UnknownNameError(f"no account {body['domain']}")
    return account


def _client(simulation: Simulation, body: Body) -> Client:
    client = simulation.world.clients.get(body["client_id"])
    if client is None:
        raise UnknownNameError(f"no integration {body['client_id']}")
    return client


def _make_account(simulation: Simulation, body: Body) -> Any:
    fill = body.pop("fill", True)
    account = simulation.world.add_account(**body)
    if fill:
        seed.fill(simulation.world, account)
    return {"id": account.id, "domain": account.domain, "leads": list(account.leads), "users": list(account.users)}


def _make_accounts(simulation: Simulation, body: Body) -> Any:
    """Many accounts with a deal each, and the one integration's code, or a pair: `{count, client_id, pairs?, fill?}`.

    `fill`: with other people's deals and contacts beside it.
    """
    client = _client(simulation, body)
    made = []
    for _ in range(body["count"]):
        account = simulation.world.add_account(f"many{simulation.world.new_id()}")
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


def _change_account(simulation: Simulation, body: Body) -> Any:
    account = _account(simulation, body)
    for name, value in body.items():
        if name in (
            "paid",
            "may_create_fields",
            "missing_entity_status",
            "search_lag",
            "has_filters",
            "may_use_webhooks",
            "controls_duplicates",
            "utc_offset",
        ):
            setattr(account, name, value)
    if body.get("goods") is False:
        account.catalogs.clear()
    return {}


def _remove(simulation: Simulation, body: Body) -> Any:
    """What an administrator deletes: `{domain, pipeline?, status?, user?, field?, element?}`, each an id."""
    account = _account(simulation, body)
    for elements in account.elements.values():
        elements.pop(body.get("element", 0), None)
    account.pipelines.pop(body.get("pipeline", 0), None)
    account.users.pop(body.get("user", 0), None)
    for pipeline in account.pipelines.values():
        statuses = pipeline["_embedded"]["statuses"]
        statuses[:] = [status for status in statuses if status["id"] != body.get("status")]
    for fields in account.custom_fields.values():
        fields[:] = [field for field in fields if field["id"] != body.get("field")]
    return {}


def _delete(simulation: Simulation, body: Body) -> Any:
    """What somebody of the account deletes, or merges away: `{domain, kind: leads|contacts, id, into?}`.

    With `into`, the id of another one, its links, values, tasks and notes are that one's now.
    """
    account = _account(simulation, body)
    entities, id_, into = account.entities(body["kind"]), body["id"], body.get("into")
    for links in account.links.values():
        if into is None:
            links[:] = [one for one in links if (one["to_entity_type"], one["to_entity_id"]) != (body["kind"], id_)]
        for link in links:
            if (link["to_entity_type"], link["to_entity_id"]) == (body["kind"], id_):
                link["to_entity_id"] = into
    gone = entities.pop(id_)
    if into is not None:
        _move_into(account, body["kind"], id_, into)
        merged = {one["field_id"]: dict(one) for one in entities[into]["custom_fields_values"] or []}
        for one in gone["custom_fields_values"] or []:
            field = merged.setdefault(one["field_id"], one | {"values": []})
            field["values"] = [*field["values"], *(value for value in one["values"] if value not in field["values"])]
        entities[into]["custom_fields_values"] = list(merged.values()) or None
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


def _person(simulation: Simulation, body: Body) -> Any:
    """What somebody of the account does: `{domain, kind, id?, fields?, note?, delete?, user_id?}`, see `person.act`."""
    done = {name: body[name] for name in ("fields", "note", "delete", "user_id") if name in body}
    return person.act(simulation, _account(simulation, body), body["kind"], body.get("id"), **done)


def _burst(simulation: Simulation, body: Body) -> Any:
    """Much at once, `{domain, kind, count?, ids?, fields?, per_second?}`: these or so many new ones, see `crowd`."""
    account, ids = _account(simulation, body), body.get("ids") or [None] * body["count"]

    def act(id_: int | None) -> int | None:
        return person.act(simulation, account, body["kind"], id_, fields=dict(body.get("fields") or {}))["id"]

    return {"ids": crowd.burst(simulation.world.clock, act, ids, body.get("per_second") or len(ids))}


def _meanwhile(simulation: Simulation, body: Body) -> Any:
    """After the next answer to such a request somebody does something: `{path, skip?, do: as for person}`."""
    do = partial(_person, simulation, body["do"])
    simulation.meanwhile.append(crowd.Meanwhile(body["path"], body.get("skip", 0), do))
    return {}


def _stage_action(simulation: Simulation, body: Body) -> Any:
    """An action of a stage: `{domain, status, client_id, key}`, or `{domain, remove}`."""
    account = _account(simulation, body)
    if "remove" in body:
        automation.remove_action(account, body["remove"])
        return {}
    return {
        "id": automation.add_action(simulation.world, account, body["status"], body["client_id"], {"key": body["key"]})
    }


def _ask_bot(simulation: Simulation, body: Body) -> Any:
    """A bot comes to a widget's step: `{domain, client_id, lead, text}`; the id under which it waits."""
    account, client = _account(simulation, body), _client(simulation, body)
    settings = {"text": body.get("text", "")}
    waiting = automation.ask(simulation.world, simulation.tokens, account, client, body["lead"], settings)
    if body.get("hold"):
        url, _, form = account.outbox.pop()
        return {"id": waiting, "url": url, "form": form}
    simulation.journal.hasten(account)
    return {"id": waiting}


def _sent_once(simulation: Simulation, _body: Body) -> Any:
    """What stages and bots have sent: `{sent: [{url, status, body}]}`; `status` null: there was no answer."""
    names = ("url", "status", "body")
    return {"sent": [dict(zip(names, one, strict=True)) for one in simulation.journal.once]}


def _change_webhook(simulation: Simulation, body: Body) -> Any:
    """What becomes of a subscription: `{domain, destination, settings?, disabled?, gone?}`."""
    hooks = _account(simulation, body).hooks
    if body.get("gone"):
        del hooks[body["destination"]]
    else:
        hooks[body["destination"]].entry |= {name: body[name] for name in ("settings", "disabled") if name in body}
    return {}


def _webhooks(simulation: Simulation, body: Body) -> Any:
    """How webhooks fare: `{lost?, doubled?, overtaking?, seed?}`, shares of 1; how many were sent so far."""
    if body:
        simulation.journal.weather = Weather(**body)
    return {"sent": simulation.journal.sent}


def _add(simulation: Simulation, body: Body) -> Any:
    """What an administrator of the account makes: `{domain, pipeline?: {…}, user?: {…}, field?: {…}}`."""
    account, world = _account(simulation, body), simulation.world
    made = {}
    if "pipeline" in body:
        made["pipeline"] = world.add_pipeline(account, **body["pipeline"])
    if "user" in body:
        made["user"] = world.add_user(account, **body["user"])
    if "field" in body:
        made["field"] = world.add_field(account, **body["field"])
    return made


def _make_integration(simulation: Simulation, body: Body) -> Any:
    client = simulation.world.add_client(**body)
    return {"id": client.id, "secret": client.secret}


def _change_integration(simulation: Simulation, body: Body) -> Any:
    client = _client(simulation, body)
    client.secret = body.get("secret", client.secret)
    client.redirect_uri = body.get("redirect_uri", client.redirect_uri)
    client.other_redirect_uris = body.get("other_redirect_uris", client.other_redirect_uris)
    client.scopes = body.get("scopes", client.scopes)
    return {"secret": client.secret}


def _widget(simulation: Simulation, body: Body) -> Any:
    """Uploads a widget archive: `{client_id, archive: Base64, platform?}`; `{refused}` says why it was not taken."""
    try:
        files = archives.unpacked(base64.b64decode(body["archive"]), body.get("platform", "amocrm"))
    except archives.RefusedError as error:
        return {"refused": str(error)}
    _client(simulation, body).widget = files
    return {"refused": None}


def _consent(simulation: Simulation, body: Body) -> Any:
    """Where the browser would go: `{domain, client_id, state?, deny?}`."""
    client = _client(simulation, body)
    if body.get("deny"):
        return {"location": consent.denied(client, body.get("state"))}
    account = _account(simulation, body)
    user = consent.administrator(account)
    return {"location": consent.allowed(simulation.tokens, client, account, body.get("state"), user)}


def _one_time_token(simulation: Simulation, body: Body) -> Any:
    account = _account(simulation, body)
    user_id = body.get("user_id") or consent.administrator(account)["id"]
    return {"token": simulation.tokens.one_time_token(_client(simulation, body), account, user_id)}


def _long_lived_token(simulation: Simulation, body: Body) -> Any:
    account = _account(simulation, body)
    user_id = consent.administrator(account)["id"]
    return {"token": simulation.tokens.long_lived(_client(simulation, body), account, user_id, body["days"])}


def _switch_off(simulation: Simulation, body: Body) -> Any:
    """Kills the tokens and returns the hook's query; calling the hook is left to the test."""
    return {"query": simulation.tokens.switch_off(_client(simulation, body), _account(simulation, body))}


def _kill_tokens(simulation: Simulation, body: Body) -> Any:
    """`{access?: true, refresh?: true}`: makes living tokens of all accounts die without a word."""
    for kind in ("access", "refresh"):
        if body.get(kind):
            for grant in getattr(simulation.tokens, kind).values():
                grant.is_dead = True
    return {}


def _rename(simulation: Simulation, body: Body) -> Any:
    account = _account(simulation, body)
    simulation.world.rename(account, body["to"])
    return {"domain": account.domain}


def _clock(simulation: Simulation, body: Body) -> Any:
    simulation.world.clock.offset += body.get("advance", 0)
    return {"now": simulation.world.clock.now()}


def _fault(simulation: Simulation, body: Body) -> Any:
    simulation.faults.rules.append(Fault(**body))
    return {}


def _no_faults(simulation: Simulation, _body: Body) -> Any:
    simulation.faults.rules.clear()
    simulation.meanwhile.clear()
    simulation.latency = 0.0
    return {}


def _latency(simulation: Simulation, body: Body) -> Any:
    simulation.latency = float(body["seconds"])
    return {}


def _limits(simulation: Simulation, body: Body) -> Any:
    simulation.limits.per_integration = body.get("per_integration", simulation.limits.per_integration)
    simulation.limits.per_account = body.get("per_account", simulation.limits.per_account)
    simulation.limits.block_after = body.get("block_after", simulation.limits.block_after)
    return {}


def _vendor(simulation: Simulation, body: Body) -> Any:
    """How the vendor is, where one can doubt it: `{kills_access?, checks_host?, consent_mode?}`."""
    simulation.consent_mode = body.get("consent_mode", simulation.consent_mode)
    for name in ("kills_access", "checks_host"):
        if name in body:
            setattr(simulation.tokens, name, body[name])
    return {}


def _truth(simulation: Simulation, body: Body) -> Any:
    kind = body.get("kind")
    effects = [effect for effect in simulation.truth.effects if kind in (None, effect["kind"])]
    return {"effects": effects}


def _requests(simulation: Simulation, _body: Body) -> Any:
    return {"requests": list(simulation.truth.requests), "most_at_once": simulation.most_at_once}


def _forget(simulation: Simulation, _body: Body) -> Any:
    simulation.truth.clear()
    simulation.most_at_once = simulation.at_once
    return {}


def _file(simulation: Simulation, body: Body) -> Any:
    """The content of an uploaded file, in Base64."""
    return {"content": base64.b64encode(_account(simulation, body).contents[body["uuid"]]).decode()}


def _show(simulation: Simulation, body: Body) -> Any:
    account = _account(simulation, body)
    return {
        "id": account.id,
        "leads": account.leads,
        "contacts": account.contacts,
        "notes": {f"{kind}/{id_}": notes for (kind, id_), notes in account.notes.items()},
        "links": account.links,
        "files": account.files,
        "attached": account.attached,
        "catalogs": account.catalogs,
        "elements": account.elements,
        "incoming": account.incoming,
        "bots": account.bots,
        "tasks": account.tasks,
        "events": account.events,
        "webhooks": {address: hook.entry | {"waiting": len(hook.waiting)} for address, hook in account.hooks.items()},
        "pipelines": account.pipelines,
        "users": account.users,
        "custom_fields": account.custom_fields,
    }


_CONTROLS: dict[str, Callable[[Simulation, Body], Any]] = {
    "account": _make_account,
    "add": _add,
    "remove": _remove,
    "accounts": _make_accounts,
    "ask-bot": _ask_bot,
    "change-account": _change_account,
    "change-integration": _change_integration,
    "burst": _burst,
    "change-webhook": _change_webhook,
    "clock": _clock,
    "consent": _consent,
    "delete": _delete,
    "fault": _fault,
    "file": _file,
    "forget": _forget,
    "integration": _make_integration,
    "kill-tokens": _kill_tokens,
    "latency": _latency,
    "limits": _limits,
    "long-lived-token": _long_lived_token,
    "meanwhile": _meanwhile,
    "no-faults": _no_faults,
    "one-time-token": _one_time_token,
    "person": _person,
    "rename": _rename,
    "requests": _requests,
    "sent-once": _sent_once,
    "show": _show,
    "stage-action": _stage_action,
    "switch-off": _switch_off,
    "truth": _truth,
    "vendor": _vendor,
    "webhooks": _webhooks,
    "widget": _widget,
}
