"""The references in notes of ours: a retry finds a note by its own, and events know by it that the note is no news."""

import re
from collections.abc import Iterable, Iterator
from typing import Final
from uuid import UUID, uuid5

from shared.deliveries.rows import reference

LONGEST_TITLE: Final = 200  # characters of it that a further note repeats
_PLACE: Final = re.compile(r"\(([2-9]|[1-9]\d+)/(\d+)\)$")  # of a further note of one text, behind the title


def of_delivery(delivery_id: UUID, content: str | None = None) -> str:
    """`content`: a digest of what it says, where it may come once more and say something else."""
    return reference(delivery_id) + (f"-{content[:8]}" if content else "")


def of_step(delivery_id: UUID, step: str) -> str:
    """Of a note beside the delivery's own."""
    return reference(uuid5(delivery_id, step))


def of_piece(delivery_id: UUID, step: str, mark: str, number: int) -> str:
    """Of a text that is too long for one note, all but the last, which has the `mark`; `number` from 0 on."""
    return reference(uuid5(delivery_id, f"{step} {mark} {number}"))


def of_whole_texts(texts: Iterable[str]) -> Iterator[str]:
    """Of notes, the newest first, those that end a text: of a long one all but the last stand for no delivery."""
    titles = set[str]()  # of texts of which a further note was seen
    for text in texts:
        first = text.partition("\n")[0]
        place = _PLACE.search(first)
        title = first[: place.start()].rstrip() if place else first[:LONGEST_TITLE]
        if place is None and title in titles:
            titles.discard(title)  # where the text begins
            continue
        if place is not None:
            titles.add(title)
            if place[1] != place[2]:
                continue
        yield text


def possible(delivery_id: UUID, step: str, content: str | None, text: str) -> Iterator[str]:
    """All that a note of this step with this text may have."""
    place = _PLACE.search(text.partition("\n")[0])
    yield of_step(delivery_id, step)
    for mark in (of_delivery(delivery_id), of_delivery(delivery_id, content), of_step(delivery_id, step)):
        yield of_piece(delivery_id, step, mark, 0)  # whose title may end like that, too
        if place:
            yield of_piece(delivery_id, step, mark, int(place[1]) - 1)
