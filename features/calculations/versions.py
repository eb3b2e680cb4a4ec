"""Drafts and versions of calculators (table `amocrm_calculators`), and which of them holds for a connection.

The nearest level with a version that has a document wins: the connection's own, the integration's (client's), the
widget type's; where there is none, the one that comes with the widget type (:func:`.calculator.usual`).
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final
from uuid import UUID, uuid4

import msgspec
from msgspec import Struct
from psycopg.types.json import Jsonb

from features.calculations import calculator
from features.calculations.compiler import Compiled, compiled
from shared.actions.body import misfit
from shared.connections.inheritance import LEVELS, Level, LevelName, level_of
from shared.connections.integrations import Integration
from shared.platform.decoding import convert
from shared.platform.messages import say
from shared.platform.problems import InputError
from shared.storage.database import Database

MOST_COUNTED: Final = 10_000

# The latest version of each level of a connection, the nearest first.
_IN_FORCE: Final = """
WITH latest AS (
    SELECT DISTINCT ON (level) level, version, document FROM amocrm_calculators
    WHERE widget_type = %(widget_type)s AND level = ANY(%(levels)s) AND version IS NOT NULL
    ORDER BY level, version DESC
)
SELECT split_part(level, ':', 1) AS level, version, document::text AS text
FROM latest WHERE document IS NOT NULL ORDER BY array_position(%(levels)s, level)
"""
_DRAFT: Final = """
SELECT document, revision, changed_at, changed_by FROM amocrm_calculators
WHERE widget_type = %(widget_type)s AND level = %(level)s AND version IS NULL
"""
_VERSIONS: Final = """
SELECT version, document IS NULL AS is_inherited, note, changed_at, changed_by FROM amocrm_calculators
WHERE widget_type = %(widget_type)s AND level = %(level)s AND version IS NOT NULL ORDER BY version DESC LIMIT 50
"""
_VERSION: Final = """
SELECT document FROM amocrm_calculators
WHERE widget_type = %(widget_type)s AND level = %(level)s AND version = %(version)s
"""
# Only over the draft that its author has seen; the same save may come twice.
_SAVE: Final = """
INSERT INTO amocrm_calculators AS old (widget_type, level, integration_id, document, revision, changed_by)
SELECT %(widget_type)s, %(level)s, %(integration_id)s, %(document)s, %(next)s, %(by)s
WHERE %(seen)s::uuid IS NULL OR EXISTS (
    SELECT FROM amocrm_calculators
    WHERE widget_type = %(widget_type)s AND level = %(level)s AND version IS NULL
)
ON CONFLICT (widget_type, level, coalesce(version, 0))
DO UPDATE SET document = excluded.document, revision = excluded.revision, changed_by = excluded.changed_by,
              changed_at = amocrm_now()
WHERE old.revision IN (%(seen)s, %(next)s)
"""
# The draft becomes the next version.
_PUBLISH: Final = """
UPDATE amocrm_calculators
SET version = (SELECT coalesce(max(version), 0) + 1 FROM amocrm_calculators
               WHERE widget_type = %(widget_type)s AND level = %(level)s),
    note = %(note)s, changed_by = %(by)s, changed_at = amocrm_now()
WHERE widget_type = %(widget_type)s AND level = %(level)s AND version IS NULL AND revision = %(seen)s
"""
_PUBLISHED: Final = """
SELECT coalesce(max(version), 0) FROM amocrm_calculators
WHERE widget_type = %(widget_type)s AND level = %(level)s AND revision = %(seen)s
"""
_INHERIT: Final = """
INSERT INTO amocrm_calculators (widget_type, level, integration_id, version, revision, note, changed_by)
SELECT %(widget_type)s, %(level)s, %(integration_id)s, latest.version + 1, %(next)s, %(note)s, %(by)s
FROM (SELECT version, document FROM amocrm_calculators
      WHERE widget_type = %(widget_type)s AND level = %(level)s AND version IS NOT NULL
      ORDER BY version DESC LIMIT 1) AS latest
WHERE latest.document IS NOT NULL
ON CONFLICT DO NOTHING
"""
_DISCARD: Final = """
DELETE FROM amocrm_calculators
WHERE widget_type = %(widget_type)s AND level = %(level)s AND version IS NULL AND revision = %(seen)s
"""
# Connections for which a change of the level is a change: those that have nothing nearer in force. The latest version
# of a level says whether it has a document (the maximum is odd). No more are counted than a person needs to know.
_TOUCHED: Final = """
WITH nearer AS (
    SELECT integration_id, CASE WHEN integration_id IS NULL THEN substr(level, 8) END AS client_id
    FROM amocrm_calculators WHERE widget_type = %(widget_type)s AND version IS NOT NULL AND level <> 'widget'
    GROUP BY integration_id, CASE WHEN integration_id IS NULL THEN substr(level, 8) END
    HAVING max(2 * version + (document IS NOT NULL)::int) %% 2 = 1
)
SELECT count(*) FROM (
    SELECT FROM amocrm_integrations AS one
    WHERE widget_type = %(widget_type)s AND status <> 'disconnected'
      AND (id = %(integration_id)s
        OR client_id = CASE WHEN %(level)s LIKE 'client:%%' THEN substr(%(level)s, 8) END
        OR (%(level)s = 'widget'
            AND client_id NOT IN (SELECT client_id FROM nearer WHERE client_id IS NOT NULL)))
      AND NOT EXISTS (
        SELECT FROM nearer WHERE nearer.integration_id = one.id AND %(level)s NOT LIKE 'connection:%%')
    LIMIT %(most)s
) AS touched
"""


class InForce(Struct, frozen=True):
    """The calculator of a connection; `level` is None for the one that comes with the widget type."""

    level: LevelName | None
    version: int | None
    text: str  # the document, as JSON

    @property
    def revision(self) -> str:
        """Changes with the document, and with nothing else."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    @property
    def compiled(self) -> Compiled:
        return _compiled(self.text)


class _Row(Struct, frozen=True):
    level: LevelName
    version: int
    text: str


def in_force(database: Database, integration: Integration) -> list[InForce]:
    """The nearest first, then those that it stands before; empty for a widget type without any."""
    levels = [level_of(integration, name).level for name in LEVELS]
    found = database.all(_Row, _IN_FORCE, {"widget_type": integration.widget_type, "levels": levels})
    return [InForce(row.level, row.version, row.text) for row in found] + _usual(integration.widget_type)


@cache
def _usual(widget_type: str) -> list[InForce]:
    usual = calculator.usual(widget_type)
    return [] if usual is None else [InForce(None, None, msgspec.json.encode(usual).decode())]


@lru_cache(maxsize=64)
def _compiled(text: str) -> Compiled:
    return compiled_of(msgspec.json.decode(text))


def compiled_of(document: Mapping[str, Any]) -> Compiled:
    """Of what was kept or sent, whatever it is."""
    try:
        return compiled(read(document))
    except msgspec.ValidationError as error:
        return Compiled(None, (misfit(error, "calculator"),))
    except (TypeError, KeyError, AttributeError, ValueError):  # what was never a calculator
        return Compiled(None, (InputError("calculator", say("is not a calculator")),))


def read(document: Mapping[str, Any]) -> calculator.Calculator:
    """What was kept. Raises msgspec.ValidationError for what is no calculator."""
    return convert(dict(document), calculator.Calculator)


class Draft(Struct, frozen=True):
    document: dict[str, Any]
    revision: UUID
    changed_at: datetime
    changed_by: str


class Version(Struct, frozen=True):
    version: int
    is_inherited: bool  # from then on, the level above held
    note: str | None
    changed_at: datetime
    changed_by: str


class _Document(Struct, frozen=True):
    document: dict[str, Any] | None


def draft(database: Database, level: Level) -> Draft | None:
    return database.one(Draft, _DRAFT, _named(level))


def versions(database: Database, level: Level) -> list[Version]:
    """The latest first, at most fifty."""
    return database.all(Version, _VERSIONS, _named(level))


def version(database: Database, level: Level, number: int) -> dict[str, Any] | None:
    """The document of an earlier version."""
    found = database.one(_Document, _VERSION, _named(level) | {"version": number})
    return None if found is None else found.document


def save_draft(database: Database, level: Level, document: dict[str, Any], seen: UUID | None, by: str) -> UUID | None:
    """The new revision; None where somebody else has saved, published or thrown away the draft since `seen`."""
    fresh = uuid4()
    asked = {"document": Jsonb(document), "seen": seen, "next": fresh, "by": by}
    return fresh if database.execute(_SAVE, _named(level) | asked) else None


def publish(database: Database, level: Level, seen: UUID, note: str | None, by: str) -> int | None:
    """The number of the version; None where the draft is another by now."""
    asked = _named(level) | {"seen": seen, "note": note, "by": by}
    database.execute(_PUBLISH, asked)
    return database.number(_PUBLISHED, asked) or None


def inherit(database: Database, level: Level, note: str | None, by: str) -> None:
    """From now on the level above holds, as it may already."""
    database.execute(_INHERIT, _named(level) | {"next": uuid4(), "note": note, "by": by})


def discard(database: Database, level: Level, seen: UUID) -> bool:
    return database.execute(_DISCARD, _named(level) | {"seen": seen}) > 0


def touched(database: Database, level: Level) -> int:
    """How many connections reckon by this level; :data:`MOST_COUNTED` stands for that many or more."""
    return database.number(_TOUCHED, _named(level) | {"most": MOST_COUNTED})


def _named(level: Level) -> dict[str, Any]:
    return msgspec.structs.asdict(level)
