"""Texts of pages, `web/i18n/`: `en.json`, key -> English, is written by hand; the others are made from the catalogues.

A text that several keys have, or a sentence of the server, is translated once. Where a language needs another word for
one of the keys, its catalogue has an entry of its own with that key as `msgctxt`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message

FOLDER: Final = Path(__file__).resolve().parents[1] / "web" / "i18n"
# Unicode's categories of whole numbers, in the order of gettext's forms. Fractions are counted as a few in Slavic ones.
_SLAVIC: Final = {"ru": ("one", "few", "many"), "uk": ("one", "few", "many")}
_USUAL: Final = ("one", "other")


def categories(language: str) -> tuple[str, ...]:
    return _SLAVIC.get(language, _USUAL)


def english(folder: Path = FOLDER) -> dict[str, Any]:
    """Key -> text; of one that counts `{one, other}`."""
    found: dict[str, Any] = json.loads((folder / "en.json").read_text(encoding="utf-8"))
    return found


def as_message(text: Any) -> tuple[str, str]:
    """gettext's msgid and msgid_plural; the second is empty where the text does not count."""
    return (text, "") if isinstance(text, str) else (text["one"], text["other"])


def made(language: str, catalogue: Catalog, folder: Path = FOLDER) -> str:
    """`<language>.json`; what is not translated stays English."""
    texts = {key: _translated(key, text, language, catalogue) for key, text in english(folder).items()}
    return json.dumps(texts, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _translated(key: str, text: Any, language: str, catalogue: Catalog) -> Any:
    one, many = as_message(text)
    found = catalogue.get(one, key) or catalogue.get(one)
    if found is None or not found.string or found.fuzzy:
        return text
    if not many:
        return found.string if isinstance(found.string, str) else text
    if isinstance(found.string, str) or not all(found.string):
        return text
    forms = dict(zip(categories(language), found.string, strict=True))
    return {"other": forms["few"], **forms} if "few" in forms else forms


def own_entries(known: Catalog, folder: Path = FOLDER) -> Iterator[Message]:
    """Those for one key, which still has that text, and in other words than the rest."""
    texts = english(folder)
    for message in known:
        usual = known.get(message.id if isinstance(message.id, str) else message.id[0])
        if message.context is not None and is_for(message, texts) and (usual is None or usual.string != message.string):
            yield message


def is_for(message: Message, texts: Mapping[str, Any]) -> bool:
    ids = (message.id, "") if isinstance(message.id, str) else tuple(message.id)
    return as_message(texts.get(message.context or "", "")) == ids


def brought(language: str, sentence: str, known: Catalog, folder: Path = FOLDER) -> str | tuple[str, ...]:
    """Of a new text the translation that its page's file has already, and no other text has; else nothing."""
    file = folder / f"{language}.json"
    there = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    taken = {one.string if isinstance(one.string, str) else tuple(one.string or ()) for one in known}
    for key, text in english(folder).items():
        if as_message(text)[0] != sentence or not there.get(key) or there[key] == text:
            continue
        if isinstance(there[key], str) != isinstance(text, str):  # it counts now, and its file is still the one before
            continue
        names = categories(language)
        found = there[key] if isinstance(text, str) else tuple(there[key].get(name, "") for name in names)
        if isinstance(found, str | tuple) and found not in taken:
            return found
    return ""
