"""What callers send, decoded and checked; every refusal names the place and what is wrong there."""

import re
from functools import cache
from typing import TypeVar

import msgspec

from shared.connections.inheritance import LEVELS, LevelName
from shared.platform import decoding
from shared.platform.http import Request
from shared.platform.messages import Message, UnfitError, said, say
from shared.platform.problems import InputError, Problem, invalid_input, null_character

T = TypeVar("T")

_LARGEST_ID = 2**63 - 1

# What msgspec says, which gives no parts; the particular before the general.
_OF_MSGSPEC = (
    say("Expected {wanted} of length {bound}"),
    say("Expected {wanted} matching regex {pattern}"),
    say("Expected {wanted} >= {least}"),
    say("Expected {wanted} <= {most}"),
    say("Expected {wanted}, got {given}"),
    say("Object missing required field {name}"),
    say("Object contains unknown field {name}"),
    say("Invalid enum value {value}"),
    say("Invalid UUID"),
    say("Invalid decimal string"),
)


def decode(request: Request, model: type[T]) -> T:
    """The JSON body as `model`. 400 for what is not JSON, or has the character that cannot be stored, 422 with the path
    for what does not fit the model."""
    if request.has_null_in_body:
        raise null_character()
    try:
        return decoding.decode(request.body, model)
    except msgspec.ValidationError as error:
        raise unfit(error) from None
    except msgspec.DecodeError:
        raise Problem(400, "invalid_json", say("The body must be a JSON object in UTF-8.")) from None


def unfit(error: msgspec.ValidationError) -> Problem:
    """422 with the path of what does not fit its model."""
    detail = say("The request was understood, but a value in it is not right.")
    return Problem(422, "invalid_input", detail, errors=(misfit(error),))


def misfit(error: msgspec.ValidationError, root: str = "") -> InputError:
    """What does not fit a model, and where; `root` is the place of the whole."""
    detail, _, path = str(error).partition(" - at `$")
    own = error.__cause__
    told = own.detail if isinstance(own, UnfitError) else _of_msgspec(detail)
    return InputError(f"{root}{path.rstrip('`')}".removeprefix("."), told)


def _of_msgspec(words: str) -> Message:
    for message, pattern in _patterns():
        found = pattern.fullmatch(words)
        if found:
            return Message(message.template, found.groupdict())
    return said(words)


@cache
def _patterns() -> list[tuple[Message, re.Pattern[str]]]:
    """Those of its words that have values are told from each other by what stands around the values."""
    gap = re.compile(r"\\{(\w+)\\}")
    return [(one, re.compile(gap.sub(r"(?P<\1>.+)", re.escape(one.template)), re.DOTALL)) for one in _OF_MSGSPEC]


def level(request: Request) -> LevelName:
    """The query parameter `level`; without it the connection itself."""
    name = request.parameter("level") or "connection"
    for one in LEVELS:
        if one == name:
            return one
    raise invalid_input(say("is not one of {choices}", choices=", ".join(LEVELS)), "level")


def idempotency_key(request: Request) -> str | None:
    """The header `Idempotency-Key`. Keys that we make ourselves begin with `body:`, so nobody else's may."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not (1 <= len(key) <= 255 and key.isprintable() and not key.startswith("body:")):
        raise invalid_input(say("must have 1 to 255 printable characters and not begin with body:"), "Idempotency-Key")
    return key


def optional_lead_id(request: Request, in_body: int | None = None) -> int | None:
    """The deal, or None where none is named at all."""
    named = (request.headers.get("X-Lead-Id"), request.parameter("lead_id"), in_body)
    return None if named == (None, None, None) else lead_id(request, in_body)


def lead_id(request: Request, in_body: int | None = None) -> int:
    """The deal: header `X-Lead-Id`, query parameter `lead_id`, or the body. They must not disagree."""
    given = {request.headers.get("X-Lead-Id"), request.parameter("lead_id"), None if in_body is None else str(in_body)}
    given -= {None, ""}
    if len(given) != 1:
        detail = say("name one deal only") if given else say("name the deal in X-Lead-Id")
        raise invalid_input(detail, "X-Lead-Id")
    return positive(given.pop() or "", "X-Lead-Id")


def positive(text: str, path: str, largest: int = _LARGEST_ID) -> int:
    if not re.fullmatch(r"[0-9]{1,19}", text) or not 0 < int(text) <= largest:
        raise invalid_input(say("must be a whole number from 1 to {largest}", largest=largest), path)
    return int(text)


def optional_positive(request: Request, name: str, largest: int = _LARGEST_ID) -> int | None:
    text = request.parameter(name)
    return None if text in (None, "") else positive(text or "", name, largest)
