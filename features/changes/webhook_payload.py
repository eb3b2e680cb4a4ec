"""The body of a hook: a form with nested keys, not signed. It is a hint and no more: what it names is read again.

Only ids are wanted of it, and nothing else is decoded: a body may hold texts of any length.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

# Of what comes beyond, nothing is made: then the account is asked what has happened.
MOST_BYTES: Final = 4 * 1024 * 1024
_ACCOUNT_WITHIN: Final = 2000  # bytes of the end
LARGEST_ID: Final = 2**63 - 1

# vendor: webhooks.keys (production) `leads[status][0][id]`, `[old_status_id]`, `[old_pipeline_id]`; a note is
# `leads[note][0][note][id]` with `[element_id]`, or `note_lead[add][0][id]`. One key may have a value and members of
# its own, as in `[note][type]` and `[note][type][message_uuid]`. Companies come as `contacts` with `[type]=company`.
# The account stands last.
# source: bodies in the tests of integrations in production
_IN, _OUT = rb"(?:\[|%5[Bb])", rb"(?:\]|%5[Dd])"
_ENTRY: Final = re.compile(
    rb"(?:^|&)(leads|contacts|note_lead|note_contact)%b([a-z_]{1,30})%b%b(\d{1,5})%b%b(\w{1,40})%b(?:%b(\w{1,40})%b)?"
    rb"=(\w{1,40})(?=&|$)" % ((_IN, _OUT) * 4)
)
_ACCOUNT: Final = re.compile(rb"(?:^|&)account%bid%b=([0-9]{1,19})(?=&|$)" % (_IN, _OUT))
_HEAD: Final = re.compile(rb"(?:^|&)(\w{1,30})%b(\w{1,30})%b" % (_IN, _OUT))
_ENTITIES: Final = {"leads": "lead", "contacts": "contact", "note_lead": "lead", "note_contact": "contact"}
_KINDS: Final = frozenset({"add", "update", "delete", "restore", "status", "responsible", "note"})
_BEFORE: Final = ("old_status_id", "old_pipeline_id")
_COMPANY: Final = "3"  # an element_type


class Hint(Struct, frozen=True):
    """Something may have changed. `entity_type`: lead, contact, lead_note, contact_note."""

    entity_type: str
    entity_id: int
    kinds: list[str]
    facts: dict[str, int] = {}


class Said(Struct, frozen=True):
    """What a body says; `account_id` is None where it does not name one. `is_whole`: all of it was read."""

    account_id: int | None
    hints: list[Hint]
    unknown: list[str]  # kinds of news that nothing is made of, such as `tasks.add`
    is_whole: bool = True


def read(body: bytes) -> Said:
    """Where a key comes twice, the first one counts. What is no number where one belongs is left out."""
    shown, is_whole = body[:MOST_BYTES], len(body) <= MOST_BYTES
    if not is_whole:
        shown = shown[: max(shown.rfind(b"&"), 0)]  # the last one is cut in its middle
    account = _ACCOUNT.search(shown) or (None if is_whole else _ACCOUNT.search(body[-_ACCOUNT_WITHIN:]))
    entries: dict[tuple[str, str, str], dict[str, str]] = {}
    for found in _ENTRY.finditer(shown):
        head, kind, number, name, inner, value = ((part or b"").decode() for part in found.groups())
        if kind in _KINDS:
            entries.setdefault((head, kind, number), {}).setdefault(f"{name}.{inner}" if inner else name, value)
    heads = {(found[1].decode(), found[2].decode()): None for found in _HEAD.finditer(shown)}
    unknown = [f"{head}.{kind}" for head, kind in heads if head != "account" and not _is_known(head, kind)]
    return Said(_number(account[1].decode()) if account else None, list(_hints(entries)), unknown[:20], is_whole)


def _is_known(head: str, kind: str) -> bool:
    return head in _ENTITIES and kind in _KINDS


def _hints(entries: dict[tuple[str, str, str], dict[str, str]]) -> Iterator[Hint]:
    found: dict[tuple[str, int], tuple[list[str], dict[str, int]]] = {}
    for (head, kind, _), values in entries.items():
        entity, is_note = _ENTITIES[head], kind == "note" or head.startswith("note_")
        inside = "note." if kind == "note" else ""
        if values.get("type") == "company" or (is_note and values.get(f"{inside}element_type") == _COMPANY):
            continue
        entity_type = f"{entity}_note" if is_note else entity
        entity_id = _number(values.get(f"{inside}id"))
        if entity_id is None:
            continue
        kinds, facts = found.setdefault((entity_type, entity_id), ([], {}))
        word = "note" if is_note else kind
        if word not in kinds:
            kinds.append(word)
        for name in _BEFORE if kind == "status" else ():
            number = _number(values.get(name))
            if number is not None:
                facts.setdefault(name, number)
        parent = _number(values.get(f"{inside}element_id")) if is_note else None
        if parent is not None:
            facts.setdefault("parent_id", parent)
    for (entity_type, entity_id), (kinds, facts) in found.items():
        yield Hint(entity_type, entity_id, kinds, facts)


def _number(text: Any) -> int | None:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,19}", text):
        return None
    return int(text) if 0 < int(text) <= LARGEST_ID else None
