"""The control API, under `/_control/` on any host: for tests and demos, JSON in, JSON out.

It makes accounts and integrations, plays the person at the consent page, moves the clock, orders faults, and reads the
ground truth.
"""

import base64
from collections.abc import Callable
from functools import partial
from typing import Any

from simulator import archives, automation, consent, control_accounts, crowd, person
from simulator.faults import Fault
from simulator.limits import Limits
from simulator.named import Body, UnknownNameError, account_of, client_of
from simulator.posting import Weather
from simulator.simulation import Simulation


def run(simulation: Simulation, name: str, body: Body) -> Any:
    control = _CONTROLS.get(name)
    if control is None:
        raise UnknownNameError(f"no control {name}; there are {', '.join(sorted(_CONTROLS))}")
    return control(simulation, body)


def _person(simulation: Simulation, body: Body) -> Any:
    """What somebody of the account does: `{domain, kind, id?, fields?, note?, delete?, user_id?}`, see `person.act`."""
    done = {
        name: body[name]
        for name in ("fields", "note", "note_type", "delete", "restore", "accept", "user_id")
        if name in body
    }
    return person.act(simulation, account_of(simulation, body), body["kind"], body.get("id"), **done)


def _visitor(simulation: Simulation, body: Body) -> Any:
    """A visitor writes: `{domain, text, contact?, lead?, name?, origin?, attachment?}`, see `visitor.write`."""
    names = ("contact", "lead", "name", "origin", "attachment")
    whose = {name: body[name] for name in names if name in body}
    return person.visit(simulation, account_of(simulation, body), body["text"], **whose)


def _answer(simulation: Simulation, body: Body) -> Any:
    """Somebody of the account answers a visitor: `{domain, talk, text, user_id?}`."""
    return person.reply(simulation, account_of(simulation, body), body["talk"], body["text"], body.get("user_id"))


def _close_talk(simulation: Simulation, body: Body) -> Any:
    """Somebody of the account closes a conversation: `{domain, talk}`."""
    person.close_talk(simulation, account_of(simulation, body), body["talk"])
    return {}


def _burst(simulation: Simulation, body: Body) -> Any:
    """Much at once, `{domain, kind, count?, ids?, fields?, per_second?}`: these or so many new ones, see `crowd`."""
    account, ids = account_of(simulation, body), body.get("ids") or [None] * body["count"]

    def act(id_: int | None) -> int:
        made = person.act(simulation, account, body["kind"], id_, fields=dict(body.get("fields") or {}))
        return int(made["id"])

    return {"ids": crowd.burst(simulation.world.clock, act, ids, body.get("per_second") or len(ids))}


def _meanwhile(simulation: Simulation, body: Body) -> Any:
    """After the next answer to such a request somebody does something: `{path, skip?, do: as for person}`."""
    do = partial(_person, simulation, body["do"])
    simulation.meanwhile.append(crowd.Meanwhile(body["path"], body.get("skip", 0), do))
    return {}


def _stage_action(simulation: Simulation, body: Body) -> Any:
    """An action of a stage: `{domain, status, client_id, key}`, or `{domain, remove}`."""
    account = account_of(simulation, body)
    if "remove" in body:
        automation.remove_action(account, body["remove"])
        return {}
    return {
        "id": automation.add_action(simulation.world, account, body["status"], body["client_id"], {"key": body["key"]})
    }


def _ask_bot(simulation: Simulation, body: Body) -> Any:
    """A bot comes to a widget's step: `{domain, client_id, lead, text}`; the id under which it waits."""
    account, client = account_of(simulation, body), client_of(simulation, body)
    settings = {"text": body.get("text", "")}
    waiting = automation.ask(simulation.world, simulation.tokens, account, client, body["lead"], settings)
    if body.get("hold"):
        url, _, form = account.outbox.pop()
        return {"id": waiting, "url": url, "form": form}
    simulation.journal.posting.hasten(account)
    return {"id": waiting}


def _sent_once(simulation: Simulation, _body: Body) -> Any:
    """What stages and bots have sent: `{sent: [{url, status, body}]}`; `status` null: there was no answer."""
    names = ("url", "status", "body")
    return {"sent": [dict(zip(names, one, strict=True)) for one in simulation.journal.posting.once]}


def _change_webhook(simulation: Simulation, body: Body) -> Any:
    """What becomes of a subscription: `{domain, destination, settings?, disabled?, gone?}`."""
    hooks = account_of(simulation, body).hooks
    if body.get("gone"):
        del hooks[body["destination"]]
    else:
        hooks[body["destination"]].entry |= {name: body[name] for name in ("settings", "disabled") if name in body}
    return {}


def _webhooks(simulation: Simulation, body: Body) -> Any:
    """How webhooks fare: `{lost?, doubled?, overtaking?, seed?}`, shares of 1; how many were sent so far."""
    if body:
        simulation.journal.posting.weather = Weather(**body)
    return {"sent": simulation.journal.posting.sent}


def _make_integration(simulation: Simulation, body: Body) -> Any:
    client = simulation.world.add_client(**body)
    return {"id": client.id, "secret": client.secret}


def _change_integration(simulation: Simulation, body: Body) -> Any:
    client = client_of(simulation, body)
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
    client_of(simulation, body).widget = files
    return {"refused": None}


def _consent(simulation: Simulation, body: Body) -> Any:
    """Where the browser would go: `{domain, client_id, state?, deny?}`."""
    client = client_of(simulation, body)
    if body.get("deny"):
        return {"location": consent.denied(client, body.get("state"))}
    account = account_of(simulation, body)
    user = consent.administrator(account)
    return {"location": consent.allowed(simulation.tokens, client, account, body.get("state"), user)}


def _one_time_token(simulation: Simulation, body: Body) -> Any:
    account = account_of(simulation, body)
    user_id = body.get("user_id") or consent.administrator(account)["id"]
    return {"token": simulation.tokens.one_time_token(client_of(simulation, body), account, user_id)}


def _long_lived_token(simulation: Simulation, body: Body) -> Any:
    account = account_of(simulation, body)
    user_id = consent.administrator(account)["id"]
    return {"token": simulation.tokens.long_lived(client_of(simulation, body), account, user_id, body["days"])}


def _switch_off(simulation: Simulation, body: Body) -> Any:
    """Kills the tokens and returns the hook's query; calling the hook is left to the test."""
    return {"query": simulation.tokens.switch_off(client_of(simulation, body), account_of(simulation, body))}


def _kill_tokens(simulation: Simulation, body: Body) -> Any:
    """`{access?: true, refresh?: true}`: makes living tokens of all accounts die without a word."""
    for kind in ("access", "refresh"):
        if body.get(kind):
            for grant in getattr(simulation.tokens, kind).values():
                grant.is_dead = True
    return {}


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


def _calm(simulation: Simulation, _body: Body) -> Any:
    """As a simulator begins, by one request: no faults, and the vendor's own limits, ways and delivery of webhooks."""
    _no_faults(simulation, {})
    _limits(simulation, vars(Limits()))
    _vendor(simulation, {"kills_access": True, "checks_host": True, "consent_mode": None})
    simulation.journal.posting.weather = Weather()
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


_CONTROLS: dict[str, Callable[[Simulation, Body], Any]] = {
    "account": control_accounts.make_account,
    "add": control_accounts.add,
    "answer": _answer,
    "remove": control_accounts.remove,
    "accounts": control_accounts.make_accounts,
    "ask-bot": _ask_bot,
    "change-account": control_accounts.change_account,
    "change-integration": _change_integration,
    "burst": _burst,
    "calm": _calm,
    "change-user": control_accounts.change_user,
    "change-webhook": _change_webhook,
    "clock": _clock,
    "close-talk": _close_talk,
    "consent": _consent,
    "delete": control_accounts.delete,
    "fault": _fault,
    "file": control_accounts.file,
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
    "rename": control_accounts.rename,
    "requests": _requests,
    "sent-once": _sent_once,
    "show": control_accounts.show,
    "stage-action": _stage_action,
    "switch-off": _switch_off,
    "truth": _truth,
    "vendor": _vendor,
    "visitor": _visitor,
    "webhooks": _webhooks,
    "widget": _widget,
}
