"""The event log: what happened, for people. A line never holds a secret or a customer's data.

A transition's event is written by the statement of the transition itself (see :mod:`shared.connections.rotation`);
this module is for events that stand alone, and for reading.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from itertools import islice
from typing import Final
from uuid import UUID

from msgspec import Struct

from shared.platform.messages import Message, stored, translated
from shared.storage.database import Database

_ADD = """
INSERT INTO amocrm_events (integration_id, delivery_id, kind, level, message, request_id, actor)
VALUES (%(integration_id)s, %(delivery_id)s, %(kind)s, %(level)s, %(message)s, %(request_id)s, %(actor)s)
"""

_ADD_RARELY = """
INSERT INTO amocrm_events (integration_id, kind, level, message)
SELECT %(integration_id)s, %(kind)s, %(level)s, %(message)s
WHERE NOT EXISTS (SELECT FROM amocrm_events WHERE integration_id = %(integration_id)s AND kind = %(kind)s
    AND (NOT %(each)s OR message = %(message)s) AND at > amocrm_now() - %(every)s)
"""

_LINE = """
SELECT e.id, e.at, e.integration_id, e.delivery_id, e.kind, e.level, e.message, e.request_id, e.actor,
       i.account_domain, i.widget_type
FROM amocrm_events e LEFT JOIN amocrm_integrations i ON i.id = e.integration_id
"""
_CHOSEN = """
WHERE (%(integration_id)s::uuid IS NULL OR e.integration_id = %(integration_id)s)
  AND (%(delivery_id)s::uuid IS NULL OR e.delivery_id = %(delivery_id)s)
  AND (%(level)s::text IS NULL OR e.level = %(level)s)
  AND (%(before)s::bigint IS NULL OR e.id < %(before)s)
ORDER BY e.id DESC LIMIT %(limit)s
"""
_PAGE = _LINE + _CHOSEN
_FOUND = f"{_LINE} WHERE e.id = ANY(%(ids)s) ORDER BY e.id DESC"
# What a search looks at: many lines say the same, so they come as they are stored.
_LOOKED = (
    """
SELECT e.id, e.message::text AS words,
       concat_ws(E'\\n', e.kind, e.request_id, e.actor, i.account_domain, i.widget_type) AS named
FROM amocrm_events e LEFT JOIN amocrm_integrations i ON i.id = e.integration_id
"""
    + _CHOSEN
)

# No index finds words anywhere in a line, so a search looks at so many lines at a time, and says how far it came.
LOOKED_AT: Final = 8_000


class Event(Struct, frozen=True):
    """A line of the log that people read; `level` is info, warning or error."""

    id: int
    at: datetime
    integration_id: UUID | None
    delivery_id: UUID | None
    kind: str
    level: str
    message: Message
    request_id: str | None
    actor: str | None  # who has done it, where a person has
    account_domain: str | None
    widget_type: str | None


class _Looked(Struct, frozen=True):
    id: int
    words: str
    named: str


def add(
    database: Database,
    kind: str,
    message: Message,
    *,
    level: str = "info",
    integration_id: UUID | None = None,
    delivery_id: UUID | None = None,
    request_id: str | None = None,
    actor: str | None = None,
) -> None:
    """Writes a line that no other statement writes together with its change."""
    database.execute(
        _ADD,
        {
            "integration_id": integration_id,
            "delivery_id": delivery_id,
            "kind": kind,
            "level": level,
            "message": message,
            "request_id": request_id,
            "actor": actor,
        },
    )


def add_rarely(
    database: Database,
    kind: str,
    message: Message,
    *,
    level: str,
    integration_id: UUID | None,
    every: timedelta = timedelta(minutes=1),
    each: bool = False,
) -> None:
    """The same, once in so long at most: for what somebody else may repeat at will. `each`: each message of the kind,
    where there are few, and one must not hide another."""
    facts = {"integration_id": integration_id, "kind": kind, "level": level, "message": message, "each": each}
    database.execute(_ADD_RARELY, facts | {"every": every})


def failing(database: Database, kind: str, detail: Message, integration_id: UUID) -> None:
    """What is tried again and again fails with what nobody foresaw: told once a day."""
    add_rarely(database, kind, detail, level="error", integration_id=integration_id, every=timedelta(days=1))


def page(
    database: Database,
    *,
    integration_id: UUID | None,
    level: str | None,
    before: int | None,
    limit: int,
    delivery_id: UUID | None = None,
    search: str | None = None,
    language: str = "en",
) -> tuple[list[Event], int | None]:
    """Events, the newest first, and the `before` of the page that follows; None when there is none.

    `search` is looked for in the words as the reader of this language has them, and in English, in the kind, the
    request's id, and the account's address, in the next :data:`LOOKED_AT` lines: a page may hold few lines, or none,
    and others follow all the same.
    """
    parameters = {"integration_id": integration_id, "delivery_id": delivery_id, "level": level, "before": before}
    if search is None:
        found, until = database.all(Event, _PAGE, parameters | {"limit": limit + 1}), None
    else:
        looked = database.all(_Looked, _LOOKED, parameters | {"limit": LOOKED_AT})
        is_wanted = _searcher(search, language)
        ids = [one.id for one in islice(filter(is_wanted, looked), limit + 1)]
        found = database.all(Event, _FOUND, {"ids": ids}) if ids else []
        until = looked[-1].id if len(looked) == LOOKED_AT else None
    if len(found) > limit:
        return found[:limit], found[limit - 1].id
    return found, until


def _searcher(search: str, language: str) -> Callable[[_Looked], bool]:
    """Whether a line has these words."""
    wanted = search.casefold()

    @cache
    def is_said(words: str) -> bool:
        message = stored(json.loads(words))
        return any(wanted in translated(message, one).casefold() for one in {language, "en"})

    return lambda line: wanted in line.named.casefold() or is_said(line.words)
