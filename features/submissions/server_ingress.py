"""At the address of a server's key: what comes is kept before it is read, and told what became of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from msgspec import Struct

from features.submissions import kept_bodies
from features.submissions.model import Contact
from shared.access.credentials import site_key
from shared.access.permissions import Caller
from shared.deliveries.rows import Delivery
from shared.platform.http import Request
from shared.platform.messages import Message, say
from shared.platform.problems import Problem
from shared.runtime import Runtime


class KeptBody(Struct, frozen=True):
    """A body under way. `id` None: of somebody else than a server, whose bodies are not kept."""

    runtime: Runtime
    id: UUID | None = None
    site_key_id: UUID | None = None

    @property
    def summary(self) -> dict[str, object]:
        """In the delivery's, so that the two find each other should the process end in between."""
        return {} if self.id is None else {"incoming": str(self.id)}

    def became(self, delivery: Delivery, contact: Contact) -> None:
        if self.id is not None and self.site_key_id is not None:
            has_person = bool(contact.phones or contact.emails)
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
