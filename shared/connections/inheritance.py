"""Levels: what one vendor sets once, for many accounts.

The nearest to the account counts: the connection's own, the integration's (amoCRM's client, which many accounts may
have installed), the widget type's.
"""

from typing import Final, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import asdict

from shared.connections.integrations import Integration
from shared.storage.database import Database

LevelName = Literal["connection", "client", "widget"]
LEVELS: Final[tuple[LevelName, ...]] = ("connection", "client", "widget")  # the nearest first

_BELOW: Final = """
SELECT count(*) FROM amocrm_integrations
WHERE widget_type = %(widget_type)s AND status <> 'disconnected'
  AND (%(level)s = 'widget' OR 'client:' || client_id = %(level)s OR id = %(integration_id)s)
"""


class Level(Struct, frozen=True):
    """One level of a connection."""

    widget_type: str
    level: str  # widget, client:<id>, connection:<id>
    integration_id: UUID | None = None  # of a connection's own


def level_of(integration: Integration, name: LevelName) -> Level:
    """One of the three levels of a connection."""
    keys = {
        "widget": "widget",
        "client": f"client:{integration.client_id}",
        "connection": f"connection:{integration.id}",
    }
    return Level(integration.widget_type, keys[name], integration.id if name == "connection" else None)


def below(database: Database, level: Level) -> int:
    """How many connections the level is above of, or is itself."""
    return database.number(_BELOW, asdict(level))
