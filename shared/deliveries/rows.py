"""Deliveries: writes that were accepted, and what has become of them. The row is whole before anything is sent.

:mod:`shared.deliveries.runner` carries them out; this module owns the rows.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec import Struct, field
from msgspec.structs import asdict
from psycopg.types.json import Jsonb

from shared.deliveries import end_told, statements
from shared.platform.messages import Message, say, translated, translated_in
from shared.platform.problems import Problem
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring

# Longer than the longest call; kept alive before each of them, so that no write outlives it.
LEASE: Final = timedelta(seconds=90)
# amoCRM's clock may be behind the database's.
CLOCK_SKEW_SECONDS: Final = 3600


class Delivery(Guarded, frozen=True):
    """A row of `amocrm_deliveries`; `steps` holds each begun step's state and result by its name.

    `looks_since`: it was accepted after the database was restored from a backup, or tells more of what is older than
    rows are kept, and may have been carried out since then by a row that is gone. So each step looks for its mark
    before it writes; None: it is certainly new.
    """

    HIDDEN = ("request",)

    id: UUID
    integration_id: UUID
    lead_id: int | None
    action: str
    request_hash: bytes
    state: str  # accepted, delivered, dead
    steps: dict[str, Any]
    attempts: int
    lease_id: UUID | None
    problem_code: str | None
    problem_detail: Message | None
    created_at: datetime
    finished_at: datetime | None
    story: list[dict[str, Any]]  # in order: {at, kind, step?, outcome?, code?, detail?, request_id?}
    request: bytes | None = None  # encrypted; read where one is looked up, or claimed
    summary: dict[str, Any] = field(default_factory=dict)  # {by, user_id?, total?, currency?, deal?}
    looks_since: datetime | None = None
    due_in_seconds: float | None = None
    account_domain: str | None = None  # where several accounts' are listed
    widget_type: str | None = None

    @property
    def made_since(self) -> int:
        """Nothing that this delivery has made in amoCRM is older, Unix seconds. A write of the same key after its days
        has the same mark, and is made a day later at least."""
        return int((self.looks_since or self.created_at).timestamp()) - CLOCK_SKEW_SECONDS

    def result_of(self, step: str) -> dict[str, Any] | None:
        entry = self.steps.get(step, {})
        return entry["result"] if entry.get("state") == "done" else None

    def was_started(self, step: str) -> bool:
        """Sent perhaps, by an attempt that did not hear the answer."""
        return bool(self.steps.get(step, {}).get("state") == "started")

    def results(self, language: str = "en") -> dict[str, Any]:
        """What each finished step has made; why one was left out (`skipped`), or what is to be known of it (`told`), in
        the language."""
        done = {name: entry["result"] for name, entry in self.steps.items() if entry.get("state") == "done"}
        return {name: translated_in(result, language, "skipped", "told") for name, result in done.items()}

    def problem(self, language: str = "en") -> dict[str, Any] | None:
        """`{code, detail}` of the last attempt that failed."""
        if self.problem_code is None:
            return None
        detail = "" if self.problem_detail is None else translated(self.problem_detail, language)
        return {"code": self.problem_code, "detail": detail}


def reference(delivery_id: UUID) -> str:
    """The mark of a delivery; 26 letters and digits are enough to be its own."""
    return f"ref:{delivery_id.hex[:26]}"


class LeaseLostError(Exception):
    """Another instance has taken the delivery over; what it does counts."""


def accept(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    *,
    action: str,
    key: str,
    also: Sequence[str] = (),
    request: str,
    digests: Sequence[str],
    first_steps: Sequence[str],
    lead_id: int | None,
    request_id: str,
    summary: Mapping[str, Any],
    at_once: bool = True,
    about: str | None = None,
    happened_at: datetime | None = None,
    known_since: datetime | None = None,
) -> tuple[Delivery, bool]:
    """Stores the write, with our lease on it and its first steps begun. False: this key was accepted before.

    `at_once` False leaves it to the runner: no lease, and no step is begun. The same write has the same id, and so the
    same marks in amoCRM, even where the first row is lost; `about`: what makes it the same, where it may say other
    things the next time. `digests`: of the request, see :meth:`Keyring.digests`. `also`: of a key that has such a
    digest in it, the same with the others. `happened_at`: when that has happened which it is about, where somebody
    knows. `known_since`: since when a row of it may have been here that is gone.

    Raises 409 when the key was accepted with another request.
    """
    content = digests[0] if about is None else f"about:{about}"
    new_id = keyring.name_of(f"{action}:{key}:{content}", integration_id)
    parameters = {
        "id": new_id,
        "integration_id": integration_id,
        "lead_id": lead_id,
        "action": action,
        "key": key,
        "also": list(also),
        "keys": [key, *also],
        "request": keyring.encrypt(request, new_id, "request"),
        "request_hash": bytes.fromhex(digests[0]),
        "steps": Jsonb({name: {"state": "started"} for name in first_steps}),
        **_begun(at_once),
        "told": Jsonb({"kind": "accepted", "request_id": request_id}),
        "summary": Jsonb(dict(summary)),
        "happened_at": happened_at,
        "known_since": known_since,
    }
    accepted = database.one(Delivery, statements.ACCEPT, parameters)
    if accepted is not None:
        return accepted, True
    known = database.one(Delivery, statements.BY_KEY, parameters)
    assert known is not None
    if known.request_hash.hex() not in digests:
        raise Problem(
            409,
            "idempotency_key_reused",
            say("This Idempotency-Key was used for another request. Use a new key for it."),
        )
    # Sent again over a new connection, the statement finds what it has made itself.
    is_untouched = known.lease_id == parameters["lease_id"] and known.attempts == parameters["attempts"]
    is_own = is_untouched and known.story[0].get("request_id") == request_id
    return known, is_own


def by_id(database: Database, delivery_id: UUID, integration_id: UUID) -> Delivery | None:
    return database.one(Delivery, statements.BY_ID, {"id": delivery_id, "integration_id": integration_id})


def by_key(database: Database, integration_id: UUID, action: str, *keys: str) -> Delivery | None:
    """The delivery that this key, or one of these, was accepted for; None when there is none."""
    asked = {"integration_id": integration_id, "action": action, "keys": list(keys)}
    return database.one(Delivery, statements.BY_KEY, asked)


class DeliveryFilter(Struct, frozen=True):
    """Which deliveries; what is None is not asked for. `since` and `until` are of when they were accepted."""

    state: str | None = None
    lead_id: int | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def page(
    database: Database, integration_id: UUID | None, wanted: DeliveryFilter, *, before: UUID | None, limit: int
) -> list[Delivery]:
    """Deliveries of an integration, or of all, the newest first; `before` is the last one of the page already read."""
    place = {"integration_id": integration_id, "before": before, "limit": limit}
    return database.all(Delivery, statements.PAGE, place | asdict(wanted))


def retry(database: Database, ids: Sequence[UUID], integration_id: UUID | None, request_id: str) -> int:
    """Makes dead deliveries due again, those of the integration only where one is named. Returns how many: not those
    that are not dead, or whose content is not kept any more."""
    told = Jsonb({"kind": "retried", "request_id": request_id})
    parameters = {"ids": list(ids), "integration_id": integration_id, "request_id": request_id, "told": told}
    return database.execute(statements.RETRY, parameters)


class _Summary(Struct, frozen=True):
    summary: dict[str, Any]


def newer(database: Database, delivery: Delivery, step: str) -> list[dict[str, Any]]:
    """The summaries of newer deliveries to the same deal that have the same step, the newest last."""
    return [one.summary for one in database.all(_Summary, statements.NEWER, {"id": delivery.id, "step": step})]


def last_told(
    database: Database, integration_id: UUID, lead_id: int, actions: Sequence[str], member: str
) -> dict[str, Any]:
    """The summary of the newest write of these actions that was brought into the deal, or has made it, and has this
    member; empty where there is none."""
    asked = {"integration_id": integration_id, "lead_id": lead_id, "actions": list(actions), "member": member}
    found = database.one(_Summary, statements.LAST_TOLD, asked)
    return {} if found is None else found.summary


def revive(
    database: Database, keyring: Keyring, delivery: Delivery, request: str, *, at_once: bool = True
) -> Delivery | None:
    """Takes a dead delivery up again, as :func:`accept` does a new one; None when somebody else has."""
    parameters = {"id": delivery.id, "request": keyring.encrypt(request, delivery.id, "request")}
    return database.one(Delivery, statements.REVIVE, parameters | _begun(at_once))


def claim_due(database: Database, limit: int) -> list[Delivery]:
    """Leases on up to `limit` deliveries that are due. Instances share them out among themselves."""
    return database.all(Delivery, statements.CLAIM_DUE, {"limit": limit, "lease": LEASE})


def keep(database: Database, delivery: Delivery) -> Delivery:
    """Lengthens a lease that is alive. Raises :class:`LeaseLostError`, also for one that is over: what it guards may be
    somebody else's by now."""
    return _written(database.one(Delivery, statements.KEEP, _steps(delivery, {}) | {"lease": LEASE}))


def mark_started(database: Database, delivery: Delivery, step: str) -> Delivery:
    """Stores that a step begins, before it writes. Raises :class:`LeaseLostError`."""
    return _written(
        database.one(Delivery, statements.MARK, _steps(delivery, {step: {"state": "started"}}) | {"lease": LEASE})
    )


def mark_done(
    database: Database, delivery: Delivery, step: str, result: dict[str, Any], *, next_steps: Sequence[str], last: bool
) -> Delivery:
    """Stores a step's result before those that follow it begin; the last one ends the delivery."""
    entries: dict[str, Any] = {name: {"state": "started"} for name in next_steps}
    entries[step] = {"state": "done", "result": result}
    detail = result.get("skipped") or result.get("told")
    told = {"kind": "step_done", "step": step, "outcome": _outcome(result), "detail": detail}
    parameters = _steps(delivery, entries) | {"told": Jsonb(told)}
    if last:
        results = {name: one.get("result") or {} for name, one in delivery.steps.items()} | {step: result}
        done = [name for name, one in results.items() if _outcome(one) == "done"]
        message = end_told.delivered(delivery.action, delivery.lead_id, done or results)
        return _written(database.one(Delivery, statements.FINISH, parameters | {"message": message}))
    return _written(database.one(Delivery, statements.DONE, parameters | {"lease": LEASE}))


def defer(
    database: Database,
    delivery: Delivery,
    were_sent: Mapping[str, bool],
    *,
    wait: timedelta,
    code: str,
    detail: Message,
) -> Delivery:
    """Puts the delivery off. `were_sent`: for each step that failed, whether it may have been carried out after all;
    then the next attempt looks before it writes again. The first is the one whose problem is told."""
    parameters = _steps(delivery, _failed(were_sent)) | _problem("deferred", were_sent, code, detail) | {"wait": wait}
    return _written(database.one(Delivery, statements.DEFER, parameters))


def bury(
    database: Database, delivery: Delivery, were_sent: Mapping[str, bool], *, code: str, detail: Message
) -> Delivery:
    """Ends the delivery for good; a person can take it up again."""
    parameters = _steps(delivery, _failed(were_sent)) | _problem("dead", were_sent, code, detail)
    return _written(database.one(Delivery, statements.BURY, parameters))


def _begun(at_once: bool) -> dict[str, object]:
    """Our first attempt, or nobody's yet."""
    lease = {"lease_id": uuid4(), "lease": LEASE} if at_once else {"lease_id": None, "lease": None}
    return {"attempts": int(at_once), **lease}


def warn(database: Database, delivery_id: UUID, kind: str, detail: Message) -> None:
    """Tells the delivery's story and the log what a person should know; it names fields and never their values."""
    told = Jsonb({"kind": "warned", "code": kind.rpartition(".")[2], "detail": detail})
    database.execute(statements.WARN, {"id": delivery_id, "kind": kind, "detail": detail, "told": told})


def _outcome(result: Mapping[str, Any]) -> str:
    usual = "nothing_to_do" if result.get("changed", result.get("linked")) == 0 else "done"
    return next((name for name in ("skipped", "superseded", "nothing_to_do") if name in result), usual)


def _problem(kind: str, were_sent: Mapping[str, bool], code: str, detail: Message) -> dict[str, Any]:
    told = {"kind": kind, "step": next(iter(were_sent), None), "code": code, "detail": detail}
    return {"code": code, "detail": detail, "told": Jsonb(told)}


def _failed(were_sent: Mapping[str, bool]) -> dict[str, Any]:
    return {name: {"state": "started" if was_sent else "planned"} for name, was_sent in were_sent.items()}


def _steps(delivery: Delivery, entries: Mapping[str, Any]) -> dict[str, object]:
    return {"id": delivery.id, "lease_id": delivery.lease_id, "step": Jsonb(dict(entries))}


def _written(row: Delivery | None) -> Delivery:
    if row is None:
        raise LeaseLostError
    return row
