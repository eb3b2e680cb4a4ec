"""What was typed and chosen in a calculator -> what its formulas reckon with.

A field that is not asked (its `when` is false) counts as nothing: 0, no option, off, no text, no rows.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from features.calculations.calculator import MOST_ROWS
from features.calculations.formulas.evaluator import Prices, Values, holds
from shared.platform.messages import Message, english, say
from shared.platform.problems import InputError

_NOTHING: Final[dict[str, Any]] = {"number": Fraction(), "choice": "", "switch": False, "rows": []}
_NUMBER: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,6})?")
_SHAPES: Final = {
    "date": (r"[0-9]{4}-[0-9]{2}-[0-9]{2}", say("must be a date, as 2030-12-31")),
    "time": (r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", say("must be a time, as 09:30")),
    "text": (r"[^\x00]{0,200}", say("must be a text of at most 200 characters")),
}


def values_of(
    fields: list[dict[str, Any]],
    given: Mapping[str, Any],
    outer: Values,
    prices: Prices,
    problems: list[InputError],
    path: str,
) -> dict[str, Any]:
    """By the fields' ids. What is not right in `given` is added to `problems`, under `path`."""
    found: dict[str, Any] = {}
    for field in fields:
        name, here = field["id"], {**outer, **found}
        found[name] = _NOTHING.get(field["kind"], "")
        if "when" in field and not holds(field["when"], here, prices):
            continue
        try:
            if field["kind"] == "rows":
                rows = _rows(field, given.get(name))
                found[name] = [
                    values_of(field["fields"], row, here, prices, problems, f"{path}.{name}[{index}]")
                    for index, row in enumerate(rows)
                ]
            else:
                found[name] = _one(field, given.get(name))
        except _WrongError as error:
            problems.append(InputError(f"{path}.{name}", error.detail))
    return found


class _WrongError(Exception):
    def __init__(self, detail: Message) -> None:
        super().__init__(english(detail))
        self.detail = detail


def _one(field: Mapping[str, Any], given: Any) -> Any:
    kind = field["kind"]
    if kind == "switch":
        if given not in (None, True, False):
            raise _WrongError(say("must be true or false"))
        return given is True
    if kind == "number":
        return _number(field, given)
    text = "" if given is None else given
    if kind == "choice":
        ids = [option["id"] for option in field["options"]]
        if text not in ids:
            raise _WrongError(say("is not one of {choices}", choices=", ".join(ids)))
        return text
    if not isinstance(text, str) or (text and not _has_shape(kind, text)):
        raise _WrongError(_SHAPES[kind][1])
    return text


def _has_shape(kind: str, text: str) -> bool:
    if not re.fullmatch(_SHAPES[kind][0], text):
        return False
    try:
        return kind != "date" or bool(date.fromisoformat(text))
    except ValueError:
        return False


def _number(field: Mapping[str, Any], given: Any) -> Fraction:
    text = str(given) if isinstance(given, str | int | float) and not isinstance(given, bool) else ""
    if not _NUMBER.fullmatch(text):
        raise _WrongError(say("must be a number with at most 6 digits after the point"))
    number = Fraction(text)
    if "least" in field and number < Fraction(field["least"]):
        raise _WrongError(say("must be at least {least}", least=field["least"]))
    if "most" in field and number > Fraction(field["most"]):
        raise _WrongError(say("must be at most {most}", most=field["most"]))
    if "step" in field and ((number - Fraction(field.get("least", 0))) / Fraction(field["step"])).denominator != 1:
        raise _WrongError(say("must go in steps of {step}", step=field["step"]))
    return number


def _rows(field: Mapping[str, Any], given: Any) -> list[dict[str, Any]]:
    least, most = int(Decimal(field.get("least", 0))), int(Decimal(field.get("most", MOST_ROWS)))
    rows = [] if given is None else given
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _WrongError(say("must be a list of rows"))
    if not least <= len(rows) <= most:
        raise _WrongError(say("must have {least} to {most} rows", least=least, most=most))
    return rows
