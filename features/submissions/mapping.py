"""From values of a site to values of amoCRM's fields. Pure: what finds no place is told, never dropped.

Source: amoCRM's documentation, "Custom fields", the table of field types and their values.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from msgspec import Struct

from features.submissions.settings import FieldRule
from shared.amocrm.directory import Field
from shared.amocrm.entity_fields import SAFE_SECOND
from shared.platform.messages import Message, said, say

Values = list[dict[str, Any]]
# The account's own, asked for where a text for a field of a date and a time has none.
Zone = Callable[[], tzinfo]

# As :func:`_plain` has them, without accents and apostrophes.
_YES: Final = frozenset({"1", "true", "yes", "on", "y", "да", "есть", "ha", "так", "si", "sim"})
_NO: Final = frozenset({"0", "false", "no", "off", "n", "нет", "yoq", "ні", "nao"})
# A day as forms and browsers write it, and perhaps a time: 2026/11/30, 30-11-2026, "30.11.2026, 9:30:00".
_DATE: Final = re.compile(
    r"(?:(\d{4})[-./](\d\d?)[-./](\d\d?)|(\d\d?)[-./](\d\d?)[-./](\d{4}))(?:(?:T|,? +)(\d\d?):(.+))?", re.ASCII
)
_UNIX: Final = re.compile(r"(-?\d{9,10})(?:\d{3})?", re.ASCII)  # seconds, or milliseconds
_COMPACT_DATE: Final = 8  # digits: 20261130
_PLAIN: Final = frozenset({"text", "textarea", "url", "streetaddress", "tracking_data"})
_WANTED: Final = {
    "numeric": say("not a number"),
    "price": say("not a number"),
    "monetary": say("not a number"),
    "checkbox": say("neither yes nor no"),
    "date_time": say("not a date with a time"),
    "date": say("not a date"),
    "birthday": say("not a date"),
}
_NUMBERS: Final = ("numeric", "price", "monetary")
_DOUBT: Final = say("its comma or point may part thousands or a fraction")
# Where people part thousands by a point, as they write on paper: 5.000 is five thousand.
# source: Unicode CLDR, "Number symbols"; in Portugal by habit
_POINT_PARTS_THOUSANDS: Final = frozenset(
    [
        *("AR", "BO", "BR", "CL", "CO", "EC", "ES", "PT", "PY", "UY", "VE"),
        *("AT", "AZ", "BE", "DE", "DK", "GR", "HR", "ID", "IT", "NL", "RO", "RS", "SI", "TR", "VN"),
    ]
)
_SEVERAL: Final = frozenset({"multitext", "multiselect"})
_LONGEST: Final = {"textarea": 65_000}
# vendor: fields.text_length (report) A text field takes 256 characters by the API, which refuses more. What is longer
# is in the note as a whole.
# source: amocrm-api-php issues 224, 400
_LONGEST_TEXT: Final = 256
# vendor: fields.emoji (report) Of a text in a field amoCRM keeps what stands before its first character beyond U+FFFF,
# as most emoji are, and nothing where that is the first one. It answers 200 all the same. Notes keep them.
# source: amocrm-api-php issue 221; notes of a Kommo integration in production, of June 2026; one whose notes begin so
_EMOJI: Final = re.compile("[\U00010000-\U0010ffff](?:[\u200d\ufe0f]*[\U00010000-\U0010ffff])*")
DAYS: Final = ("date", "birthday")
_MOMENTS: Final = (*DAYS, "date_time")
_SAFE_HOUR: Final = time(SAFE_SECOND // 3600)  # UTC

# Where amoCRM keeps visit data, by the name under which pages send it.
TRACKING_CODES: Final = {
    "referrer": "REFERRER",
    "gclientid": "GCLIENTID",
    "_ym_uid": "_YM_UID",
    "_ym_counter": "_YM_COUNTER",
}


class Unplaced(Struct, frozen=True):
    """A value that no field took. The reason is for people and holds no value."""

    source: str
    values: tuple[str, ...]
    reason: Message


class MappedFields(Struct, frozen=True):
    fields: Values  # `custom_fields_values`
    unplaced: tuple[Unplaced, ...]


def field_of(rule: FieldRule, fields: Sequence[Field]) -> Field | None:
    """By id, else by code, else by name in any case."""
    if rule.field_id is not None:
        return next((field for field in fields if field.id == rule.field_id), None)
    wanted = (rule.field or "").casefold()
    if not wanted:
        return None
    by_code = next((field for field in fields if (field.code or "").casefold() == wanted), None)
    return by_code or next((field for field in fields if field.name.casefold() == wanted), None)


def exact(source: str) -> str:
    """Under which name stands with its zone what `source` has as people read it, in their own language and zone."""
    return f"{source}\0exact"


def place(
    rules: Sequence[FieldRule],
    given: Mapping[str, Sequence[str]],
    fields: Sequence[Field],
    *,
    skip_empty: bool,
    zone: Zone,
    country: str = "",
) -> MappedFields:
    """The mapped values of one entity. With `skip_empty` off, a mapped value that came empty clears its field.
    `country`: the account's; by it numbers are read."""
    placed: dict[int, dict[str, Any]] = {}
    unplaced: list[Unplaced] = []
    for rule in rules:
        texts = given.get(rule.source)
        if texts is None or (not texts and skip_empty):
            continue
        field = field_of(rule, fields)
        if texts and field is not None and field.type in _MOMENTS:
            texts = given.get(exact(rule.source), texts)
        if field is None:
            if texts:
                gone = say("the account has no field {name}", name=_name(rule))
                unplaced.append(Unplaced(rule.source, tuple(texts), gone))
            continue
        if not texts:
            placed.setdefault(field.id, {"field_id": field.id, "values": None})
            continue
        if placed.get(field.id, {}).get("values") and field.type not in _SEVERAL:
            taken = say("{name} has a value from another field already", name=field.name)
            unplaced.append(Unplaced(rule.source, tuple(texts), taken))
            continue
        values, reason = _values(field, texts, rule.enum, zone, country)
        if reason:
            unplaced.append(Unplaced(rule.source, tuple(texts), reason))
        if values:
            earlier = placed.get(field.id, {}).get("values") or []
            placed[field.id] = {"field_id": field.id, "values": [*earlier, *values]}
    return MappedFields(list(placed.values()), tuple(unplaced))


def tracking(given: Mapping[str, str], fields: Sequence[Field], mapped: Sequence[dict[str, Any]] = ()) -> MappedFields:
    """UTM and visit data into the account's tracking fields, where it has them and `mapped` has left them free."""
    by_code = {(field.code or "").upper(): field for field in fields if field.type == "tracking_data"}
    before = {one["field_id"]: one["values"] for one in mapped}
    placed: dict[int, Values] = {}
    unplaced: list[Unplaced] = []
    for name, text in given.items():
        if not text.strip():
            continue
        field = by_code.get(TRACKING_CODES.get(name.lower(), name.upper()))
        if field is None:
            unplaced.append(Unplaced(name, (text,), say("the account has no tracking field for it")))
            continue
        values, reason = _values(field, [text.strip()], None, lambda: UTC)
        if (before | placed).get(field.id, values) != values:
            reason = say("{name} has a value from another field already", name=field.name)
        elif field.id not in before:
            placed[field.id] = values
        if reason:
            unplaced.append(Unplaced(name, (text,), reason))
    return MappedFields([{"field_id": id_, "values": values} for id_, values in placed.items()], tuple(unplaced))


def _values(
    field: Field, texts: Sequence[str], enum: str | None, zone: Zone, country: str = ""
) -> tuple[Values, Message | None]:
    """The values, and why not all of them could be taken."""
    # vendor: fields.types (report) A field takes values of its type only: texts, numbers, true or false, seconds or
    # an ISO moment with its zone, its choices; another is refused with 400 (`custom_fields_values.0.values.0.value`).
    # source: amocrm-api-php issues 115, 480, 502; two integrations in production for the zone of a date
    kind, no_emoji = field.type, say("amoCRM keeps no emoji in {name}", name=field.name)
    if kind in _PLAIN:
        typed, longest = ", ".join(texts), _LONGEST.get(kind, _LONGEST_TEXT)
        text = _without_emoji(typed)
        too_long = say("longer than the {most} characters of {name}", most=longest, name=field.name)
        reason = too_long if len(text) > longest else no_emoji if text != typed else None
        return [{"value": text[:longest]}] if text else [], reason
    if kind == "multitext":
        kinds = [value for _, value in field.enums]
        gone = enum is not None and enum not in kinds and bool(kinds)
        reason = say("{name} has the kinds {known}", name=field.name, known=", ".join(kinds)) if gone else None
        code = _usual_kind(kinds) if enum is None or gone else enum
        plain = [_without_emoji(text) for text in texts]
        reason = no_emoji if reason is None and plain != list(texts) else reason
        return [{"value": text, "enum_code": code} for text in plain if text], reason
    if kind in ("select", "radiobutton", "multiselect"):
        return _chosen(field, texts)
    if len(texts) > 1:
        return [], say("{name} takes one value", name=field.name)
    is_doubtful = kind in _NUMBERS and _is_doubtful(texts[0], country)
    value = None if is_doubtful else _single(kind, texts[0], zone)
    if value is None:
        return [], say(
            "{name}: {reason}", name=field.name, reason=_DOUBT if is_doubtful else _WANTED.get(kind, said(kind))
        )
    return [{"value": value}], None


def _without_emoji(text: str) -> str:
    first, *others = _EMOJI.split(text)
    kept = [part for part in (one.strip(" \u200d\ufe0f") for one in (first, *others)) if part]
    return " ".join(kept) if others else text


def _usual_kind(kinds: Sequence[str]) -> str:
    """Of phones and e-mails WORK; fields of messengers have others, among them OTHER."""
    return next((kind for kind in ("WORK", "OTHER") if kind in kinds), kinds[-1] if kinds else "WORK")


def _chosen(field: Field, texts: Sequence[str]) -> tuple[Values, Message | None]:
    by_text = {value.casefold(): enum_id for enum_id, value in field.enums}
    found = [by_text[text.casefold()] for text in texts if text.casefold() in by_text]
    reason = None if len(found) == len(texts) else say("not one of the choices of {name}", name=field.name)
    if field.type != "multiselect" and len(found) > 1:
        found, reason = found[:1], say("{name} takes one choice", name=field.name)
    # vendor: fields.enum_id (code) A choice of a list is named by its `enum_id` alone.
    # source: amocrm-api-php's models of the values of lists
    return [{"enum_id": enum_id} for enum_id in dict.fromkeys(found)], reason


def _plain(text: str) -> str:
    """As somebody types it whose keyboard has neither accents nor the apostrophe of Uzbek."""
    return re.sub("[\u0300\u0301\u0303ʻʼ‘’'`]", "", unicodedata.normalize("NFD", text.casefold()))


def _single(kind: str, text: str, zone: Zone) -> Any:
    """The value of a field that holds one; None where the text is none."""
    if kind in _NUMBERS:
        return _number(text)
    if kind == "checkbox":
        plain = _plain(text)
        return True if plain in _YES else False if plain in _NO else None
    if kind == "date_time":
        return _moment(text, zone)
    if kind in DAYS:
        return _day(text, zone)
    return None


def _is_doubtful(text: str, country: str) -> bool:
    """1,500 is a thousand times more in English than in Russian; 1.500 is in Brazil what a person types, and what a
    program writes is less."""
    marks = ",." if country in _POINT_PARTS_THOUSANDS else ","
    return re.fullmatch(rf"-?[1-9]\d{{0,2}}[{marks}]\d{{3}}", text.strip()) is not None


def _number(text: str) -> int | float | None:
    cleaned = re.sub(r"[\s\u00a0\u202f]", "", text).replace(",", ".")
    # Zeros in front belong to a code, such as 007, which a number would lose.
    if not re.fullmatch(r"-?(0|[1-9]\d{0,14})(\.\d{1,10})?", cleaned):
        return None
    try:
        number = Decimal(cleaned)
    except InvalidOperation:
        return None
    return int(number) if number == number.to_integral_value() else float(number)


def _moment(text: str, zone: Zone) -> int | None:
    """Unix seconds. What has no zone of its own is by the clock on the account's wall, a day without a time its
    midnight. As in calendars (RFC 5545), what the clock shows twice in autumn is the first one, and what it skips in
    spring an hour later: by the offset before the jump."""
    parsed = _parsed(text)
    return None if parsed is None else _seconds(parsed if parsed.tzinfo else parsed.replace(tzinfo=zone()))


def needs_zone(text: str) -> bool:
    """Whether the account's zone says which moment it is, or which day."""
    parsed = _parsed(text)
    return parsed is not None and ((":" in text and parsed.tzinfo is None) or _is_bare_moment(text, parsed))


def _day(text: str, zone: Zone) -> int | None:
    """An hour of the day that lies in the same day almost everywhere, as Unix seconds."""
    # vendor: fields.dates (report) A date is kept as midnight of the account's own time zone, of the day in which the
    # sent moment lies there; so midnight UTC is the day before in every account west of Greenwich.
    # source: amocrm-api-php issue 402
    parsed = _parsed(text)
    try:
        there = parsed.astimezone(zone()) if parsed is not None and _is_bare_moment(text, parsed) else parsed
    except OverflowError:
        return None
    return None if there is None else _seconds(datetime.combine(there.date(), _SAFE_HOUR, UTC))


def _is_bare_moment(text: str, parsed: datetime) -> bool:
    """Whether it is told in UTC by a program, which says nothing of the day where it was chosen: the 30th of November,
    picked in Moscow, is 2026-11-29T21:00:00.000Z in JavaScript. Midnight is a day of a program without zones."""
    return (text[-1:] in ("Z", "z") or _UNIX.fullmatch(text) is not None) and parsed.time() != time()


def is_same_day(stored: Any, wanted: Any) -> bool:
    """Whether a stored date, midnight of an unknown time zone, is the day of a wanted one, see :func:`_day`."""
    return isinstance(stored, int) and isinstance(wanted, int) and 0 <= wanted - stored < 86_400


def _parsed(text: str) -> datetime | None:
    """With the zone that it says, if any; None for what is neither a date nor a moment."""
    unix, found = _UNIX.fullmatch(text), _DATE.fullmatch(text)
    if unix is not None:
        return datetime.fromtimestamp(int(unix[1]), UTC)
    if found is not None:
        year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
        clock = f"T{found[7]:0>2}:{found[8].replace(' ', '')}" if found[7] else ""
        text = f"{year}-{month:0>2}-{day:0>2}{clock}"
    elif text.isdigit() and len(text) != _COMPACT_DATE:
        return None  # else its ninth digit would stand for the T between a date and a time
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _seconds(moment: datetime) -> int | None:
    try:
        return int(moment.timestamp())
    except (ValueError, OverflowError):
        return None


def _name(rule: FieldRule) -> str:
    return rule.field or str(rule.field_id)
