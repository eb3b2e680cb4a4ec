"""A widget type of one's own: a folder of `widgets/`, which the demo, the archives and the panel have from then on."""

import json
import re
from pathlib import Path
from typing import Any, Final, Literal

import click

from shared.platform import widgets

Page = Literal["calculator", "own", "react"]

_TEMPLATES: Final = Path(__file__).with_name("templates") / "widget"
_TAKEN: Final = frozenset({"site"})  # connections of sites, which have no widget
_ICON: Final = 256


class NewWidgetError(click.ClickException):
    """The name cannot be one, or is taken."""


def make(name: str, page: Page, title: str, colour: str, folder: Path = widgets.FOLDER) -> list[Path]:
    """The files that were made. Raises :class:`NewWidgetError`; nothing that is there is touched."""
    if not re.fullmatch(widgets.NAME, name):
        raise NewWidgetError("A name begins with a letter, and has at most 32 of a-z, 0-9, - and _.")
    own = folder / name
    if own.exists() or name in _TAKEN:
        raise NewWidgetError(f"There is a widget {name} already.")
    if not re.fullmatch("#[0-9a-f]{6}", colour):
        raise NewWidgetError("A colour is written as in #1f6feb.")
    shown = title.strip() or name
    template = _TEMPLATES / page
    made = []
    for source in sorted(one for one in template.rglob("*") if one.is_file() and "__pycache__" not in one.parts):
        place = source.relative_to(template)
        target = own / (
            place.with_name(f"test_{name.replace('-', '_')}.py") if place.name == "test_widget.py" else place
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled(source, name, shown), encoding="utf-8")
        made.append(target)
    facts: dict[str, Any] = {"name": {"en": shown, "ru": shown}, "colour": colour}
    facts["page"] = "calculator" if page == "calculator" else "own"
    facts["documents"] = {
        "en": {"heading": shown, "note_heading": shown},
        "ru": {"heading": shown, "note_heading": shown},
    }
    (own / "widget.json").write_text(json.dumps(facts, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    # Pillow's own font has no other letters.
    _draw(own / "icon.png", (shown if shown[0].isascii() else name)[0].upper(), colour)
    return [*made, own / "widget.json", own / "icon.png"]


def _filled(source: Path, name: str, title: str) -> str:
    """The title stands in JSON, in HTML and nowhere else."""
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".json":
        shown = json.dumps(title, ensure_ascii=False)[1:-1]
    else:
        shown = title.replace("&", "&amp;").replace("<", "&lt;")
    return text.replace("{{NAME}}", name).replace("{{TITLE}}", shown)


def _draw(file: Path, letter: str, colour: str) -> None:
    """A letter on the colour, until somebody draws a better one."""
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (_ICON, _ICON), colour)
    font = ImageFont.load_default(_ICON * 0.6)
    ImageDraw.Draw(image).text((_ICON / 2, _ICON / 2), letter, fill="white", font=font, anchor="mm")
    image.save(file, "PNG", optimize=True)
