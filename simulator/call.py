"""One call to the API of one account, and what every list has in common: pages, filters, `_links`."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from simulator.answers import Answer, document, invalid, nothing
from simulator.journal import Journal
from simulator.state import Account, Entity, World
from simulator.truth import Truth

_MOST_ON_A_PAGE = 250
_COUNTED = ("custom_fields", "users", "roles", "items", "links")  # lists that tell how many there are


@dataclass(frozen=True, slots=True)
class Call:
    world: World
    truth: Truth
    journal: Journal
    account: Account
    client_id: str
    user_id: int
    method: str
    path: str
    query: list[tuple[str, str]]
    body: bytes

    def json(self) -> Any:
        try:
            return json.loads(self.body or b"null")
        except ValueError:
            raise invalid("", "InvalidJson", "The body is not JSON") from None

    def items(self) -> list[Entity]:
        """The body of a batch write."""
        value = self.json()
        if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
            raise invalid("", "InvalidType", "This value should be an array of objects.")
        if len(value) > _MOST_ON_A_PAGE:
            raise invalid("", "TooMany", f"This collection should contain {_MOST_ON_A_PAGE} elements or less.")
        return value

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.query if key == name), None)

    def parameters(self, pattern: str) -> list[str]:
        """All values of the parameters whose whole name matches, such as `filter[id][]`, `filter[id][0]`.

        An account without filters ignores them.
        """
        if pattern.startswith("filter") and not self.account.has_filters:
            return []
        return [value for key, value in self.query if re.fullmatch(pattern, key)]

    def is_chosen(self, entity: Entity, *names: str) -> bool:
        """By `filter[name]`, one or many, of each of these members."""
        for name in names:
            wanted = self.parameters(rf"filter\[{name}\](\[\d*\])?")
            if wanted and str(entity.get(name)) not in wanted:
                return False
        return True

    def is_between(self, entity: Entity, name: str) -> bool:
        """By `filter[name][from]` and `[to]`, Unix seconds, both included."""
        since, until = (self.parameters(rf"filter\[{name}\]\[{end}\]") for end in ("from", "to"))
        return (not since or entity[name] >= int(since[0])) and (not until or entity[name] <= int(until[0]))

    def embeds(self, name: str) -> bool:
        return name in (self.parameter("with") or "").split(",")

    def effect(self, kind: str, **facts: Any) -> None:
        self.truth.effect(self.world.clock.now(), kind, self.account.id, client_id=self.client_id, **facts)

    def tell(self, entity_type: str, action: str, entity: Entity, *, before: Any = None, after: Any = None) -> None:
        """To the account's events, and to those who have subscribed."""
        values = {"before": before, "after": after}
        self.journal.tell(self.account, entity_type, action, entity, user_id=self.user_id, **values)

    def record(
        self,
        entity_type: str,
        name: str,
        entity: Entity,
        *,
        before: list[Any] | None = None,
        after: list[Any] | None = None,
        **more: Any,
    ) -> None:
        """To the account's events only; `before` and `after` are lists of values."""
        self.journal.record(self.account, entity_type, name, entity, self.user_id, before or [], after or [], **more)

    def link(self, path: str | None = None, **query: Any) -> dict[str, str]:
        tail = f"?{urlencode(query)}" if query else ""
        return {"href": f"https://{self.account.domain}/api/v4{path or self.path}{tail}"}

    def page(
        self,
        name: str,
        found: list[Entity],
        view: Callable[[Entity], Entity] = lambda e: e,
        most: int = _MOST_ON_A_PAGE,
        *,
        names_next: bool = True,
    ) -> Answer:
        """The asked-for page of a list; 204 without a body where it is empty. `most` on it, whatever is asked for."""
        limit = min(_number(self.parameter("limit"), 50, _MOST_ON_A_PAGE), most)
        page = _number(self.parameter("page"), 1, 10**9)
        shown = found[(page - 1) * limit : page * limit]
        if not shown:
            return nothing()
        links = {"self": self.link(page=page, limit=limit)}
        if names_next and page * limit < len(found):
            links["next"] = self.link(page=page + 1, limit=limit)
        pages = -(-len(found) // limit)
        more = (
            {"_page": page, "_page_count": pages, "_total_items": len(found)} if name in _COUNTED else {"_page": page}
        )
        return document({**more, "_links": links, "_embedded": {name: [view(entity) for entity in shown]}})


def _number(text: str | None, default: int, most: int) -> int:
    if text is None:
        return default
    if not text.isdigit() or not 1 <= int(text) <= most:
        raise invalid("limit", "NotSupportedChoice", f"This value should be between 1 and {most}.")
    return int(text)


# vendor: lists.orders (page) Deals can be had in the order of created_at, updated_at or id, contacts and companies of
# updated_at or id, tasks of created_at, complete_till or id, incoming leads of created_at or updated_at, notes of
# updated_at or id; customers in none. An order that a list does not have is (guess) ignored.
# source: amoCRM's documentation of each list, `order`; a client in Go that was written from it
_ORDERS = {
    "leads": ("id", "created_at", "updated_at"),
    "contacts": ("id", "updated_at"),
    "companies": ("id", "updated_at"),
    "tasks": ("id", "created_at", "complete_till"),
    "unsorted": ("created_at", "updated_at"),
    "notes": ("id", "updated_at"),
}


def ordered(call: Call, found: list[Entity]) -> list[Entity]:
    """By `order[field]=asc|desc`, else by id; an account without filters ignores the order too."""
    if not call.account.has_filters:
        return found
    possible = _ORDERS.get(call.path.rpartition("/")[2], ())
    for key, direction in call.query:
        match = re.fullmatch(r"order\[(\w+)\]", key)
        if match and match[1] in possible:
            return sorted(found, key=lambda one: (one.get(match[1], 0), one.get("id", 0)), reverse=direction == "desc")
    return found
