"""What somebody wants to be told of: only that is followed, and costs calls to amoCRM."""

from typing import Final

from msgspec import Struct

from features.changes import feeds, kinds, settings
from shared.connections.integrations import Integration, by_id
from shared.storage.database import Database

_CHOSEN: Final = "SELECT kinds FROM amocrm_endpoints WHERE integration_id = %(integration_id)s AND removed_at IS NULL"
# Where nobody listens yet: so that the first endpoint can be told what it has missed.
_AT_LEAST: Final = ("lead.*", "contact.*")


class _Endpoint(Struct, frozen=True):
    kinds: list[str]


def of(database: Database, integration: Integration) -> list[str]:
    """The kinds that its endpoints ask for, also those that are off: they are told later what they missed. The place of
    an order's deal is known, where the settings have words for it."""
    rows = database.all(_Endpoint, _CHOSEN, {"integration_id": integration.id})
    found = {kind for row in rows for kind in kinds.chosen(row.kinds)}
    found |= set() if rows else set(kinds.chosen(_AT_LEAST))
    found |= {"order.status_changed"} if settings.of(integration.settings).order_statuses else set()
    return sorted(found)


def note(database: Database, integration: Integration) -> None:
    """Endpoints or settings have changed: from now on this is followed."""
    now = by_id(database, integration.id)
    if now is not None:
        wanted = of(database, now)
        names = [one.name for one in kinds.subjects_of(wanted)]
        feeds.want(database, now.id, names, kinds.settings_for(wanted))
