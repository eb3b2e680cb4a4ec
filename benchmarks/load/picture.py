"""A night as an SVG: answers by kind, deliveries that wait, and what happened when; it reads without colour."""

from html import escape
from typing import Any, Final

_WIDTH, _LEFT, _RIGHT = 900, 56, 16
_TOP, _HEIGHT, _GAP = 34, 150, 40
_KINDS: Final = (("200", "answered", "#3f9b6c"), ("429", "told to wait", "#e3b341"), ("5", "failed", "#c2413a"))


def drawn(
    did: list[dict[str, Any]], samples: list[dict[str, Any]], happened: list[dict[str, Any]], began: float, ended: float
) -> str:
    """`did`, `samples` and `happened` are what a town keeps; times are seconds of the clock."""
    seconds = max(1, int(ended - began) + 1)
    bins = max(1, seconds // 120)
    counts = {kind: [0.0] * (seconds // bins + 1) for kind, _, _ in _KINDS}
    for line in did:
        place = int(line["at"] - began) // bins
        if "ms" in line and 0 <= place < len(counts["200"]):
            status = str(line["status"])
            kind = "429" if status == "429" else "200" if status[0] in "24" else "5"
            counts[kind][place] += 1 / bins
    most = max((sum(counts[kind][place] for kind in counts) for place in range(len(counts["200"]))), default=1) or 1
    waiting = [
        (one["at"] - began, one["waiting"]) for one in samples if one["waiting"] is not None and one["at"] >= began
    ]
    deepest = max((count for _, count in waiting), default=1) or 1

    def x(second: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * second / seconds

    second_top = _TOP + _HEIGHT + _GAP
    height = second_top + _HEIGHT + 44
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, sans-serif" '
        'font-size="11" role="img" aria-label="Answers a second and deliveries that wait, over the night">',
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fff"/>',
    ]
    for index, one in enumerate(happened):
        left, right = x(one["begins"] - began), x(one["ends"] - began)
        lines.append(
            f'<rect x="{left:.1f}" y="{_TOP}" width="{max(2.0, right - left):.1f}" height="{2 * _HEIGHT + _GAP}" '
            'fill="#e8ecf2"/>'
        )
        lines.append(f'<text x="{left:.1f}" y="{14 + 12 * (index % 2)}">{escape(one["name"])}</text>')
    for place in range(len(counts["200"])):
        bottom = float(_TOP + _HEIGHT)
        for kind, _, colour in _KINDS:
            size = _HEIGHT * counts[kind][place] / most
            bottom -= size
            if size:
                lines.append(
                    f'<rect x="{x(place * bins):.1f}" y="{bottom:.1f}" width="{max(1.0, x(bins) - x(0) - 0.5):.1f}" '
                    f'height="{size:.1f}" fill="{colour}"/>'
                )
    points = " ".join(f"{x(at):.1f},{second_top + _HEIGHT - _HEIGHT * count / deepest:.1f}" for at, count in waiting)
    lines.append(f'<polyline points="{points}" fill="none" stroke="#1757c2" stroke-width="1.5"/>')
    for top, most_here, title in ((_TOP, most, "requests a second"), (second_top, deepest, "deliveries waiting")):
        lines.append(f'<path d="M{_LEFT} {top}V{top + _HEIGHT}H{_WIDTH - _RIGHT}" fill="none" stroke="#555"/>')
        lines.append(f'<text x="{_LEFT - 6}" y="{top + 9}" text-anchor="end">{most_here:.0f}</text>')
        lines.append(f'<text x="{_LEFT - 6}" y="{top + _HEIGHT}" text-anchor="end">0</text>')
        lines.append(f'<text x="{_LEFT + 4}" y="{top - 5 if top != _TOP else top + _HEIGHT + 14}">{title}</text>')
    left = _LEFT + 150
    for _, title, colour in _KINDS:
        lines.append(f'<rect x="{left}" y="{_TOP + _HEIGHT + 6}" width="10" height="10" fill="{colour}"/>')
        lines.append(f'<text x="{left + 14}" y="{_TOP + _HEIGHT + 15}">{title}</text>')
        left += 110
    for minute in range(0, seconds + 1, max(60, seconds // 600 * 60)):
        lines.append(f'<text x="{x(minute):.1f}" y="{height - 22}" text-anchor="middle">{minute // 60} min</text>')
    return "\n".join([*lines, "</svg>", ""])
