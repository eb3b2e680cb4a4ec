"""What a bot is told to say: a text in lines, each with buttons of its own after vertical bars (`Text | Yes | No`).

It is read before values are put into it, so a bar in the name of a deal makes no button.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

from msgspec import Struct

from features.automations.effects import filled

# vendor: salesbot.continue (page) The continuation takes `show` and `goto` only, at most ten, from an administrator's
# token; a shown text has at most 80 characters.
# source: Kommo's documentation, "SalesBot widget block execution confirmation"; notes of a Brazilian integration that
# answers a bot in production
MOST_SHOWN: Final = 10
MOST_LETTERS: Final = 80
# vendor: salesbot.buttons (page) `show` of the type `buttons` has labels, of the type `buttons_url` addresses: a list
# of texts both, 25 in all of the continuation, beside a text in `value`.
# source: Kommo's documentation, "SalesBot widget block execution confirmation"
MOST_BUTTONS: Final = 25

Shown = dict[str, Any]  # the parameters of `show`: {type, value, buttons?}
_NO_WORDS: Final = "…"  # above buttons without a text


class Speech(Struct, frozen=True):
    """`text_cut`: there was more than ten texts; `buttons_cut`: more than 25 buttons, or a label of more than 80
    letters."""

    shown: list[Shown]
    text_cut: bool
    buttons_cut: bool


def speech(text: str, values: Mapping[str, str]) -> Speech:
    """The text with the values of the deal, as a bot can show it."""
    shown: list[Shown] = []
    left, is_cut = MOST_BUTTONS, False
    for line in text.splitlines():
        template, *named = line.split("|")
        labels, links = _buttons(named, values)
        short = [_short(label) for label in labels]
        given = {"buttons_url": links[:left], "buttons": short[: max(0, left - len(links))]}
        is_cut = is_cut or short != labels or len(links) + len(labels) > left
        left -= sum(map(len, given.values()))
        pieces: list[Shown] = [{"type": "text", "value": piece} for piece in _pieces(filled(template, values))]
        if any(given.values()):
            # Buttons without a text belong to the text before them.
            before = pieces.pop() if pieces else shown.pop() if shown and shown[-1]["type"] == "text" else None
            value = _NO_WORDS if before is None else before["value"]
            pieces += [{"type": kind, "value": value, "buttons": some} for kind, some in given.items() if some]
        shown += pieces
    return Speech(_shortened(shown), len(shown) > MOST_SHOWN, is_cut)


def _buttons(named: list[str], values: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Labels and addresses; values in an address are encoded, and a label that has become empty is none."""
    quoted = {name: quote(value, safe="") for name, value in values.items()}
    links = [one.strip() for one in named if _is_link(one)]
    labels = [filled(one, values).strip() for one in named if not _is_link(one)]
    return list(filter(None, labels)), [filled(one, quoted) for one in links]


def _is_link(text: str) -> bool:
    return text.strip().lower().startswith(("https://", "http://"))


def _short(label: str) -> str:
    return label if len(label) <= MOST_LETTERS else f"{label[: MOST_LETTERS - 1].rstrip()}…"


def _pieces(line: str) -> Iterator[str]:
    """The line in pieces that a bot may show, cut between words where that is possible. A value may have lines too."""
    for part in filter(None, map(str.strip, line.splitlines())):
        rest = part
        while len(rest) > MOST_LETTERS:
            cut = rest.rfind(" ", 0, MOST_LETTERS + 1)
            cut = cut if cut > 0 else MOST_LETTERS
            yield rest[:cut].rstrip()
            rest = rest[cut:].lstrip()
        yield rest


def _shortened(shown: list[Shown]) -> list[Shown]:
    """As many as a bot may show; the last one says that there were more."""
    if len(shown) <= MOST_SHOWN:
        return shown
    *first, last = shown[:MOST_SHOWN]
    return [*first, last | {"value": f"{last['value'][: MOST_LETTERS - 2].rstrip()} …"}]
