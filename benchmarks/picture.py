"""`make bench-picture`: measures starts, a read and a save, and draws them beside what they are measured against."""

from html import escape
from pathlib import Path

from benchmarks import read, save, start
from tests.demo import ROOT

_FILE = ROOT / "docs" / "pictures" / "benchmarks.svg"
_WIDTH, _LEFT, _ROW = 720, 190, 44

# A title, our figure, what it is measured against, that figure; milliseconds.
Row = tuple[str, float, str, float]


def rows() -> list[Row]:
    starts = start.measure(11)["functions"]
    reads, full = read.measure(60, 0.04), save.measure(12, 0.04)
    found: list[Row] = [
        (f"cold start, {name}", one["function_ms"], "its libraries", one["libraries_ms"])
        for name, one in starts.items()
    ]
    found.append(("get_lead, warm, p50", reads["get_lead_ms"]["p50"], "bare httpx", reads["bare_httpx_ms"]["p50"]))
    found.append(("a whole calculation", full["save_ms"], "its longest chain of calls", full["longest_chain_ms"]))
    return found


def drawn(found: list[Row]) -> str:
    """An SVG that reads in light and dark."""
    scale = (_WIDTH - _LEFT - 150) / max(max(ours, theirs) for _, ours, _, theirs in found)
    height = _ROW * len(found) + 20
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" font-family="system-ui, sans-serif">',
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#fff"/>',
    ]
    for index, (title, ours, against, theirs) in enumerate(found):
        top = 14 + index * _ROW
        lines.append(f'<text x="{_LEFT - 12}" y="{top + 19}" font-size="12" text-anchor="end">{escape(title)}</text>')
        for offset, value, colour, told in (
            (0, ours, "#1757c2", f"{ours:.0f} ms"),
            (15, theirs, "#a9b4c2", f"{theirs:.0f} ms, {against}"),
        ):
            width = value * scale
            lines.append(
                f'<rect x="{_LEFT}" y="{top + offset}" width="{width:.1f}" height="12" rx="2" fill="{colour}"/>'
            )
            lines.append(
                f'<text x="{_LEFT + width + 6:.1f}" y="{top + offset + 10}" font-size="10">{escape(told)}</text>'
            )
    return "\n".join([*lines, "</svg>", ""])


def main(file: Path = _FILE) -> None:
    file.write_text(drawn(rows()), encoding="utf-8")


if __name__ == "__main__":
    main()
