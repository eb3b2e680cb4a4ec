"""Tasks of an account. Source: amoCRM's documentation, "Tasks"."""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from shared.amocrm import filtered
from shared.amocrm.errors import NotFoundError
from shared.amocrm.filtered import embedded
from shared.amocrm.leads import AccountApi


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
            raise NotFoundError("amoCRM has no such task", 204)
        return answer

    def by_ids(self, task_ids: Sequence[int]) -> list[dict[str, Any]]:
        """The tasks with these ids, done or not; those that were deleted are left out, and some of many where the
        account's filters are off."""

        def read(params: Any) -> Any:
            return self.account.send("GET", "/tasks", params=params)

        found: list[dict[str, Any]] = []
        for begin in range(0, len(task_ids), filtered.PAGE_LIMIT):
            ids = task_ids[begin : begin + filtered.PAGE_LIMIT]
            found += filtered.by_ids(self.account.host, read, self.one, "tasks", ids)
        return found

    def find(self, lead_id: int, mark: str, since: int) -> int | None:
        """The id of the deal's task whose text carries the mark, made at `since` (Unix seconds) or later."""
        params = {
            "filter[entity_type]": "leads",
            "filter[entity_id][]": lead_id,
            "order[id]": "desc",
        }

        def read(asked: Any) -> Any:
            return self.account.send("GET", "/tasks", params=asked)

        for task in filtered.newest_first(read, "tasks", params, since):
            if task.get("entity_id") == lead_id and mark in str(task.get("text") or ""):
                return int(task["id"])
        return None
