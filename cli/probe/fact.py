"""What a fact is: a rule of docs/vendor.md, and how it is looked at in a real account. And what several of them do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cli.probe.lab import Lab, why
from shared.amocrm.errors import AmocrmError, ForbiddenError


class NotTriedError(Exception):
    """Why a fact cannot be tried in this account."""


@dataclass(frozen=True, slots=True)
class Observation:
    text: str
    note: str = ""  # what is worth knowing, and may be one way or another


@dataclass(frozen=True, slots=True)
class Fact:
    rule: str
    question: str
    expected: tuple[str, ...]
    look: Callable[[Lab], Observation | str]
    only_if_asked: str = ""  # the option that asks for it

    def try_in(self, lab: Lab) -> "Result":
        try:
            seen = self.look(lab)
        except NotTriedError as error:
            return Result(self, None, str(error))
        except AmocrmError as error:
            return Result(self, f"refused: {why(error)}")
        except (KeyError, IndexError, TypeError, ValueError, StopIteration, AttributeError) as error:
            return Result(self, f"an answer of another shape ({type(error).__name__})")
        return Result(self, seen) if isinstance(seen, str) else Result(self, seen.text, seen.note)


@dataclass(frozen=True, slots=True)
class Result:
    fact: Fact
    seen: str | None  # None: not tried
    note: str = ""

    @property
    def verdict(self) -> str:
        if self.seen is None:
            return "not tried"
        return "as expected" if self.seen in self.fact.expected else "different"


FACTS: Final[list[Fact]] = []


def fact(
    rule: str, question: str, *expected: str, only_if_asked: str = ""
) -> Callable[[Callable[[Lab], Observation | str]], Callable[[Lab], Observation | str]]:
    def add(look: Callable[[Lab], Observation | str]) -> Callable[[Lab], Observation | str]:
        FACTS.append(Fact(rule, question, expected, look, only_if_asked))
        return look

    return add


def soon(lab: Lab, is_so: Callable[[], bool]) -> Observation:
    seconds = lab.wait_for(is_so)
    return Observation("no", "not within a minute") if seconds is None else Observation("yes", f"after {seconds} s")


def new_field(lab: Lab, type_: str) -> int:
    try:
        return lab.new_field(type_)
    except ForbiddenError:
        raise NotTriedError("the tariff has no fields of one's own") from None


def valued(field_id: int, value: Any) -> dict[str, Any]:
    return {"custom_fields_values": [{"field_id": field_id, "values": [{"value": value}]}]}


def stored_in(lab: Lab, field_id: int) -> Any:
    values = lab.api.lead(lab.lead_id)["custom_fields_values"]
    return next(one for one in values if one["field_id"] == field_id)["values"][0]["value"]


def element_of(lab: Lab, element_id: int) -> dict[str, Any]:
    answer: dict[str, Any] = lab.api.send("GET", f"/catalogs/{lab.list_id}/elements/{element_id}")
    return answer


def all_but(missing: list[str]) -> str:
    return f"all but {', '.join(missing)}" if missing else "all"
