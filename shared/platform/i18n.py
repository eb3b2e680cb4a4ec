"""The words of pages and documents, in six languages: catalogues under `web/i18n/`, which the pages use too."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

Language = Literal["en", "ru", "uk", "uz", "es", "pt"]
LANGUAGES: Final = ("en", "ru", "uk", "uz", "es", "pt")
LANGUAGE_OF: Final = {"amocrm": "ru", "kommo": "en"}  # what most people of the platform speak
_SPOKEN_IN: Final = {
    "es": "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE",
    "pt": "AO BR CV GW MZ PT ST TL",
    "ru": "BY KG KZ RU",
    "uk": "UA",
    "uz": "UZ",
}

_FOLDER: Final = Path(__file__).resolve().parents[2] / "web" / "i18n"


def catalogue(language: str) -> dict[str, Any]:
    """Key -> text, with `{names}` to be filled in. Texts of the pages that count are `{one, few, many, other}`."""
    return _read(language)


@cache
def _read(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


def home_language(account_domain: str | None) -> str:
    """Where nobody says what they speak: Russian at amoCRM, English at Kommo and where no account is known. What has an
    address at amocrm.com is Kommo's (see hosts.redirect)."""
    return LANGUAGE_OF["amocrm" if (account_domain or "").endswith(".amocrm.ru") else "kommo"]


def language_of(accept_language: str | None, chosen: str | None = None, account_domain: str | None = None) -> str:
    """What was chosen, else the browser's first language that we speak, else the account's."""
    wanted = [chosen or ""]
    for part in (accept_language or "").split(",")[:10]:
        wanted.append(part.split(";")[0].strip().lower()[:2])
    return next((language for language in wanted if language in LANGUAGES), home_language(account_domain))


def document_language(settings: Mapping[str, Any], account_domain: str) -> str:
    """Of notes and quotations: as the integration's settings say, else the account's; at Kommo by its country, whose
    people and their customers speak no English to each other."""
    chosen, home = str(settings.get("language")), home_language(account_domain)
    if chosen in LANGUAGES:
        return chosen
    if home == LANGUAGE_OF["amocrm"]:
        return home
    country = str(settings.get("account_country") or "").upper()
    return next((language for language, countries in _SPOKEN_IN.items() if country in countries.split()), home)


def words(language: str, family: str) -> dict[str, str]:
    """The texts of one family, by what follows it: `document.note` has `document.note.total` as `total`."""
    start = f"{family}."
    return {key.removeprefix(start): text for key, text in catalogue(language).items() if key.startswith(start)}
