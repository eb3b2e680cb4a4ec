"""The body of a hook: a form with nested keys, not signed. It is a hint and no more: what it names is read again."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl

from msgspec import Struct

from shared.platform.messages import say
from shared.platform.problems import Problem

MOST_BYTES: Final = 262_144
_MOST_FIELDS: Final = 20_000
LARGEST_ID: Final = 2**63 - 1

# vendor: webhooks.keys (production) `leads[status][0][id]`, `[old_status_id]`, `[old_pipeline_id]`; a note is
# `leads[note][0][note][id]` with `[element_id]`. One key may have a value and members of its own, as in `[note][type]`
# and `[note][type][message_uuid]`. Companies come as `contacts` with `[type]=company`.
# source: bodies in the tests of integrations in production
_KEY: Final = re.compile(r"(leads|contacts)\[([a-z_]{1,30})\]\[(\d{1,5})\]\[(\w{1,40})\](?:\[(\w{1,40})\])?")
_ENTITIES: Final = {"leads": "lead", "contacts": "contact"}
_KINDS: Final = frozenset({"add", "update", "delete", "restore", "status", "responsible", "note"})
_BEFORE: Final = ("old_status_id", "old_pipeline_id")


class Hint(Struct, frozen=True):
    """Something may have changed. `entity_type`: lead, contact, lead_note, contact_note."""

    entity_type: str
    entity_id: int
    kinds: list[str]
    facts: dict[str, int] = {}


class Said(Struct, frozen=True):
    """What a body says; `account_id` is None where it does not name one."""

    account_id: int | None
    hints: list[Hint]
    unknown: list[str]  # kinds of news that nothing is made of, such as `tasks.add`


def read(body: bytes) -> Said:
    """Raises 413 for a body that is too large, and 422 for one of too many fields.

    Where a key comes twice, the first one counts. What is no number where one belongs is left out.
    """
    if len(body) > MOST_BYTES:
        raise Problem(413, "body_too_large", say("The body may have at most {most} bytes.", most=f"{MOST_BYTES:,}"))
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        raise Problem(422, "invalid_hook", say("The body has too many fields.")) from None
    account_id: int | None = None
    entries: dict[tuple[str, str, str], dict[str, str]] = {}
    unknown: dict[str, None] = {}
    for key, value in pairs:
        if key == "account[id]":
            account_id = account_id or _number(value)
            continue
        match = _KEY.fullmatch(key)
        if match and match[2] in _KINDS:
            name = f"{match[4]}.{match[5]}" if match[5] else match[4]
            entries.setdefault((match[1], match[2], match[3]), {}).setdefault(name, value)
        elif not match and not key.startswith("account[") and (kind := re.match(r"(\w{1,30})\[(\w{1,30})\]", key)):
            if not (kind[1] in _ENTITIES and kind[2] in _KINDS):  # else it is a deeper member of what we know
                unknown[f"{kind[1]}.{kind[2]}"] = None
        elif match:
            unknown[f"{match[1]}.{match[2]}"] = None
    return Said(account_id, list(_hints(entries)), list(unknown)[:20])


def _hints(entries: dict[tuple[str, str, str], dict[str, str]]) -> Iterator[Hint]:
    found: dict[tuple[str, int], tuple[list[str], dict[str, int]]] = {}
    for (plural, kind, _), values in entries.items():
        if values.get("type") == "company":
            continue
        entity = _ENTITIES[plural]
        entity_type = f"{entity}_note" if kind == "note" else entity
        entity_id = _number(values.get("note.id" if kind == "note" else "id"))
        if entity_id is None:
            continue
        kinds, facts = found.setdefault((entity_type, entity_id), ([], {}))
        if kind not in kinds:
            kinds.append(kind)
        for name in _BEFORE if kind == "status" else ():
            number = _number(values.get(name))
            if number is not None:
                facts.setdefault(name, number)
        parent = _number(values.get("note.element_id")) if kind == "note" else None
        if parent is not None:
            facts.setdefault("parent_id", parent)
    for (entity_type, entity_id), (kinds, facts) in found.items():
        yield Hint(entity_type, entity_id, kinds, facts)


def _number(text: Any) -> int | None:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,19}", text):
        return None
    return int(text) if 0 < int(text) <= LARGEST_ID else None
