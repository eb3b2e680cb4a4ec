"""A calculator that somebody publishes cannot hold a worker, nor end in an error of ours (30-E4)."""

import time
from typing import Any

import msgspec
import pytest

from features.calculations import calculator as calculators
from features.calculations import engine
from features.calculations.compiler import Compiled, compiled
from features.calculations.engine import Evaluation, evaluate
from features.calculations.formulas.cost import MOST_STEPS, of_document
from features.calculations.model import Parameter
from features.calculations.versions import read
from tests.calculations.page_engine import Page
from tests.story import Story, json_of

_ROWS: list[dict[str, Any]] = [
    {
        "id": name,
        "kind": "rows",
        "label": {"en": name},
        "fields": [{"id": f"{name}_k", "kind": "number", "label": {"en": "k"}}],
    }
    for name in ("a", "b", "c", "d")
]


def _document(**changed: Any) -> dict[str, Any]:
    return {
        "title": {"en": "T"},
        "currency": "EUR",
        "fields": [{"id": "n", "kind": "number", "label": {"en": "N"}}, *_ROWS],
        "items": [{"name": {"en": "I"}, "price": "1"}],
    } | changed


def _compiled(**changed: Any) -> Compiled:
    return compiled(read(_document(**changed)))


def _problems(**changed: Any) -> list[str]:
    return [one.path.removeprefix("calculator.") for one in _compiled(**changed).problems]


def _values(rows: int) -> dict[str, Any]:
    return {"n": "2"} | {name: [{f"{name}_k": "1.5"}] * rows for name in "abcd"}


_LONG = "a_k * 2 + a_k * 3 + a_k * 4 + a_k * 5"
_ASKED = {"id": "n", "kind": "number", "label": {"en": "N"}, "when": "any(a, any(b, any(c, c_k > 1)))"}


def _priced(price: str, **more: Any) -> dict[str, Any]:
    return {"name": {"en": "I"}, "price": price, **more}


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        ({"items": [_priced("sum(a, sum(a, sum(a, sum(a, a_k))))")]}, "items[0].price"),
        ({"items": [_priced("sum(a, sum(b, sum(c, 1)))")]}, "items[0].price"),
        ({"items": [_priced("sum(b, largest(c, 1))", each="a")]}, "items[0].price"),
        ({"items": [_priced(f"sum(a, {_LONG})", each="b")] * 40}, "items[0].price"),
        ({"variables": [{"id": "v", "formula": "sum(a, sum(b, largest(c, c_k)))"}]}, "variables[0].formula"),
        ({"rules": [{"refuse": "any(a, any(b, any(c, n > c_k)))", "message": {"en": "No"}}]}, "rules[0].refuse"),
        ({"discount": "sum(a, sum(b, sum(c, 1)))"}, "discount"),
        ({"fields": [*_ROWS, _ASKED]}, "fields[4].when"),
    ],
)
def test_what_would_take_too_long_is_not_published(changed: dict[str, Any], path: str) -> None:
    assert _problems(**changed) == [path]


def test_32_8_each_step_is_counted_once_for_each_row_it_is_taken_for() -> None:
    inner = {"id": "a_more", "kind": "number", "label": {"en": "M"}, "when": "a_k > 1"}
    made = _compiled(
        fields=[
            {"id": "n", "kind": "number", "label": {"en": "N"}},
            {**_ROWS[0], "fields": [*_ROWS[0]["fields"], inner]},
            {"id": "seen", "kind": "switch", "label": {"en": "S"}, "when": "n > 1"},
            {"id": "c", "kind": "choice", "label": {"en": "C"}, "options": [{"id": "o", "label": {"en": "O"}}]},
        ],
        variables=[{"id": "twice", "formula": "n * 2"}],
        items=[_priced("sum(a, a_k)"), _priced("a_k * 2", each="a", when="a_k > 1"), _priced("1", when='c in ("o")')],
        rules=[{"refuse": "n > 1", "message": {"en": "No"}}],
        discount="n",
        delivery="1",
    )
    assert made.document is not None
    assert dict(of_document(made.document, {"a": 10})) == {
        "fields[1].fields[1].when": 10 * (3 + 2),  # two more to look at a row
        "fields[2].when": 3,
        "variables[0].formula": 3,
        "items[0].price": 1 + 10 * (2 + 1),
        "items[1].when": 10 * (3 + 2),
        "items[1].price": 10 * (3 + 2),
        "items[2].when": 1,
        "items[2].price": 1,
        "rules[0].refuse": 3,
        "discount": 1,
        "delivery": 1,
    }


def test_what_people_make_of_lists_is_published() -> None:
    share = [
        {"name": {"en": "I"}, "price": "sum(a, a_k / sum(a, a_k))"},
        {"name": {"en": "J"}, "price": "sum(a, sum(b, a_k * b_k))"},
    ]
    assert _problems(items=share) == []
    line = {"name": {"en": "{a_k}"}, "price": "if(n > 1, a_k * 1.2, n) * 3", "quantity": "a_k + 1", "each": "a"}
    assert _problems(items=[line] * 60) == []
    one = {"name": {"en": "I"}, "price": "max(n, 1) * 3 + n", "quantity": "round(n * 2, 0.5)", "when": "n > 0"}
    assert _problems(items=[one] * 250) == []
    few = [row | {"most": 5} for row in _ROWS]
    assert _problems(fields=few, items=[{"name": {"en": "I"}, "price": "sum(a, sum(b, sum(c, sum(d, 1))))"}]) == []


def test_the_longest_that_is_published_is_reckoned_in_a_moment() -> None:
    """Of large numbers, each with a denominator of its own."""
    formula = "sum(a, sum(b, ({factors}) / (a_k * 0.999983)))".format(factors=" * ".join(["b_k"] * 8))
    items = [{"name": {"en": "I"}, "price": formula}]
    while not (more := _compiled(items=[*items, items[0]])).problems:
        items.append(items[0])
    assert "items" in _problems(items=[*items, items[0]])[0]
    del more
    document = _compiled(items=items).document
    assert document is not None
    began = time.perf_counter()
    assert isinstance(evaluate(document, _values(50) | {"b": [{"b_k": "999999999999.999983"}] * 50}, "en"), Evaluation)
    assert time.perf_counter() - began < 5
    assert MOST_STEPS <= 200_000


@pytest.mark.parametrize("number", ["1e3000000", "-1e13", "NaN", "sNaN", "Infinity", "1e-3000000", "0.0000000000001"])
@pytest.mark.parametrize("place", ["price", "value", "least", "most", "step", "rows", "item"])
def test_numbers_are_finite_and_bounded(place: str, number: str) -> None:
    option: dict[str, Any] = {"id": "o", "label": {"en": "O"}}
    choice = {"id": "c0", "kind": "choice", "label": {"en": "C"}, "options": [option]}
    field: dict[str, Any] = {"id": "f0", "kind": "number", "label": {"en": "F"}}
    item = {"option": "c0"}
    match place:
        case "price" | "value":
            option[place] = number
        case "least" | "most" | "step":
            field[place] = number
        case "rows":
            field = {**_ROWS[0], "most": number}
        case "item":
            item["least"] = number
    began = time.perf_counter()
    found = compiled(read(_document(fields=[choice, field], items=[item])))
    assert time.perf_counter() - began < 1
    assert found.document is None
    (path,) = {one.path.removeprefix("calculator.") for one in found.problems}
    wanted = {"rows": "fields[1].most", "item": "items[0].least"}
    assert path == wanted.get(place, f"fields[0].options[0].{place}" if place in option else f"fields[1].{place}")


def test_numbers_reach_the_page_without_an_exponent() -> None:
    fields = [
        {
            "id": "m",
            "kind": "choice",
            "label": {"en": "M"},
            "options": [{"id": "o", "label": {"en": "O"}, "price": "1E+3"}],
        }
    ]
    document = _compiled(fields=fields, items=[{"option": "m", "least": "1e1"}]).document
    assert document is not None
    assert document["fields"][0]["options"][0]["price"] == "1000"
    assert document["items"][0]["least"] == "10"


@pytest.mark.parametrize(
    "formula",
    ["+".join(["1"] * 250), "max(" + "-(" * 37 + "n" + ")" * 37 + ", 1)", "max(" + "1-" * 200 + "n, 1)"],
    ids=["long", "deep", "both"],
)
def test_the_longest_formulas_are_walked_to_their_end(story: Story, formula: str) -> None:
    document = _document(items=[{"name": {"en": "I"}, "price": formula}])
    found = json_of(story.crm("check_calculator", story.admin(), {"document": document}))
    assert found["problems"] == []
    assert isinstance(evaluate(found["calculator"], _values(1), "en"), Evaluation)


def test_a_list_shorter_than_nothing_pays_for_no_other() -> None:
    fields = [*_ROWS, {**_ROWS[0], "id": "e", "most": "-1000000", "fields": [{**_ASKED, "id": "e_k", "when": "1 > 0"}]}]
    items = [_priced("sum(a, sum(b, sum(c, 1)))"), _priced("sum(e, 1)")]
    assert _problems(fields=fields, items=items) == ["items[0].price"]


@pytest.mark.needs("node")
def test_more_lines_than_a_calculation_takes_are_told_by_page_and_server(page: Page) -> None:
    document = _compiled(items=[_priced("1", each="a")] * 6).document
    assert document is not None
    for rows, is_made in ((41, True), (42, False)):
        ours, theirs = evaluate(document, _values(rows), "en"), page.reckon(document, _values(rows), "en")
        assert isinstance(ours, Evaluation)
        assert (ours.refused is None, theirs["refused"] is None) == (is_made, is_made)


@pytest.mark.needs("node")
def test_a_name_is_cut_visibly_and_alike_and_long_lists_fit_into_their_parameter(page: Page) -> None:
    text = {"id": "x", "kind": "text", "label": {"en": "X"}}
    item = {"name": {"en": "{x}{x}"}, "price": "1"}
    parameter = {"name": {"en": "All"}, "text": {"en": "{a_k}"}, "each": "a"}
    document = _compiled(fields=[text, _ROWS[0]], items=[item], parameters=[parameter]).document
    assert document is not None
    values = {"x": "😀" * 150, "a": [{"a_k": "123456789012.123456"}] * 50}
    ours, theirs = evaluate(document, values, "en"), page.reckon(document, values, "en")
    assert isinstance(ours, Evaluation)
    assert ours.items[0].name == theirs["items"][0]["name"] == "😀" * 249 + "…"
    assert [msgspec.to_builtins(one) for one in ours.parameters] == theirs["parameters"]
    assert len(theirs["parameters"][0]["value"]) > 1000
    msgspec.convert(theirs["parameters"], list[Parameter])


@pytest.mark.needs("node")
@pytest.mark.parametrize("typed", ["", " ", ", ,"])
def test_a_line_always_has_a_name_and_a_unit(page: Page, typed: str) -> None:
    """30-K: a line that is called what was typed had no name where nothing was, and the calculation was refused by the
    length of a text; a unit in no language was one for the server and none for the page."""
    text = {"id": "x", "kind": "text", "label": {"en": "X"}}
    item = {"name": {"en": "{x}"}, "price": "1", "unit": {}}
    document = _compiled(fields=[text], items=[item]).document
    assert document is not None
    ours, theirs = evaluate(document, {"x": typed}, "en"), page.reckon(document, {"x": typed}, "en")
    assert isinstance(ours, Evaluation)
    assert (ours.items[0].name, ours.items[0].unit) == ("—", "pcs")
    assert (theirs["items"][0]["name"], theirs["items"][0]["unit"]) == ("—", "pcs")


def test_a_list_that_nobody_could_fill_is_not_published() -> None:
    """30-K: it wanted more rows than a list takes, and every calculation was refused."""
    for least, problems in (("50", []), ("51", ["fields[0].least"])):
        assert _problems(fields=[_ROWS[0] | {"least": least}]) == problems


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    ("price", "quantity", "is_made"),
    [
        ("0.004", "1000", False),
        ("1", "0.0004", False),
        ("0.005", "1", True),
        ("n * n", "1", False),
        ("n", "n", False),
        ("n", "1", True),
        ("1", "n * n", False),
    ],
)
def test_30_e3_page_and_server_refuse_the_same(page: Page, price: str, quantity: str, is_made: bool) -> None:
    """Twelve digits multiplied; a price that would become nothing."""
    document = _compiled(items=[{"name": {"en": "I"}, "price": price, "quantity": quantity}]).document
    assert document is not None
    values = _values(1) | {"n": "999999999999"}
    ours, theirs = evaluate(document, values, "en"), page.reckon(document, values, "en")
    assert isinstance(ours, Evaluation)
    assert (ours.refused is None, theirs["refused"] is None) == (is_made, is_made)
    if is_made:
        assert f"{ours.total.normalize():f}" == theirs["total"]


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    ("which", "formula", "total"),
    [
        ("discount", "0 - 0.01", None),
        ("discount", "subtotal + 0.01", None),
        ("discount", "subtotal", "0"),
        ("discount", "0", "2"),
        ("delivery", "0 - 0.01", None),
        ("delivery", "0", "2"),
    ],
)
def test_a_discount_and_a_delivery_are_no_less_than_nothing(
    page: Page, which: str, formula: str, total: str | None
) -> None:
    """Nor by a cent; and a discount may be all of the sum."""
    document = _compiled(items=[_priced("2")], **{which: formula}).document
    assert document is not None
    ours, theirs = evaluate(document, _values(1), "en"), page.reckon(document, _values(1), "en")
    assert isinstance(ours, Evaluation)
    assert (ours.refused is None, theirs["refused"] is None) == (total is not None,) * 2
    if total is not None:
        assert f"{ours.total.normalize():f}" == theirs["total"] == total


def test_what_came_with_us_is_bounded() -> None:
    for one in calculators.usual_ones().values():
        assert compiled(one).problems == ()
        msgspec.json.encode(compiled(one).document)


@pytest.mark.parametrize(("length", "shown"), [(250, 250), (251, 250), (5000, 250)])
def test_a_lines_name_is_as_long_as_it_may_be(length: int, shown: int) -> None:
    """With the sign that tells of the cut; what is longer would be refused where it is written."""
    name = engine._short("я" * length)
    assert (len(name), name.endswith("…")) == (shown, length > shown)
