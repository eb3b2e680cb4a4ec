"""The PDF engine, and who has it.

It weighs as much as everything else together, three times. So on AWS, where a package may have 50 MB, one function
carries it and nothing else (`functions/render_quotation/`), and the others ask that one. On clouds that install
libraries themselves, and on one machine, it is here.

What is set in type is `quotation.typ` with its inputs. The same inputs and moment give the same bytes.
"""

import base64
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

# pdf: the document; png: its first page; letters: those of `inputs["letters"]` that no font has, as text
Kind = Literal["pdf", "png", "letters"]
Typeset = Callable[[dict[str, str], int, Kind], bytes]

_TEMPLATE: Final = Path(__file__).with_name("quotation.typ")

# One letter on each page; the first is one that no font has, so its picture is that of a missing letter.
_LETTERS: Final = b"""
#set page(width: 100pt, height: 40pt)
#set text(font: "Libertinus Serif")
#for letter in json(bytes(sys.inputs.letters)) { page(letter) }
"""
_IN_NO_FONT: Final = "\U000f0000"
_GLYPH: Final = re.compile(rb'<use[^>]*href="(#[^"]+)"')
# No font has most emoji: a client would see boxes. Those that say something are said with a sign that is drawn.
_EMOJI: Final = "[\u2600-\u27bf\U0001f000-\U0001fbff]"
_SAID: Final = str.maketrans("✅❌❎❗❕❓❔➕➖➗", "✔✘✘!!??+−÷")
_JOINED: Final = f"(?:\u200d{_EMOJI}|[\ufe0f\u200d])*"  # several are one: a woman who shrugs ends in ♀, which is drawn


class UnprintableError(ValueError):
    """The engine refuses the inputs: a logo that looks like an image and is none."""


def here(inputs: dict[str, str], timestamp: int, kind: Kind) -> bytes:
    """By the library. Raises :class:`UnprintableError`."""
    if kind == "letters":
        return _missing(inputs["letters"]).encode()
    printed = {name: _without_emoji(text) for name, text in inputs.items()}
    pages = _compile()(_TEMPLATE.read_bytes(), printed, timestamp, kind)
    return bytes(pages[0] if isinstance(pages, list) else pages)


def _without_emoji(text: str) -> str:
    """Of a text of JSON. What stood on both sides of one stays apart."""
    said = text.translate(_SAID)
    unknown = _missing("".join(found)) if (found := sorted(set(re.findall(_EMOJI, said)))) else ""
    if not unknown:
        return said
    one = f"[{unknown}]{_JOINED}"
    some = f"(?>{one}(?: *{one})*)"
    said = re.sub(rf'(?:(?<=[^\\]")|(?<= )|(?<=\\n)){some} ?', "", said)  # at the beginning of a text, a word or a line
    return re.sub(some, "", re.sub(rf"(?<=\w){some}(?=\w)", " ", said))


def _missing(letters: str) -> str:
    given = {"letters": json.dumps([_IN_NO_FONT, *letters])}
    first, *others = (set(_GLYPH.findall(page)) for page in _compile()(_LETTERS, given, 0, "svg"))
    return "".join(letter for letter, glyphs in zip(letters, others, strict=True) if glyphs & first)


@cache
def _compile() -> Callable[[bytes, dict[str, str], int, str], Any]:
    import typst

    fonts = typst.Fonts(include_system_fonts=False)

    def compiled(source: bytes, inputs: dict[str, str], timestamp: int, kind: Any) -> Any:
        try:
            return typst.compile(
                source,
                font_paths=fonts,
                sys_inputs=inputs,
                timestamp=timestamp,
                ignore_system_fonts=True,
                format=kind,
                ppi=72 if kind == "png" else None,
            )
        except RuntimeError as error:
            raise UnprintableError(str(error)[:200]) from None

    return compiled


def as_function(event: dict[str, Any]) -> dict[str, str]:
    """What the function that has the engine answers: `{content}` in Base64, or `{unprintable}`, why not."""
    try:
        return {"content": base64.b64encode(here(event["inputs"], event["timestamp"], event["kind"])).decode()}
    except UnprintableError as error:
        return {"unprintable": str(error)}
