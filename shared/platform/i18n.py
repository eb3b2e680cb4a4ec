"""The interface's words, in four languages: the same catalogues that the pages use (`web/i18n/`)."""

import json
from functools import cache
from pathlib import Path
from typing import Final

LANGUAGES: Final = ("ru", "en", "uk", "uz")

_FOLDER: Final = Path(__file__).resolve().parents[2] / "web" / "i18n"


@cache
def catalogue(language: str) -> dict[str, str]:
    """Key -> text, with `{names}` to be filled in."""
    found: dict[str, str] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def language_of(accept_language: str | None, chosen: str | None = None) -> str:
    """What was chosen, else the browser's first language that we speak, else the first of ours."""
    wanted = [chosen or ""]
    for part in (accept_language or "").split(",")[:10]:
        wanted.append(part.split(";")[0].strip().lower()[:2])
    return next((language for language in wanted if language in LANGUAGES), LANGUAGES[0])
