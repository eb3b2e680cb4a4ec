"""What this widget reckons. Change it with `calculator.json`."""

from decimal import Decimal

from cli import widget
from features.calculations import calculator, compiler, engine
from features.calculations.engine import Evaluation


def test_it_reckons() -> None:
    own = calculator.usual("{{NAME}}")
    assert own is not None
    document = compiler.compiled(own).document
    assert document is not None
    made = engine.evaluate(document, {"kind": "better", "count": "3"}, "en")
    assert isinstance(made, Evaluation)
    assert made.total == Decimal(4500)


def test_its_archive_is_built() -> None:
    assert widget.build("{{NAME}}", "https://functions.example/crm_api", platform="kommo").startswith(b"PK")
