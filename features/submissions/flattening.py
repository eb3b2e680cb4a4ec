"""A tree as named values: what people call each leaf, of which kind it is said to be, and where it stood.

Forms tell a question and its answer in many ways: a key and a value, `{label, value}`, `{q, a}`, `{title, type, value}`
in a list or under the field's id, an answer that names its question by an id. Each is one value here.
"""

from collections.abc import Iterator
from typing import Any, Final

from msgspec import Struct

from features.submissions import field_names, phone_parts
from shared.platform.nested import OWN, Tree

Path = tuple[str | int, ...]

_LABELS: Final[tuple[str, ...]] = (
    *("label", "title", "caption", "question", "q", "display_key", "heading", "fieldname"),
    *("option", "field_label", "key", "name", "field_name", "field"),
)
_VALUES: Final[tuple[str, ...]] = (
    *("value", "values", "answer", "answers", "a", "val"),
    *("display_value", "variant", "text", "field_value", "raw_value"),
)
_SURE: Final = frozenset(
    {"label", "title", "caption", "question", "q", "display_key", "field_label", "heading", "fieldname"}
)
# Values beside a label of their own kind only: these words may say something else as well.
_BESIDE: Final = {"a": _SURE, "text": _SURE, "answers": _SURE, "variant": frozenset({"option"})}
# What is told to have changed (`{field: "messages", value: {…}}`) is called so as well.
_OF_LEAVES: Final = frozenset({"field", "field_name"})
_IN_LISTS: Final = frozenset({"text", "answers"})
# About a field, and nothing that anybody has answered.
_ABOUT: Final = frozenset(
    (
        *("id", "type", "ref", "required", "raw_value", "field_id", "fieldid", "field_key", "field_type"),
        *("fieldtype", "kind", "order", "position", "index", "t", "objecttypeid", "slug"),
    )
)
_TYPES: Final = ("type", "field_type", "fieldtype", "kind")
_FIELD_TYPES: Final = frozenset({"field_type", "fieldtype"})  # also beside a value that was taken apart
# Whatever else there is (WPForms tells a name's parts) but a phone or an e-mail: CRMs tell what a deal is worth.
_IS_FIELD: Final = frozenset({"id", "type", "name", "value"})
_IDS: Final = ("id", "name", "key", "ref", "field_id", "fieldid")
_CHOICE: Final = frozenset({"label", "labels", "other", "value", "title", "name", "text"})
# What holds the values of a form and says nothing of them.
_CARRIERS: Final = frozenset(
    (
        *("data", "fields", "form_fields", "form_data", "formdata", "answers", "answer", "namedvalues"),
        *("values", "params", "payload", "body", "form_response", "response", "submission"),
        *("submissions", "rawrequest", "contacts", "contact", "field_data", "entry", "result"),
        *("results", "json"),
    )
)
_NAME: Final = ("prefix", "first", "middle", "last", "suffix")
_INITIAL: Final = "middleinitial"  # beside the name in the middle, or instead of it
_OF_NAME: Final = frozenset({*_NAME, _INITIAL, "firstandlast"})
_PHONE: Final = ("country", "area", "phone")
_ROOM: Final = 120  # letters of what stands before a name
_LONGEST_PATH: Final = 400  # that a mapping could name
_ALL_ROOM: Final = 400_000


class NamedValue(Struct, frozen=True, gc=False):
    """One value as its form names it; several where it is a list. (A body may have a hundred thousand, of texts only:
    whoever looks for cycles need not go through them.)"""

    name: str  # the key, or the id by which the form calls it
    label: str  # what people read; empty where there is a name only
    type: str  # as declared, in lower case, such as tel; mostly empty
    path: Path  # keys, and places in lists
    values: tuple[str, ...]  # as they were written; true and false in these words
    shown: str  # the label, or "a › b › 2 › c"

    @property
    def spellings(self) -> frozenset[str]:
        """What the `source` of a mapping may call it: as it is shown, `a[b][0]`, `a.b.0`, `a › b › 1`."""
        found = {self.shown, self.label} - {""}
        if self.label and self.name:  # by which its form knows it; of a nested key the last word says too little
            found.add(self.name)
        names = [str(one) for one in self.path if one != OWN]
        if names and sum(map(len, names)) <= _LONGEST_PATH:
            found |= {names[0] + "".join(f"[{one}]" for one in names[1:]), ".".join(names)}
            found.add(" › ".join(_told(one) for one in self.path if one != OWN))
        return frozenset(found)


def named_values(tree: Tree) -> list[NamedValue]:
    """In the order of the body. Null is no value; an empty text is one."""
    found = list(_of_members(tree, (), _questions(tree)))
    # However many leaves there are, what is written before their names stays within bounds.
    room = min(_ROOM, _ALL_ROOM // max(len(found), 1))
    return [NamedValue(*one, shown=_shown(one[3], one[1], room)) for one in found]


_Found = tuple[str, str, str, Path, tuple[str, ...]]
_Questions = dict[str, tuple[str, str]]  # by id: title and type


def _values(branch: Any, path: Path, questions: _Questions) -> Iterator[_Found]:
    if isinstance(branch, list):
        texts = _texts(branch)
        if texts is not None and not any(isinstance(one, dict) for one in branch):
            yield from _one(path, texts)
            return
        for place, inner in enumerate(branch):
            yield from _values(inner, (*path, place), questions)
    elif isinstance(branch, dict):
        yield from _of_branch(branch, path, questions)
    else:
        yield from _one(path, _texts(branch) or ())


def _of_branch(branch: Tree, path: Path, questions: _Questions) -> Iterator[_Found]:
    by_name = {name.lower(): name for name in branch}
    whole = _whole(branch, by_name)
    if whole is not None:
        kind, text = whole
        yield from _one(path, (text,), kind)
        return
    phone = phone_parts.within(branch, _last(path), is_listed=bool(path) and isinstance(path[-1], int))
    if phone is not None:
        key, text, used = phone
        yield _last(path), "", "", (*path, key), (text,)
        yield from _of_members({one: value for one, value in branch.items() if one not in used}, path, questions)
        return
    asked = _asked(branch, questions)
    if asked is not None:
        name, label, kind = asked
        rest = {one: value for one, value in branch.items() if one != "field" and (one != "type" or _is_branch(value))}
        yield from _answer(rest, path, (name, label, kind), questions)
        return
    pair = _pair(by_name, branch, path)
    if pair is None:
        yield from _of_members(branch, path, questions)
        return
    label_key, value_key = pair
    label = str(branch[label_key]).strip() if label_key else ""
    kind = next((str(branch[by_name[one]]) for one in _TYPES if isinstance(branch.get(by_name.get(one, "")), str)), "")
    ids = [branch[by_name[one]] for one in _IDS if one in by_name and by_name[one] != label_key]
    name = next((one for one in ids if isinstance(one, str) and one), "") or _last(path)
    yield from _answer({value_key: branch[value_key]}, path, (name, label, kind.lower()), questions)
    for key, one in branch.items():
        is_about = key.lower() in _ABOUT or (key.lower() in _IDS and one == name)
        is_about = is_about or (key.lower() in _NAME and _words(one) <= _words(branch[value_key]))
        if key not in pair and (_is_branch(one) or not is_about) and one != branch[value_key]:
            yield from _values(one, (*path, key), questions)


def _of_members(branch: Tree, path: Path, questions: _Questions) -> Iterator[_Found]:
    phones = phone_parts.beside(branch)
    for key, one in branch.items():
        if key in phones:
            yield from _one((*path, key), (phones[key],))
            continue
        if key == "definition" and questions and isinstance(one, dict):
            # The form's own questions: their titles stand before the answers.
            one = {name: inner for name, inner in one.items() if name not in ("fields", "id")}
        yield from _values(one, (*path, key), questions)


def _answer(given: Tree, path: Path, named: tuple[str, str, str], questions: _Questions) -> Iterator[_Found]:
    name, label, kind = named
    for key, value in given.items():
        texts = _texts(value)
        if texts is not None:
            yield name, label, kind, path, texts or ("",)  # a question that nobody has answered is an empty value
            continue
        whole = _whole(value, {one.lower(): one for one in value}) if isinstance(value, dict) else None
        if whole is not None:
            yield name, label, kind or whole[0], path, (whole[1],)
        else:
            yield from _values(value, (*path, label or key), questions)


def _one(path: Path, texts: tuple[str, ...], kind: str = "") -> Iterator[_Found]:
    if texts:
        yield _last(path), "", kind, path, texts


def _texts(value: Any) -> tuple[str, ...] | None:
    """Of a leaf, a list of leaves, or a choice (`{label: …}`); None for what has more to it."""
    if isinstance(value, dict):
        if not value or not set(value) - _ABOUT <= _CHOICE or not set(value) & _CHOICE:
            return None
        value = [inner for name, inner in value.items() if name in _CHOICE]
        if any(isinstance(one, dict) for one in value):
            return None
        several = [one for inner in value for one in (inner if isinstance(inner, list) else [inner])]
        return tuple(dict.fromkeys(_texts(several) or ())) if all(not _is_branch(one) for one in several) else None
    if isinstance(value, list):
        inner = [_texts(one) if isinstance(one, dict) or not _is_branch(one) else None for one in value]
        return None if None in inner else tuple(text for one in inner for text in one or ())
    return () if value is None else (value if isinstance(value, str) else str(value).lower(),)


def _words(value: Any) -> set[str]:
    return set() if value is None else set(str(value).split())


def _is_branch(value: Any) -> bool:
    return isinstance(value, dict | list)


def _whole(branch: Tree, by_name: dict[str, str]) -> tuple[str, str] | None:
    """A name or a phone that was taken apart: `{first, last}`, `{area, phone}`, `{full}`; its kind and its text."""
    if not by_name or any(_is_branch(one) for one in branch.values()):
        return None
    names = frozenset(by_name) - _FIELD_TYPES
    order: tuple[str, ...] = ("full",)
    kind = next((str(branch[by_name[one]]).lower() for one in _FIELD_TYPES if one in by_name), "")
    if names <= _OF_NAME and names & {"first", "last"}:
        has_middle = any(_texts(branch[by_name[one]]) not in (None, (), ("",)) for one in names & {"middle"})
        kind, order = "name", tuple(_INITIAL if one == "middle" and not has_middle else one for one in _NAME)
    elif names <= set(_PHONE) and names >= {"area", "phone"}:
        kind, order = "tel", _PHONE
    elif names != {"full"}:
        return None
    texts = [text for one in order if one in by_name for text in _texts(branch[by_name[one]]) or ()]
    return kind, " ".join(text.strip() for text in texts if text.strip())


def _pair(by_name: dict[str, str], branch: Tree, path: Path) -> tuple[str, str] | None:
    """The keys of the label (empty: the place is its name) and of the value."""
    if not path:
        return None
    is_listed = isinstance(path[-1], int)
    value = next((one for one in _VALUES if one in by_name and (is_listed or one not in _IN_LISTS)), None)
    if value is None:
        return None
    labels = [one for one in _LABELS if one in by_name and one != value]
    told = (one for one in labels if isinstance(branch[by_name[one]], str) and branch[by_name[one]].strip())
    label = next(told, None)
    others = frozenset(by_name) - _ABOUT - {value, *_IDS}
    if label is None:
        return ("", by_name[value]) if not others and not labels and value not in _BESIDE else None
    is_sure = label in _SURE or (by_name.keys() >= _IS_FIELD and not any(map(_is_line, others)))
    if label not in _BESIDE.get(value, (label,)) or (others - {label} and not is_sure):
        return None
    if label in _OF_LEAVES and _is_branch(branch[by_name[value]]):
        return None
    return by_name[label], by_name[value]


def _is_line(name: str) -> bool:
    return field_names.whole(name) in ("phone", "email")


def _asked(branch: Tree, questions: _Questions) -> tuple[str, str, str] | None:
    """The id, title and kind of the question that an answer names: `{field: {id, ref, type}, type, text: …}`."""
    field = branch.get("field")
    if not isinstance(field, dict) or len(branch) < 2 or any(_is_branch(one) for one in field.values()):
        return None
    if not (set(field) <= {"id", "ref", "type", "title"} or set(field) <= {"id", "ref", "type", "label"}):
        return None
    ids = [one for one in (field.get("id"), field.get("ref")) if isinstance(one, str) and one]
    title, kind = next((questions[one] for one in ids if one in questions), ("", ""))
    own = field.get("title") or field.get("label")
    kinds = [one for one in (field.get("type"), branch.get("type"), kind) if isinstance(one, str)]
    return (ids[0], own if isinstance(own, str) else title, (kinds or [""])[0].lower()) if ids else None


def _questions(tree: Tree) -> _Questions:
    """The titles of a form's questions, where its body brings them in a list of their own (`definition.fields`)."""
    found: _Questions = {}
    waiting: list[Any] = [tree]
    while waiting:
        branch = waiting.pop()
        if isinstance(branch, list):
            waiting += branch
        elif isinstance(branch, dict):
            waiting += [one for name, one in branch.items() if isinstance(one, dict | list) and name != "definition"]
            definition = branch.get("definition")
            fields = definition.get("fields") if isinstance(definition, dict) else None
            for one in fields if isinstance(fields, list) else ():
                title = one.get("title") if isinstance(one, dict) else None
                if isinstance(title, str):
                    kind = one.get("type")
                    about = (title.strip(), kind.lower() if isinstance(kind, str) else "")
                    found |= {str(one[name]): about for name in ("id", "ref") if one.get(name)}
    return found


def _last(path: Path) -> str:
    return next((one for one in reversed(path) if isinstance(one, str) and one != OWN), "")


def _told(one: str | int) -> str:
    return str(one + 1) if isinstance(one, int) else one


def _shown(path: Path, label: str, room: int) -> str:
    """What stands before the name is cut in its middle where it is long; the name itself never is."""
    if label:
        path, own = path[:-1], label
        inner = max((place for place, one in enumerate(path) if isinstance(one, int)), default=-1)
        before = path[: inner + 1]
    else:
        kept = [place for place, one in enumerate(path) if one != OWN]
        if not kept:
            return "?"
        last = kept[-1]
        while last > 0 and isinstance(path[last], int) and last in kept:  # a list's places need its name
            last -= 1
        own = " › ".join(_told(one) for one in path[last:] if one != OWN) or "?"
        before = path[:last]
    names = [_told(one) for one in before if one != OWN and not (isinstance(one, str) and one.lower() in _CARRIERS)]
    told = " › ".join(names)
    if len(told) > room:
        told = f"{told[: room // 2]}…{told[len(told) - room // 2 :]}" if room > 1 else "…"
    return f"{told} › {own}" if told else own.strip() or "?"
