"""The facts of custom fields and their values. See :mod:`cli.probe.fact`."""

from typing import Final

from cli.probe.fact import Observation, fact, new_field, stored_in, valued
from cli.probe.lab import Lab
from shared.amocrm.errors import ForbiddenError, ValidationError

_NOON: Final = 642_945_600  # 1990-05-17, 12:00 UTC


@fact("fields.text_length", "Does a text field take 256 characters?", "256 of 256")
def text_length(lab: Lab) -> Observation:
    field_id = new_field(lab, "text")

    def kept(length: int) -> str:
        try:
            lab.api.change_lead(lab.lead_id, valued(field_id, "я" * length))
        except ValidationError:
            return "refused"
        return f"{len(str(stored_in(lab, field_id)))} of {length}"

    return Observation(kept(256), f"of a longer text: {kept(1000)}")


@fact("fields.emoji", "What does a text field keep of a text with an emoji?", "what stands before it", "all of it")
def emoji(lab: Lab) -> str:
    field_id = new_field(lab, "text")
    lab.api.change_lead(lab.lead_id, valued(field_id, "a\U0001f338b"))
    kept = str(stored_in(lab, field_id))
    return {"a": "what stands before it", "a\U0001f338b": "all of it"}.get(kept, "something else")


@fact(
    "fields.dates", "Is a date kept as midnight of the account's own day?", "midnight there, of the sent moment's day"
)
def dates(lab: Lab) -> Observation:
    field_id = new_field(lab, "date")
    lab.api.change_lead(lab.lead_id, valued(field_id, _NOON))
    settings = lab.api.send("GET", "/account", params={"with": "datetime_settings"})
    text = settings["_embedded"]["datetime_settings"]["timezone_offset"]
    sign, (hours, _, minutes) = -1 if text[0] == "-" else 1, text[1:].partition(":")
    offset = sign * (int(hours) * 3600 + int(minutes) * 60)
    stored = stored_in(lab, field_id)
    midnight = (_NOON + offset) // 86_400 * 86_400 - offset
    # The offset is today's, and the day was in 1990: an hour of summer time more or less says nothing.
    good = abs(stored - midnight) <= 3600
    return Observation(
        "midnight there, of the sent moment's day" if good else "another moment", "the account's own offset"
    )


@fact("fields.tariff", "Can fields be created?", "yes", "403")
def field_creation(lab: Lab) -> str:
    try:
        lab.new_field("url")
    except ForbiddenError:
        return "403"
    return "yes"


@fact("fields.types", "Does a field take a value of another type?", "no")
def values_of_other_types(lab: Lab) -> Observation:
    taken = []
    for type_, value in (("text", 5), ("date", "tomorrow"), ("checkbox", "yes"), ("numeric", "many")):
        field_id = new_field(lab, type_)
        try:
            lab.api.change_lead(lab.lead_id, valued(field_id, value))
        except ValidationError:
            continue
        taken.append(type_)
    return Observation("yes" if taken else "no", ", ".join(taken))
