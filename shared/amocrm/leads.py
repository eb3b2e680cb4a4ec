"""The calls to one account that concern deals ("leads" in the API).

Source: amoCRM's documentation, "Deals", "Contacts", "Events and notes".
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, Protocol

from msgspec import Struct

from shared.amocrm import filtered_reads
from shared.amocrm.errors import NotFoundError, RateLimitedError, UnexpectedAnswerError
from shared.amocrm.filtered_reads import embedded
from shared.amocrm.transport import Transport
from shared.platform.messages import say
from shared.platform.secret import Guarded

WON: Final = 142  # amoCRM's own stages of every pipeline
LOST: Final = 143
_ACCEPTED: Final = 202


class Pace(Protocol):
    """Keeps calls within amoCRM's limit."""

    def __call__(self) -> None:
        """Waits until the limit admits the next call."""

    def refused(self, seconds: int) -> bool:
        """amoCRM answered 429 all the same: nobody calls for so long. Whether the call may be tried again then."""


class Unpaced:
    """For a single call at a moment when nobody else calls in that account's name."""

    def __call__(self) -> None:
        pass

    def refused(self, seconds: int) -> bool:
        return False


class Identity(Struct, frozen=True):
    """What an account says of itself."""

    account_id: int
    country: str  # two letters; empty where amoCRM does not tell
    host: str  # where it lives: another one than was asked, where that accepts every account's token


class AccountApi(Guarded, frozen=True):
    """Calls in the name of one connection. Raises the errors of :mod:`shared.amocrm.errors`."""

    HIDDEN = ("access_token",)

    transport: Transport
    host: str
    access_token: str
    pace: Pace = Unpaced()
    # Right before each call, also those to the drive: whoever works under a lease keeps it here, or raises.
    before_call: Callable[[], None] = lambda: None

    def account(self) -> dict[str, Any]:
        return self._object("GET", "/account")

    def identity(self) -> "Identity":
        # vendor: account.country (production) `GET account` names the country that the account's settings say, by ISO
        # 3166's two letters; an account at amocrm.ru may have any.
        # source: amoCRM's documentation, "Account"; an answer that a client in Go keeps, of a Serbian account there
        account = self.account()
        own, _, zone = self.host.partition(".")
        lives_at = f"{str(account.get('subdomain') or own).lower()}.{zone}"
        return Identity(int(account["id"]), str(account.get("country") or ""), lives_at)

    def datetime_settings(self) -> dict[str, Any]:
        """How the account writes dates and times, and where on earth it is; empty where amoCRM does not tell."""
        account = self._object("GET", "/account", params={"with": "datetime_settings"})
        found = (account.get("_embedded") or {}).get("datetime_settings")
        return found if isinstance(found, dict) else {}

    def lead(self, lead_id: int) -> dict[str, Any]:
        """One deal with the ids of its contacts. NotFoundError when it is not there, also where amoCRM says 204."""
        return self._object("GET", f"/leads/{lead_id}", params={"with": "contacts"})

    def leads(
        self, page: int, limit: int, query: str | None, filters: "LeadFilters"
    ) -> tuple[list[dict[str, Any]], bool]:
        """One page of deals, the latest changed first, and whether there is another. Raises FilterIgnoredError."""
        params: list[tuple[str, Any]] = [
            ("page", page),
            ("limit", limit),
            ("with", "contacts"),
            ("order[updated_at]", "desc"),
            *filters.parameters(),
        ]
        if query:
            params.append(("query", query))
        answer = self.send("GET", "/leads", params=params)
        has_more = bool(answer and answer.get("_links", {}).get("next"))
        return filtered_reads.page(answer, "leads", filters.admits), has_more

    def contacts(self, contact_ids: list[int]) -> list[dict[str, Any]]:
        """The contacts with these ids (at most 250), and no others; deleted ones are left out."""

        def read_one(contact_id: int) -> dict[str, Any]:
            return self._object("GET", f"/contacts/{contact_id}")

        return filtered_reads.by_ids(self.host, self._reading("/contacts"), read_one, "contacts", contact_ids)

    def add_note(self, entity_id: int, text: str, entity: str = "leads") -> int:
        """Writes a plain note into the feed of a deal (or of a contact) and returns its id."""
        answer = self.send(
            "POST", f"/{entity}/{entity_id}/notes", json=[{"note_type": "common", "params": {"text": text}}]
        )
        return int(embedded(answer, "notes")[0]["id"])

    def add_attachment_note(self, lead_id: int, file_uuid: str, version_uuid: str, name: str) -> int:
        """Shows a file of the drive in the deal's feed; returns the note's id."""
        # vendor: notes.attachment (page) A note of type `attachment` with file_uuid, version_uuid and file_name shows a
        # file in the feed.
        # source: amoCRM's documentation, "Events and notes"
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
        for note in self._notes(entity_id, since, note_type, entity):
            if mark in str((note.get("params") or {}).get(member, "")):
                return int(note["id"])
        return None

    def texts_of_notes(self, entity_id: int, since: int, entity: str = "leads") -> Iterator[str]:
        """Of plain notes that were made at `since` (Unix seconds) or later, the newest first."""
        for note in self._notes(entity_id, since, "common", entity):
            yield str((note.get("params") or {}).get("text", ""))

    def _notes(self, entity_id: int, since: int, note_type: str, entity: str) -> Iterator[dict[str, Any]]:
        params = {"filter[note_type][]": note_type, "order[id]": "desc"}
        found = filtered_reads.newest_first(self._reading(f"/{entity}/{entity_id}/notes"), "notes", params, since)
        return (note for note in found if note.get("note_type") == note_type)

    def change_lead(self, lead_id: int, fields: dict[str, Any]) -> None:
        """Changes the deal's own fields; `price` is in whole units of the account's currency."""
        self.send("PATCH", f"/leads/{lead_id}", json=fields)

    def _reading(self, path: str) -> filtered_reads.Read:
        return lambda params: self.send("GET", path, params=params)

    def _object(self, method: str, path: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self.send(method, path, params=params)
        if not isinstance(answer, dict):
            raise NotFoundError(say("amoCRM has no such object"), 204)
        return answer

    def accept(self, method: str, path: str, json: object) -> None:
        """A write that amoCRM says no more of than that it was accepted: 202, as a rule without JSON."""
        try:
            self.send(method, path, json=json)
        except UnexpectedAnswerError as error:
            if error.status != _ACCEPTED:
                raise

    def send(self, method: str, path: str, *, params: Any = None, json: object = None) -> Any:
        """One call under /api/v4, in time with amoCRM's limit. The decoded answer; None for 204.

        A 429 says that the call was refused unread, so it is waited out and sent again while there is time.
        """
        headers = {"Authorization": f"Bearer {self.access_token}"}
        while True:
            self.pace()
            self.before_call()
            try:
                return self.transport.send(
                    method, self.host, f"/api/v4{path}", headers=headers, params=params, json=json
                )
            # vendor: http.too_many_requests (page) Over the limit the answer is 429, often no JSON; nothing was done.
            # source: amoCRM's documentation, "API limits"
            except RateLimitedError as error:
                if not self.pace.refused(error.retry_after):
                    raise


class LeadFilters(Struct, frozen=True):
    """Which deals are wanted; None for any."""

    pipeline_id: int | None = None
    status_id: int | None = None  # with its pipeline
    responsible_user_id: int | None = None

    def parameters(self) -> list[tuple[str, str]]:
        given = []
        if self.status_id is not None:
            given.append(("filter[statuses][0][pipeline_id]", str(self.pipeline_id)))
            given.append(("filter[statuses][0][status_id]", str(self.status_id)))
        elif self.pipeline_id is not None:
            given.append(("filter[pipeline_id][]", str(self.pipeline_id)))
        if self.responsible_user_id is not None:
            given.append(("filter[responsible_user_id][]", str(self.responsible_user_id)))
        return given

    def admits(self, lead: dict[str, Any]) -> bool:
        wanted = {name: getattr(self, name) for name in ("pipeline_id", "status_id", "responsible_user_id")}
        return all(value is None or lead.get(name) == value for name, value in wanted.items())
