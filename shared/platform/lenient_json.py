"""JSON as people and templates write it: trailing commas, comments, line breaks within texts, any depth, a name twice.

Numbers stay texts as they were written, so that 4900.00 and a phone of eleven digits are what they were.
"""

import json
import re
from collections.abc import Callable
from typing import Any, Final

Pairs = list[tuple[str, Any]]
_SIGNS: Final = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)|(?P<text>"[^"\\]*(?:\\.[^"\\]*)*")|(?P<sign>[{}\[\],:])|(?P<word>[^\s{}\[\],:"/]+)""",
    re.DOTALL,
)
_MOST_OPEN: Final = 50_000  # brackets that are open at a time: no program nests so deep
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}


def decode(text: str, of_pairs: Callable[[Pairs], Any]) -> Any:
    """The document. `of_pairs` makes an object of its members, of which a name may come twice. Raises ValueError."""
    try:
        return json.loads(
            text, strict=False, object_pairs_hook=of_pairs, parse_int=str, parse_float=str, parse_constant=str
        )
    except (ValueError, RecursionError):
        return _decoded(text, of_pairs)


def _decoded(text: str, of_pairs: Callable[[Pairs], Any]) -> Any:
    """Without recursion: thousands of brackets are as good as any."""
    open_: list[tuple[bool, Pairs]] = [(False, [])]  # an object or not, and its members; a list's have no names
    names: list[str | None] = [None]
    end = 0
    for match in _SIGNS.finditer(text):
        if match.start() != end:
            break
        end = match.end()
        kind, sign = str(match.lastgroup), match.group()
        if kind == "space" or sign == ",":
            continue
        is_object, members = open_[-1]
        if sign in ("{", "["):
            if (is_object and names[-1] is None) or len(open_) > _MOST_OPEN:
                raise ValueError("a member without a name, or too many brackets")
            open_.append((sign == "{", []))
            names.append(None)
            continue
        if sign == ":":
            if not is_object or names[-1] is None:
                raise ValueError("a colon without a name")
            continue
        if sign in ("}", "]"):
            if len(open_) == 1 or is_object != (sign == "}") or names[-1] is not None:
                raise ValueError("a bracket that closes nothing")
            open_.pop()
            names.pop()
            value: Any = of_pairs(members) if is_object else [one for _, one in members]
            is_object, members = open_[-1]
        else:
            value = _text(sign) if kind == "text" else _WORDS.get(sign, sign)
            if is_object and names[-1] is None:
                names[-1] = str(value)
                continue
        members.append((names[-1] or "", value))
        names[-1] = None
    done = [one for _, one in open_[0][1]]
    if end != len(text) or len(open_) != 1 or len(done) != 1:
        raise ValueError("no document, or more than one")
    return done[0]


def _text(sign: str) -> str:
    try:
        return str(json.loads(sign, strict=False))
    except ValueError:  # an escape that is none, such as \' or \x
        return sign[1:-1]
