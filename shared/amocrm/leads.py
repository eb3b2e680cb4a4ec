"""The calls to one account that concern deals ("leads" in the API).

Source: amoCRM's documentation, "Deals", "Contacts", "Events and notes".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from shared.amocrm.errors import NotFoundError
from shared.amocrm.transport import Transport

PAGE_LIMIT = 250  # the API's own


@dataclass(frozen=True, slots=True)
class AccountApi:
    """Calls in the name of one connection. Raises the errors of :mod:`shared.amocrm.errors`."""

    transport: Transport
    host: str
    access_token: str = field(repr=False)
    pace: Callable[[], None] = lambda: None  # waits until amoCRM's limit admits the next call

    def account(self) -> dict[str, Any]:
        return self._object("GET", "/account")

    def lead(self, lead_id: int) -> dict[str, Any]:
        """One deal with the ids of its contacts. NotFoundError when it is not there, also where amoCRM says 204."""
        return self._object("GET", f"/leads/{lead_id}", params={"with": "contacts"})

    def leads(
        self, page: int, limit: int, query: str | None, filters: list[tuple[str, str]]
    ) -> tuple[list[dict[str, Any]], bool]:
        """One page of deals, the latest changed first, and whether there is another."""
        params: list[tuple[str, Any]] = [
            ("page", page),
            ("limit", limit),
            ("with", "contacts"),
            ("order[updated_at]", "desc"),
        ]
        if query:
            params.append(("query", query))
        answer = self.send("GET", "/leads", params=params + filters)
        return embedded(answer, "leads"), bool(answer and answer.get("_links", {}).get("next"))

    def contacts(self, contact_ids: list[int]) -> list[dict[str, Any]]:
        """The contacts with these ids (at most 250), in amoCRM's order; deleted ones are left out."""
        params = [("filter[id][]", str(contact_id)) for contact_id in contact_ids]
        return embedded(self.send("GET", "/contacts", params=[*params, ("limit", str(PAGE_LIMIT))]), "contacts")

    def add_note(self, entity_id: int, text: str, entity: str = "leads") -> int:
        """Writes a plain note into the feed of a deal (or of a contact) and returns its id."""
        answer = self.send(
            "POST", f"/{entity}/{entity_id}/notes", json=[{"note_type": "common", "params": {"text": text}}]
        )
        return int(embedded(answer, "notes")[0]["id"])

    def add_attachment_note(self, lead_id: int, file_uuid: str, version_uuid: str, name: str) -> int:
        """Shows a file of the drive in the deal's feed; returns the note's id."""
        params = {"file_uuid": file_uuid, "version_uuid": version_uuid, "file_name": name}
        answer = self.send("POST", f"/leads/{lead_id}/notes", json=[{"note_type": "attachment", "params": params}])
        return int(embedded(answer, "notes")[0]["id"])

    def find_note(
        self,
        entity_id: int,
        mark: str,
        since: int,
        note_type: str = "common",
        member: str = "text",
        entity: str = "leads",
    ) -> int | None:
        """The id of the note whose `params` carry `mark` in that member, made at `since` (Unix seconds) or later."""
        page = 1
        while True:
            params = {"filter[note_type][]": note_type, "order[id]": "desc", "limit": PAGE_LIMIT, "page": page}
            notes = embedded(self.send("GET", f"/{entity}/{entity_id}/notes", params=params), "notes")
            for note in notes:
                if mark in str(note.get("params", {}).get(member, "")):
                    return int(note["id"])
            if len(notes) < PAGE_LIMIT or int(notes[-1].get("created_at", 0)) < since:
                return None
            page += 1

    def change_lead(self, lead_id: int, fields: dict[str, Any]) -> None:
        """Changes the deal's own fields; `price` is in whole units of the account's currency."""
        self.send("PATCH", f"/leads/{lead_id}", json=fields)

    def _object(self, method: str, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.send(method, path, params=params)
        if not isinstance(answer, dict):
            raise NotFoundError("amoCRM has no such object", 204)
        return answer

    def send(self, method: str, path: str, *, params: Any = None, json: object = None) -> Any:
        """One call under /api/v4, in time with amoCRM's limit. The decoded answer; None for 204."""
        self.pace()
        headers = {"Authorization": f"Bearer {self.access_token}"}
        return self.transport.send(method, self.host, f"/api/v4{path}", headers=headers, params=params, json=json)


def embedded(answer: Any, name: str) -> list[dict[str, Any]]:
    """The list inside a list answer; an empty list answers 204 and has no body."""
    return list(answer["_embedded"][name]) if answer else []
