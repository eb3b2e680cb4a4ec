"""The settings of a connection: one document; what it does not set is inherited, member by member, from its integration
and its widget type (:mod:`shared.connections.inheritance`), and has its default at last.

Each feature adds its part, and reads only that.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo
from psycopg.types.json import Jsonb

from features.registry import settings_parts
from shared.connections.inheritance import LEVELS, LevelName, level_of
from shared.connections.integrations import Integration
from shared.platform.decoding import convert
from shared.platform.i18n import Language
from shared.storage.database import Database

_STORED: Final = """
SELECT split_part(level, ':', 1) AS level, settings FROM amocrm_level_settings
WHERE widget_type = %(widget_type)s AND level IN ('widget', 'client:' || %(client_id)s)
UNION ALL SELECT 'connection', settings - 'account_country' FROM amocrm_integrations WHERE id = %(id)s
"""
# Over the document that its author has seen; the same save may come twice. The account's country stands beside it: what
# amoCRM has said when the account was connected, and nobody's setting.
_SAVE_CONNECTION: Final = """
WITH saved AS (
    UPDATE amocrm_integrations SET updated_at = amocrm_now(), settings = %(settings)s::jsonb
        || jsonb_strip_nulls(jsonb_build_object('account_country', settings -> 'account_country'))
    WHERE id = %(id)s AND (%(seen)s::jsonb IS NULL OR settings - 'account_country' IN (%(seen)s, %(settings)s))
    RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'settings.saved', amocrm_message('The settings were saved.'), %(request_id)s FROM saved
)
SELECT count(*) FROM saved
"""
_SAVE_LEVEL: Final = """
WITH saved AS (
    INSERT INTO amocrm_level_settings AS old (widget_type, level, settings, changed_by)
    VALUES (%(widget_type)s, %(level)s, %(settings)s, %(by)s)
    ON CONFLICT (widget_type, level) DO UPDATE
    SET settings = excluded.settings, changed_by = excluded.changed_by, changed_at = amocrm_now()
    WHERE %(seen)s::jsonb IS NULL OR old.settings IN (%(seen)s, excluded.settings)
    RETURNING 1
), logged AS (
    INSERT INTO amocrm_events (kind, message, request_id)
    SELECT 'settings.saved', amocrm_message('The settings were saved.'), %(request_id)s FROM saved
)
SELECT count(*) FROM saved
"""


class _Common(Struct):
    language: Language | None = None  # of notes and quotations; None: the account's (`document_language`)


def _members(part: Any) -> list[tuple[str, Any, Any]]:
    def default(member: FieldInfo) -> Any:
        if member.default_factory is msgspec.NODEFAULT:
            return member.default
        return msgspec.field(default_factory=member.default_factory)

    return [(member.name, member.type, default(member)) for member in msgspec.structs.fields(part)]


_MEMBERS: Final = [
    member for part in (_Common, *(one.document for one in settings_parts())) for member in _members(part)
]

Settings: Final = msgspec.defstruct("Settings", _MEMBERS, forbid_unknown_fields=True, frozen=True)

SaveSettings: Final = msgspec.defstruct(
    "SaveSettings",
    [
        *_MEMBERS,
        ("level", LevelName, "connection"),
        ("revision", str | None, None),
        ("action", str | None, None),
    ],
    forbid_unknown_fields=True,
    frozen=True,
    namespace={
        "__doc__": "All that the level sets; what is left out or null is inherited, and has its default at last. "
        "`revision`: of `get_settings`, so that nobody else's change is overwritten; null saves in any case."
    },
)


def names() -> tuple[str, ...]:
    """The members of a document."""
    return Settings.__struct_fields__


def of(stored: Mapping[str, Any]) -> Struct:
    """The document with its defaults. A member of code before or after this one is left out."""
    return convert({name: value for name, value in stored.items() if name in names()}, Settings)


class _Stored(Struct, frozen=True):
    level: LevelName
    settings: dict[str, Any]


class Levels(Struct, frozen=True):
    """What each level of a connection sets."""

    own: dict[LevelName, dict[str, Any]]

    def above(self, level: LevelName) -> list[LevelName]:
        """From the level upwards, itself first."""
        return list(LEVELS[LEVELS.index(level) :])

    def merged(self, level: LevelName) -> dict[str, Any]:
        """What holds at the level."""
        found: dict[str, Any] = {}
        for one in reversed(self.above(level)):
            found |= {name: value for name, value in self.own[one].items() if name in names()}
        return found

    def sources(self, level: LevelName) -> dict[str, LevelName]:
        """Member -> the level that sets it; without those that have their default."""
        found: dict[str, LevelName] = {}
        for one in reversed(self.above(level)):
            found |= dict.fromkeys((name for name in self.own[one] if name in names()), one)
        return found

    def revision(self, level: LevelName) -> str:
        """Changes with what the level sets."""
        return hashlib.sha256(msgspec.json.encode(self.own[level], order="deterministic")).hexdigest()[:16]


def levels(database: Database, integration: Integration) -> Levels:
    parameters = {
        "widget_type": integration.widget_type,
        "client_id": integration.client_id,
        "id": integration.id,
    }
    found = {row.level: row.settings for row in database.all(_Stored, _STORED, parameters)}
    return Levels({name: found.get(name, {}) for name in LEVELS})


def save(
    database: Database,
    integration: Integration,
    level: LevelName,
    document: dict[str, Any],
    *,
    seen: dict[str, Any] | None,
    by: str,
    request_id: str,
) -> bool:
    """False where the level sets something else than `seen` by now; None saves in any case."""
    parameters = {
        "settings": Jsonb(document),
        "seen": None if seen is None else Jsonb(seen),
        "request_id": request_id,
        "by": by,
        "id": integration.id,
        "widget_type": integration.widget_type,
        "level": level_of(integration, level).level,
    }
    return database.number(_SAVE_CONNECTION if level == "connection" else _SAVE_LEVEL, parameters) > 0
