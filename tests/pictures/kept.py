"""The pictures in `docs/pictures/LANGUAGE/`, and `shown.json` beside them: what was read on each when it was taken."""

import io
import json
from collections.abc import Mapping
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Page

from tests.demo import ROOT
from tests.pictures.shots import Shot

FOLDER: Final = ROOT / "docs" / "pictures"
SHOWN: Final = "shown.json"
MOST_BYTES: Final = 120_000  # of one
MOST_TOGETHER: Final = 3_500_000

# What a page is made of, in words: what people enter or are told is left out by asking for words of the catalogue only.
_NAMES: Final = "nav a, h1, h2, h3, label, legend, summary, th, dt, button"
_TEXTS: Final = """(names) => {
  const found = new Set(), walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { parentElement: around, data } = walker.currentNode;
    if (data.trim() && around.closest(names) && around.checkVisibility()) found.add(data.trim());
  }
  return [...found];
}"""


def texts_of(language: str) -> frozenset[str]:
    """All that the pages can say in this language, but for what has gaps."""
    said: dict[str, Any] = json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    return frozenset(one for one in said.values() if isinstance(one, str) and "{" not in one)


def read(page: Page, language: str) -> list[str]:
    """The words of ours that name something on the page and in its frames, sorted."""
    ours = texts_of(language)
    return sorted({text for frame in page.frames for text in frame.evaluate(_TEXTS, _NAMES) if text in ours})


def take(page: Page, shot: Shot, language: str) -> int:
    """Its size in bytes."""
    # A window of the page's own height: what sticks to the window's end would else stand in the middle.
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": shot.width, "height": min(height, shot.tallest)})
    page.evaluate("scrollTo(0, 0)")
    shown = Image.open(io.BytesIO(page.screenshot(animations="disabled", caret="hide")))
    file = FOLDER / language / f"{shot.name}.webp"
    file.parent.mkdir(exist_ok=True)
    shown.convert("RGB").save(file, lossless=True, quality=50, method=3)
    return file.stat().st_size


def shown(language: str) -> dict[str, list[str]]:
    """`{name: words}`."""
    file = FOLDER / language / SHOWN
    found: dict[str, list[str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def keep(language: str, words: Mapping[str, list[str]]) -> None:
    """A line for each picture."""
    lines = [f" {json.dumps(name)}: {json.dumps(words[name], ensure_ascii=False)}" for name in sorted(words)]
    (FOLDER / language / SHOWN).write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
