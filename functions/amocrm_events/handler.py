"""A webhook of amoCRM's: written down in one statement, and answered. What it says is looked into later.

==============================  ======  ========================================================================
it is no news, but GET          200     amoCRM asks an address before it saves it; nothing is looked up
the address has no key of ours  404     nobody listens here
it names another account        403     and that is told in the log, once a minute (naming none it is the key's)
the connection has ended        410     or its events are off; what comes is dropped
too much waits already          200     asking finds it later; amoCRM would switch off a hook that fails. What asking
                                        does not find has room of its own; where that is full, the log says so
it is longer than what is read  200     what was read is taken, and the account is asked for the rest; the log says so
anything else                   200     also news that nothing is made of
==============================  ======  ========================================================================

vendor: webhooks.form, webhooks.repeat - amoCRM waits two seconds, and switches off what keeps failing.
"""

import re
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from features.changes import feeds, webhook_payload
from features.changes.feeds import HookReceipt
from shared.platform import logs
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem
from shared.platform.ttl_cache import Expiring
from shared.runtime import Runtime
from shared.storage import event_log

_LONGEST_KEY: Final = 100
_told: Expiring[tuple[UUID, str], bool] = Expiring(seconds=3600)
# Nothing that amoCRM sends is refused for its length: it would come again, and end in the hook being switched off.
MOST_BYTES: Final = 200_000_000
_LOST: Final = say(
    "amoCRM has told more at once than can be taken down. Deals, contacts, companies, customers, tasks and notes are "
    "asked for; talks, elements of lists and texts of messages that were among it are lost."
)
_FOREIGN: Final = say("A webhook with this connection's address named another account, and was refused.")


def handle(runtime: Runtime, request: Request) -> Response:
    """The answer to a hook. Raises 404, 403 and 410."""
    # vendor: webhooks.asked (production) Before amoCRM saves the address of a webhook, it GETs it, and refuses one that
    # does not answer with 200: in its interface, and (one integration; another one had any address taken) with 400 by
    # the API.
    # source: four integrations in production that answer GET for that, in Node.js and Python; one that subscribes again
    # after the 400 that it hears while its server starts
    if request.method in ("GET", "HEAD"):
        return json_response({"taken": 0})
    if request.method != "POST":
        detail = say("{name} is called with {method}.", name="amocrm_events", method="POST")
        raise Problem(405, "method_not_allowed", detail, headers=(("Allow", "POST"),))
    key = request.parameter("key") or ""
    if not 20 <= len(key) <= _LONGEST_KEY:
        raise _unknown()
    said = webhook_payload.read(request.body)
    if said.texts:
        feeds.seal(runtime.database, runtime.keyring, key, said)
    taken, number = feeds.take(runtime.database, key, said), len(said.hints)
    if taken.integration is not None:
        logs.integration_id.set(str(taken.integration))
    is_lost = not said.is_whole
    if taken.outcome == "full":
        logs.warning("hook.too_much_waits", integration_id=taken.integration)
        taken, number = feeds.take_unasked(runtime.database, key, said)
        is_lost = is_lost or (taken.outcome == "full" and number > 0)
    if taken.outcome not in ("taken", "full") or taken.integration is None:
        raise _refused(runtime, taken)
    _tell_unknown(runtime, taken.integration, said.unknown)
    if taken.is_first:
        runtime.delivering.wakeup.at(taken.integration, feeds.SETTLE.total_seconds())
    if not said.is_whole:
        logs.warning("hook.too_long", integration_id=taken.integration, bytes=len(request.body))
    if is_lost:
        rarely: dict[str, Any] = {"integration_id": taken.integration, "level": "warning", "every": timedelta(days=1)}
        event_log.add_rarely(runtime.database, "hook.lost", _LOST, **rarely)
    return json_response({"taken": number if taken.outcome == "taken" else 0})


def _tell_unknown(runtime: Runtime, integration_id: UUID, names: list[str]) -> None:
    """What amoCRM tells of since lately, and nothing is made of: in the log once a day, each by its name."""
    for name in names:
        if _told.get((integration_id, name)) is None:
            _told.put((integration_id, name), True)
            told = say("amoCRM tells of {kind}, of which nothing is made here.", kind=name)
            kind = f"hook.unknown.{name}" if re.fullmatch(r"[a-z_]+\.[a-z_]+", name) else "hook.unknown"
            rarely: dict[str, Any] = {"integration_id": integration_id, "level": "info", "every": timedelta(days=1)}
            event_log.add_rarely(runtime.database, kind, told, **rarely)


def _refused(runtime: Runtime, taken: HookReceipt) -> Problem:
    if taken.outcome == "off":
        return Problem(410, "events_are_off", say("Nobody listens here any more."))
    if taken.outcome == "foreign":
        event_log.add_rarely(
            runtime.database, "hook.foreign", _FOREIGN, level="warning", integration_id=taken.integration
        )
        return Problem(403, "foreign_account", say("This address is for another account."))
    return _unknown()


def _unknown() -> Problem:
    return Problem(404, "unknown_hook", say("Nobody listens here."))
