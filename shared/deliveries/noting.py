"""Writing into a deal or contact that is there, so that it does not come back as a person's news (row H5)."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final
from uuid import UUID

from shared.amocrm import errors, members
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
    noted = own_writes.note(database, keyring, integration_id, entity_type, entity_id, members.written(change))
    try:
        yield
    except _CHANGED_NOTHING:
        if noted is not None:
            own_writes.forget(database, noted)
        raise
    if noted is not None:
        own_writes.ended(database, noted)
