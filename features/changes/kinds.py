"""The kinds of messages: which of them a pattern names, and what has to be followed and asked of amoCRM for them."""

import re
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from features.changes.event_schemas import KINDS
from features.changes.subjects import SUBJECTS, Subject

OF_KIND: Final[Mapping[str, Subject]] = {kind: one for one in SUBJECTS.values() for kind in one.kinds}
# Ours by other facts than amoCRM's alone: an order's status is that of its deal.
_DERIVED: Final = {"order.status_changed": "lead"}
# The settings that every account of amoCRM and Kommo has, by both pages; each of the others may be refused.
# vendor: webhooks.settings_kommo (page) Kommo's list of events has no customers, no `update_task`, no `update_talk`;
# neither list has incoming leads or elements of lists, though both pages say that hooks tell of them.
# source: Kommo's documentation, "Webhook events"; amoCRM's, "Webhooks"
SURE: Final = frozenset(
    {one for name in ("lead", "contact", "company") for one in SUBJECTS[name].settings}
    | {f"note_{name}" for name in ("lead", "contact", "company")}
    | {"add_task", "delete_task", "responsible_task", "add_talk", "add_message"}
)
_PATTERN: Final = re.compile(r"[a-z_*]{1,60}(?:\.[a-z_*]{1,60})?")


def chosen(patterns: Collection[str]) -> Collection[str]:
    """The kinds that these name, such as `task.completed`, `task.*`, `*.note_added`; all where there are none."""
    return [kind for kind in KINDS if is_chosen(kind, patterns)]


def is_chosen(kind: str, patterns: Collection[str]) -> bool:
    return not patterns or kind in patterns or any(fnmatchcase(kind, one) for one in patterns if "*" in one)


def is_pattern(text: str) -> bool:
    """Whether it names any kind."""
    return bool(_PATTERN.fullmatch(text)) and text != "" and any(is_chosen(kind, (text,)) for kind in KINDS)


def subjects_of(kinds: Iterable[str]) -> list[Subject]:
    """What has to be followed so that these can be told, in the order of the table."""
    names = {_DERIVED.get(kind) or OF_KIND[kind].name for kind in kinds}
    return [one for one in SUBJECTS.values() if one.name in names]


def settings_for(kinds: Collection[str]) -> list[str]:
    """What a subscription has to ask for, so that amoCRM tells of these."""
    found: set[str] = set()
    for one in subjects_of(kinds):
        found |= {one.settings_by_kind[kind] for kind in kinds if kind in one.settings_by_kind} or set(one.settings)
    return sorted(found)


def missing(kinds: Collection[str], way: str, refused: Collection[str]) -> list[str]:
    """Of these what this account cannot be heard of: what only hooks tell, where there are none."""
    unheard = [
        one for one in subjects_of(kinds) if one.asked is None and (way == "ask" or set(one.settings) & set(refused))
    ]
    heard = set() if way == "ask" else {kind for one in unheard for kind in _heard(one, refused)}
    return sorted(kind for kind in kinds if OF_KIND.get(kind) in unheard and kind not in heard)


def _heard(subject: Subject, refused: Collection[str]) -> Iterable[str]:
    """The kinds that a setting brings by itself, where that one is not refused."""
    for verb, told in subject.verbs.items():
        setting = f"{verb}_{subject.name}"
        if setting in subject.settings and setting not in refused:
            yield f"{subject.name}.{told}"


def line(entity_type: str, entity_id: int, document: Mapping[str, Any]) -> str:
    """Whose order a change keeps: of a note that of its deal, of a message that of its talk."""
    subject = SUBJECTS[entity_type]
    if subject.reader == "note":
        return f"{subject.of}:{document[subject.of]['id']}"
    if subject.reader == "message":
        return f"talk:{document['message']['talk_id'] or entity_id}"
    return f"{entity_type}:{entity_id}"


assert set(KINDS) == {*OF_KIND, *_DERIVED}, set(KINDS) ^ {*OF_KIND, *_DERIVED}
