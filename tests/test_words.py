"""No text of the interface outside the catalogues, and all of them say the same."""

import json
import re
from pathlib import Path

import pytest

from cli.widget import PLATFORMS
from functions.oauth_callback import texts
from shared.platform.i18n import LANGUAGES, catalogue
from tests.demo import ROOT

WEB = ROOT / "web"
SCRIPTS = [file for file in WEB.rglob("*.js") if "archive" not in file.parts]
_CYRILLIC = re.compile("[а-яёіїєґА-ЯЁІЇЄҐ]{2,}")


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_the_catalogues_have_the_same_keys_and_placeholders(language: str) -> None:
    first, other = catalogue(LANGUAGES[0]), catalogue(language)
    assert set(first) == set(other)
    for key in first:
        wanted = {tuple(sorted(re.findall(r"\{\w+\}", text))) for text in _forms(first[key])}
        for text in _forms(other[key]):
            assert text.strip() or key.endswith("closing"), key
            assert {tuple(sorted(re.findall(r"\{\w+\}", text)))} == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_that_count_have_every_form_of_the_language(language: str) -> None:
    """The categories of Unicode's plural rules for whole numbers (a million has one of its own in Spanish and
    Portuguese, which no page counts), and what else a browser may choose: another is `other`."""
    forms = {"ru": "one few many other", "uk": "one few many other"}
    wanted = set(forms.get(language, "one other").split())
    counting = {key: text for key, text in catalogue(language).items() if isinstance(text, dict)}
    assert counting
    assert all(set(text) == wanted for text in counting.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_its_own_script(language: str) -> None:
    for key, text in catalogue(language).items():
        for form in _forms(text):
            is_cyrillic = bool(_CYRILLIC.search(form))
            assert not is_cyrillic or language in ("ru", "uk"), (key, form)
    if language in ("ru", "uk"):
        latin = [key for key, text in catalogue(language).items() if not any(map(_CYRILLIC.search, _forms(text)))]
        assert len(latin) < 20, latin  # names, units, and the number sign


def _forms(text: object) -> list[str]:
    return list(text.values()) if isinstance(text, dict) else [str(text)]


def test_the_widgets_own_catalogues_have_the_same_keys() -> None:
    files = sorted((WEB / "widget" / "archive" / "i18n").glob("*.json"))
    assert {file.stem for file in files} == set().union(*PLATFORMS.values())
    shapes = []
    for file in files:
        words = json.loads(file.read_text())
        shapes.append({part: sorted(inner) for part, inner in words.items()})
    assert all(shape == shapes[0] for shape in shapes)


@pytest.mark.parametrize("file", [*SCRIPTS, *WEB.rglob("*.html")], ids=lambda file: str(file.relative_to(WEB)))
def test_pages_hold_no_words_of_their_own(file: Path) -> None:
    text = re.sub(r"//.*", "", file.read_text())
    # Besides: the names of languages, and what is said where no catalogue comes (as the catalogues have it).
    known = [catalogue(language)[key] for language in ("ru", "uk") for key in ("server.silent", "again", "browser.old")]
    for one in ("Русский", "Українська", *(map(str, known) if file.name == "unanswered.js" else ())):
        text = text.replace(one, "")
    assert not _CYRILLIC.findall(text)


def test_38_what_is_advised_agrees_with_how_many_there_are() -> None:
    """One delivery has failed: "amoCRM refuses it", and not "them"."""
    english = catalogue("en")
    advised = {key: text for key, text in english.items() if key.startswith("overview.advice_")}
    of_many = re.compile(r"\b(They|them|these|their|ones)\b")
    advised.pop("overview.advice_keys_without_person")  # forms are many, whatever the number of sites
    assert not [key for key, text in advised.items() if of_many.search(text if isinstance(text, str) else text["one"])]
    counting = [key for key, text in advised.items() if not isinstance(text, str)]
    assert [key for key in counting if catalogue("ru")[key]["one"] == catalogue("ru")[key]["many"]] == []
    assert "t(`overview.advice_${code}`, { count })" in (WEB / "admin" / "overview.js").read_text()


def test_every_word_that_is_used_is_there_and_every_one_there_is_used() -> None:
    known = set(catalogue(LANGUAGES[0]))
    sources = "\n".join(file.read_text() for file in [*SCRIPTS, *WEB.rglob("*.html")])
    used = set(
        re.findall(
            r"""(?:\bt\(|labelled\(|check\(|button\(|act\(|destination\([^"]*|rows\([^"]*)\s*"([a-z_.0-9]+)\"""",
            sources,
        )
    )
    used |= set(re.findall(r'data-t(?:-placeholder|-label)?="([a-z_.]+)"', sources))
    assert {key for key in used if "." in key or key in known} <= known, used - known
    families = {match.replace("${", "") for match in re.findall(r"`([a-z_]+\.[a-z_]*)\$\{", sources)}
    families |= {"callback.", "form.", "event.", "settings.", "document."}
    unused = {key for key in known - used if not any(key.startswith(family) for family in families)}
    plain = {key for key in unused if f'"{key}"' not in sources}
    assert not plain


def test_every_failure_of_the_callback_has_its_words() -> None:
    for language in LANGUAGES:
        for code in texts.FAILURES:
            assert all(texts.failure(code, language))
        assert "{host}" in texts.success(language).line
