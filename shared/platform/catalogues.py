"""Catalogues of translations as gettext's `.po` files, read as they are: nothing has to be compiled.

`python -m cli texts` writes and checks them (see CONTRIBUTING.md).
"""

import gettext
import re
from functools import cache
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).with_name("translations")

LINE: Final = re.compile(r'(?:(msgid|msgid_plural|msgstr)(?:\[(\d)\])?\s+)?"((?:[^"\\]|\\.)*)"\s*')
_ESCAPED: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class _PoTranslations(gettext.GNUTranslations):
    """Python's own, from the text that `.mo` files are compiled from."""

    def _parse(self, fp: Any) -> None:
        self._charset = "UTF-8"
        self._catalog: dict[Any, str] = {}
        self.plural = gettext.c2py("n != 1")
        entry: dict[str, str] = {}
        part, is_fuzzy, was_fuzzy = "", False, False
        for line in fp.read().decode().splitlines():
            if line.startswith("#,"):
                is_fuzzy = "fuzzy" in line
            found = LINE.fullmatch(line) if line[:1] in ('"', "m") else None
            if found is None:
                continue
            keyword, index, text = found.groups()
            if keyword == "msgid":
                self._take(entry, was_fuzzy)
                entry, was_fuzzy, is_fuzzy = {}, is_fuzzy, False
            if keyword:
                part = keyword if index is None else f"{keyword}{index}"
                entry[part] = ""
            entry[part] = entry.get(part, "") + _unescaped(text)
        self._take(entry, was_fuzzy)

    def _take(self, entry: dict[str, str], is_fuzzy: bool) -> None:
        key = entry.get("msgid", "")
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
