"""What other people's programs post, as a tree: JSON, or a form whose keys are nested in brackets (`a[b][0]=x`).

Which of the two it is, is seen from the body: what the header says is often something else.
"""

import codecs
import re
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

Tree = dict[str, Any]  # branches are dictionaries, in forms lists as well ("0", "1", …); leaves are text

OWN: Final = ""  # a form may give a key a value and members: `a=1&a[b]=2` is {"a": {"": "1", "b": "2"}}
_DEEPEST: Final = 20
_MOST_NAMES: Final = 40  # of a shape
# Python's own codecs, which may take seconds, refuse, or make what is no letter.
_NO_CHARSETS: Final = frozenset({"idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape", "utf-7"})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


class UnreadableError(ValueError):
    """Neither an object of JSON nor a form."""


def read(body: bytes, charset: str = "utf-8") -> Tree:
    """The tree. Of a key that comes twice the first value counts; below the twentieth level names stay in one piece.

    `charset`: as the header has it; what is not of it is replaced. The caller bounds the bytes.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    if body.lstrip()[:1] in (b"{", b"["):
        try:
            document = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            raise UnreadableError from None
        if not isinstance(document, dict):
            raise UnreadableError
        return document
    text = body.decode(charset if _is_charset(charset) else "utf-8", "replace")
    if "=" not in text:  # all of it would be a name
        raise UnreadableError
    tree: Tree = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        _put(tree, _names(key), value)
    if not tree:
        raise UnreadableError
    return tree


def _is_charset(name: str) -> bool:
    try:
        "".encode(name)  # knows no codec that is not of text
        return codecs.lookup(name).name not in _NO_CHARSETS
    except (LookupError, UnicodeError):
        return False


def _names(key: str) -> list[str]:
    first, bracket, rest = key.partition("[")
    if not bracket or not rest.endswith("]"):
        return [key]
    return [first, *rest[:-1].split("][", _DEEPEST)]


def _put(tree: Tree, names: list[str], value: str) -> None:
    for name in names[:-1]:
        inner = tree.setdefault(name, {})
        if not isinstance(inner, dict):
            inner = tree[name] = {OWN: inner}
        tree = inner
    last = tree.setdefault(names[-1], value)
    if isinstance(last, dict):
        last.setdefault(OWN, value)


def shape(tree: Tree) -> str:
    """Its names without any value, for whoever has to find out what was sent."""
    found: list[str] = []
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting and len(found) < _MOST_NAMES:
        place, branch = waiting.pop()
        if isinstance(branch, dict) and branch:
            inner = [(f"{place}[{name}]" if place else str(name), one) for name, one in branch.items()]
            waiting += reversed(inner[:_MOST_NAMES])
        else:
            found.append(_CONTROL.sub("?", place[:80]))
    return ", ".join(found)[:1000] + (", …" if waiting else "")
