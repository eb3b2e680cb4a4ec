"""What a write says is checked as a whole before anything of it is made: every item, and all that is wrong with it.

The words are those of public reports: `custom_fields_values.0.field_id`, never with the place in the batch before it;
which item it was says `request_id`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from simulator.answers import ApiError, problem

_TYPES: dict[str, tuple[type, ...]] = {"int": (int,), "string": (str,), "bool": (bool,), "array": (list,)}


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong with one item of a batch, and where in it we are."""

    request_id: str
    errors: list[dict[str, str]] = field(default_factory=list)
    place: str = ""

    def inside(self, name: str) -> "Told":
        return Told(self.request_id, self.errors, f"{self.place}{name}.")

    def wrong(self, path: str, code: str, detail: str) -> None:
        self.errors.append({"code": code, "path": f"{self.place}{path}", "detail": detail})

    def no_choice(self, path: str) -> None:
        self.wrong(path, "NotSupportedChoice", "The value you selected is not a valid choice.")

    def missing(self, path: str) -> None:
        self.wrong(path, "FieldMissing", "This field is missing.")

    def blank(self, path: str) -> None:
        self.wrong(path, "NotBlank", "This value should not be blank.")

    def of_type(self, path: str, value: Any, kind: str) -> bool:
        """Whether it is of this type; else that is told."""
        fits = isinstance(value, _TYPES[kind]) and (kind == "bool" or not isinstance(value, bool))
        if not fits:
            self.wrong(path, "InvalidType", f"This value should be of type {kind}.")
        return fits

    def at_most(self, path: str, text: str, length: int) -> None:
        if len(text) > length:
            self.wrong(path, "TooLong", f"This value is too long. It should have {length} characters or less.")


def refuse_what_is_wrong(told: Iterable[Told]) -> None:
    """One answer for all of them: 400 with every error, by item."""
    wrong = [{"request_id": one.request_id, "errors": one.errors} for one in told if one.errors]
    if wrong:
        more: dict[str, Any] = {"validation-errors": wrong}
        raise ApiError(problem(400, "Bad Request", "Request validation failed", **more))


def checked(items: list[dict[str, Any]], check: Callable[[Told, dict[str, Any]], None]) -> list[dict[str, Any]]:
    """The items, once each of them has been looked at and nothing is wrong with any."""
    told = [Told(str(item.get("request_id", index))) for index, item in enumerate(items)]
    for one, item in zip(told, items, strict=True):
        check(one, item)
    refuse_what_is_wrong(told)
    return items
