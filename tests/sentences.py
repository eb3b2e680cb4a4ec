"""What the code and the catalogues say, to be recognised where it does not belong."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, Final

from babel.messages.pofile import read_po

from shared.platform import i18n
from shared.platform.catalogues import FOLDER
from tests.demo import ROOT

# Of private use: no font has them, and nobody writes them.
OPENS, CLOSES = "\ue000", "\ue001"  # around what comes from a catalogue
VALUE, VALUE_ENDS = "\ue002", "\ue003"  # around a value in it

FEWEST: Final = 4  # words in a row that are no accident
_WORD: Final = re.compile(r"[^\W\d_]+(?:[’'ʼʻ`]+[^\W\d_]+)*")
_PUNCTUATION: Final = re.compile(r"[^\w’'ʼʻ`\s]|[\d_\n]")
_INSIDE: Final = re.compile(f"{OPENS}([^{OPENS}{CLOSES}]*){CLOSES}")
_VALUE: Final = re.compile(f"{VALUE}([^{VALUE}{VALUE_ENDS}]*){VALUE_ENDS}")
_TAKEN: Final = "\N{OBJECT REPLACEMENT CHARACTER}"

Words = tuple[str, ...]


def past_the_catalogues(texts: Iterable[str]) -> Iterator[str]:
    """What stands outside of the marks, or is a value, and is said by the code or a catalogue."""
    for text in texts:
        while inside := _INSIDE.search(text):
            for value in _VALUE.findall(inside[1]):
                yield from foreign(value, "")
                if value in _phrases():
                    yield value
            text = text[: inside.start()] + _TAKEN + text[inside.end() :]
        assert not set(text) & {OPENS, CLOSES}, text
        yield from foreign(text, "")


def foreign(text: str, language: str) -> Iterator[str]:
    """Each part of the text that is said in other languages than this one."""
    for words in _parts(text):
        for at in range(len(words) - FEWEST + 1):
            for said, languages in _said().get(words[at : at + FEWEST], {}).items():
                if words[at : at + len(said)] == said and language not in languages:
                    yield " ".join(said)


@cache
def _said() -> dict[Words, dict[Words, set[str]]]:
    """The words between two marks of punctuation and the languages that have them, by the first of the words."""
    found: dict[Words, dict[Words, set[str]]] = {}
    for language in i18n.LANGUAGES:
        for text in {*_of_catalogues(language), *(_of_the_code() if language == "en" else ())}:
            for words in _parts(text):
                found.setdefault(words[:FEWEST], {}).setdefault(words, set()).add(language)
    return found


def _of_catalogues(language: str) -> Iterator[str]:
    for page_text in i18n.catalogue(language).values():
        yield from page_text.values() if isinstance(page_text, dict) else (page_text,)
    if language != "en":
        with (FOLDER / f"{language}.po").open("rb") as file:
            for message in read_po(file):
                forms: Any = message.string
                yield from (forms,) if isinstance(forms, str) else forms


# Examples of what customers and companies write.
_EXAMPLES: Final = ("event_examples.py",)
_CYRILLIC: Final = re.compile("[а-яё]", re.IGNORECASE)


@cache
def _of_the_code() -> frozenset[str]:
    """Whatever is written there in English and is no docstring."""
    found: set[str] = set()
    for folder in ("shared", "features", "functions"):
        for file in (one for one in (ROOT / folder).rglob("*.py") if one.name not in _EXAMPLES):
            docs: set[int] = set()
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):  # a statement before what is in it
                if isinstance(node, ast.Expr):
                    docs.add(id(node.value))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                    found.add(node.value)
    return frozenset(text for text in found if not _CYRILLIC.search(text))


@cache
def _phrases() -> frozenset[str]:
    """Of two words and more, as a value is, with no name, path or figure in it."""
    return frozenset(text for text in _of_the_code() if re.fullmatch(r"[a-z’']+( [a-z’']+)+", text))


def _parts(text: str) -> Iterator[Words]:
    for part in _PUNCTUATION.split(re.sub(r"\{\w+\}", _TAKEN, text)):
        words = tuple(_WORD.findall(part.lower()))
        if len(words) >= FEWEST:
            yield words
