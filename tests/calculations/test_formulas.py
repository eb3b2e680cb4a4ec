"""Row I4: formulas mean what docs/calculators.md says, and the page and the server have the same result."""

import contextlib
import re
from fractions import Fraction
from typing import Any, get_args

import hypothesis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calculations import calculator as calculators
from features.calculations.compiler import compiled
from features.calculations.engine import Evaluation, evaluate
from features.calculations.formulas import checker
from features.calculations.formulas.checker import Name
from features.calculations.formulas.evaluator import EvaluationError, Prices, holds, value
from features.calculations.formulas.parser import FormulaError
from features.calculations.formulas.units import UNITS, named
from features.calculations.versions import read
from shared.platform.i18n import LANGUAGES
from shared.platform.messages import english, translated
from tests.calculations.page_engine import Page
from tests.demo import ROOT

PANES = {"w": Name("number", (1, 0, 0), Fraction(1, 1000)), "k": Name("number")}
SCOPE = {
    "width": Name("number", (1, 0, 0), Fraction(1, 1000)),
    "height": Name("number", (1, 0, 0), Fraction(1, 100)),
    "n": Name("number"),
    "sink": Name("choice", options=("none", "over")),
    "hob": Name("switch"),
    "when_": Name("other"),
    "panes": Name("rows", scope=PANES),
}
VALUES: dict[str, Any] = {
    "width": Fraction(900),
    "height": Fraction(200),
    "n": Fraction(7),
    "sink": "over",
    "hob": True,
    "when_": "",
    "panes": [{"w": Fraction(500), "k": Fraction(2)}, {"w": Fraction(700), "k": Fraction(1)}],
}
PRICES = Prices()
PRICES.of = {("sink", "over", "price"): Fraction(3200), ("sink", "over", "value"): Fraction(12, 10)}


@pytest.mark.parametrize(
    ("formula", "unit", "wanted"),
    [
        ("1 + 2 * 3", None, "7"),
        ("(1 + 2) * 3 - -1", None, "10"),
        ("10 / 4 / 5", None, "1/2"),
        ("10 - 4 - 3", None, "3"),
        ("0.1 + 0.2", None, "3/10"),
        ("width * height", "m2", "9/5"),
        ("width * height", "cm2", "18000"),
        ("2 × (width + height)", "m", "29/5"),
        ("width / 50 cm", None, "9/5"),
        ("n * 5%", None, "7/20"),
        ("round(n / 2)", None, "4"),
        ("round(-2.5)", None, "-2"),
        ("up(width, 25 cm)", "m", "1"),
        ("down(width, 25 cm)", "m", "3/4"),
        ("min(width, height, 0.5 m)", "mm", "500"),
        ("max(1, n, 3)", None, "7"),
        ("abs(3 - n)", None, "4"),
        ("if(width > 1 m, 1, 2)", None, "2"),
        ("if(hob and not (n = 8), 1, 2)", None, "1"),
        ("price(sink) * value(sink)", None, "3840"),
        ("sum(panes, w * k)", "m", "17/10"),
        ("sum(panes, w * n)", "m", "42/5"),
        ("largest(panes, w)", "mm", "700"),
        ("count(panes)", None, "2"),
        ("if(any(panes, w > 60 cm), 1, 0)", None, "1"),
        ("(" * 39 + "n" + ")" * 39, None, "7"),
    ],
)
def test_numbers(formula: str, unit: str | None, wanted: str) -> None:
    assert value(checker.number(formula, SCOPE, unit), VALUES, PRICES) == Fraction(wanted)


@pytest.mark.parametrize(
    ("one", "unit", "wanted"),
    [
        *(("mm", "m", "0.001"), ("cm", "m", "0.01"), ("m", "mm", "1000"), ("km", "m", "1000")),
        *(("mm2", "cm2", "0.01"), ("cm2", "m2", "0.0001"), ("km2", "ha", "100"), ("ha", "m2", "10000")),
        *(("mm3", "cm3", "0.001"), ("cm3", "l", "0.001"), ("l", "m3", "0.001"), ("km3", "m3", "1000000000")),
        *(("g", "kg", "0.001"), ("kg", "g", "1000"), ("t", "kg", "1000")),
        *(("min", "h", "1/60"), ("h", "min", "60"), ("day", "h", "24")),
    ],
)
def test_32_8_a_unit_is_so_many_of_another(one: str, unit: str, wanted: str) -> None:
    assert value(checker.number(f"1 {one}", SCOPE, unit), VALUES, PRICES) == Fraction(wanted)


def test_32_8_units_are_told_as_people_write_them() -> None:
    told = {(0, 0, 0): "1", (2, 0, 0): "m2", (1, 1, 0): "m·kg", (0, 1, -1): "kg/h", (-1, 0, -2): "1/m/h2"}
    assert {dimension: named(dimension) for dimension in told} == told


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        *((one, 2, 9) for one in ("min", "max")),
        *((one, 1, 2) for one in ("round", "up", "down")),
        *((one, 1, 1) for one in ("abs", "price", "value", "given", "count")),
        *((one, 2, 2) for one in ("sum", "largest", "any")),
        ("if", 3, 3),
    ],
)
def test_32_8_a_function_has_so_many_arguments(name: str, least: int, most: int) -> None:
    for count in range(12):
        told = ""
        try:
            checker.number(f"{name}({', '.join(['1'] * count)})", SCOPE)
        except FormulaError as error:
            told = english(error.detail)
        assert ("another number of arguments" in told) is not (least <= count <= most)


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("hob", True),
        ('sink = "over"', True),
        ("sink != 'over'", False),
        ('sink in ("none", "over")', True),
        ("width ≤ 900 mm and width >= 90 cm", True),
        ("n < 7 or n <> 7", False),
        ("not not hob", True),
        ("given(when_) or given(n)", True),
        ("given(when_)", False),
    ],
)
def test_conditions(formula: str, wanted: bool) -> None:
    assert holds(checker.condition(formula, SCOPE), VALUES, PRICES) is wanted


@pytest.mark.parametrize(("name", "of", "wanted"), [("n", 0, False), ("n", 1, True), ("hob", False, False)])
def test_given_is_what_is_not_nothing(name: str, of: int | bool, wanted: bool) -> None:
    given_value = of if isinstance(of, bool) else Fraction(of)
    assert holds(checker.condition(f"given({name})", SCOPE), VALUES | {name: given_value}, PRICES) is wanted


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("", "ends where a field or a number should follow"),
        ("1 +", "ends where a field or a number should follow"),
        ("(1 + 2", ") is missing at the end"),
        ("(1 2)", "nobody knows what 2 means here"),
        ("1 2", "nobody knows what 2 means here"),
        ("__import__('os')", "there is no function __import__"),
        ("width.real", "nobody knows what .real means here"),
        ("price(sink) ** 2", "nobody knows what * means here"),
        ("depth * 2", "there is no field depth here"),
        ("w * 2", "there is no field w here"),
        ("width + n", "these are in different units: 1 ≠ m"),
        ("width * height", "is in m2: choose the unit in which it is counted"),
        ("sink * 2", "sink is a choice: use price(sink) or value(sink)"),
        ("hob + 1", "a number is wanted here"),
        ('if(sink = "under", 1, 2)', "under is no option of sink"),
        ("if(n, 1, 2)", "a condition is wanted here"),
        ('if(n = "7", 1, 2)', "= compares two numbers"),
        ("if(hob > 1, 1, 2)", "> compares two numbers"),
        ("min(1)", "min() has another number of arguments"),
        ("round(width)", "round() needs the step too"),
        ("panes", "panes is a list of rows"),
        ("sum(n, 1)", "sum() is asked of a list of rows"),
        ("when_", "when_ is no number: only given(when_) can be asked"),
        ("price(n)", "price() is asked of a choice"),
        ("given(panes)", "given() is asked of a field"),
        ("(" * 40 + "1" + ")" * 40, "has too many brackets in brackets"),
        ("1" * 501, "is longer than 500 characters"),
    ],
)
def test_what_is_wrong_is_told(formula: str, told: str) -> None:
    with pytest.raises(FormulaError) as failed:
        checker.number(formula, SCOPE)
    assert english(failed.value.detail).startswith(told)
    for language in LANGUAGES[1:]:
        assert translated(failed.value.detail, language) != english(failed.value.detail)


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("1 / (n - 7)", "division_by_zero"),
        ("round(n, n - 7)", "division_by_zero"),
        (" * ".join(["999999999999"] * 15), "too_large"),
    ],
)
def test_what_cannot_be_reckoned(formula: str, code: str) -> None:
    with pytest.raises(EvaluationError, match=code):
        value(checker.number(formula, SCOPE), VALUES, PRICES)


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from([*"()+-*/,=<> ", "n", "width", "if", "5", "m", '"over"', "sink"])).map("".join)
)
def test_any_text_is_a_formula_or_says_why_not(text: str) -> None:
    try:
        tree = checker.number(text, SCOPE)
    except FormulaError:
        return
    with contextlib.suppress(EvaluationError):
        value(tree, VALUES, PRICES)


# --- page and server ---------------------------------------------------------------------------------------------


_FIELDS = [
    {"id": "width", "kind": "number", "label": {"en": "W"}, "unit": "mm"},
    {"id": "height", "kind": "number", "label": {"en": "H"}, "unit": "cm"},
    {"id": "n", "kind": "number", "label": {"en": "N"}},
    {
        "id": "sink",
        "kind": "choice",
        "label": {"en": "S"},
        "options": [
            {"id": "none", "label": {"en": "None", "ru": "Нет"}},
            {
                "id": "over",
                "label": {"en": "Over"},
                "price": "3200.55",
                "value": "1.15",
                "sku": "CUT",
                "category": "Cuts",
            },
        ],
    },
    {"id": "hob", "kind": "switch", "label": {"en": "Hob"}},
    {"id": "day", "kind": "date", "label": {"en": "D"}, "when": "n > 0"},
    {"id": "extra", "kind": "number", "label": {"en": "E"}, "when": "hob"},
    {
        "id": "panes",
        "kind": "rows",
        "label": {"en": "P"},
        "fields": [
            {"id": "w", "kind": "number", "label": {"en": "w"}, "unit": "mm"},
            {"id": "k", "kind": "number", "label": {"en": "k"}},
            {
                "id": "tint",
                "kind": "choice",
                "label": {"en": "t"},
                "options": [{"id": "a", "label": {"en": "A"}, "price": 12}],
            },
        ],
    },
]

_DIGITS = st.decimals(-1000, 100_000, places=3, allow_nan=False).map(lambda one: f"{one:f}")


def _numbers(names: list[str], lengths: list[str]) -> st.SearchStrategy[str]:
    """Formulas that are plain numbers, and inside of them lengths."""
    literal = st.decimals(0, 5000, places=2, allow_nan=False).map(lambda one: f"{one:f}")
    plain = literal | literal.map(lambda one: f"{one}%") | st.sampled_from(names)
    long = st.sampled_from(lengths) | literal.map(lambda one: f"{one} cm")

    def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        two = st.tuples(inner, inner)
        condition = st.tuples(inner, st.sampled_from(["<", "<=", "=", "!=", ">", ">="]), inner).map(" ".join)
        return st.one_of(
            st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda one: f"({one[0]} {one[1]} {one[2]})"),
            two.map(lambda one: f"min({one[0]}, {one[1]})"),
            two.map(lambda one: f"max({one[0]}, {one[1]}, 1)"),
            two.map(lambda one: f"round({one[0]}, {one[1]})"),
            two.map(lambda one: f"up({one[0]}, abs({one[1]}))"),
            inner.map(lambda one: f"down(-{one})"),
            st.tuples(condition, inner, inner).map(lambda one: f"if({one[0]} or hob, {one[1]}, {one[2]})"),
            st.tuples(long, long).map(lambda one: f"({one[0]} / max({one[1]}, 1 mm))"),
        )

    return st.recursive(plain, grown, max_leaves=12)


_NAMES = [
    "n",
    "price(sink)",
    "value(sink)",
    "count(panes)",
    "extra",
    "sum(panes, k)",
    "largest(panes, k * price(tint))",
    "(sum(panes, w) / 1 m)",
]
_NUMBERS = _numbers(_NAMES, ["width", "height"])
_ROW_NUMBERS = _numbers([*_NAMES, "k", "price(tint)", "twice"], ["w", "width"])


@st.composite
def _calculators(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "title": {"en": "T", "ru": "Т"},
        "currency": "EUR",
        "fields": _FIELDS,
        "parameters": [
            {"name": {"en": "When", "ru": "Когда"}, "text": {"en": "{day}, {extra}"}},
            {"name": {"en": "Only"}, "text": {"en": "{day} , "}},
            {"name": {"en": "Panes"}, "text": {"en": "{w} × {k} ({tint}, {sink}, {hob})"}, "each": "panes"},
        ],
        "variables": [{"id": "twice", "formula": f"2 * ({draw(_NUMBERS)})"}],
        "items": [
            {"name": {"en": "One {sink} {n}"}, "price": draw(_NUMBERS), "quantity": draw(_NUMBERS)},
            {
                "option": "sink",
                "quantity": "width * height",
                "measure": "m2",
                "least": "0.5",
                "when": 'sink != "none" or hob',
            },
            {
                "name": {"en": "Pane {w} × {k} {tint}", "ru": "Стекло {w}"},
                "price": draw(_ROW_NUMBERS),
                "quantity": draw(_ROW_NUMBERS),
                "discount": draw(st.none() | _ROW_NUMBERS),
                "when": draw(st.sampled_from(["k > 1", "hob", 'tint = "a"'])),
                "each": "panes",
            },
        ],
        "rules": [{"refuse": f"({draw(_NUMBERS)}) > 90000", "message": {"en": "No"}}],
        "discount": draw(st.none() | st.just("subtotal * 7.5%") | _NUMBERS),
        "delivery": draw(st.none() | _NUMBERS),
    }


_VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys(("width", "height", "n", "extra"), _DIGITS),
        "sink": st.sampled_from(["none", "over"]),
        "hob": st.booleans(),
        "day": st.dates().map(str),
        "panes": st.lists(st.fixed_dictionaries({"w": _DIGITS, "k": _DIGITS, "tint": st.just("a")}), max_size=3),
    }
)


@pytest.mark.needs("node")
@given(
    document=_calculators(),
    several=st.lists(_VALUES, min_size=3, max_size=3),
    language=st.sampled_from(["en", "ru", "es"]),
)
def test_page_and_server_have_the_same_result(page: Page, document: Any, several: list[Any], language: str) -> None:
    """Most of the time goes into making a calculator up, so each is reckoned three times."""
    trimmed = document | {
        "items": [{name: one for name, one in item.items() if one is not None} for item in document["items"]]
    }
    made = compiled(read({name: one for name, one in trimmed.items() if one is not None}))
    assert made.problems == ()
    assert made.document is not None
    for values in several:
        ours = evaluate(made.document, values, language)
        assert isinstance(ours, Evaluation)
        _is_the_same(ours, page.reckon(made.document, values, language))


def _is_the_same(ours: Evaluation, theirs: Any) -> None:
    hypothesis.event(repr(ours.refused))
    assert (ours.refused is None) == (theirs["refused"] is None)
    assert [
        (one.name, one.quantity, one.unit_price, one.sku, one.discount or 0, one.category, one.amount)
        for one in ours.items
    ] == [
        (
            one["name"],
            *(Fraction(one[name]) for name in ("quantity", "unit_price")),
            one.get("sku"),
            Fraction(one.get("discount", 0)),
            one.get("category"),
            Fraction(one["amount"]),
        )
        for one in theirs["items"]
    ]
    if ours.refused is None:
        assert [ours.total, ours.discount, ours.delivery] == [
            Fraction(theirs[one]) for one in ("total", "discount", "delivery")
        ]
        said = [{"name": one.name, "value": one.value} for one in ours.parameters]
        assert [ours.title, ours.currency, said] == [theirs[one] for one in ("title", "currency", "parameters")]


# --- documents ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("widget_type", calculators.usual_ones())
def test_our_calculators_fit_together_in_every_language(widget_type: str) -> None:
    own = calculators.usual(widget_type)
    assert own is not None
    assert compiled(own).problems == ()
    labels = [own.title, *(field.label for field in own.fields)]
    labels += [option.label for field in own.fields for option in field.options]
    assert all(set(label) == set(LANGUAGES) for label in labels)


@pytest.mark.needs("node")
def test_300_fields_are_reckoned_at_once(page: Page) -> None:
    fields = [{"id": f"f{index}", "kind": "number", "label": {"en": "F"}, "unit": "mm"} for index in range(300)]
    items = [
        {"name": {"en": "I"}, "price": "10", "quantity": f"f{index} + f{index + 1}", "measure": "m"}
        for index in range(250)
    ]
    made = compiled(read({"title": {"en": "T"}, "currency": "EUR", "fields": fields, "items": items}))
    assert made.document is not None
    values = {f"f{index}": str(index) for index in range(300)}
    ours = evaluate(made.document, values, "en")
    assert isinstance(ours, Evaluation)
    assert ours.total == Fraction(page.reckon(made.document, values, "en")["total"])


def test_32_8_what_is_not_asked_counts_as_nothing_whatever_was_sent() -> None:
    asked = {"label": {"en": "L"}, "when": "n > 5"}
    option = {"id": "o", "label": {"en": "O"}, "price": 10_000}
    fields = [
        {"id": "n", "kind": "number", "label": {"en": "N"}},
        {"id": "k", "kind": "number", **asked},
        {"id": "hob", "kind": "switch", **asked},
        {"id": "c", "kind": "choice", **asked, "options": [option]},
        {"id": "r", "kind": "rows", **asked, "fields": [{"id": "w", "kind": "number", "label": {"en": "W"}}]},
    ]
    price = '1 + k + if(hob, 100, 0) + if(count(r) > 0, 1000, 0) + if(c = "o", price(c), 0)'
    items = [{"name": {"en": "I"}, "price": price}]
    made = compiled(read({"title": {"en": "T"}, "currency": "EUR", "fields": fields, "items": items}))
    assert made.document is not None
    sent = {"k": "7", "hob": True, "c": "o", "r": [{"w": "2"}]}
    for n, total in (("6", 11_108), ("5", 1)):
        found = evaluate(made.document, sent | {"n": n}, "en")
        assert isinstance(found, Evaluation)
        assert found.total == total


@pytest.mark.parametrize(("least", "good", "wrong"), [(None, "4", "3"), (1, "3", "4")])
def test_steps_are_counted_from_the_least_or_from_nothing(least: int | None, good: str, wrong: str) -> None:
    field = {"id": "n", "kind": "number", "label": {"en": "N"}, "step": 2} | ({"least": least} if least else {})
    items = [{"name": {"en": "I"}, "price": "n"}]
    made = compiled(read({"title": {"en": "T"}, "currency": "EUR", "fields": [field], "items": items}))
    assert made.document is not None
    assert isinstance(evaluate(made.document, {"n": good}, "en"), Evaluation)
    assert isinstance(evaluate(made.document, {"n": wrong}, "en"), list)


@pytest.mark.parametrize(("bounds", "told"), [({}, "0 to 50"), ({"least": 1, "most": 2}, "1 to 2")])
def test_too_many_rows_are_told_with_how_many_there_may_be(bounds: dict[str, int], told: str) -> None:
    inner = {"id": "s", "kind": "switch", "label": {"en": "S"}}
    field = {"id": "r", "kind": "rows", "label": {"en": "R"}, "fields": [inner]}
    items = [{"name": {"en": "I"}, "price": "count(r)"}]
    made = compiled(read({"title": {"en": "T"}, "currency": "EUR", "fields": [field | bounds], "items": items}))
    assert made.document is not None
    found = evaluate(made.document, {"r": [{"s": True}] * 51}, "en")
    assert isinstance(found, list)
    assert [(one.path, english(one.detail)) for one in found] == [("calculator.values.r", f"must have {told} rows")]


@pytest.mark.needs("node")
def test_the_least_of_an_item_is_for_what_is_there_at_all(page: Page) -> None:
    item = {"name": {"en": "Glass"}, "price": "100", "quantity": "n", "least": "0.5"}
    fields = [{"id": "n", "kind": "number", "label": {"en": "N"}}]
    made = compiled(read({"title": {"en": "T"}, "currency": "EUR", "fields": fields, "items": [item]}))
    assert made.document is not None
    for n, total in (("0", 0), ("0.01", 50), ("0.5", 50), ("0.6", 60)):
        ours = evaluate(made.document, {"n": n}, "en")
        assert isinstance(ours, Evaluation)
        assert (int(ours.total), len(ours.items)) == (total, int(total > 0))
        assert Fraction(page.reckon(made.document, {"n": n}, "en")["total"]) == total


def _problems(**changed: Any) -> dict[str, str]:
    document: dict[str, Any] = {
        "title": {"en": "T"},
        "currency": "EUR",
        "fields": [{"id": "n", "kind": "number", "label": {"en": "N"}}],
        "items": [{"name": {"en": "I"}, "price": "1"}],
    }
    return {
        one.path.removeprefix("calculator."): english(one.detail) for one in compiled(read(document | changed)).problems
    }


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"title": {}}, "title"),
        ({"fields": [{"id": "n", "kind": "number", "label": {"en": "N"}}] * 2}, "fields[1].id"),
        ({"fields": [{"id": "and", "kind": "number", "label": {"en": "N"}}]}, "fields[0].id"),
        ({"fields": [{"id": "c", "kind": "choice", "label": {"en": "C"}}]}, "fields[0].options"),
        ({"fields": [{"id": "r", "kind": "rows", "label": {"en": "R"}}]}, "fields[0].fields"),
        ({"fields": [{"id": "n", "kind": "number", "label": {}}]}, "fields[0].label"),
        ({"fields": [{"id": "n", "kind": "number", "label": {"en": "N"}, "least": 5, "most": 1}]}, "fields[0].most"),
        ({"fields": [{"id": "n", "kind": "number", "label": {"en": "N"}, "step": 0}]}, "fields[0].step"),
        ({"fields": [{"id": "n", "kind": "number", "label": {"en": "N"}, "when": "n > 1"}]}, "fields[0].when"),
        ({"items": [{"name": {"en": "I"}}]}, "items[0]"),
        ({"items": [{"option": "n"}]}, "items[0].option"),
        ({"items": [{"name": {"en": "I {x}"}, "price": "1"}]}, "items[0].name"),
        ({"items": [{"name": {"en": "I"}, "price": "1", "each": "n"}]}, "items[0].each"),
        ({"items": [{"name": {"en": "I"}, "price": "1", "measure": "m2"}]}, None),
        ({"items": [{"name": {"en": "I"}, "price": "1", "quantity": "n", "measure": "m2"}]}, "items[0].quantity"),
        ({"items": [{"name": {"en": "I"}, "price": "1", "unit": "x" * 21}]}, "items[0].unit"),
        ({"variables": [{"id": "a", "formula": "b"}, {"id": "b", "formula": "a"}]}, "variables[0].formula"),
        ({"discount": "subtotal / 0 m"}, "discount"),
        ({"rules": [{"refuse": "n", "message": {"en": "No"}}]}, "rules[0].refuse"),
        ({"parameters": [{"name": {"en": "P"}, "text": {"en": "{y}"}}]}, "parameters[0].text"),
    ],
)
def test_what_does_not_fit_together_is_named(changed: dict[str, Any], path: str | None) -> None:
    assert list(_problems(**changed)) == ([path] if path else [])


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"width": "x"}, "width"),
        ({"width": None}, "width"),
        ({"width": "1e5"}, "width"),
        ({"width": "99"}, "width"),
        ({"width": "6001"}, "width"),
        ({"width": "900.5"}, "width"),
        ({"material": "gold"}, "material"),
        ({"material": ["gl8"]}, "material"),
        ({"installation": "yes"}, "installation"),
        ({"width": True}, "width"),
    ],
)
def test_values_that_no_page_would_send_are_refused(values: dict[str, Any], path: str) -> None:
    good = {
        "material": "gl8",
        "width": "900",
        "height": "2000",
        "count": 1,
        "edge": "none",
        "holes": 0,
        "installation": True,
    }
    own = calculators.usual("glass")
    assert own is not None
    document = compiled(own).document
    assert document is not None
    assert isinstance(evaluate(document, good, "en"), Evaluation)
    found = evaluate(document, good | values, "en")
    assert isinstance(found, list)
    assert [one.path for one in found] == [f"calculator.values.{path}"]


def test_the_examples_of_the_documents_are_formulas() -> None:
    text = (ROOT / "docs" / "calculators.md").read_text()
    pane = {"pane_width": SCOPE["width"], "pane_height": SCOPE["height"]}
    choice = Name("choice", options=("quartz", "granite"))
    scope = SCOPE | {"count": Name("number"), "material": choice, "panes": Name("rows", scope=pane)}
    scope |= {"comment": Name("other"), "installation": Name("switch")}
    numbers = re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE)
    for formula in numbers:
        checker.variable(formula, scope)
    conditions = re.findall(r"`([^`]+)`", text[text.index("Conditions:") : text.index("A switch is a condition")])
    for formula in conditions:
        checker.condition(formula, scope)
    assert (len(numbers), len(conditions)) == (11, 4)
    functions = text[text.index("**Functions**") : text.index("**Units**")]
    assert set(re.findall(r"\w+", functions.replace("Functions", ""))) == set(checker.FUNCTIONS)
    units = text[text.index("**Units**") : text.index("Lengths multiplied")]
    assert {"mm", "cm", "m", "km", "ha", "l", "g", "kg", "t", "min", "h", "day"} <= set(re.findall(r"\w+", units))
    assert set(UNITS) == set(get_args(calculators.UnitName))
