"""A lost database as an SVG: how long it took, what was lost, and who was cut off; it reads without colour."""

from collections.abc import Sequence
from html import escape
from typing import Any, Final

_WIDTH, _LEFT, _RIGHT, _ROW, _BAR = 900, 250, 30, 46, 18
_COLOURS: Final = ("#1757c2", "#3f9b6c", "#e3b341", "#8a94a6", "#7d5fb2")
_GOOD, _TOLD, _BAD = "#3f9b6c", "#e3b341", "#c2413a"

Part = tuple[str, float, str]  # what it is called, how much, its colour


def drawn(found: dict[str, Any]) -> str:
    """`found`: what `disaster.play` returns."""
    took, rpo = dict(found["rto_s"]), found["rpo"]
    whole = took.pop("whole")
    stages: list[Part] = [(name, took[name], _COLOURS[place % len(_COLOURS)]) for place, name in enumerate(took)]
    repeated, there, lost = rpo["repeated"], rpo["forgotten_and_in_their_deals"], rpo["lost"]
    written: list[Part] = [("repeated, there once", repeated, _GOOD)]
    written += [("in amoCRM only", there, _TOLD), ("lost", lost, _BAD)]
    titled = f"writes in the {rpo['hours']:g} h since"
    rows: list[tuple[str, Sequence[Part], str]] = [
        (f"{found['accounts']} accounts back in {whole:.1f} s", stages, " s"),
        (f"{rpo['in_the_backup']} writes before the backup", [("there once", rpo["in_the_backup"], _GOOD)], ""),
        (f"{repeated + there + lost} {titled}", written, ""),
    ]
    for name, one in found["scenes"].items():
        told = one["cut_off"] - one["silent"]
        parts: list[Part] = [("connected", one["connected"], _GOOD), ("cut off and told", told, _TOLD)]
        rows.append((name, [*parts, ("cut off in silence", one["silent"], _BAD)], ""))
    height = 20 + _ROW * len(rows)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, sans-serif" '
        'font-size="11" role="img" aria-label="How long a restore took, what was lost, and who was cut off">',
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fff"/>',
    ]
    for place, (title, bar, unit) in enumerate(rows):
        lines += _row(16 + place * _ROW, title, [one for one in bar if one[1]], unit)
    return "\n".join([*lines, "</svg>", ""])


def _row(top: int, title: str, parts: Sequence[Part], unit: str) -> list[str]:
    """A bar of its parts, and below it what they are: names never stand on each other, however small a part is."""
    lines = [f'<text x="{_LEFT - 12}" y="{top + 13}" font-size="12" text-anchor="end">{escape(title)}</text>']
    scale = (_WIDTH - _LEFT - _RIGHT) / (sum(amount for _, amount, _ in parts) or 1)
    left, named = float(_LEFT), float(_LEFT)
    for name, amount, colour in parts:
        width = amount * scale
        lines.append(f'<rect x="{left:.1f}" y="{top}" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>')
        left += width
        text = f"{name}: {amount:.1f}{unit}" if unit else f"{name}: {amount:g}"
        lines.append(f'<rect x="{named:.1f}" y="{top + _BAR + 5}" width="9" height="9" fill="{colour}"/>')
        lines.append(f'<text x="{named + 13:.1f}" y="{top + _BAR + 13}" font-size="10">{escape(text)}</text>')
        named += 24 + 5.4 * len(text)
    return lines
