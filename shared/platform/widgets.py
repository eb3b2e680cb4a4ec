"""Widget types: a folder of `widgets/` each, with `widget.json`, and a calculator or a page of its own.

See docs/widgets.md.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from shared.platform.decoding import decode
from shared.platform.i18n import Language

FOLDER: Final = Path(__file__).resolve().parents[2] / "widgets"
NAME: Final = r"^[a-z][a-z0-9_-]{0,31}$"

Line = Annotated[str, Meta(min_length=1, max_length=200)]


class Documents(Struct, forbid_unknown_fields=True, frozen=True):
    """What notes and quotations say around the figures."""

    heading: str = ""
    note_heading: str = ""
    closing: str = ""


class Widget(Struct, forbid_unknown_fields=True, frozen=True):
    name: dict[Language, Line]  # in our own lists; a language that is not there takes another
    title: dict[Language, Line] = {}  # in amoCRM; else the name
    colour: Annotated[str, Meta(pattern="^#[0-9a-f]{6}$")] = "#1f6feb"  # of its images
    page: Literal["calculator", "own"] = "calculator"  # of the deal card; own: the folder `page`
    documents: dict[Language, Documents] = {}
    position: int = 100  # in lists, whose first one is chosen where nobody chooses


@cache
def types() -> Mapping[str, Widget]:
    """Type -> what its `widget.json` says, in the order of lists."""
    found = {file.parent.name: decode(file.read_bytes(), Widget) for file in FOLDER.glob("*/widget.json")}
    return dict(sorted(found.items(), key=lambda one: (one[1].position, one[0])))


def words(choices: Mapping[Language, str], language: str) -> str:
    """In the language, else in English, else in any; empty where there are none."""
    known: Mapping[str, str] = {str(code): text for code, text in choices.items()}
    return known.get(language) or known.get("en") or next(iter(known.values()), "")


def title(widget_type: str, language: str) -> str:
    """As amoCRM shows it; the type itself where its folder is not here."""
    widget = types().get(widget_type)
    return widget_type if widget is None else words(widget.title or widget.name, language)
