"""Accepting a write, and carrying it out: the way of every action whose effect must be in amoCRM exactly once."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict
from uuid import UUID

import msgspec
from msgspec import Struct

from shared.actions.body import unfit
from shared.actions.feature import Planner
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform import logs
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, problem_of
from shared.runtime import Runtime
from shared.storage.database import DatabaseUnavailableError


class ProblemSummary(TypedDict):
    """Why a write is not in amoCRM yet, or a connection does not work."""

    code: str
    detail: str


class WriteStatus(TypedDict):
    """What a write has come to; `results` are by its steps."""

    delivery_id: UUID
    state: Literal["accepted", "delivered"]
    results: NotRequired[dict[str, dict[str, Any]]]  # not for public pages
    problem: NotRequired[ProblemSummary | None]  # while it is accepted
    retry_after: NotRequired[int]  # seconds; likewise


class IdempotentWrite(Struct, frozen=True):
    """A write as an action accepts it; two with the same key and identity are one."""

    planner: Planner[Any]
    stored: bytes  # all that its steps need, as JSON; equal writes are equal bytes
    key: str | None  # the caller's Idempotency-Key; without one, an equal write is the same write
    first_steps: Sequence[str]
    lead_id: int | None = None
    identity: bytes | None = None  # what makes two writes equal, where that is not all that is stored
    at_once: bool = True  # False: only accept, the runner carries it out
    summary: Mapping[str, Any] = {}  # what lists of deliveries say of it, nothing personal
    about: str | None = None  # with the key, what it is, whatever else it says: whose order; None: all of its identity
    happened_at: datetime | None = None  # what it is about, where somebody says so who can be trusted
    known_since: datetime | None = None  # it may have been accepted since then, by a row that went with its days
    also: Sequence[str] = ()  # of a key with a digest in it: the same with the digests of the keyring's other keys


def accept(runtime: Runtime, integration: Integration, request: Request, write: IdempotentWrite) -> Delivery:
    """The write as it stands now: delivered, accepted (to be finished by `run_deliveries`), or dead. Raises 422 for one
    that could not be read again: it is not stored."""
    content = _readable(write)
    digests = runtime.keyring.digests(write.identity or write.stored, integration.id)
    key, *also = [write.key, *write.also] if write.key else [f"body:{one}" for one in digests]
    leased_at = runtime.clock.monotonic()
    delivery, is_new = deliveries.accept(
        runtime.database,
        runtime.keyring,
        integration.id,
        action=write.planner.action,
        key=key,
        also=also,
        request=write.stored.decode(),
        digests=digests,
        first_steps=write.first_steps if write.at_once else (),
        lead_id=write.lead_id,
        request_id=request.id,
        summary=write.summary,
        at_once=write.at_once,
        about=write.about,
        happened_at=write.happened_at,
        known_since=write.known_since,
    )
    begun = write.first_steps if is_new else ()
    if delivery.state == "dead":
        # Sent once more by a person who has seen the problem: it is tried again.
        stored, at_once = write.stored.decode(), write.at_once
        revived = deliveries.revive(runtime.database, runtime.keyring, delivery, stored, at_once=at_once)
        is_new = revived is not None
        # Somebody else has, at the same instant, or this very statement, whose answer was lost: it is under way.
        delivery = revived or deliveries.by_id(runtime.database, delivery.id, integration.id) or delivery
    if not is_new:
        return delivery
    if not write.at_once and delivery.attempts == 0:
        runtime.delivering.wakeup.at(delivery.id, 0)
        return delivery
    try:
        steps, calls = write.planner.plan(runtime, delivery, integration, content)
        return runtime.delivering.run(
            delivery, steps, runtime.connections.paced(integration, calls), begun=begun, leased_at=leased_at
        )
    except (DatabaseUnavailableError, KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - it is accepted, and goes on: as where the runner meets such an error
        logs.failed("delivery.failed", error, delivery_id=delivery.id)
        return runtime.delivering.put_off(delivery, problem_of(error))


def _readable(write: IdempotentWrite) -> Any:
    """What is going to be stored, read as the runner reads it. Raises 422."""
    try:
        return write.planner.read(write.stored.decode())
    except msgspec.ValidationError as error:
        raise unfit(error) from None


def answer(
    request: Request, delivery: Delivery, *, show_results: bool = True, more: Mapping[str, object] | None = None
) -> Response:
    """200 when it is delivered, 202 while it is not; 404 or 422 for what amoCRM refuses for good.

    `more`: what the action adds to the document.
    """
    if delivery.state == "dead":
        raise _refusal(delivery)
    document: dict[str, object] = {"delivery_id": delivery.id, "state": delivery.state, **(more or {})}
    if show_results:
        document["results"] = delivery.results(request.language)
    if delivery.state == "delivered":
        return json_response(document)
    retry_after = max(1, round(delivery.due_in_seconds or 5))
    headers = (("Retry-After", str(retry_after)),)
    return json_response(
        document | {"problem": delivery.problem(request.language), "retry_after": retry_after}, 202, headers
    )


def _refusal(delivery: Delivery) -> Problem:
    """amoCRM refused the data itself, or the deal is gone."""
    gone = delivery.problem_code in ("amocrm_not_found", "amocrm_account_not_found")
    return Problem(
        404 if gone else 422,
        delivery.problem_code or "delivery_failed",
        delivery.problem_detail or say("The write could not be carried out."),
        extra={"delivery_id": delivery.id},
    )
