"""Of all who are named in a body, who the visitor is: guests, companions, a friend and the user of the program that has
sent it stand beside them. Another's phone in the visitor's contact would bring the other's own forms there."""

import re
from collections.abc import Collection, Iterable
from typing import Final

from msgspec import Struct

from features.submissions import field_names, value_looks
from features.submissions.field_vocabulary import Meaning
from features.submissions.flattening import NamedValue, Path
from features.submissions.form_assembler import ONCE
from features.submissions.model import LONGEST_LINE, Reason

SEVERAL: Final = frozenset({"phone", "email"})
PARTS: Final = frozenset({"first_name", "last_name"})
NAMES: Final = PARTS | {"name"}
PERSON: Final = NAMES | SEVERAL
OF_SOMEBODY: Final = 4  # of a line within what says nobody's: another's where another name stands beside it
OF_ANOTHER: Final = 5  # the rank of what may be somebody else's; it is the visitor's where there is nothing surer
OF_COMPANY: Final = 6  # the visitor's where there is neither a phone nor an e-mail of theirs
# No form that people fill in has so many values, and a megabyte of them would cost seconds: those beyond are fields.
MOST_LOOKED_AT: Final = 3000
_MOST_PERSONS: Final = 50


class MeantValue(Struct, gc=False):
    """A value on its way; `rank`: the smaller, the surer."""

    named: NamedValue
    meaning: Meaning
    reason: Reason
    rank: int = 9
    mapped: str | None = None  # the source of a rule that wants it
    is_of_several: bool = False  # `name[]`, `phone[]`: its first value is the visitor's


def choose(found: list[MeantValue]) -> None:
    """What is somebody else's, or there another time, becomes a field."""
    _of_lists(found)
    _of_parallel_lists(found)
    _within_anything(found)
    _within_things(found)
    _parcels(found)
    _beside_lines(found)
    _users(found)
    _settle(found)
    _of_others(found)


def _of_lists(found: list[MeantValue]) -> None:
    """Of persons in a list (guests, companions) none is the visitor where somebody stands beside it, else the first.
    The only person of a list (`leads: [{name, phone}]`) has their name there, where nobody stands beside it."""
    lists: dict[Path, dict[int, set[str]]] = {}
    for one in found[:MOST_LOOKED_AT]:
        kind = _kind(one)
        for place, step in enumerate(one.named.path) if kind else ():
            if isinstance(step, int):
                lists.setdefault(one.named.path[:place], {}).setdefault(step, set()).add(kind)
    is_person = {"name", "line"}.__eq__
    persons = {path: min(there) for path, there in lists.items() if sum(map(is_person, there.values())) > 1}
    only = {(*path, *there) for path, there in lists.items() if list(map(is_person, there.values())) == [True]}
    if only and not any(_is_reached(one) and not _is_within(one.named.path, only) for one in found):
        for one in found[:MOST_LOOKED_AT]:
            is_their = one.named.path[:-1] in only or (one.named.label != "" and _is_within(one.named.path, only))
            is_their = is_their and _kind(one) == "name" and value_looks.fits("name", one.named)
            if is_their and (one.meaning, one.reason) == ("field", "note"):
                one.meaning, one.reason, one.rank = "name", "word", 4
    if not persons:
        return
    listed = {
        id(one): one.named.path[:place]
        for one in found
        for place in range(len(one.named.path))
        if one.named.path[:place] in persons
    }
    is_beside = any(_is_reached(one) for one in found if id(one) not in listed)
    for one in found:
        if id(one) not in listed or one.reason == "mapping":
            continue
        path = listed[id(one)]
        if is_beside or one.named.path[len(path)] != persons[path]:
            if one.meaning in PERSON:
                one.meaning, one.reason = "field", "word"
        elif one.meaning == "field" and _kind(one) == "name":
            one.meaning, one.reason, one.rank = "name", "word", 3


def _of_parallel_lists(found: list[MeantValue]) -> None:
    """As many names as phones are as many persons, of whom the first is the visitor."""
    several = [one for one in found if len(_distinct(one)) > 1]
    names = {(one.named.path[:-1], len(_distinct(one))) for one in several if one.meaning == "name"}
    for one in several:
        is_beside_names = (one.named.path[:-1], len(_distinct(one))) in names
        one.is_of_several = is_beside_names and one.meaning in SEVERAL and one.reason != "mapping"


def _within_anything(found: list[MeantValue]) -> None:
    """Beside a surer one, another phone or e-mail within what says nobody's (`tour: {title, phone}`) is nobody's: all
    who ask there would be one person."""
    for meaning in SEVERAL:
        lines = [one for one in found if one.meaning == meaning]
        surer = {_plain(text) for one in lines if one.rank < OF_SOMEBODY for text in one.named.values if text.strip()}
        for one in lines if surer else ():
            if one.rank == OF_SOMEBODY and not _is_of_lines(one) and not set(map(_plain, one.named.values)) <= surer:
                one.meaning, one.reason = "field", "word"


def _within_things(found: list[MeantValue]) -> None:
    """Whom to write or call about a tour, an event, a flat is no line of whoever has left theirs beside it, of either
    kind, also within what says nobody's (`lead`, `candidate`): all who asked for it had its e-mail, and were one
    person."""
    lines = [one for one in found if one.meaning in SEVERAL and any(text.strip() for text in one.named.values)]
    about = {id(one): _thing(one.named.path) for one in lines if one.rank >= OF_SOMEBODY}
    own = [
        one.named.path
        for one in lines
        if not about.get(id(one)) and (one.rank <= OF_SOMEBODY or _is_users(one.named.path))
    ]
    for one in lines if own else ():
        thing = about.get(id(one))
        if thing and any(path[: len(thing)] != thing for path in own):
            one.meaning, one.reason = "field", "word"


def _is_users(path: Path) -> bool:
    """Beside what is asked for, `user` is who asks: whoever is enrolled in a course."""
    return any(isinstance(step, str) and step.lower() == "user" for step in path[-2:-1])


def _thing(path: Path) -> Path:
    """Of the path, as far as the outermost thing that is asked for; empty for none."""
    is_thing = (isinstance(step, str) and field_names.is_thing(step) for step in path[:-1])
    return path[: next((place + 1 for place, is_so in enumerate(is_thing) if is_so), 0)]


def _plain(line: str) -> str:
    """Equal for one phone, or e-mail, however it is written."""
    figures = "".join(sign for sign in line[:LONGEST_LINE] if sign.isdigit())
    return line.strip().lower() if "@" in line else figures[-10:]


def _is_of_lines(value: MeantValue) -> bool:
    """Within what says that it is a person's, by its own name: `phones: [{type, number}]`."""
    around = [step for step in value.named.path[:-1] if isinstance(step, str)]
    return any(field_names.says_phone(one) or field_names.says_email(one) for one in around)


def _beside_lines(found: list[MeantValue]) -> None:
    """Where nobody is named for sure, what is a name beside the visitor's phone or e-mail is the visitor's, whatever
    they are within: `requester: {name, email}`, `item: {name, phone}`."""
    named = (one for one in found if one.meaning in NAMES and one.rank < OF_ANOTHER)
    if any(text.strip() for one in named for text in one.named.values):
        return
    around = {one.named.path[:-1] for one in found[:MOST_LOOKED_AT] if len(one.named.path) > 1 and _is_reached(one)}
    for one in found[:MOST_LOOKED_AT] if around else ():
        if one.named.path[:-1] not in around or (one.meaning, one.reason) != ("field", "note"):
            continue
        meaning = field_names.whole(one.named.name)
        if meaning in NAMES and value_looks.fits("name", one.named):
            one.meaning, one.reason, one.rank = meaning, "word", 4


def _parcels(found: list[MeantValue]) -> None:
    """Where nobody else's phone is there, whoever gets the parcel is the visitor, with the name that stands beside it:
    `shipping_address: {first_name, phone}`."""
    for meaning in SEVERAL:
        lines = [one for one in found if one.meaning == meaning and any(text.strip() for text in one.named.values)]
        is_surer = any(one.rank < OF_ANOTHER for one in lines)
        for one in lines:
            if not is_surer and one.rank == OF_ANOTHER and field_names.is_of_parcel(one.named.shown):
                one.rank = OF_SOMEBODY


def _users(found: list[MeantValue]) -> None:
    """Of `user_phone` and `recipient_phone` the first is the visitor's, where nothing is more surely so. Not beside
    `guest: {phone}`, who may have come to the program's user."""
    lines = [one for one in found if one.meaning in SEVERAL and any(text.strip() for text in one.named.values)]
    users = [one for one in lines if field_names.is_of_user(one.named.name)]
    if not users or any(one.rank < OF_ANOTHER for one in lines):
        return
    if any(one.rank == OF_ANOTHER and field_names.is_of_guest(one.named.shown) for one in lines):
        return
    for one in found:
        if one.meaning in PERSON and one.rank == OF_ANOTHER and field_names.is_of_user(one.named.name):
            one.rank = OF_SOMEBODY


def _distinct(value: MeantValue) -> set[str]:
    return {text for text in value.named.values if text.strip()} if len(value.named.values) > 1 else set()


def _is_within(path: Path, places: set[Path]) -> bool:
    return any(path[:length] in places for length in range(len(path)))


def _kind(value: MeantValue) -> str:
    """Whether it is somebody's name, or a line by which somebody is reached, wherever it stands."""
    if value.meaning in SEVERAL:
        return "line"
    names = (value.named.label, value.named.name)
    says = any(field_names.whole(one) in NAMES or field_names.says_name(one) for one in names if one)
    return "name" if value.meaning in NAMES or says else ""


def _is_reached(value: MeantValue) -> bool:
    return value.meaning in SEVERAL and value.rank < OF_ANOTHER and any(text.strip() for text in value.named.values)


def _settle(found: list[MeantValue]) -> None:
    """Of what may be there once, the surest; the first of those. Others of the same words are fields, and so are
    phones and e-mails of somebody else, where the visitor's are there: a friend's in the contact of who has named them
    would bring the friend's own forms there. So would those of whoever has another name: a seller, by whom all buyers
    would be one."""
    best: dict[str, MeantValue] = {}
    told = [one for one in found if one.meaning in ONCE and any(text.strip() for text in one.named.values)]
    for one in told:
        if one.meaning not in best or one.rank < best[one.meaning].rank:
            best[one.meaning] = one
    beside = _beside(best)
    is_named = any(one.meaning in NAMES and one.rank < OF_ANOTHER for one in told)
    for one in told:
        is_of_another = is_named and one.meaning in NAMES and one.rank >= OF_ANOTHER
        if is_of_another or one.meaning in beside or one.named.values != best[one.meaning].named.values:
            one.meaning, one.reason = "field", "note"
    lines = [one for one in found if one.meaning in SEVERAL and any(text.strip() for text in one.named.values)]
    surely = {one.meaning for one in lines if one.rank < OF_ANOTHER}
    is_somebodys = any(one.rank < OF_COMPANY for one in lines)
    has_own = any(one.rank < OF_SOMEBODY for one in lines)
    otherwise = _named_otherwise(found) if surely and any(one.rank >= OF_SOMEBODY for one in lines) else set()
    for one in lines:
        is_companys = one.rank == OF_COMPANY and is_somebodys
        if is_companys or (one.rank >= OF_ANOTHER and one.meaning in surely):
            one.meaning, one.reason = "field", "word" if one.rank == OF_COMPANY else "note"
        elif one.rank == OF_ANOTHER and surely and one.meaning == "email" and _is_recipients(one):
            one.meaning, one.reason = "field", "word"  # of a gift: it would be the giver's by its e-mail
        elif (one.rank >= OF_ANOTHER or (one.rank == OF_SOMEBODY and has_own)) and one.named.path[:-1] in otherwise:
            one.meaning, one.reason = "field", "word"


def _is_recipients(value: MeantValue) -> bool:
    return field_names.is_of_recipient(value.named.name)


def _beside(best: dict[str, MeantValue]) -> frozenset[str]:
    """Of a name and of a first and a last one that are not the same, the less sure: `client_second_name` beside the
    client's others, `guest_first_name` and `guest_last_name` beside `client_name`."""
    if not best.keys() >= NAMES or best["name"].rank <= 2 or _is_whole(best):
        return frozenset()
    ranks = [best[part].rank for part in PARTS]
    if max(ranks) <= best["name"].rank:
        return NAMES - PARTS
    return PARTS if min(ranks) > best["name"].rank else frozenset()


def _is_whole(best: dict[str, MeantValue]) -> bool:
    """Whether the name says the first and last one again, or they say it."""
    name, parts = _words_of([best["name"]]), _words_of([best["first_name"], best["last_name"]])
    return name <= parts or parts <= name


def _named_otherwise(found: list[MeantValue]) -> set[Path]:
    """Where somebody else is named than the visitor, who is named, too: `user: {name, email}`."""
    own = _words_of(one for one in found if one.meaning in NAMES and one.rank < OF_ANOTHER)
    names: dict[Path, list[MeantValue]] = {}
    for one in found[:MOST_LOOKED_AT] if own else ():
        is_name = len(one.named.path) > 1 and one.meaning != "form" and _kind(one) == "name"
        if is_name and value_looks.fits("name", one.named):  # "#1001" is an order's
            names.setdefault(one.named.path[:-1], []).append(one)
    others = {around: _words_of(there) for around, there in names.items()}
    return {around for around, other in others.items() if other and not (other <= own or own <= other)}


def _of_others(found: list[MeantValue]) -> None:
    """Who is named beside the visitor has the line that is called as their name is (`participant_2_name`,
    `participant_2_email`), where the visitor has another. Those of both parents are one family's."""
    own = [one for one in found if one.meaning in NAMES]
    ours, others = {_whose(one) for one in own}, dict[tuple[Path, frozenset[str]], list[MeantValue]]()
    for one in found[:MOST_LOOKED_AT] if own else ():
        is_name = one.meaning == "field" and one.reason != "mapping" and _kind(one) == "name"
        if is_name and _whose(one)[1] and _whose(one) not in ours and value_looks.fits("name", one.named):
            others.setdefault(_whose(one), []).append(one)
    visitor = _words_of(own)
    told = [(where, _words_of(there)) for where, there in list(others.items())[:_MOST_PERSONS]]
    persons = [where for where, theirs in told if not (theirs <= visitor or visitor <= theirs)]
    for meaning in SEVERAL if persons else ():
        lines = [one for one in found if one.meaning == meaning and any(text.strip() for text in one.named.values)]
        theirs = [one for one in lines if one.reason != "mapping" and _is_of_others(one, persons, ours)]
        for one in theirs if len(theirs) < len(lines) else ():
            one.meaning, one.reason = "field", "word"


def _whose(value: MeantValue) -> tuple[Path, frozenset[str]]:
    return value.named.path[:-1], field_names.whose(_called(value))


def _called(value: MeantValue) -> str:
    return value.named.label or value.named.name


def _is_of_others(
    line: MeantValue, persons: Collection[tuple[Path, frozenset[str]]], ours: Collection[tuple[Path, frozenset[str]]]
) -> bool:
    """By whom most of its words are: beside "Имя участника" is "Телефон участника 2" of "Имя участника 2"."""
    path, said = line.named.path[:-1], field_names.told_by(_called(line))
    theirs, own = (
        max((len(whose) for place, whose in ones if place == path and whose <= said), default=0)
        for ones in (persons, ours)
    )
    return theirs > own and not field_names.is_of_parent(_called(line))


def _words_of(names: Iterable[MeantValue]) -> set[str]:
    return {word for one in names for text in one.named.values for word in re.findall(r"\w+", text.casefold())}
