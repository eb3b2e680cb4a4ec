"""A calculator as a manager has written it -> what does not fit together, and the document that is reckoned by: the
same, with a tree in the place of each formula.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, Final

from msgspec import Struct

from features.calculations import calculator as calculators
from features.calculations.calculator import Calculator, CalculatorItem, Field, Words
from features.calculations.formulas import checker, cost
from features.calculations.formulas.checker import Name, Scope
from features.calculations.formulas.parser import FormulaError
from features.calculations.formulas.units import UNITS
from shared.platform.messages import Message, say
from shared.platform.problems import InputError

PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
# What a formula could not name a field by.
_TAKEN: Final = frozenset({"and", "or", "not", "in", "subtotal"})
_LONGEST_UNIT: Final = 20  # characters, of an item


class Compiled(Struct, frozen=True):
    """`document` is None where there are problems."""

    document: dict[str, Any] | None
    problems: tuple[InputError, ...]


def compiled(calculator: Calculator) -> Compiled:
    work = _Compiler(calculator)
    work.run()
    return Compiled(None if work.problems else work.document, tuple(work.problems))


class _Compiler:
    def __init__(self, calculator: Calculator) -> None:
        self.problems: list[InputError] = []
        self.document = calculators.document(calculator)
        self._calculator = calculator
        self._scope: dict[str, Name] = {}
        self._named: set[str] = set()  # of rows too: no name means two things

    def run(self) -> None:
        self._words("title", self._calculator.title)
        self._fields("fields", self._calculator.fields, self.document["fields"], self._scope)
        for index, variable in enumerate(self._calculator.variables):
            path = f"variables[{index}]"
            made = self._try(f"{path}.formula", partial(checker.variable, variable.formula, self._scope))
            self._name(path, variable.id, self._scope, made[1] if made else Name("variable"))
            self.document["variables"][index]["formula"] = made[0] if made else None
        for index, item in enumerate(self._calculator.items):
            self._item(f"items[{index}]", item, self.document["items"][index])
        whole = {**self._scope, "subtotal": Name("variable")}
        for name in ("discount", "delivery"):
            self._formula(name, getattr(self._calculator, name), whole, self.document)
        for index, parameter in enumerate(self._calculator.parameters):
            path = f"parameters[{index}]"
            scope = self._each(path, parameter.each)
            self._words(f"{path}.name", parameter.name)
            self._words(f"{path}.text", parameter.text, scope)
        for index, rule in enumerate(self._calculator.rules):
            path, place = f"rules[{index}]", self.document["rules"][index]
            self._words(f"{path}.message", rule.message)
            place["refuse"] = self._try(f"{path}.refuse", partial(checker.condition, rule.refuse, self._scope))
        if not self.problems:
            self._cost()

    def _cost(self) -> None:
        lengths = {
            field.id: calculators.MOST_ROWS if field.most is None else max(0, int(field.most))
            for field in self._calculator.fields
            if field.kind == "rows"
        }
        found = list(cost.of_document(self.document, lengths))
        if sum(steps for _, steps in found) > cost.MOST_STEPS:
            dearest = max(found, key=lambda one: one[1])[0]
            self._tell(dearest, say("takes too long: sums over lists inside of each other, or in too many lines"))

    # --- parts ---------------------------------------------------------------------------------------------------

    def _fields(self, path: str, fields: Sequence[Field], places: list[dict[str, Any]], scope: dict[str, Name]) -> None:
        for index, field in enumerate(fields):
            here, place = f"{path}[{index}]", places[index]
            self._words(f"{here}.label", field.label)
            if field.when is not None:
                place["when"] = self._try(f"{here}.when", partial(checker.condition, field.when, scope))
            if self._numbers(here, field, ("least", "most", "step"), place):
                for told in _field_problems(field, is_inner=scope is not self._scope):
                    self._tell(f"{here}.{told[0]}", told[1])
            for number, option in enumerate(field.options):
                self._words(f"{here}.options[{number}].label", option.label)
                self._unit(f"{here}.options[{number}].unit", option.unit)
                self._numbers(f"{here}.options[{number}]", option, ("price", "value"), place["options"][number])
            inner: dict[str, Name] = {}
            if field.kind == "rows":
                self._fields(f"{here}.fields", field.fields, place.get("fields", []), own := dict(scope))
                inner = {name: meant for name, meant in own.items() if name not in scope}
            self._name(here, field.id, scope, _meaning(field, inner))

    def _item(self, path: str, item: CalculatorItem, place: dict[str, Any]) -> None:
        scope = self._each(path, item.each)
        if item.option is not None and (item.option not in scope or scope[item.option].kind != "choice"):
            self._tell(f"{path}.option", say("is not a choice of this calculator"))
        if item.option is None and (item.name is None or item.price is None):
            self._tell(path, say("needs a name and a price, or the choice that gives them in option"))
        if item.name is not None:
            self._words(f"{path}.name", item.name, scope)
        self._unit(f"{path}.unit", item.unit)
        self._numbers(path, item, ("least",), place)
        self._formula(f"{path}.quantity", item.quantity, scope, place, item.measure)
        for name in ("price", "discount"):
            self._formula(f"{path}.{name}", getattr(item, name), scope, place)
        if item.when is not None:
            place["when"] = self._try(f"{path}.when", partial(checker.condition, item.when, scope))

    def _each(self, path: str, rows: str | None) -> Scope:
        if rows is None:
            return self._scope
        if rows not in self._scope or self._scope[rows].kind != "rows":
            self._tell(f"{path}.each", say("is not a list of rows of this calculator"))
            return self._scope
        return {**self._scope, **self._scope[rows].scope}

    # --- what every part is made of ------------------------------------------------------------------------------

    def _formula(
        self, path: str, text: str | None, scope: Scope, place: dict[str, Any], unit: str | None = None
    ) -> None:
        if text is not None:
            place[path.rpartition(".")[2]] = self._try(path, partial(checker.number, text, scope, unit))

    def _numbers(self, path: str, part: Struct, names: tuple[str, ...], place: dict[str, Any]) -> bool:
        """Whether all of them can be reckoned with; as the page reads them, in `place`."""
        wrong = []
        for name in names:
            number = getattr(part, name)
            if number is not None and not calculators.is_bounded(number):
                wrong.append(name)
            elif name in place:
                place[name] = f"{number:f}"
        for name in wrong:
            detail = say("must be a number up to 1,000,000,000,000 with at most 12 digits after the point")
            self._tell(f"{path}.{name}", detail)
        return not wrong

    def _words(self, path: str, words: Words, scope: Scope | None = None) -> None:
        if not words:
            self._tell(path, say("needs a text"))
        if scope is None:
            return
        for text in words.values():
            for name in PLACEHOLDER.findall(text):
                if name not in scope or scope[name].kind in ("variable", "rows"):
                    self._tell(path, say("there is no field {name} here", name=name))

    def _unit(self, path: str, unit: str | Words | None) -> None:
        texts = unit.values() if isinstance(unit, dict) else [unit or ""]
        if any(len(text) > _LONGEST_UNIT for text in texts):
            self._tell(path, say("is longer than {most} characters", most=_LONGEST_UNIT))

    def _name(self, path: str, name: str, scope: dict[str, Name], meant: Name) -> None:
        if name in self._named:
            self._tell(f"{path}.id", say("two of them are called {name}", name=name))
        if name in _TAKEN:
            self._tell(f"{path}.id", say("{name} means something else in formulas", name=name))
        self._named.add(name)
        scope[name] = meant

    def _try(self, path: str, make: Callable[[], Any]) -> Any:
        try:
            return make()
        except FormulaError as error:
            self._tell(path, error.detail)
            return None

    def _tell(self, path: str, detail: Message) -> None:
        self.problems.append(InputError(f"calculator.{path}", detail))


def _meaning(field: Field, inner: dict[str, Name]) -> Name:
    match field.kind:
        case "number":
            factor, dimension = UNITS[field.unit] if field.unit else (Fraction(1), (0, 0, 0))
            return Name("number", dimension, factor)
        case "choice":
            return Name("choice", options=tuple(option.id for option in field.options))
        case "switch":
            return Name("switch")
        case "rows":
            return Name("rows", scope=inner)
        case _:
            return Name("other")


def _field_problems(field: Field, *, is_inner: bool) -> Iterator[tuple[str, Message]]:
    ids = [option.id for option in field.options]
    if (field.kind == "choice") != bool(ids) or len(set(ids)) < len(ids):
        yield "options", say("a choice needs options, each with an id of its own")
    if (field.kind == "rows") != bool(field.fields):
        yield "fields", say("a list of rows needs fields, and nothing else has them")
    if is_inner and field.kind == "rows":
        yield "kind", say("rows stand in no other rows")
    if field.least is not None and field.most is not None and field.least > field.most:
        yield "most", say("is less than the least")
    if field.step is not None and field.step <= 0:
        yield "step", say("must be more than 0")
    for name, number in (("least", field.least), ("most", field.most)):
        if field.kind == "rows" and (number or 0) > calculators.MOST_ROWS:
            yield name, say("must be at most {most}", most=calculators.MOST_ROWS)
