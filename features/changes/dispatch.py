"""Telling endpoints: each by one worker at a time, each entity's changes in their order, until they are taken.

Who does not answer keeps nobody else waiting: it is left after a few failures, and tried again later; who answers
slowly has its turn and no more. After three days without an answer, or with 410, it is turned off, and a person is
told. A message that we cannot read ourselves says nothing of its endpoint: it waits alone, and is given up in the end.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Struct

from features.changes import changes
from features.changes.endpoints import LEASE, MOST_FAILURES, NEWS_WAITS, Endpoint
from shared.deliveries.webhooks import key_of, signed
from shared.platform import backoff, deadline, egress, logs
from shared.platform.egress import EgressError
from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.database import Database
from shared.storage.encryption import DecryptionError

GIVEN_UP_AFTER: Final = timedelta(days=3)
LONGEST: Final = 40.0  # seconds of one claim; then others have their turn
LONGEST_ANSWER: Final = 20.0  # seconds: the ten of an answer, and before them those in which its name is looked up
_FIRST_BACKOFF: Final = 5.0
_LAST_BACKOFF: Final = 3 * 3600.0
_MOST_AT_ONCE: Final = 20  # of one claim, likewise

# Chosen once, hence MATERIALIZED: in a loop of the plan they would be chosen anew for each row, until all were taken.
_CLAIM = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM amocrm_endpoints e
    WHERE is_on AND removed_at IS NULL AND due_at <= amocrm_now()
      AND (lease_until IS NULL OR lease_until < amocrm_now())
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = e.integration_id AND m.state NOT IN ('closing', 'arrived')) IS NULL
    ORDER BY due_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE amocrm_endpoints SET lease_id = gen_random_uuid(), lease_until = amocrm_now() + %(lease)s
WHERE id IN (SELECT id FROM chosen)
RETURNING *
"""
# Of each entity the first: what comes later waits until it was taken. What was tried least goes first: those that are
# refused again and again must not use up the few failures after which the endpoint is left.
_NEXT = """
SELECT c.id, c.kind, c.document, c.created_at, s.attempts, s.refused_since, s.entity
FROM amocrm_sends s JOIN amocrm_changes c ON c.id = s.change_id
WHERE s.endpoint_id = %(id)s AND s.state = 'waiting' AND s.due_at <= (SELECT amocrm_now())
  AND NOT EXISTS (SELECT FROM amocrm_sends earlier WHERE earlier.endpoint_id = s.endpoint_id
      AND earlier.entity = s.entity AND earlier.state = 'waiting' AND earlier.position < s.position)
ORDER BY s.attempts, s.position LIMIT %(limit)s
"""
# Under our lease only. `state` says what became of it; a success ends the endpoint's row of failures, and so does the
# end of the one message that it does not take, while it takes others.
_ANSWERED = """
WITH own AS (
    UPDATE amocrm_endpoints SET
        lease_until = amocrm_now() + %(lease)s, last_status = %(answer)s,
        last_ok_at = CASE WHEN %(is_ok)s THEN amocrm_now() ELSE last_ok_at END,
        failures = CASE WHEN %(state)s = 'waiting' THEN failures + 1 ELSE 0 END,
        failing_since = CASE WHEN %(state)s = 'waiting' THEN coalesce(failing_since, amocrm_now()) END
    WHERE id = %(id)s AND lease_id = %(lease_id)s
    RETURNING id, failures, failing_since
), told AS (
    UPDATE amocrm_sends SET state = %(state)s, attempts = attempts + 1, answer = %(answer)s, answered_at = amocrm_now(),
        due_at = amocrm_now() + %(wait)s,
        refused_since = CASE WHEN NOT %(is_ok)s THEN coalesce(refused_since, amocrm_now()) END
    WHERE endpoint_id = (SELECT id FROM own) AND change_id = %(change_id)s AND state = 'waiting'
)
SELECT failures, coalesce(failing_since < amocrm_now() - %(given_up)s, false) AS is_given_up FROM own
"""
# It is ours to mend, so the endpoint is not blamed; a key may be missing for a while only.
_UNREADABLE = """
WITH own AS (
    UPDATE amocrm_endpoints SET lease_until = amocrm_now() + %(lease)s WHERE id = %(id)s AND lease_id = %(lease_id)s
    RETURNING id
), told AS (
    UPDATE amocrm_sends SET attempts = attempts + 1, answer = 'unreadable', answered_at = amocrm_now(),
        due_at = amocrm_now() + %(wait)s, refused_since = coalesce(refused_since, amocrm_now()),
        state = CASE WHEN refused_since < amocrm_now() - %(given_up)s THEN 'dead' ELSE 'waiting' END
    WHERE endpoint_id = (SELECT id FROM own) AND change_id = %(change_id)s AND state = 'waiting'
)
SELECT count(*) FROM own
"""
# Due when the first message of some entity is: those behind it wait for it, whenever they are due themselves. What was
# stored since it was claimed may not be seen here: then it looks once more, and no pause keeps it waiting for longer
# than other news.
_RELEASE = """
UPDATE amocrm_endpoints SET lease_id = NULL, lease_until = NULL,
    due_at = CASE WHEN wakes <> %(wakes)s THEN amocrm_now() + least(%(pause)s, %(news_waits)s)
        ELSE greatest(amocrm_now() + %(pause)s, (SELECT min(first.due_at) FROM (
            SELECT DISTINCT ON (s.entity) s.due_at FROM amocrm_sends s
            WHERE s.endpoint_id = %(id)s AND s.state = 'waiting' ORDER BY s.entity, s.position) AS first)) END
WHERE id = %(id)s AND lease_id = %(lease_id)s
RETURNING wakes
"""
# Its work has failed with what nobody foresaw: days in which we could not send are not among the endpoint's three.
_PUT_OFF = """
UPDATE amocrm_endpoints SET lease_id = NULL, lease_until = NULL, due_at = amocrm_now() + %(wait)s,
    failures = failures + 1, failing_since = NULL, last_status = %(code)s
WHERE id = %(id)s AND lease_id = %(lease_id)s
"""
# Nothing waits. What is stored at this moment, and not seen here, has woken it, or is going to.
_IDLE = """
UPDATE amocrm_endpoints SET due_at = NULL WHERE id = %(id)s AND lease_id IS NULL AND wakes = %(wakes)s
    AND NOT EXISTS (SELECT FROM amocrm_sends s WHERE s.endpoint_id = %(id)s AND s.state = 'waiting')
"""
# Whoever has it open in a form, as still on, is told before they turn it on again.
_TURN_OFF = """
UPDATE amocrm_endpoints SET is_on = false, off_reason = %(reason)s, due_at = NULL, lease_id = NULL, lease_until = NULL,
    revision = gen_random_uuid()
WHERE id = %(id)s AND lease_id = %(lease_id)s AND is_on
"""


class _Send(Struct, frozen=True):
    id: UUID  # of the change: the consumer's webhook-id
    kind: str
    document: bytes
    created_at: datetime
    attempts: int
    refused_since: datetime | None
    entity: str


class _Answered(Struct, frozen=True):
    failures: int
    is_given_up: bool


class _Released(Struct, frozen=True):
    wakes: int


def claim(database: Database, limit: int) -> list[Endpoint]:
    return database.all(Endpoint, _CLAIM, {"limit": limit, "lease": LEASE})


def work(runtime: Runtime, endpoint: Endpoint) -> str:
    """Sends what waits, for a while. The outcome: sent, failing, gone, given_up, lease_lost."""
    database, failures = runtime.database, 0
    for found in _waiting(runtime, endpoint):
        document = _document(runtime, endpoint, found)
        if document is None:
            if not _unreadable(database, endpoint, found):
                return _lease_lost(endpoint)
            continue
        answer, is_ok = ask(runtime, endpoint, str(found.id), envelope(found.kind, found.created_at, document))
        now = _answered(runtime, endpoint, found, answer, is_ok)
        if now is None:
            return _lease_lost(endpoint)
        if answer == "410" or now.is_given_up:
            _turn_off(runtime, endpoint, "gone" if answer == "410" else "failing")
            return "gone" if answer == "410" else "given_up"
        failures = 0 if is_ok else failures + 1
        if failures >= MOST_FAILURES or (not is_ok and now.failures > MOST_FAILURES):
            _release(database, endpoint, _backoff(now.failures - MOST_FAILURES))
            return "failing"
    _release(database, endpoint, timedelta(0))
    return "sent"


def _waiting(runtime: Runtime, endpoint: Endpoint) -> Iterator[_Send]:
    """What waits, as long as the turn lasts. Chosen some at once: to go through all of it for each one would cost the
    more, the more waits."""
    ends, left = runtime.clock.monotonic() + LONGEST, _MOST_AT_ONCE
    while left and (chosen := runtime.database.all(_Send, _NEXT, {"id": endpoint.id, "limit": left})):
        for one in chosen:
            if runtime.clock.monotonic() >= ends or deadline.seconds() < LONGEST_ANSWER:
                return
            yield one
        left -= len(chosen)


def put_off(runtime: Runtime, endpoint: Endpoint, problem: Problem) -> None:
    """What nobody foresaw has ended an endpoint's turn: all that waits for it goes on waiting, longer each time."""
    facts = {"id": endpoint.id, "lease_id": endpoint.lease_id, "code": problem.code}
    runtime.database.execute(_PUT_OFF, facts | {"wait": _backoff(endpoint.failures)})
    event_log.failing(runtime.database, "endpoint.failed", problem.detail, endpoint.integration_id)


def envelope(kind: str, created_at: datetime, data: Any) -> bytes:
    """The body of a message, as the specification recommends it."""
    return msgspec.json.encode({"type": kind, "timestamp": created_at, "data": data})


def ask(runtime: Runtime, endpoint: Endpoint, message_id: str, body: bytes) -> tuple[str, bool]:
    """Posts a message now. What came of it, in a word, and whether it was taken."""
    read, now = runtime.keyring.decrypt, runtime.clock.now()
    secrets = [read(endpoint.secret, endpoint.id, "endpoint_secret")]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        secrets += read(endpoint.old_secret, endpoint.id, "endpoint_secret").split()
    headers = signed([key_of(one) for one in secrets], message_id, int(now.timestamp()), body)
    url = read(endpoint.url, endpoint.id, "endpoint_url")
    try:
        answer = egress.post(url, body, headers, private_hosts=runtime.settings.endpoint_private_hosts)
    except EgressError as error:
        return str(error), False
    return str(answer.status), answer.is_taken


def _document(runtime: Runtime, endpoint: Endpoint, send: _Send) -> msgspec.Raw | None:
    """None where nobody can read it, which a person is told."""
    try:
        return msgspec.Raw(runtime.keyring.decrypt(send.document, send.id, "change").encode())
    except DecryptionError as error:
        changes.unreadable(runtime.database, endpoint.integration_id, send.id, error)
        return None


def _unreadable(database: Database, endpoint: Endpoint, send: _Send) -> bool:
    """It waits alone, and is given up after three days. False where the endpoint is somebody else's now."""
    facts = {"id": endpoint.id, "lease_id": endpoint.lease_id, "change_id": send.id}
    times = {"lease": LEASE, "wait": _backoff(send.attempts), "given_up": GIVEN_UP_AFTER}
    return database.number(_UNREADABLE, {**facts, **times}) > 0


def _lease_lost(endpoint: Endpoint) -> str:
    logs.warning("endpoint.lease_lost", endpoint_id=endpoint.id)
    return "lease_lost"


def _answered(runtime: Runtime, endpoint: Endpoint, send: _Send, answer: str, is_ok: bool) -> _Answered | None:
    # The one message that a consumer never takes goes; who takes nothing at all gets everything when it is back. Its
    # days are those in which it was refused, not those in which it waited.
    since = send.refused_since
    takes_others = since is not None and endpoint.last_ok_at is not None and endpoint.last_ok_at > since
    is_over = since is not None and takes_others and runtime.clock.now() - since > GIVEN_UP_AFTER
    return runtime.database.one(
        _Answered,
        _ANSWERED,
        {
            "id": endpoint.id,
            "lease_id": endpoint.lease_id,
            "lease": LEASE,
            "change_id": send.id,
            "answer": answer,
            "is_ok": is_ok,
            "state": "delivered" if is_ok else "dead" if is_over else "waiting",
            "wait": _backoff(send.attempts),
            "given_up": GIVEN_UP_AFTER,
        },
    )


def _release(database: Database, endpoint: Endpoint, pause: timedelta) -> None:
    facts = {"id": endpoint.id, "lease_id": endpoint.lease_id, "wakes": endpoint.wakes}
    released = database.one(_Released, _RELEASE, facts | {"pause": pause, "news_waits": NEWS_WAITS})
    if released is not None:
        database.execute(_IDLE, {"id": endpoint.id, "wakes": released.wakes})


def _turn_off(runtime: Runtime, endpoint: Endpoint, reason: str) -> None:
    runtime.database.execute(_TURN_OFF, {"id": endpoint.id, "lease_id": endpoint.lease_id, "reason": reason})
    detail = (
        say("The endpoint {name} answered 410, and is not told any more.", name=endpoint.name)
        if reason == "gone"
        else say("The endpoint {name} has taken nothing for three days, and was turned off.", name=endpoint.name)
    )
    event_log.add(
        runtime.database, "endpoint.turned_off", detail, level="error", integration_id=endpoint.integration_id
    )


def _backoff(attempts: int) -> timedelta:
    seconds = backoff.seconds(max(attempts, 0), _FIRST_BACKOFF, _LAST_BACKOFF)
    return timedelta(seconds=backoff.spread(seconds))
