"""What the adapters of shops share."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from features.submissions import person_identity
from features.submissions.carts import amount
from features.submissions.flattening import named_values
from features.submissions.model import Address, OrderItem
from shared.platform.http import Request
from shared.platform.nested import Tree


def is_topic(request: Request, header: str, start: str) -> bool:
    return (request.headers.get(header) or "").startswith(start)


def branch_of(value: Any) -> Tree:
    return value if isinstance(value, dict) else {}


def sum_of(*texts: Any) -> Any:
    """Of those that are amounts; None where none is."""
    found = [one for one in map(amount, texts) if one is not None]
    return sum(found) if found else None


def taken(branch: Tree, *names: str) -> Decimal | None:
    """The first of these that is an amount, taken out of the branch; what is none stays."""
    for name in names:
        found = amount(branch.get(name))
        if found is not None:
            del branch[name]
            return found
    return None


def phone_in(country: Any, typed: Any, code: str = "") -> Any:
    """With its country's code, where it is a phone of the country that its buyer lives in (by its two letters): the
    company may sell abroad. Else as it was typed. `code`: what was asked for by itself, its area's or its country's."""
    is_bare = isinstance(typed, str) and not typed.lstrip().startswith(("+", "00"))
    if not is_bare or not re.fullmatch("[A-Z]{2}", str(country)):
        return typed
    for one in (typed, f"{code} {typed}"):
        made = person_identity.phone(one, country)
        if made is not None and made.identity is not None:
            return made.written
    return typed


def address_of(given: Tree, names: dict[str, Any]) -> Address:
    parts = {}
    for own, theirs in names.items():
        texts = [
            str(given[name]).strip() for name in ([theirs] if isinstance(theirs, str) else theirs) if given.get(name)
        ]
        parts[own] = ", ".join(filter(None, texts))
    return Address(**parts)


def spoken(address: Address | str) -> dict[str, str]:
    return address.parts if isinstance(address, Address) else {}


def forget(branch: Tree, told: dict[str, Any]) -> None:
    """What is said elsewhere, in the same words; what has several parts there, such as a street, may be one of them."""
    texts = [f", {one}, " for one in told.values() if isinstance(one, str)]
    for name, value in list(branch.items()):
        if value in (None, "") or (isinstance(value, str) and any(f", {value}, " in one for one in texts)):
            del branch[name]


def forget_empty(branch: Tree) -> None:
    for name in [name for name, value in branch.items() if value in ("", None)]:
        del branch[name]


def put_first(tree: Tree, own: Tree, **others: Tree) -> None:
    """Who has ordered stands first in the tree, and other people's names and addresses last."""
    rest = {name: value for name, value in tree.items() if name not in own}
    tree.clear()
    tree |= {name: value for name, value in own.items() if value} | rest
    tree |= {name: branch for name, branch in others.items() if branch}


def unread(lines: list[Tree], goods: list[OrderItem | None]) -> list[str]:
    """Goods that could not be read as such: all their texts."""
    return [_told(one) for one, good in zip(lines, goods, strict=True) if good is None]


def _told(one: Tree) -> str:
    return ", ".join(f"{value.shown}: {', '.join(value.values)}" for value in named_values(one))


def rest_of(lines: list[Tree], goods: list[OrderItem | None], known: Iterable[str] = ()) -> dict[str, list[str]]:
    """What goods say beside what is known of them, by the good's name and its own."""
    found: dict[str, list[str]] = {}
    for one, good in zip(lines, goods, strict=True):
        if good is None:
            continue
        left = {name: value for name, value in one.items() if name not in known and value not in (None, "", [], {})}
        for value in named_values(left):
            if any(value.values):
                found.setdefault(f"{good.name} › {value.shown}", []).extend(value.values)
    return found
