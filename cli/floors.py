"""`floors`: the picture of the rooms in docs/tour.md and docs/tour.ru.md, from the contracts of `make check`."""

import ast
import tomllib
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
FILES: Final = (ROOT / "docs" / "tour.md", ROOT / "docs" / "tour.ru.md")
_BEGIN: Final = "<!-- floors: python -m cli floors -->\n"
_END: Final = "<!-- end of floors -->\n"


def layers(root: Path = ROOT) -> list[list[str]]:
    """The rooms of each floor, the upper floors first."""
    settings: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    floors: list[str] = next(one["layers"] for one in contracts if one["type"] == "layers")
    return [[room.strip(" ()") for room in floor.split("|")] for floor in floors]  # (…): a room that can be removed


def picture(root: Path = ROOT) -> str:
    """A table, a row for each floor: what a room is for is its own docstring's first sentence."""
    lines = ["| floor | rooms |", "|---|---|"]
    floors = layers(root)
    for number, rooms in zip(range(len(floors) - 1, -1, -1), floors, strict=True):
        lines.append(f"| {number} | {'<br>'.join(_told(root, room) for room in rooms)} |")
    return "\n".join(lines) + "\n"


def written(text: str, root: Path = ROOT) -> str:
    """The document with the picture in its place."""
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    if not begin or not end:
        raise ValueError("The document has no place for the picture.")
    return f"{before}{begin}{picture(root)}{end}{after}"


def _told(root: Path, room: str) -> str:
    folder = root / room.replace(".", "/")
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    purpose = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    path = f"{room.replace('.', '/')}{'/' if folder.is_dir() else '.py'}"
    return f"[`{path}`](../{path}) {purpose}"
