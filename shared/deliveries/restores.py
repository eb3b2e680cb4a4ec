"""After the database was restored from a backup, it does not know what was accepted between the backup and the loss.

A caller that repeats such a write has it accepted as a new one, with the id and the marks of the first (see
:func:`shared.deliveries.rows.accept`). So for some days each new write is looked for in amoCRM before it is carried
out.
"""

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

from msgspec import Struct

from shared.storage.database import Database

# What is unfinished in the backup may have gone on after it, with steps that had not begun: it looks as well. (What has
# left for another cell, or is on its way, is not touched here.)
_OPEN = """
WITH opened AS (
    INSERT INTO amocrm_restores (id, lost_since, looks_until, keys_kept)
    SELECT %(id)s, least(amocrm_now(), coalesce(%(lost_since)s::timestamptz, amocrm_now() - %(keys_kept)s)),
           amocrm_now() + %(looks_for)s, %(keys_kept)s
    ON CONFLICT DO NOTHING
    RETURNING lost_since
)
UPDATE amocrm_deliveries d SET looks_since = least(coalesce(d.looks_since, d.created_at), opened.lost_since)
FROM opened WHERE d.state IN ('accepted', 'dead') AND d.integration_id NOT IN (
    SELECT m.integration_id FROM amocrm_moves m WHERE m.state <> 'arrived')
"""
# The widest of those that are open.
_OPENED: Final = """
SELECT min(lost_since) AS lost_since, max(looks_until) AS looks_until FROM amocrm_restores
WHERE looks_until > amocrm_now() HAVING count(*) > 0
"""


# As `reference` writes it: the first 26 digits of an id.
_MARK: Final = re.compile(r"ref:([0-9a-f]{26})")


class Window(Struct, frozen=True):
    """Until when new writes are looked for, among what was made since when."""

    lost_since: datetime
    looks_until: datetime


def open_window(
    database: Database,
    *,
    lost_since: datetime | None,
    looks_for: timedelta,
    keys_kept: timedelta,
    id_: UUID | None = None,
) -> Window:
    """From now on, for so long. `lost_since`: the moment of the backup; None: as long ago as keys are kept, which finds
    the same and reads more. Doing it twice harms nothing."""
    parameters = {"lost_since": lost_since, "looks_for": looks_for, "keys_kept": keys_kept}
    database.execute(_OPEN, parameters | {"id": id_ or uuid4()})
    found = opened(database)
    assert found is not None
    return found


def mark_in(text: str) -> str:
    """Of which delivery, or visit, a text in amoCRM is; empty where it is not ours."""
    found = _MARK.search(text)
    return "" if found is None else found[1]


def is_to_come(database: Database, moment: datetime) -> bool:
    """By the database's clock, and not only by seconds."""
    late = database.number("SELECT (%(at)s > amocrm_now() + interval '1 minute')::int", {"at": moment})
    return late > 0


def opened(database: Database) -> Window | None:
    return database.one(Window, _OPENED)
