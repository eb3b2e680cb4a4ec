"""Tasks that a delivery makes, and finds again by its mark, so that they are no news (row H5)."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from msgspec import Struct

from shared.amocrm.errors import BadRequestError
from shared.amocrm.leads import AccountApi
from shared.amocrm.tasks import TasksApi
from shared.deliveries.echo_marking import noting_new
from shared.storage import own_writes
from shared.storage.database import Database
from shared.storage.encryption import Keyring

T = TypeVar("T")


def given_to(
    users: Sequence[int], write: Callable[[dict[str, Any]], T], tell_refused: Callable[[BadRequestError], None]
) -> T:
    """What `write` makes of a task for the first of these users whom amoCRM takes, else for nobody by name: one who is
    there no more takes no task, and it is made all the same."""
    if not users:
        return write({})
    try:
        return write({"responsible_user_id": users[0]})
    except BadRequestError as error:
        refused = error
    done = given_to(users[1:], write, tell_refused)
    tell_refused(refused)
    return done


class OwnTasks(Struct, frozen=True):
    database: Database
    keyring: Keyring
    integration_id: UUID
    delivery_id: UUID

    def create(self, api: AccountApi, lead_id: int, text: str, due: int, more: dict[str, Any]) -> int:
        """See :meth:`TasksApi.create`."""
        content = {"text": text, "complete_till": due} | more
        with noting_new(self.database, self.keyring, self.integration_id, "task", self.delivery_id, content) as made:
            task_id = TasksApi(api).create(lead_id, text, due, more)
            made(task_id)
        return task_id

    def find(self, api: AccountApi, lead_id: int, mark: str, since: int) -> int | None:
        """See :meth:`TasksApi.find`; where the answer that told its id was lost, to this delivery or to another."""
        task_id = TasksApi(api).find(lead_id, mark, since)
        if task_id is not None:
            own_writes.found(self.database, self.integration_id, "task", self.delivery_id, task_id)
            own_writes.note_made(self.database, self.integration_id, "task", task_id)
        return task_id
