"""Catalogues of translations as gettext's `.po` files, read as they are: nothing has to be compiled.

`python -m cli texts` writes and checks them (see CONTRIBUTING.md).
"""

import gettext
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).with_name("translations")

LINE: Final = re.compile(r'(?:(msgctxt|msgid|msgid_plural|msgstr)(?:\[(\d)\])?\s+)?"((?:[^"\\]|\\.)*)"\s*')
# Most entries, read at once: the first reader of an instance waits for it.
_TEXT: Final = r'"([^"\\\n]*(?:\\.[^"\\\n]*)*)"'
_PLAIN: Final = re.compile(rf"(?:#(?!,.*fuzzy)[^\n]*\n)*msgid {_TEXT}\nmsgstr {_TEXT}\n?")
_ESCAPED: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class _PoTranslations(gettext.GNUTranslations):
    """Python's own, from the text that `.mo` files are compiled from."""

    def _parse(self, fp: Any) -> None:
        self._charset = "UTF-8"
        self._catalog: dict[Any, str] = {}
        self.plural = gettext.c2py("n != 1")
        others: list[str] = []
        for block in fp.read().decode().split("\n\n"):
            plain = _PLAIN.fullmatch(block)
            if plain is None or not (plain[1] and plain[2]):
                others.append(block)
            else:
                self._catalog[_unescaped(plain[1])] = _unescaped(plain[2])
        self._read("\n\n".join(others).splitlines())

    def _read(self, lines: list[str]) -> None:
        entry: dict[str, str] = {}
        part, is_fuzzy, was_fuzzy = "", False, False
        for line in lines:
            if line.startswith("#,"):
                is_fuzzy = "fuzzy" in line
            found = LINE.fullmatch(line) if line[:1] in ('"', "m") else None
            if found is None:
                continue
            keyword, index, text = found.groups()
            if keyword == "msgctxt" or (keyword == "msgid" and entry.keys() != {"msgctxt"}):
                self._take(entry, was_fuzzy)
                entry, was_fuzzy, is_fuzzy = {}, is_fuzzy, False
            if keyword:
                part = keyword if index is None else f"{keyword}{index}"
                entry[part] = ""
            entry[part] = entry.get(part, "") + _unescaped(text)
        self._take(entry, was_fuzzy)

    def _take(self, entry: dict[str, str], is_fuzzy: bool) -> None:
        key = entry.get("msgid", "")
        if "msgctxt" in entry:
            return  # of the pages, see cli/page_texts.py
        if not key:
            rule = re.search(r"Plural-Forms:.*plural=([^;\n]+)", entry.get("msgstr", ""))
            self.plural = gettext.c2py(rule[1]) if rule else self.plural
        elif not is_fuzzy and entry.get("msgstr"):
            self._catalog[key] = entry["msgstr"]
        elif not is_fuzzy:
            for part, text in entry.items():
                if part.startswith("msgstr") and text:
                    self._catalog[key, int(part.removeprefix("msgstr"))] = text


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda one: _ESCAPES.get(one[1], one[1]), text) if "\\" in text else text


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Raises OSError where there is none."""
    with (FOLDER / f"{language}.po").open("rb") as file:
        return _PoTranslations(file)
