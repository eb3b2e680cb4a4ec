"""What was submitted after something else, of the same person: a profile that follows another, or overtook a retry."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.deliveries.rows import Delivery
from shared.storage.database import Database

_LATEST: Final = """
SELECT id, idempotency_key AS key, request_hash FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND action = %(action)s AND created_at > amocrm_now() - %(within)s
  AND summary -> 'person' ?| %(person)s
ORDER BY created_at DESC, id DESC LIMIT 1
"""

# Of deliveries that brought something to the contact, after this one was accepted.
_NEWER: Final = """
SELECT count(*) FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND (created_at, id) > (%(created_at)s, %(id)s)
  AND (%(action)s::text IS NULL OR action = %(action)s)
  AND coalesce(steps -> 'contact_update', steps -> 'contact') ->> 'state' = 'done'
  AND coalesce(steps -> 'contact', steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'contact_id'
      = to_jsonb(%(contact_id)s::bigint)
"""


class Latest(Struct, frozen=True):
    id: UUID
    key: str
    request_hash: bytes


def latest(
    database: Database, integration_id: UUID, action: str, person: list[str], within: timedelta
) -> Latest | None:
    """The last submission of this action that was accepted for the person. `person`: see `people.marks`."""
    parameters = {"integration_id": integration_id, "action": action, "person": person, "within": within}
    return database.one(Latest, _LATEST, parameters)


def is_superseded(database: Database, delivery: Delivery, contact_id: int, action: str | None = None) -> bool:
    """Whether a newer submission, or one of this action, has come to the contact already."""
    own = {"id": delivery.id, "integration_id": delivery.integration_id, "created_at": delivery.created_at}
    return database.number(_NEWER, own | {"contact_id": contact_id, "action": action}) > 0
