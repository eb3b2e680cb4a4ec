"""Row P4: the documents' pictures are those of today. What has grown old says which command takes it anew (38-8)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.chromium import launched
from tests.demo import ROOT, running
from tests.pictures import kept
from tests.pictures.scenes import SCENES
from tests.pictures.shots import SHOTS, walk
from tests.pictures.stage import Stage

_LANGUAGES: Final = tuple(SCENES)
_LINK: Final = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_TAKEN: Final = {f"{language}/{shot.name}" for language in _LANGUAGES for shot in SHOTS}


def _again(names: set[str]) -> str:
    return f'run make pictures ONLY="{" ".join(sorted(names))}"'


def _shown_in_documents() -> Iterator[tuple[str, Path, str]]:
    """The language of a page, and each picture that it shows, with its text."""
    for page in [*(ROOT / "docs").rglob("*.md"), ROOT / "README.md", ROOT / "README.ru.md"]:
        language = "ru" if page.name.endswith(".ru.md") else "en"
        for text, link in _LINK.findall(page.read_text(encoding="utf-8")):
            if not link.startswith("http"):
                yield language, (page.parent / link).resolve(), text


def test_38_8_each_picture_is_shown_in_its_language_and_none_is_missing() -> None:
    shown = set(_shown_in_documents())
    missing = {str(file) for _, file, _ in shown if not file.is_file()}
    assert not missing, f"pages show what is not there: {missing}; make pictures"
    files = {one for one in kept.FOLDER.rglob("*") if one.is_file() and one.name != kept.SHOWN}
    assert files == {file for _, file, _ in shown if kept.FOLDER in file.parents}, "each picture is on a page"
    of_pages = {f"{file.parent.name}/{file.stem}" for file in files if file.parent != kept.FOLDER}
    assert of_pages == _TAKEN | {f"{language}/film" for language in _LANGUAGES}
    foreign = {(language, file.name) for language, file, _ in shown if file.parent.name in SCENES.keys() - {language}}
    assert not foreign, "a page shows a picture of the other language"
    assert all(text for _, _, text in shown), "a picture without a text for those who do not see it"


def test_38_8_pictures_are_small() -> None:
    sizes = {str(one.relative_to(kept.FOLDER)): one.stat().st_size for one in kept.FOLDER.rglob("*") if one.is_file()}
    assert {name: size for name, size in sizes.items() if size > kept.MOST_BYTES} == {}
    assert sum(sizes.values()) <= kept.MOST_TOGETHER


@pytest.mark.parametrize("language", _LANGUAGES)
def test_38_8_what_pictures_say_is_what_pages_say(language: str) -> None:
    """In each language, without a browser: no heading, tab or label of a picture has another text by now."""
    texts = kept.texts_of(language)
    shown = kept.shown(language)
    old = {name: gone for name, words in shown.items() if (gone := [one for one in words if one not in texts])}
    assert not old, f"{_again(set(old))}: no page says any more {json.dumps(old, ensure_ascii=False)}"
    assert set(shown) == {shot.name for shot in SHOTS}


@pytest.mark.long
@pytest.mark.needs("chromium")
@pytest.mark.xdist_group("demo of pictures")
def test_38_8_no_page_has_other_headings_tabs_or_labels_than_its_picture() -> None:
    """One walk through all of them, in one language: which elements a page has is the same in the others."""
    language, old = "ru", {}
    with launched() as browser, running() as demo:
        for shot, page in walk(browser, Stage(demo, SCENES[language])):
            was, now = set(kept.shown(language)[shot.name]), set(kept.read(page, language))
            if was != now:
                old[shot.name] = {"gone": sorted(was - now), "new": sorted(now - was)}
    assert not old, f"{_again(set(old))}: {json.dumps(old, ensure_ascii=False)}"
