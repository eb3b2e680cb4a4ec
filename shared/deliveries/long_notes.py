"""A text in a feed, in as many notes as it takes."""

from typing import Final

from shared.amocrm.leads import AccountApi
from shared.deliveries import note_marks
from shared.deliveries.rows import Delivery

# vendor: notes.length (production) A note takes 20,000 letters, and one more is refused (400, `TooLong`). What is
# longer goes on in the next note: a file would need a scope that not every account has given, and nobody finds words
# in it.
# source: an integration in production that tried both in a real account; which letters count as two, nobody says
LONGEST: Final = 15_000


def write(
    api: AccountApi, delivery: Delivery, step: str, entity_id: int, text: str, mark: str, entity: str = "leads"
) -> int:
    """The id of the last note, which alone has the mark. Of those before it, what an attempt before has written is not
    written again."""
    *before, last = pieces(text)
    there = "\n".join(api.texts_of_notes(entity_id, delivery.made_since, entity)) if before else ""
    for number, piece in enumerate(before):
        own = note_marks.of_piece(delivery.id, step, mark, number)
        if own not in there:
            api.add_note(entity_id, f"{piece}\n\n{own}", entity)
    return api.add_note(entity_id, f"{last}\n\n{mark}", entity)


def pieces(text: str) -> list[str]:
    """So that each fits into a note: cut between lines where that can be, each further one with the title and its place
    among them."""
    room = LONGEST - 250  # of the title, the place and the mark
    found, line_break = [""], ""
    for line in text.split("\n"):
        while len(found[-1]) + len(line_break) + len(line) > room:
            if found[-1] and len(line) <= room:
                found.append("")
            else:  # a text without breaks
                free = max(room - len(found[-1]) - len(line_break), 0)
                found[-1] += line_break + line[:free]
                line = line[free:]
                found.append("")
            line_break = ""
        found[-1] += line_break + line
        line_break = "\n"
    title = text.partition("\n")[0][: note_marks.LONGEST_TITLE]
    return [found[0], *(f"{title} ({place}/{len(found)})\n\n{one}" for place, one in enumerate(found[1:], 2))]
