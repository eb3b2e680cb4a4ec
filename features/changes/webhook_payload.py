"""The body of a hook: a form with nested keys, not signed. It is a hint and no more: what it names is read again.

Only ids are wanted of it, and nothing else is decoded: a body may hold texts of any length.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote_plus

from msgspec import Struct

from features.changes.subjects import SUBJECTS, Subject

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
_HEADS: Final = {head: one for one in SUBJECTS.values() for head in one.heads}
_ENTRY: Final = re.compile(
    rb"(?:^|&)(%b)%b([a-z_]{1,30})%b%b(\d{1,5})%b((?:%b\w{1,40}%b){1,4})=([\w.%%+-]{1,200})(?=&|$)"
    % ("|".join(_HEADS).encode(), *(_IN, _OUT) * 3)
)
_ACCOUNT: Final = re.compile(rb"(?:^|&)account%bid%b=([0-9]{1,19})(?=&|$)" % (_IN, _OUT))
_HEAD: Final = re.compile(rb"(?:^|&)(\w{1,30})%b(\w{1,30})%b" % (_IN, _OUT))
_PART: Final = re.compile(rb"%b(\w+)%b" % (_IN, _OUT))
# vendor: webhooks.bare_messages (production) Some accounts post a visitor's message as `add[0][id]`, without a head;
# the bodies that were written down name no account either.
# source: three integrations in production
_BARE: Final = re.compile(rb"(^|&)add(%b\d{1,5}%b%b)" % (_IN, _OUT, _IN))
_TEXT: Final = re.compile(
    rb"(?:^|&)(message|outgoing_message)%badd%b%b(\d{1,5})%b"
    rb"(%btext%b|%bauthor%b%bname%b|%battachment%b%b(?:type|link|file_name)%b)=([^&]*)" % ((_IN, _OUT) * 7)
)
_BEFORE: Final = ("old_status_id", "old_pipeline_id")
# vendor: webhooks.element_types (page) What a note or a task belongs to is a number: 1 contact, 2 deal, 3 company, 12
# customer.
# source: amoCRM's documentation, "Webhooks"; bodies in the tests of integrations in production
_ELEMENTS: Final = {"1": "contact", "2": "lead", "3": "company", "12": "customer"}


LISTED: Final = "listed"  # instead of a verb: a list shows that it was changed, and nobody has said how


class Hint(Struct, frozen=True):
    """Something may have changed. `entity_type`: a line of `subjects.py`; `kinds`: amoCRM's verbs that say so, or
    LISTED."""

    entity_type: str
    entity_id: int
    kinds: list[str]
    facts: dict[str, Any] = {}


class WebhookPayload(Struct, frozen=True):
    """What a body says; `account_id` is None where it does not name one. `is_whole`: all of it was read."""

    account_id: int | None
    hints: list[Hint]
    unknown: list[str]  # kinds of news that nothing is made of, such as `tasks.add`
    is_whole: bool = True
    texts: dict[int, dict[str, str]] = {}  # of messages, by their stand-ins: kept only where the settings say so


def read(body: bytes) -> WebhookPayload:
    """Where a key comes twice, the first one counts. What is no number where one belongs is left out."""
    shown, is_whole = body[:MOST_BYTES], len(body) <= MOST_BYTES
    if not is_whole:
        shown = shown[: max(shown.rfind(b"&"), 0)]  # the last one is cut in its middle
    shown = _BARE.sub(rb"\1message[add]\2", shown)
    account = _ACCOUNT.search(shown) or (None if is_whole else _ACCOUNT.search(body[-_ACCOUNT_WITHIN:]))
    heads = {(found[1].decode(), found[2].decode()): None for found in _HEAD.finditer(shown)}
    unknown = [f"{head}.{verb}" for head, verb in heads if head != "account" and not _is_known(head, verb)]
    entries = _entries(shown)
    # Messages in the order in which they were written, whatever their heads; what has no time keeps its place.
    hints = sorted(_hints(entries), key=lambda one: one.facts.get("created_at", 0))
    texts = _texts(shown, entries)
    return WebhookPayload(_number(account[1].decode()) if account else None, hints, unknown[:20], is_whole, texts)


def _entries(shown: bytes) -> dict[tuple[str, str, str], dict[str, str]]:
    """Head, verb and number -> the members that somebody wants to know."""
    entries: dict[tuple[str, str, str], dict[str, str]] = {}
    names: dict[bytes, str] = {}
    for found in _ENTRY.finditer(shown):
        head, verb, number, path, value = found.groups()
        name = names.get(path)
        if name is None:
            parts = [part.decode() for part in _PART.findall(path)]
            name = names[path] = ".".join(parts[parts[0] == "note" and len(parts) == 2 :])
        key = (head.decode(), verb.decode(), number.decode())
        if _is_known(*key[:2]) and name in _WANTED[key[0]]:
            entries.setdefault(key, {}).setdefault(name, value.decode())
    return entries


# Of a note's members as well, which may stand under a deal.
_WANTED: Final = {
    head: frozenset({"id", "type", "element_id", "element_type", one.id_member, *one.numbers, *one.texts})
    for head, one in _HEADS.items()
}


def _is_known(head: str, verb: str) -> bool:
    subject = _HEADS.get(head)
    if subject is None:
        return False
    return verb == "add" if subject.reader == "note" else verb in subject.said or _noted(subject, verb)


def _noted(subject: Subject, verb: str) -> bool:
    return verb == "note" and f"{subject.name}_note" in SUBJECTS


def _subject(head: str, verb: str, values: Mapping[str, str]) -> Subject | None:
    """Whose news it is: a head is not always its own. None for what nobody has a line for."""
    subject = _HEADS[head]
    if subject.reader == "note" or _noted(subject, verb):
        of = _ELEMENTS.get(values.get("element_type", ""), subject.of or subject.name)
        if values.get("type") == "company":
            of = "company"
        return SUBJECTS.get(f"{of}_note")
    return SUBJECTS["company"] if head == "contacts" and values.get("type") == "company" else subject


def _hints(entries: dict[tuple[str, str, str], dict[str, str]]) -> Iterator[Hint]:
    found: dict[tuple[str, int], tuple[list[str], dict[str, Any]]] = {}
    for (head, verb, _), values in entries.items():
        subject = _subject(head, verb, values)
        entity_id = None if subject is None else _id(subject, values)
        if subject is None or entity_id is None:
            continue
        said = _facts(subject, verb, values) | ({"head": head} if subject.reader == "message" else {})
        verbs, facts = found.setdefault((subject.name, entity_id), ([], {}))
        verbs += [one for one in subject.says(verb, said) if one not in verbs]
        for name, value in said.items():
            facts.setdefault(name, value)
    for (entity_type, entity_id), (verbs, facts) in found.items():
        yield Hint(entity_type, entity_id, verbs, facts)


def _texts(shown: bytes, entries: Mapping[tuple[str, str, str], Mapping[str, str]]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    if not any(_HEADS[head].reader == "message" for head, _, _ in entries):
        return found
    for one in _TEXT.finditer(shown):
        head, number, path, value = one.groups()
        values = entries.get((head.decode(), "add", number.decode()), {})
        if values.get("id"):
            name = "_".join(part.decode() for part in _PART.findall(path))
            text = unquote_plus(value.decode(errors="replace"), errors="replace").replace("\0", "")
            found.setdefault(stand_in(values["id"]), {}).setdefault(name, text)
    return found


def _id(subject: Subject, values: Mapping[str, str]) -> int | None:
    text = values.get(subject.id_member)
    if not subject.is_text_id:
        return _number(text)
    return stand_in(text) if text else None


def _facts(subject: Subject, verb: str, values: Mapping[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, fact in subject.numbers.items():
        number = None if name in _BEFORE and verb != "status" else _number(values.get(name))
        if number is not None:
            facts.setdefault(fact, number)
    for name, fact in subject.texts.items():
        if name in values:
            facts.setdefault(fact, unquote_plus(values[name]).replace("\0", ""))
    return facts


def stand_in(text: str) -> int:
    """Stands in the tables for an id that is no number; the id itself is a fact of the hint."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1 or 1


def _number(text: Any) -> int | None:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,19}", text):
        return None
    return int(text) if 0 < int(text) <= LARGEST_ID else None
