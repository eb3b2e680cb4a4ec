"""Text of a formula -> its tree. What stands where is all that is looked at here; :mod:`.checker` says what it means.

formula    = or
or         = and { "or" and }
and        = not { "and" not }
not        = "not" not | comparison
comparison = sum [ ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) sum | "in" "(" text { "," text } ")" ]
sum        = product { ( "+" | "-" ) product }
product    = sign { ( "*" | "/" ) sign }
sign       = "-" sign | atom
atom       = number [ unit | "%" ] | text | name [ "(" formula { "," formula } ")" ] | "(" formula ")"
"""

import re
from typing import Any, Final

from features.calculations.formulas.units import UNITS
from shared.platform.messages import Message, english, say

LONGEST: Final = 500  # characters
_DEEPEST: Final = 40

# A node is its name and what belongs to it: ("+", left, right), ("name", "width"), ("call", "min", [...]).
Node = tuple[Any, ...]

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,12}(?:\.[0-9]{1,6})?)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>\"[^\"\n]*\"|'[^'\n]*')|(?P<sign><=|>=|!=|<>|[-+*/()=,<>%×÷≤≥≠·−]))"
)
_SAME: Final = {"×": "*", "·": "*", "÷": "/", "−": "-", "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!="}
_WORDS: Final = ("and", "or", "not", "in")


class FormulaError(Exception):
    """What is wrong with a formula, for whoever wrote it."""

    def __init__(self, detail: Message) -> None:
        super().__init__(english(detail))
        self.detail = detail


def parsed(text: str) -> Node:
    """Raises :class:`FormulaError`."""
    if len(text) > LONGEST:
        raise FormulaError(say("is longer than {most} characters", most=LONGEST))
    parser = _Parser(_tokens(text))
    tree = parser.formula()
    parser.end()
    return tree


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise FormulaError(say("nobody knows what {text} means here", text=text[at:].strip()[:20]))
        kind, value = match.lastgroup or "", match[match.lastgroup or 0]
        if kind == "name" and value.lower() in _WORDS:
            kind, value = "sign", value.lower()
        found.append((kind, _SAME.get(value, value)))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def formula(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise FormulaError(say("has too many brackets in brackets"))
        tree = self._chain(self._and, ("or",))
        self._depth -= 1
        return tree

    def end(self) -> None:
        if self._at < len(self._tokens):
            raise FormulaError(say("nobody knows what {text} means here", text=self._tokens[self._at][1][:20]))

    def _and(self) -> Node:
        return self._chain(self._not, ("and",))

    def _not(self) -> Node:
        turned = 0
        while self._take("not"):
            turned += 1
        tree = self._comparison()
        return ("not", tree) if turned % 2 else tree

    def _comparison(self) -> Node:
        left = self._sum()
        sign = self._take("=", "!=", "<", "<=", ">", ">=", "in")
        if sign is None:
            return left
        if sign != "in":
            return (sign, left, self._sum())
        self._expect("(")
        texts = [self._text()]
        while self._take(","):
            texts.append(self._text())
        self._expect(")")
        return ("in", left, texts)

    def _sum(self) -> Node:
        return self._chain(self._product, ("+", "-"))

    def _product(self) -> Node:
        return self._chain(self._sign, ("*", "/"))

    def _sign(self) -> Node:
        turned = 0
        while self._take("-"):
            turned += 1
        tree = self._atom()
        return ("negative", tree) if turned % 2 else tree

    def _atom(self) -> Node:
        if self._take("("):
            tree = self.formula()
            self._expect(")")
            return tree
        kind, value = self._next()
        if kind == "number":
            return ("number", value, self._unit())
        if kind == "text":
            return ("text", value[1:-1])
        if kind == "name":
            return self._call(value) if self._take("(") else ("name", value)
        raise self._unexpected(value)

    def _call(self, name: str) -> Node:
        arguments = []
        if not self._take(")"):
            arguments.append(self.formula())
            while self._take(","):
                arguments.append(self.formula())
            self._expect(")")
        return ("call", name.lower(), arguments)

    def _unit(self) -> str | None:
        if self._take("%"):
            return "%"
        if self._at < len(self._tokens):
            kind, value = self._tokens[self._at]
            if kind == "name" and value in UNITS:
                self._at += 1
                return value
        return None

    def _text(self) -> str:
        kind, value = self._next()
        if kind != "text":
            raise self._unexpected(value)
        return value[1:-1]

    def _chain(self, part: Any, signs: tuple[str, ...]) -> Node:
        tree: Node = part()
        while sign := self._take(*signs):
            tree = (sign, tree, part())
        return tree

    def _take(self, *signs: str) -> str | None:
        if self._at < len(self._tokens):
            kind, value = self._tokens[self._at]
            if kind == "sign" and value in signs:
                self._at += 1
                return value
        return None

    def _expect(self, sign: str) -> None:
        if self._take(sign) is None:
            raise (
                self._unexpected(self._tokens[self._at][1])
                if self._at < len(self._tokens)
                else FormulaError(say("{sign} is missing at the end", sign=sign))
            )

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise FormulaError(say("ends where a field or a number should follow"))
        self._at += 1
        return self._tokens[self._at - 1]

    @staticmethod
    def _unexpected(value: str) -> FormulaError:
        return FormulaError(say("nobody knows what {text} means here", text=value[:20]))
