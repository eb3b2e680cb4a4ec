"""Names in the builder: another one goes wherever a formula means the old one, and nowhere else (30-G2)."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.calculations.compiler import compiled
from features.calculations.formulas.parser import parsed
from features.calculations.versions import read
from tests.calculations.node import Node

pytestmark = pytest.mark.needs("node")


@pytest.fixture(scope="module")
def builder() -> Iterator[Node]:
    made = Node("naming.mjs")
    yield made
    made.stop()


# A formula in pieces: text as it is; ("glass",) a name; ("glass", "clear") an option of it.
_Piece = str | tuple[str, ...]
_Pieces = list[_Piece]

# Called as units, functions and each other's options are.
_CHOICES = ("glass", "door", "clear")
_OPTIONS = ("clear", "matt", "glass")
_NUMBERS = ("m", "min", "count", "width")
_ROWS = ("panes", "sum")


def _joined(*parts: Any) -> _Pieces:
    return [one for part in parts for one in (part if isinstance(part, list) else [part])]


@st.composite
def _compared(draw: st.DrawFn) -> _Pieces:
    choice = draw(st.sampled_from(_CHOICES))
    options = draw(st.lists(st.sampled_from(_OPTIONS), min_size=1, max_size=3))
    quote = draw(st.sampled_from("\"'"))
    name = draw(st.sampled_from([[(choice,)], ["(", (choice,), ")"]]))
    sign = draw(st.sampled_from(["=", " != ", "<>", " ≠ ", " in ", " IN"]))
    if sign.strip().lower() != "in":
        return _joined(name, sign, quote, (choice, options[0]), quote)
    listed = [
        _joined(quote, (choice, one), quote, ", " if index < len(options) - 1 else "")
        for index, one in enumerate(options)
    ]
    return _joined(name, sign, "(", *listed, ")")


_NUMBER = st.one_of(
    st.sampled_from(_NUMBERS).map(lambda one: [(one,)]),
    st.sampled_from(["5 m", "2 min", "3.5m2", "7%", "12"]).map(lambda one: [one]),
    st.sampled_from(_CHOICES).map(lambda one: ["price(", (one,), ")"]),
    st.sampled_from(_ROWS).map(lambda one: ["count(", (one,), ")"]),
)


def _grown(inner: st.SearchStrategy[_Pieces]) -> st.SearchStrategy[_Pieces]:
    return st.one_of(
        st.tuples(inner, st.sampled_from([" and ", " or ", " OR "]), inner).map(lambda one: _joined(*one)),
        inner.map(lambda one: _joined("not ", one)),
        inner.map(lambda one: _joined("(", one, ")")),
        st.tuples(st.sampled_from(_ROWS), inner).map(lambda one: _joined("any(", (one[0],), ", ", one[1], ")")),
        st.tuples(inner, _NUMBER, _NUMBER).map(lambda one: _joined("if(", one[0], ", ", one[1], ", ", one[2], ") > 0")),
    )


_PLAIN = st.one_of(
    _compared(),
    st.tuples(_NUMBER, st.sampled_from(["<", " = ", ">= "]), _NUMBER).map(lambda one: _joined(*one)),
    st.sampled_from(_CHOICES + _NUMBERS).map(lambda one: _joined("given(", (one,), ")")),
    st.tuples(_NUMBER, _NUMBER).map(lambda one: _joined("min(", one[0], ", -", one[1], ") * 2 > 1")),
)
_FORMULAS = st.recursive(_PLAIN, _grown, max_leaves=6)


def _written(pieces: _Pieces, called: Callable[[tuple[str, ...]], str]) -> str:
    return "".join(one if isinstance(one, str) else called(one) for one in pieces)


def _document(formula: str) -> dict[str, Any]:
    options = [{"id": one, "label": {"en": one}} for one in _OPTIONS]
    choices = [{"id": one, "kind": "choice", "label": {"en": one}, "options": options} for one in _CHOICES]
    numbers = [{"id": one, "kind": "number", "label": {"en": one}} for one in _NUMBERS]
    rows = [{"id": one, "kind": "rows", "label": {"en": one}, "fields": []} for one in _ROWS]
    return {
        "title": {"en": "T"}, "currency": "EUR", "fields": [*choices, *numbers, *rows],
        "items": [{"name": {"en": "{m} {glass} m"}, "price": "1", "when": formula}],
        "rules": [{"refuse": formula, "message": {"en": "No"}}],
    }  # fmt: skip


@given(_FORMULAS, st.sampled_from(_CHOICES + _NUMBERS + _ROWS))
def test_a_field_is_renamed_wherever_it_is_named(builder: Node, pieces: _Pieces, field: str) -> None:
    formula = _written(pieces, lambda piece: piece[-1])
    parsed(formula)
    made = builder.ask(do="rename", document=_document(formula), field=field, name="other")
    wanted = _written(pieces, lambda piece: "other" if piece == (field,) else piece[-1])
    assert made["document"]["rules"][0]["refuse"] == wanted
    assert made["document"]["items"][0]["when"] == wanted
    assert made["document"]["items"][0]["name"]["en"] == "{m} {glass} m".replace("{" + field + "}", "{other}")


@given(_FORMULAS, st.sampled_from(_CHOICES), st.sampled_from(_OPTIONS))
def test_an_option_is_renamed_where_its_own_choice_is_compared(
    builder: Node, pieces: _Pieces, field: str, option: str
) -> None:
    formula = _written(pieces, lambda piece: piece[-1])
    made = builder.ask(do="rename", document=_document(formula), field=field, option=option, name="other")
    wanted = _written(pieces, lambda piece: "other" if piece == (field, option) else piece[-1])
    assert made["document"]["rules"][0]["refuse"] == wanted


def test_what_was_seen(builder: Node) -> None:
    """The words of 30-G2: another comparison in the same condition was rewritten too, and prices went wrong."""
    formula = 'glass = "matt" and door = "clear"'
    document = builder.ask(do="rename", document=_document(formula), field="glass", option="clear", name="thick")
    assert document["document"]["items"][0]["when"] == formula


@pytest.mark.parametrize(
    "formula", ['glass = "clear" and', '? glass = "clear', ')) m * ( glass = "clear")', "5 m m", '"']
)
def test_an_unfinished_formula_is_followed_as_far_as_it_is_understood(builder: Node, formula: str) -> None:
    made = builder.ask(do="rename", document=_document(formula), field="glass", name="other")
    assert made["document"]["rules"][0]["refuse"] == formula.replace("glass", "other")
    made = builder.ask(do="rename", document=_document(formula), field="glass", option="clear", name="thick")
    assert made["document"]["rules"][0]["refuse"] == formula.replace('"clear"', '"thick"')


@pytest.mark.parametrize("name", ["", "Glass", "1a", "a-b", "and", "subtotal", "door", "a" * 33])
def test_names_that_cannot_be_change_nothing(builder: Node, name: str) -> None:
    document = _document('glass = "clear"')
    assert builder.ask(do="rename", document=document, field="glass", name=name) == {
        "document": document,
        "isDone": False,
    }


def test_a_copy_has_names_of_its_own(builder: Node) -> None:
    document = _document('glass = "clear"')
    document["fields"][-1]["fields"] = [
        {"id": "w", "kind": "number", "label": {"en": "W"}},
        {"id": "h", "kind": "number", "label": {"en": "H"}, "when": "w > 2"},
    ]
    made = builder.ask(do="copy", document=document, field="glass", option="clear")["document"]
    assert [one["id"] for one in made["fields"][0]["options"]] == ["clear", "matt", "glass", "clear_2"]
    renamed = builder.ask(do="rename", document=made, field="glass", option="clear_2", name="thick")["document"]
    assert renamed["rules"][0]["refuse"] == 'glass = "clear"'
    made = builder.ask(do="copy", document=document, field="sum")["document"]
    copy = made["fields"][-1]
    assert (copy["id"], [one["id"] for one in copy["fields"]]) == ("sum_2", ["w_2", "h_2"])
    assert copy["fields"][1]["when"] == "w_2 > 2"
    assert document["fields"][-1]["fields"][1]["when"] == "w > 2"


def test_names_are_made_of_labels_before_publishing(builder: Node) -> None:
    """Two choices whose options have the same first names: each comparison follows its own."""

    def choice(name: str, label: str, *labels: str) -> dict[str, Any]:
        options = [
            {"id": "option" if n == 0 else f"option_{n + 1}", "label": {"en": one}} for n, one in enumerate(labels)
        ]
        return {"id": name, "kind": "choice", "label": {"en": label}, "options": options}

    formula = 'field = "option" and field_2 in ("option", "option_2") or not (field_2 != "option")'
    document = _document("1 = 1") | {
        "fields": [choice("field", "Glass", "Clear", "Matt"), choice("field_2", "Min", "Oak", "Clear")],
        "items": [{"name": {"en": "x"}, "price": "1", "when": formula}],
        "rules": [],
    }
    made = builder.ask(do="publish", document=document)["document"]
    wanted = 'glass = "clear" and min in ("oak", "clear") or not (min != "oak")'
    assert made["items"][0]["when"] == wanted
    assert compiled(read(made)).problems == ()
