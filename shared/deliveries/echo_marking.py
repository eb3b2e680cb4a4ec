"""Writing into a deal or contact, or making it, so that it does not come back as a person's news (row H5)."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from shared.amocrm import entity_fields, errors
from shared.deliveries.rows import LeaseLostError
from shared.storage import own_writes
from shared.storage.database import Database
from shared.storage.encryption import Keyring

# Nothing was written: the answer says so, or nothing was sent.
_CHANGED_NOTHING: Final = (
    errors.NotSentError,
    errors.BadRequestError,
    errors.UnauthorizedError,
    errors.PaymentRequiredError,
    errors.ForbiddenError,
    errors.NotFoundError,
    errors.AccountNotFoundError,
    errors.RateLimitedError,
    LeaseLostError,
)


@contextmanager
def noting(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    entity_type: str,
    entity_id: int,
    change: Mapping[str, Any],
) -> Iterator[None]:
    """Around the one call that writes `change`, as the API takes it. `entity_type`: lead or contact."""
    noted = own_writes.note(database, keyring, integration_id, entity_type, entity_id, entity_fields.written(change))
    with _forgotten_if_refused(database, noted):
        yield
    if noted is not None:
        own_writes.ended(database, noted)


@contextmanager
def noting_link(database: Database, integration_id: UUID, entity_type: str, entity_id: int) -> Iterator[None]:
    """Around the one call that links this with something else: amoCRM tells of both that they have changed."""
    noted = own_writes.note_link(database, integration_id, entity_type, entity_id)
    with _forgotten_if_refused(database, noted):
        yield
    if noted is not None:
        own_writes.ended(database, noted)


@contextmanager
def noting_new(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    entity_type: str,
    delivery_id: UUID,
    content: Mapping[str, Any],
) -> Iterator[Callable[[int | None], None]]:
    """Around the one call by which this delivery makes a deal or contact of `content`, as the API takes it. What is
    given is called with the id."""
    written = entity_fields.written(content)
    noted = own_writes.note(database, keyring, integration_id, entity_type, None, written, delivery_id)

    def made(entity_id: int | None) -> None:
        if noted is not None:
            own_writes.ended(database, noted, entity_id)

    with _forgotten_if_refused(database, noted):
        yield made


@contextmanager
def _forgotten_if_refused(database: Database, noted: UUID | None) -> Iterator[None]:
    try:
        yield
    except _CHANGED_NOTHING:
        if noted is not None:
            own_writes.forget(database, noted)
        raise
