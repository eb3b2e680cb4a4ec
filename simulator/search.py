"""What `query` finds: by words, in what the index knew a while ago; also what was deleted since.

Each entity keeps the texts by which it was found lately, with the moment of each. Sources: see docs/vendor.md,
`search.words`, `search.lag`, `search.deleted`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from simulator.state import Account, Entity

_TEXTS: Final = "_texts"  # [(moment, text)], the oldest first


def text_of(entity: Entity) -> str:
    parts = [str(entity.get("name", ""))]
    for value in entity.get("custom_fields_values") or []:
        parts += [str(inner.get("value", "")) for inner in value["values"]]
    return "\n".join(parts)


def keep(entity: Entity) -> None:
    """The entity is about to be changed: what it says now is what the index knows, unless that is newer."""
    entity.setdefault(_TEXTS, [(0.0, text_of(entity))])


def index(account: Account, entity: Entity, now: float) -> None:
    """The entity was made or changed: that is found a while later, and until then what it was before."""
    known: list[tuple[float, str]] = entity.setdefault(_TEXTS, [])
    settled = [one for one in known if one[0] + account.search_lag <= now]
    known[:] = [*settled[-1:], *(one for one in known if one[0] + account.search_lag > now), (now, text_of(entity))]


def found(account: Account, kind: str, entities: Mapping[int, Entity], query: str, now: float) -> Iterator[Entity]:
    """Of these and of those that were deleted a moment ago. `kind`: leads, contacts, companies, `catalogs/ID`."""
    gone = {id_: one for of, id_, one, at in account.deleted if of == kind and at + account.deleted_lag > now}
    for _, entity in sorted((gone | dict(entities)).items(), key=lambda one: one[0]):
        if query.strip() == str(entity["id"]) or _is_found(
            _indexed(account, entity, now), query, account.search_digits
        ):
            yield entity


def forget(account: Account, kind: str, entity: Entity, now: float) -> None:
    """It is deleted."""
    account.deleted.append((kind, entity["id"], entity, now))


def _indexed(account: Account, entity: Entity, now: float) -> str:
    if _TEXTS not in entity:  # it was there before anybody looked
        return text_of(entity)
    return next((text for at, text in reversed(entity[_TEXTS]) if at + account.search_lag <= now), "")


def _is_found(text: str, query: str, fewest: int) -> bool:
    wanted, there = _words(query), _words(text)
    if wanted and all(any(word.startswith(one) for word in there) for one in wanted):
        return True
    # A phone is found by its last ten digits, however it was typed.
    digits = re.sub(r"\D", "", query)
    if len(digits) < fewest or re.search(r"[^\W\d_]", query):
        return False
    return any(digits[-10:] in re.sub(r"\D", "", line) for line in text.splitlines())


def _words(text: Any) -> list[str]:
    return re.findall(r"\w+", str(text).casefold())
