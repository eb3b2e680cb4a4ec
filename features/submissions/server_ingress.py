"""At the address of a server's key: what comes is kept before it is read, and told what became of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from msgspec import Struct

from features.submissions import kept_bodies
from features.submissions.model import SUBMIT_FORM, Contact
from shared.access.credentials import site_key
from shared.access.permissions import Caller
from shared.deliveries import rows as deliveries
from shared.deliveries.rows import Delivery
from shared.platform.http import Request
from shared.platform.messages import Message, say
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.storage import event_log


class KeptBody(Struct, frozen=True):
    """A body under way. `id` None: of somebody else than a server, whose bodies are not kept."""

    runtime: Runtime
    id: UUID | None = None
    site_key_id: UUID | None = None

    @property
    def summary(self) -> dict[str, object]:
        """In the delivery's, so that the two find each other should the process end in between."""
        return {} if self.id is None else {"incoming": str(self.id)}

    def became(self, delivery: Delivery, contact: Contact, writer_id: str = "") -> None:
        """`writer_id`: of whoever is known by it, without a phone."""
        if self.id is not None and self.site_key_id is not None:
            has_person = bool(contact.phones or contact.emails or writer_id)
            kept_bodies.became(self.runtime.database, self.id, self.site_key_id, delivery.id, has_person)

    def became_nothing(self, reason: Message) -> None:
        if self.id is not None:
            kept_bodies.became_nothing(self.runtime.database, self.id, reason)


@contextmanager
def keeping(runtime: Runtime, caller: Caller, request: Request, action: str) -> Iterator[KeptBody]:
    """Around whatever reads the body and accepts it. What nobody foresaw leaves it as one that was not read."""
    key_id = site_key.id_of(caller)
    if caller.kind != "server" or key_id is None:
        yield KeptBody(runtime)
        return
    integration_id = caller.require_integration().id
    kept = kept_bodies.keep(runtime.database, runtime.keyring, integration_id, key_id, action, request)
    try:
        yield KeptBody(runtime, kept, key_id)
    except Problem as problem:
        kept_bodies.was_refused(runtime.database, kept, why(problem))
        raise


def why(problem: Problem) -> Message:
    """Why a body is refused, without a value of it."""
    where = ", ".join(error.path for error in problem.errors if error.path)
    return say("{where} is missing or not right", where=where) if where else problem.detail


def tell_of_other_values(runtime: Runtime, caller: Caller, key: str) -> None:
    """Nobody reads what a builder's server is answered."""
    first = deliveries.by_key(runtime.database, caller.require_integration().id, SUBMIT_FORM, key)
    if first is not None:
        told = say(
            "The site builder has sent this submission once more, with other values: the first ones count. What has "
            "changed is there, under the same id."
        )
        deliveries.warn(runtime.database, first.id, "submission.other_values", told)


def tell_of_unreadable(runtime: Runtime, caller: Caller, problem: Problem) -> None:
    """Once an hour: the visitor has been thanked, and whoever sends it so sends all of it so."""
    told = say("What a site builder has sent cannot be read, and is not in amoCRM: {reason}", reason=problem.detail)
    id_ = caller.require_integration().id
    kind = "submission.unreadable"
    event_log.add_rarely(runtime.database, kind, told, level="warning", integration_id=id_, every=timedelta(hours=1))


def tell_of_refusal(runtime: Runtime, caller: Caller, request: Request, problem: Problem) -> None:
    """As above: the visitor has been thanked. What has no values at all is no loss."""
    where = ", ".join(error.path for error in problem.errors if error.path)
    if where:
        told = say(
            "What a site builder has sent is not in amoCRM: {where} is missing or not right. It is still there; see "
            "whether the form has what the settings require.",
            where=where,
        )
        event_log.add(
            runtime.database,
            "submission.refused",
            told,
            level="warning",
            integration_id=caller.require_integration().id,
            request_id=request.id,
        )
