"""Several submissions in one body: rows of a sheet, leads of an advertisement that a relay has gathered.

One rule tells them from persons within one form (guests, companions): the body is a list of people, or has one under a
name that says it holds what was sent (`leads`, `rows`, `data`), and names nobody beside it. Each of that list is a
submission of its own, with what stands beside the list; any other list is text of the one submission. So are messages
of several people, as messengers gather them.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from features.submissions import messengers
from features.submissions.field_recognition import IDS, plain_id, understood
from features.submissions.flattening import named_values
from features.submissions.model import Contact, full_name
from features.submissions.settings import Submissions
from shared.platform import nested
from shared.platform.http import Headers, Request
from shared.platform.messages import Message, say, say_plural
from shared.platform.nested import OWN, Tree
from shared.platform.problems import Problem

# What one request carries into amoCRM's queue; a sender that has more sends more requests.
MOST: Final = 500
_DEEPEST: Final = 4  # `{"body": {"leads": {"data": […]}}}`
_LISTS: Final = frozenset(
    (
        *("", "data", "leads", "lead", "rows", "row", "items", "records", "record", "entries", "entry", "results"),
        *(
            "submissions",
            "responses",
            "contacts",
            "clients",
            "customers",
            "users",
            "people",
            "persons",
            "list",
            "batch",
        ),
        *("values", "payload", "body", "forms", "requests", "applications", "prospects", "subscribers"),
        *("orders", "deals", "заказы", "сделки", "pedidos", "buyurtmalar"),
        *("лиды", "заявки", "контакты", "клиенты", "строки", "анкеты", "люди", "filas", "linhas", "contactos"),
        *("contatos", "clientes", "registros", "mijozlar", "arizalar"),
    )
)


class OwnKey(Struct, frozen=True):
    """By which one of several is known: its sender's id, where none before it in the body has the same; else its place.
    Equal rows are rows of their own."""

    place: str
    taken: set[str]  # by those before it

    def of(self, key: str | None) -> str:
        if key is None or key in self.taken:
            return self.place
        self.taken.add(key)
        return key


def told(count: int) -> Message:
    """What became of a body of several."""
    return say_plural(
        "There is {count} submission in it, which stands in this list by itself.",
        "There are {count} submissions in it, each of which stands in this list by itself.",
        count=count,
    )


def parts(tree: Tree, settings: Submissions) -> list[Tree]:
    """A tree for each submission of a body; none where it is one submission."""
    written = messengers.parts(tree)
    if len(written) > 1:
        return written
    found = _list(tree, {}, _DEEPEST)
    if found is None:
        return []
    listed, beside = found
    if not _are_people(listed, settings) or _has_person(_contact(beside, settings)):
        return []
    return [_with(one, beside) for one in listed]


def requests(request: Request, settings: Submissions) -> list[Request]:
    """As if each had come by itself, by the same way; none where it is one submission, or cannot be read. Raises 413
    for more than MOST."""
    try:
        tree = nested.read(request.body, request.headers.get("Content-Type") or "") if request.body.strip() else {}
    except nested.UnreadableError:
        return []
    found = parts(tree, settings)
    if len(found) > MOST:
        told = say(
            "There are {count} people in one body, more than the {most} that are taken at once: send them in several.",
            count=len(found),
            most=MOST,
        )
        raise Problem(413, "too_many_submissions", told)
    kept = [(name, value) for name, value in request.headers.items() if not name.lower().startswith("content-")]
    headers = Headers([*kept, ("Content-Type", "application/json")])
    return [replace(request, headers=headers, body=msgspec.json.encode(one)) for one in found]


def _list(branch: Tree, beside: Tree, deeper: int) -> tuple[list[Tree], Tree] | None:
    """The list of several branches, and all that stands beside it on the way there."""
    for name, inner in branch.items():
        if name.lower() not in _LISTS:
            continue
        around = _with({other: one for other, one in branch.items() if other != name}, beside)
        if isinstance(inner, list) and len(inner) > 1 and all(isinstance(one, dict) for one in inner):
            return inner, around
        if isinstance(inner, dict) and deeper:
            found = _list(inner, around, deeper - 1)
            if found is not None:
                return found
    return None


def _with(one: Tree, beside: Tree) -> Tree:
    """What is its own goes first; ids beside it are not its own."""
    made = dict(one)
    for name, value in beside.items():
        if plain_id(name) not in (*IDS, "id"):
            made[f"{name} (2)" if name in one else name] = value
    return made


def _are_people(listed: Sequence[Tree], settings: Submissions) -> bool:
    """At least two are, and one of them can be reached. A question and its answer (`{label, value}`) are no person."""
    answers = {one.path for one in named_values({OWN: list(listed)}) if len(one.path) == 2}
    if answers:
        return False
    contacts = [_contact(one, settings) for one in listed]
    reached = [one for one in contacts if one.phones or one.emails]
    return bool(reached) and sum(map(_has_person, contacts)) > 1


def _contact(tree: Tree, settings: Submissions) -> Contact:
    return understood(named_values(tree), settings).body.contact


def _has_person(contact: Contact) -> bool:
    return bool(contact.phones or contact.emails or full_name(contact))
