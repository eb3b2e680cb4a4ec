"""What we are going to write into an entity, noted before it is sent: as fingerprints, for a day.

Whoever sees the entity change afterwards knows that it was us: while the write is under way, and where the entity was
not looked at since it ended. What an entity is made with is noted as well, and kept as long as the delivery that makes
it: that stands for it until the answer has told its id. Only connections that want to be told need it.
:mod:`shared.deliveries.echo_marking` writes so.
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
LINKS: Final = "links"  # a member that has no value
# A write whose answer was lost may still be carried out: until the entity was read so long after it. (However late that
# is: hooks come again for hours, and feeds may have to wait.)
_OPEN_FOR: Final = timedelta(hours=1)

_NOTE: Final = """
INSERT INTO amocrm_own_writes (id, integration_id, entity_type, entity_id, delivery_id, fingerprints)
SELECT %(id)s, %(integration_id)s, %(entity_type)s, %(entity_id)s, %(delivery_id)s, %(fingerprints)s
WHERE EXISTS (SELECT FROM amocrm_feeds WHERE integration_id = %(integration_id)s AND is_on)
ON CONFLICT (id) DO UPDATE SET id = excluded.id
"""
_ENDED: Final = """
UPDATE amocrm_own_writes SET ended_at = amocrm_now(), entity_id = coalesce(%(entity_id)s, entity_id) WHERE id = %(id)s
"""
_FORGET: Final = "DELETE FROM amocrm_own_writes WHERE id = %(id)s"
_SINCE: Final = """
SELECT w.entity_id, w.fingerprints
FROM unnest(%(ids)s::bigint[], %(since)s::timestamptz[]) AS wanted (id, since)
JOIN amocrm_own_writes w ON w.integration_id = %(integration_id)s AND w.entity_type = %(entity_type)s
    AND w.entity_id = wanted.id
WHERE w.ended_at >= wanted.since OR (w.ended_at IS NULL AND w.written_at > wanted.since - %(open_for)s)
"""
_AT_MAKING: Final = """
SELECT 0 AS entity_id, fingerprints FROM amocrm_own_writes
WHERE delivery_id = %(delivery_id)s AND integration_id = %(integration_id)s AND entity_type = %(entity_type)s
"""


_UNANSWERED: Final = """
SELECT id, delivery_id, fingerprints FROM amocrm_own_writes
WHERE delivery_id IS NOT NULL AND integration_id = %(integration_id)s AND entity_type = %(entity_type)s
    AND entity_id IS NULL AND written_at > amocrm_now() - interval '1 day'
ORDER BY written_at DESC LIMIT 100
"""


_MAKER: Final = """
SELECT delivery_id FROM amocrm_own_writes
WHERE integration_id = %(integration_id)s AND entity_type = %(entity_type)s AND entity_id = %(entity_id)s
    AND delivery_id IS NOT NULL LIMIT 1
"""
_FOUND: Final = """
UPDATE amocrm_own_writes SET entity_id = %(entity_id)s, ended_at = amocrm_now()
WHERE delivery_id = %(delivery_id)s AND integration_id = %(integration_id)s AND entity_type = %(entity_type)s
    AND entity_id IS NULL
"""

# It was looked at when it was made: what is read of it later is not to be compared with this.
_RECOGNISED: Final = """
UPDATE amocrm_own_writes SET entity_id = %(entity_id)s, ended_at = written_at WHERE id = %(id)s AND entity_id IS NULL
"""


class _Row(Struct, frozen=True):
    entity_id: int
    fingerprints: dict[str, Any]


def note(
    database: Database,
    keyring: Keyring,
    integration_id: UUID,
    entity_type: str,
    entity_id: int | None,
    members: Mapping[str, str],
    delivery_id: UUID | None = None,
) -> UUID | None:
    """`members`: name -> the text that it is going to have. Without `entity_id`, `delivery_id` is going to make it, and
    may link it. The note's id; None where nobody wants to know."""
    found = {name: keyring.fingerprints(text, integration_id)[0].hex()[:_DIGITS] for name, text in members.items()}
    found |= {LINKS: ""} if delivery_id is not None else {}
    return _noted(database, integration_id, entity_type, entity_id, found, delivery_id)


def note_link(database: Database, integration_id: UUID, entity_type: str, entity_id: int) -> UUID | None:
    """It is going to be linked with something: there is nothing to compare."""
    return _noted(database, integration_id, entity_type, entity_id, {LINKS: ""}, None)


def note_made(database: Database, integration_id: UUID, entity_type: str, entity_id: int) -> None:
    """We have made this, whichever delivery it was; what with, nobody says any more."""
    if maker(database, integration_id, entity_type, entity_id) is None:
        noted = _noted(database, integration_id, entity_type, entity_id, {}, uuid4())
        if noted is not None:
            ended(database, noted)


def _noted(
    database: Database,
    integration_id: UUID,
    entity_type: str,
    entity_id: int | None,
    fingerprints: Mapping[str, str],
    delivery_id: UUID | None,
) -> UUID | None:
    new_id = uuid4()
    parameters = {"id": new_id, "integration_id": integration_id, "entity_type": entity_type, "entity_id": entity_id}
    parameters |= {"delivery_id": delivery_id, "fingerprints": Jsonb(fingerprints)}
    return new_id if database.execute(_NOTE, parameters) else None


def ended(database: Database, note_id: UUID, entity_id: int | None = None) -> None:
    """It is written; of what was made, this is the id."""
    database.execute(_ENDED, {"id": note_id, "entity_id": entity_id})


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
        _add(found.setdefault(row.entity_id, {}), row)
    return found


def at_making(database: Database, integration_id: UUID, entity_type: str, delivery_id: UUID) -> dict[str, set[str]]:
    """Member -> fingerprints of what this delivery makes its deal or contact with, or has."""
    found: dict[str, set[str]] = {}
    parameters = {"integration_id": integration_id, "entity_type": entity_type, "delivery_id": delivery_id}
    for row in database.all(_Row, _AT_MAKING, parameters):
        _add(found, row)
    return found


class _Maker(Struct, frozen=True):
    delivery_id: UUID


def maker(database: Database, integration_id: UUID, entity_type: str, entity_id: int) -> UUID | None:
    """The delivery that has noted that it made this."""
    parameters = {"integration_id": integration_id, "entity_type": entity_type, "entity_id": entity_id}
    found = database.one(_Maker, _MAKER, parameters)
    return None if found is None else found.delivery_id


def found(database: Database, integration_id: UUID, entity_type: str, delivery_id: UUID, entity_id: int) -> None:
    """The answer was lost, and this is what the delivery has made, where it was going to make one."""
    parameters = {"integration_id": integration_id, "entity_type": entity_type, "entity_id": entity_id}
    database.execute(_FOUND, parameters | {"delivery_id": delivery_id})


class Unanswered(Struct, frozen=True):
    """Something that is being made, whose id nobody knows. `id`: the note's; `members`: name -> fingerprints."""

    id: UUID
    delivery_id: UUID
    members: dict[str, set[str]]


class _Making(Struct, frozen=True):
    id: UUID
    delivery_id: UUID
    fingerprints: dict[str, str]


def unanswered(database: Database, integration_id: UUID, entity_type: str) -> list[Unanswered]:
    """Of the last day, the newest first."""
    parameters = {"integration_id": integration_id, "entity_type": entity_type}
    return [
        Unanswered(row.id, row.delivery_id, {name: {text} for name, text in row.fingerprints.items()})
        for row in database.all(_Making, _UNANSWERED, parameters)
    ]


def recognised(database: Database, note_id: UUID, entity_id: int) -> None:
    """Seen before the answer came, or without one: what that was going to make is this, and nothing else is."""
    database.execute(_RECOGNISED, {"id": note_id, "entity_id": entity_id})


def _add(members: dict[str, set[str]], row: _Row) -> None:
    for name, print_ in row.fingerprints.items():
        members.setdefault(name, set()).add(print_)
