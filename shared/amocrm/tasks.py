"""Tasks of an account. Source: amoCRM's documentation, "Tasks"."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from shared.amocrm import filtered_reads
from shared.amocrm.errors import NotFoundError
from shared.amocrm.filtered_reads import embedded
from shared.amocrm.leads import AccountApi
from shared.platform.messages import say


class TasksApi(Struct, frozen=True):
    account: AccountApi

    def create(self, lead_id: int, text: str, complete_till: int, more: dict[str, Any]) -> int:
        """A task of the deal, due at `complete_till` (Unix seconds); its id."""
        # vendor: tasks.create (page) A task needs `text` and `complete_till`; `entity_id` and `entity_type` tie it to a
        # deal; without a responsible user it is that of the token.
        # source: amoCRM's documentation, "Tasks"
        task = {"text": text, "complete_till": complete_till, "entity_id": lead_id, "entity_type": "leads"}
        answer = self.account.send("POST", "/tasks", json=[task | more])
        return int(embedded(answer, "tasks")[0]["id"])

    def change(self, task_id: int, fields: dict[str, Any]) -> None:
        """Only what is given. NotFoundError for a task that was deleted."""
        # vendor: tasks.complete (page) A task is completed by `is_completed` and `result: {text}` together.
        # source: Kommo's documentation, "Edit task"
        self.account.send("PATCH", f"/tasks/{task_id}", json=fields)

    def one(self, task_id: int) -> dict[str, Any]:
        """NotFoundError for a task that was deleted, also where amoCRM says 204."""
        answer = self.account.send("GET", f"/tasks/{task_id}")
        if not isinstance(answer, dict):
            raise NotFoundError(say("amoCRM has no such object"), 204)
        return answer

    def listed(self, task_ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """Of the tasks with these ids (at most 250) those that one list tells of, done or not; see
        :func:`shared.amocrm.filtered_reads.listed`."""

        def read(params: Any) -> Any:
            return self.account.send("GET", "/tasks", params=params)

        return filtered_reads.listed(self.account.host, read, "tasks", task_ids)

    def find(self, lead_id: int, mark: str, since: int) -> int | None:
        """The id of the deal's task whose text carries the mark, made at `since` (Unix seconds) or later."""
        params = {"filter[entity_type]": "leads", "filter[entity_id][]": lead_id, "order[id]": "desc"}

        def read(asked: Any) -> Any:
            return self.account.send("GET", "/tasks", params=asked)

        for task in filtered_reads.newest_first(read, "tasks", params, since):
            if task.get("entity_id") == lead_id and mark in str(task.get("text") or ""):
                return int(task["id"])
        return None

    def made_since(self, since: int) -> Iterator[dict[str, Any]]:
        """Tasks of the account made at `since` (Unix seconds) or later, the newest first, page by page."""

        def read(asked: Any) -> Any:
            return self.account.send("GET", "/tasks", params=asked)

        return filtered_reads.newest_first(read, "tasks", {"order[id]": "desc"}, since)


def deal_of(task: Mapping[str, Any]) -> int | None:
    """The deal to which a task belongs."""
    # vendor: leads.merge (guess) Of deals that are merged one stays; the others are gone as deleted ones are, and their
    # tasks keep their ids and belong to the one that stays.
    # source: none found (looked for again); the card of a merged deal shows the tasks of all of them
    return int(task["entity_id"]) if task.get("entity_type") == "leads" and task.get("entity_id") else None
