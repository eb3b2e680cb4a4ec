"""What we are going to write into an entity, noted before it is sent: as fingerprints, for a day.

Whoever sees the entity change afterwards knows that it was us. Only connections that want to be told need it.
"""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from psycopg.types.json import Jsonb

from shared.storage.database import Database
from shared.storage.encryption import Keyring

_DIGITS: Final = 16

_NOTE: Final = """
INSERT INTO amocrm_own_writes (integration_id, entity_type, entity_id, fingerprints)
SELECT %(integration_id)s, %(entity_type)s, %(entity_id)s, %(fingerprints)s
WHERE EXISTS (SELECT FROM amocrm_feeds WHERE integration_id = %(integration_id)s AND is_on)
"""
_OF: Final = """
SELECT fingerprints FROM amocrm_own_writes
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = %(entity_id)s
  AND written_at > amocrm_now() - interval '1 day'
"""


class _Row(Struct, frozen=True):
    fingerprints: dict[str, Any]


def note(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    entity_type: str,
    entity_id: int,
    members: Mapping[str, str],
) -> None:
    """`members`: name -> the text that it is going to have."""
    found = {name: keyring.fingerprints(text, integration_id)[0].hex()[:_DIGITS] for name, text in members.items()}
    parameters = {"integration_id": integration_id, "entity_type": entity_type, "entity_id": entity_id}
    database.execute(_NOTE, parameters | {"fingerprints": Jsonb(found)})


def fingerprints(keyring: Keyring, integration_id: UUID, text: str) -> set[str]:
    """All that this text may be noted as."""
    return {one.hex()[:_DIGITS] for one in keyring.fingerprints(text, integration_id)}


def of(database: Database, integration_id: UUID, entity_type: str, entity_id: int) -> dict[str, set[str]]:
    """Member -> fingerprints of what we have written there."""
    parameters = {"integration_id": integration_id, "entity_type": entity_type, "entity_id": entity_id}
    found: dict[str, set[str]] = {}
    for row in database.all(_Row, _OF, parameters):
        for name, print_ in row.fingerprints.items():
            found.setdefault(name, set()).add(print_)
    return found
