"""What we are going to write into an entity, noted before it is sent: as fingerprints, for a day.

Whoever sees the entity change afterwards knows that it was us: while the write is under way, and where the entity was
not looked at since it ended. Only connections that want to be told need it. :mod:`shared.deliveries.noting` writes so.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from msgspec import Struct
from psycopg.types.json import Jsonb

from shared.storage.database import Database
from shared.storage.encryption import Keyring

_DIGITS: Final = 16
# A write whose answer was lost may still be carried out, and be heard of late.
_OPEN_FOR: Final = timedelta(hours=1)

_NOTE: Final = """
INSERT INTO amocrm_own_writes (id, integration_id, entity_type, entity_id, fingerprints)
SELECT %(id)s, %(integration_id)s, %(entity_type)s, %(entity_id)s, %(fingerprints)s
WHERE EXISTS (SELECT FROM amocrm_feeds WHERE integration_id = %(integration_id)s AND is_on)
ON CONFLICT (id) DO UPDATE SET id = excluded.id
"""
_ENDED: Final = "UPDATE amocrm_own_writes SET ended_at = amocrm_now() WHERE id = %(id)s"
_FORGET: Final = "DELETE FROM amocrm_own_writes WHERE id = %(id)s"
_SINCE: Final = """
SELECT w.entity_id, w.fingerprints
FROM unnest(%(ids)s::bigint[], %(since)s::timestamptz[]) AS wanted (id, since)
JOIN amocrm_own_writes w ON w.integration_id = %(integration_id)s AND w.entity_type = %(entity_type)s
    AND w.entity_id = wanted.id
WHERE w.ended_at >= wanted.since OR (w.ended_at IS NULL AND w.written_at > amocrm_now() - %(open_for)s)
"""


class _Row(Struct, frozen=True):
    entity_id: int
    fingerprints: dict[str, Any]


def note(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    entity_type: str,
    entity_id: int,
    members: Mapping[str, str],
) -> UUID | None:
    """`members`: name -> the text that it is going to have. The note's id; None where nobody wants to know."""
    new_id = uuid4()
    found = {name: keyring.fingerprints(text, integration_id)[0].hex()[:_DIGITS] for name, text in members.items()}
    parameters = {"id": new_id, "integration_id": integration_id, "entity_type": entity_type, "entity_id": entity_id}
    return new_id if database.execute(_NOTE, parameters | {"fingerprints": Jsonb(found)}) else None


def ended(database: Database, note_id: UUID) -> None:
    """It is written."""
    database.execute(_ENDED, {"id": note_id})


def forget(database: Database, note_id: UUID) -> None:
    """It was refused: nothing was written."""
    database.execute(_FORGET, {"id": note_id})


def fingerprints(keyring: Keyring, integration_id: UUID, text: str) -> set[str]:
    """All that this text may be noted as."""
    return {one.hex()[:_DIGITS] for one in keyring.fingerprints(text, integration_id)}


def since(
    database: Database, integration_id: UUID, entity_type: str, times: Mapping[int, datetime]
) -> dict[int, dict[str, set[str]]]:
    """Entity -> member -> fingerprints of what we are writing there, or have written since the entity's time."""
    parameters = {"integration_id": integration_id, "entity_type": entity_type, "open_for": _OPEN_FOR}
    entities = {"ids": list(times), "since": list(times.values())}
    found: dict[int, dict[str, set[str]]] = {}
    for row in database.all(_Row, _SINCE, parameters | entities):
        members = found.setdefault(row.entity_id, {})
        for name, print_ in row.fingerprints.items():
            members.setdefault(name, set()).add(print_)
    return found
