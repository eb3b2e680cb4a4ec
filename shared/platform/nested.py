"""What other people's programs post, as a tree: JSON, or a form whose keys are nested (`a[b][0]=x`).

Which of the two it is, is seen from the body: what the header says is often something else. A tree of JSON and one of
a form are alike: branches are dictionaries and lists, leaves are texts (numbers as they were written), true, false or
null. Nothing that was sent is left out, whatever contradicts itself; what it may cost is bounded by bytes and depth.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from shared.platform import form_pairs, lenient_json

Tree = dict[str, Any]

OWN: Final = ""  # a key may have a value and members: `a=1&a[b]=2` is {"a": {"": "1", "b": "2"}}
MOST_BYTES: Final = 1_000_000  # a thousand fields are 100 KB; what is larger is no form
DEEPEST: Final = 20  # what is deeper is there under its own name
_MOST_NAMES: Final = 40  # of a shape
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_APPEND: Final = "\x00"
_BRACKETS: Final = re.compile(r"[\[\]]+")
_MADE: Final = re.compile(r"\s*(?:\{\s*\"|\[\s*[\[{\"])")  # how JSON begins that no person has typed
_IDENTIFIER: Final = re.compile(r"[^\W\d_][\w-]*", re.ASCII)
_PART: Final = re.compile(r"\w[\w-]*", re.ASCII)


class UnreadableError(ValueError):
    """Neither JSON nor a form."""


class TooLargeError(UnreadableError):
    """More than MOST_BYTES."""


def read(body: bytes, content_type: str = "", *, opens_texts: bool = True) -> Tree:
    """The tree; a list at the top is `{"": [...]}`. `content_type`: the header as it came. `opens_texts`: JSON that a
    program has put into a text is a branch.

    A key that comes twice is a list. A key with an empty bracket adds to its list. Keys with a dot, or with two
    underscores, are nested where two of them begin alike (`name.first`, `name.last`). Raises the errors above.
    """
    if len(body) > MOST_BYTES:
        raise TooLargeError
    if form_pairs.is_multipart(body, content_type):
        try:
            pairs = form_pairs.multipart(body, content_type)
        except ValueError:
            raise UnreadableError from None
        return _of_pairs(pairs, opens_texts)
    text = _unquoted(form_pairs.text(body, content_type))
    begin = text.lstrip()[:1]
    if begin in ("{", "["):
        try:
            document = lenient_json.decode(text, _of_members)
        except ValueError:
            if begin == "{" or "json" in content_type.lower():
                raise UnreadableError from None
        else:
            return _of_pairs(document.items() if isinstance(document, dict) else [(OWN, document)], opens_texts)
    if "=" not in text:  # all of it would be a name
        raise UnreadableError
    return _of_pairs(form_pairs.urlencoded(body.removeprefix(b"\xef\xbb\xbf"), content_type), opens_texts)


def _unquoted(text: str) -> str:
    """The document within a text: JSON of JSON, as a program writes it that has encoded it twice."""
    while text.lstrip()[:1] == '"':
        try:
            inner = json.loads(text, strict=False)
        except ValueError:
            return text
        if not isinstance(inner, str) or inner.lstrip()[:1] not in ("{", "[", '"'):
            return text
        text = inner
    return text


def first_of_each(tree: Any) -> Any:
    """The tree for whoever expects one value of a key: of several the first."""
    if isinstance(tree, dict):
        return {name: first_of_each(one) for name, one in tree.items()}
    if isinstance(tree, list) and tree and not isinstance(tree[0], dict | list):
        return tree[0]
    return [first_of_each(one) for one in tree] if isinstance(tree, list) else tree


# --- of a form ----------------------------------------------------------------------------------------------------


def _of_pairs(pairs: Iterable[tuple[str, Any]], opens_texts: bool) -> Tree:
    pairs = [(name, value) for name, value in pairs]
    shared = Counter(parts[0] for name, _ in pairs if (parts := _parts(name)))
    tree: Tree = {}
    for name, value in pairs:
        _put(tree, _names(name, shared), value)
    return {_stored(name): _with_lists(bounded(one, 1, opens_texts)) for name, one in tree.items()}


def _names(key: str, shared: Counter[str]) -> list[str]:
    first, bracket, _ = key.partition("[")
    if bracket and key.endswith("]") and not first.endswith(" "):
        names = [name for name in _BRACKETS.split(key.replace("[]", f"[{_APPEND}]")) if name]
        names = [*names[: DEEPEST - 1], "[".join(names[DEEPEST - 1 :])] if len(names) > DEEPEST else names
        return [first, *names[bool(first) :]] if names else [key]
    parts = _parts(key)
    return parts if parts and shared[parts[0]] > 1 else [key]


def _parts(key: str) -> list[str]:
    """Of `a.b` and `a__b`; none of what people write, such as "Кол. этажей", or of `__proto__`."""
    if len(key) > 500 or ("." not in key and "__" not in key):
        return []
    parts = re.split(r"\.|__", key)
    is_nested = len(parts) <= DEEPEST and _IDENTIFIER.fullmatch(parts[0]) and all(map(_PART.fullmatch, parts[1:]))
    return parts if is_nested else []


def _put(tree: Tree, names: list[str], value: Any) -> None:
    last = len(names) - 1
    for place, name in enumerate(names[:-1]):
        if name == _APPEND:  # `a[][b]`: of the last one, until that has it
            latest = tree.get(str(len(tree) - 1))
            is_free = isinstance(latest, dict) and names[place + 1] != _APPEND and names[place + 1] not in latest
            name = str(len(tree) - 1 if is_free else len(tree))
        inner = tree.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = tree[name] = {OWN: inner}
        tree = inner
    add(tree, str(len(tree)) if names[last] == _APPEND else names[last], value)


def add(tree: Tree, name: str, value: Any) -> None:
    """Another value of a name, beside what is there."""
    waiting = [(tree, name, value)]
    while waiting:
        branch, name, value = waiting.pop()
        if name not in branch:
            branch[name] = value
            continue
        before = branch[name]
        if isinstance(before, dict):
            inner = value.items() if isinstance(value, dict) else [(OWN, value)]
            waiting += [(before, *one) for one in reversed(list(inner))]
        elif isinstance(value, dict):
            branch[name] = {OWN: before}
            waiting.append((branch, name, value))
        else:
            several = before if isinstance(before, list) else [before]
            several += value if isinstance(value, list) else [value]
            branch[name] = several


def _with_lists(branch: Any) -> Any:
    """What a form numbers from nought without a gap is a list."""
    if isinstance(branch, list):
        return [_with_lists(one) for one in branch]
    if not isinstance(branch, dict):
        return branch
    if branch and all(str(place) in branch for place in range(len(branch))):
        return [_with_lists(branch[str(place)]) for place in range(len(branch))]
    return {name: _with_lists(one) for name, one in branch.items()}


# --- of JSON ------------------------------------------------------------------------------------------------------


def _of_members(pairs: lenient_json.Pairs) -> Tree:
    members = dict(pairs)
    if len(members) != len(pairs):
        members = {}
        for name, one in pairs:
            add(members, name, one)
    return members


def bounded(branch: Any, depth: int = 0, opens_texts: bool = True) -> Any:
    """Not deeper than DEEPEST; JSON within a text is a branch; texts hold nothing that cannot be stored."""
    if isinstance(branch, str):
        made = opened(branch) if opens_texts else None
        return _stored(branch) if made is None else bounded(made, depth)
    if not isinstance(branch, dict | list):
        return branch
    if depth >= DEEPEST:
        return _flat(branch)
    if isinstance(branch, list):
        return [bounded(one, depth + 1, opens_texts) for one in branch]
    return {_stored(name): bounded(one, depth + 1, opens_texts) for name, one in branch.items()}


def opened(text: str) -> Any:
    """The JSON that a program has put into a text, such as `{"a": 1}` or `["x"]`; None for what is a text."""
    if not _MADE.match(text) or text.rstrip()[-1:] not in ("}", "]"):
        return None
    try:
        return lenient_json.decode(text, _of_members)
    except ValueError:
        return None


def _flat(branch: Any) -> Tree:
    """The leaves below, each under its own name, in their order."""
    found: Tree = {}
    waiting: list[tuple[str, Any]] = [(OWN, branch)]
    while waiting:
        name, one = waiting.pop()
        if isinstance(one, dict):
            waiting += reversed(one.items())
        elif isinstance(one, list):
            waiting += [(name, inner) for inner in reversed(one)]
        else:
            add(found, _stored(name), _stored(one) if isinstance(one, str) else one)
    return found


def _stored(text: str) -> str:
    """Without zeros and halves of letters, which neither PostgreSQL nor JSON can hold; each leaves a sign."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-8", "replace").decode()
    return text.replace("\0", form_pairs.NO_NULL) if "\0" in text else text


def shape(tree: Tree) -> str:
    """Its names without any value, for whoever has to find out what was sent."""
    found: list[str] = []
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting and len(found) < _MOST_NAMES:
        place, branch = waiting.pop()
        if isinstance(branch, list):
            branch = {str(number): one for number, one in enumerate(branch[:_MOST_NAMES])}
        if isinstance(branch, dict) and branch:
            inner = [(f"{place}[{name}]" if place else str(name), one) for name, one in branch.items()]
            waiting += reversed(inner[:_MOST_NAMES])
        else:
            found.append(_CONTROL.sub("?", place[:80]))
    return ", ".join(found)[:1000] + (", …" if waiting else "")
