"""After a restore: open tasks of visits in amoCRM that this database does not know. Nobody but a person can say what
they were: a task has the time and the deal, and neither doctor nor room."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from msgspec import Struct

from features.bookings import texts
from features.bookings.settings import of as settings_of
from shared.amocrm.leads import AccountApi
from shared.amocrm.tasks import TasksApi, deal_of
from shared.connections.integrations import Integration
from shared.deliveries import restores
from shared.deliveries.rows import CLOCK_SKEW_SECONDS
from shared.platform.i18n import document_language
from shared.platform.messages import Message, say
from shared.runtime import Runtime
from shared.storage.database import Database

Entity = dict[str, Any]

_PAGE: Final = 500

# Visits, and automations: their tasks have a mark, too.
_KNOWN = """
SELECT mark FROM unnest(%(marks)s::text[]) AS mark
WHERE EXISTS (SELECT FROM amocrm_bookings WHERE id BETWEEN (mark || '000000')::uuid AND (mark || 'ffffff')::uuid)
   OR EXISTS (SELECT FROM amocrm_deliveries WHERE id BETWEEN (mark || '000000')::uuid AND (mark || 'ffffff')::uuid)
"""
# Once, however often one looks.
_TELL = """
INSERT INTO amocrm_events (integration_id, kind, level, message)
SELECT %(integration_id)s, 'booking.lost', 'warning', %(message)s
WHERE NOT EXISTS (SELECT FROM amocrm_events WHERE integration_id = %(integration_id)s AND kind = 'booking.lost'
    AND message = %(message)s)
"""


class _Known(Struct, frozen=True):
    mark: str


def may_have(integration: Integration) -> bool:
    """Whether it takes appointments, or nobody knows: a connection that was made anew has lost its settings."""
    return settings_of(integration.settings).is_on or not integration.settings.keys() - {"account_country"}


def find(runtime: Runtime, integration: Integration, lost_since: datetime) -> Iterator[Message]:
    """What a person should look at, also told in the log. Raises the errors of a call."""
    since = int(lost_since.timestamp()) - CLOCK_SKEW_SECONDS

    def read(api: AccountApi) -> list[Entity]:
        return [task for task in TasksApi(api).made_since(since) if _is_open_visit(task)]

    tasks: list[Entity] = runtime.connections.call(integration, read, calls=2)
    zone = settings_of(integration.settings).time_zone
    language = document_language(integration.settings, integration.account_domain)
    for task in _unknown(runtime.database, tasks):
        due = datetime.fromtimestamp(int(task["complete_till"]), UTC)
        told = say(
            "Deal {lead}: the task {task} is of a visit at {time} that this database does not know.",
            lead=deal_of(task) or 0,
            task=int(task["id"]),
            time=texts.when(due, zone, language),
        )
        runtime.database.execute(_TELL, {"integration_id": integration.id, "message": told})
        yield told


def _is_open_visit(task: Entity) -> bool:
    """Tasks of automations have a mark, and no duration."""
    return bool(_mark(task)) and not task.get("is_completed") and int(task.get("duration") or 0) > 0


def _mark(task: Entity) -> str:
    return restores.mark_in(str(task.get("text") or ""))


def _unknown(database: Database, tasks: Sequence[Entity]) -> Iterator[Entity]:
    for first in range(0, len(tasks), _PAGE):
        page = tasks[first : first + _PAGE]
        known = {one.mark for one in database.all(_Known, _KNOWN, {"marks": [_mark(task) for task in page]})}
        yield from (task for task in page if _mark(task) not in known)
