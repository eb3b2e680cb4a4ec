"""What the probe makes in an account, all of it with a mark in its name, and how it is removed again."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from shared.amocrm.errors import AmocrmError, NotFoundError
from shared.amocrm.files import DriveApi
from shared.amocrm.filtered_reads import PAGE_LIMIT, embedded
from shared.amocrm.leads import AccountApi
from shared.amocrm.transport import Transport
from shared.platform.clock import Clock
from shared.platform.messages import said

PREFIX: Final = "amocrm-functions-probe"
WEBHOOK: Final = "https://example.com/amocrm-functions-probe/"
FILE: Final = b"%PDF-1.7\n" + b" " * 140_000 + b"\n%%EOF"
_SECONDS_BETWEEN_CALLS: Final = 0.2  # well below the limit; other integrations work in this account too
_MOST_REFUSALS: Final = 10
_MOST_PAGES: Final = 20

Entity = dict[str, Any]


@dataclass
class FixedPace:
    """A pace for a single worker that nobody waits for."""

    clock: Clock
    refusals: int = 0

    def __call__(self) -> None:
        self.clock.sleep(_SECONDS_BETWEEN_CALLS)

    def refused(self, seconds: int) -> bool:
        self.refusals += 1
        self.clock.sleep(seconds)
        return self.refusals <= _MOST_REFUSALS


@dataclass
class Lab:
    transport: Transport
    host: str
    access_token: str = field(repr=False)
    clock: Clock
    mark: str = field(default_factory=lambda: f"{PREFIX} {secrets.token_hex(4)}")
    stage: int = 0  # where a person has placed an action that sends to `hook_port` of this machine
    hook_port: int = 0
    phone: str = field(default_factory=lambda: f"+7000{secrets.randbelow(10**7):07d}")  # nobody's: no such code exists
    _own: dict[str, int] = field(default_factory=dict)  # the deal and the contact that several facts look at
    _tried_ids: list[tuple[str, int]] = field(default_factory=list)  # what searches may not find yet

    @cached_property
    def api(self) -> AccountApi:
        return AccountApi(self.transport, self.host, self.access_token, FixedPace(self.clock))

    @cached_property
    def drive(self) -> DriveApi:
        return DriveApi(self.api)

    def made(self, kind: str, id_: Any) -> int:
        self._tried_ids.append((kind, int(id_)))
        return int(id_)

    # --- what several facts look at ---------------------------------------------------------------------------

    @cached_property
    def complex_answer(self) -> Any:
        """What making a deal with a contact in one call answers."""
        contact = {
            "name": self.mark,
            "custom_fields_values": [{"field_code": "PHONE", "values": [{"value": self.phone, "enum_code": "WORK"}]}],
        }
        lead = {"name": self.mark, "price": 1, "request_id": "r", "_embedded": {"contacts": [contact]}}
        answer = self.api.send("POST", "/leads/complex", json=[lead])
        one = answer[0] if isinstance(answer, list) else embedded(answer, "leads")[0]
        self._own = {"leads": self.made("leads", one["id"])}
        if one.get("contact_id"):
            self._own["contacts"] = self.made("contacts", one["contact_id"])
        return answer

    @property
    def lead_id(self) -> int:
        self.complex_answer  # noqa: B018 - makes it
        return self._own["leads"]

    @property
    def contact_id(self) -> int:
        self.complex_answer  # noqa: B018
        return self._own["contacts"]

    @cached_property
    def file(self) -> Entity:
        """One file of the drive, of a little more than one part of the smallest size that was seen."""
        return self.drive.upload(f"{self.mark}.pdf", FILE)

    @cached_property
    def list_id(self) -> int:
        """A list of our own; the account's goods are only read."""
        answer = self.api.send("POST", "/catalogs", json=[{"name": self.mark, "type": "regular"}])
        return self.made("catalogs", embedded(answer, "catalogs")[0]["id"])

    def new_field(self, type_: str) -> int:
        """A custom field of deals. Raises ForbiddenError where the tariff has none."""
        answer = self.api.send("POST", "/leads/custom_fields", json=[{"name": f"{self.mark} {type_}", "type": type_}])
        return int(embedded(answer, "custom_fields")[0]["id"])

    def wait_for(self, look: Callable[[], bool], seconds: int = 60) -> int | None:
        """Seconds until it is so; None when it never was."""
        began = self.clock.monotonic()
        while (waited := self.clock.monotonic() - began) <= seconds:
            if look():
                return round(waited)
            self.clock.sleep(1)
        return None

    # --- taking it away ---------------------------------------------------------------------------------------

    def clean(self) -> Iterator[tuple[str, str | None]]:
        """Removes whatever carries a mark, of this run and of earlier ones that were cut off.

        Each thing, and why it could not be removed. Nothing without a mark in its name is touched.
        """
        for remove in (
            self._webhooks,
            self._incoming,
            self._tasks,
            self._files,
            self._fields,
            self._lists,
            lambda: self._entities("leads"),
            lambda: self._entities("contacts"),
        ):
            try:
                yield from remove()
            except AmocrmError as error:
                yield "a search for what is left", why(error)

    def _webhooks(self) -> Iterator[tuple[str, str | None]]:
        for hook in embedded(self.api.send("GET", "/webhooks"), "webhooks"):
            if str(hook.get("destination", "")).startswith(WEBHOOK):
                body = {"destination": hook["destination"]}
                yield "webhook", self._tried(self.api.send, "DELETE", "/webhooks", json=body)

    def _incoming(self) -> Iterator[tuple[str, str | None]]:
        """Declining one leaves a closed deal behind, which goes with the other deals."""
        for one in self._pages("/leads/unsorted", "unsorted"):
            if str(one.get("source_name", "")).startswith(PREFIX):
                for kind in ("leads", "contacts"):
                    for entity in (one.get("_embedded") or {}).get(kind) or []:
                        self.made(kind, entity["id"])
                path = f"/leads/unsorted/{one['uid']}/decline"
                yield "incoming lead", self._tried(self.api.send, "DELETE", path, json={})

    def _tasks(self) -> Iterator[tuple[str, str | None]]:
        # vendor: cleaning.tasks (production) The API deletes neither tasks nor notes (403 "Invalid scope", 405): a task
        # is completed, and goes with its deal.
        # source: notes of an integration that tried each way in a real account
        for task in self._pages("/tasks", "tasks", **{"filter[is_completed]": 0, "order[id]": "desc"}):
            if str(task.get("text", "")).startswith(PREFIX) and not task.get("is_completed"):
                done = {"is_completed": True, "result": {"text": PREFIX}}
                yield "task (completed)", self._tried(self.api.send, "PATCH", f"/tasks/{task['id']}", json=done)

    def _files(self) -> Iterator[tuple[str, str | None]]:
        # vendor: cleaning.files (page) Files are deleted with a list of uuids, by who has the scope files_delete.
        # source: amoCRM's documentation, "Files"
        for file in self.drive.named(PREFIX):
            yield "file", self._tried(self.drive.delete, str(file["uuid"]))

    def _fields(self) -> Iterator[tuple[str, str | None]]:
        for one in self._pages("/leads/custom_fields", "custom_fields"):
            if str(one.get("name", "")).startswith(PREFIX):
                path = f"/leads/custom_fields/{one['id']}"
                yield f"custom field {one['id']}", self._tried(self.api.send, "DELETE", path)

    def _lists(self) -> Iterator[tuple[str, str | None]]:
        for one in self._pages("/catalogs", "catalogs"):
            if str(one.get("name", "")).startswith(PREFIX):
                form = {"request[catalogs][delete]": one["id"]}
                yield f"list {one['id']}", self._tried(self._as_the_interface, "/ajax/v1/catalogs/set/", form)

    def _entities(self, kind: str) -> Iterator[tuple[str, str | None]]:
        # vendor: cleaning.trash (production) Deals, contacts and lists are deleted as amoCRM's own interface does it,
        # by forms to /ajax/…, with an access token; the API has no method. Deals and contacts go into the trash.
        # source: tests and notes of an integration that runs against a real account
        found = [one["id"] for one in self._pages(f"/{kind}", kind, query=PREFIX)]
        for id_ in dict.fromkeys([*found, *(id_ for of, id_ in self._tried_ids if of == kind)]):
            if self._is_ours(kind, id_):
                yield f"{kind[:-1]} {id_}", self._tried(self.delete, kind, id_)

    def delete(self, kind: str, id_: int) -> None:
        self._as_the_interface(f"/ajax/{kind}/multiple/delete/", {"ID[]": id_})
        if self._is_ours(kind, id_):
            raise NotFoundError(said("it is still there"), 200)

    def _is_ours(self, kind: str, id_: int) -> bool:
        """There, and with a mark in its name."""
        try:
            entity = self.api.send("GET", f"/{kind}/{id_}")
        except NotFoundError:
            return False
        return bool(entity) and str(entity.get("name", "")).startswith(PREFIX) and not entity.get("is_deleted")

    def _as_the_interface(self, path: str, form: dict[str, Any]) -> Any:
        self.api.pace()
        headers = {
            "Authorization": f"Bearer {self.access_token}",
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Requested-With": "XMLHttpRequest",
        }
        return self.transport.send("POST", self.host, path, headers=headers, content=urlencode(form).encode())

    def _tried(self, remove: Callable[..., Any], *arguments: Any, **named: Any) -> str | None:
        try:
            remove(*arguments, **named)
        except AmocrmError as error:
            return why(error)
        return None

    def _pages(self, path: str, name: str, **params: Any) -> Iterator[Entity]:
        """All entities of a list, collected before any is removed."""
        found: list[Entity] = []
        for page in range(1, _MOST_PAGES + 1):
            answer = self.api.send("GET", path, params={"limit": PAGE_LIMIT, "page": page, **params})
            found += embedded(answer, name)
            if not (answer and (answer.get("_links") or {}).get("next")):
                break
        yield from found


def why(error: AmocrmError) -> str:
    """Without amoCRM's own words, which may repeat what is in the account."""
    status = getattr(error, "status", None)
    return f"{type(error).__name__.removesuffix('Error')}" + (f" ({status})" if status else "")
