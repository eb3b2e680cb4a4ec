"""31-A6: `make load` and `make bad-night` compare what an account holds with what was promised; each defect is told."""

import copy
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from benchmarks.load import truth
from tests.story import Story

Shown = dict[str, Any]
_PRICE = 100_000


def _calculation(key: str, pdf: str, discount: int) -> dict[str, Any]:
    items = [{"name": "Стекло 7", "quantity": 3, "unit": "шт", "unit_price": _PRICE}]
    content = {"title": "Расчёт", "number": key, "currency": "RUB", "items": items, "discount": discount}
    options = {"products": True, "pdf": pdf, "update_price": True}
    return {"calculation": content | {"total": 3 * _PRICE - discount}, "options": options}


def _played(story: Story) -> tuple[Shown, int, Any, Any]:
    """Two calculations and two forms, carried out: what the account holds, and what was promised and stored."""
    promised: dict[str, Any] = {}
    for number, pdf in enumerate(("render", "none")):
        key = uuid.uuid4().hex
        promised[key] = {"name": "save_calculation", "body": _calculation(key, pdf, 10 + number)}
        key = uuid.uuid4().hex
        contact = {"name": "Нина Орлова", "phone": f"+7916000000{number}"}
        body = {"contact": contact, "form": {"name": "Обратный звонок"}, "fields": {"message": key}}
        promised[key] = {"name": "submit_form", "body": body}
    before = set(_shown(story)["leads"])
    for key, line in promised.items():
        headers = story.application() | {"X-Lead-Id": str(story.lead_id), "Idempotency-Key": key}
        assert story.crm(line["name"], headers, line["body"]).status in (200, 202)
        story.clock.advance(seconds=5)
    rows = story.sql("SELECT idempotency_key, id FROM amocrm_deliveries ORDER BY created_at, id")
    shown = _shown(story)
    shown["leads"] = {id_: one for id_, one in shown["leads"].items() if id_ not in before - {str(story.lead_id)}}
    return shown, story.lead_id, promised, dict(rows)


def _shown(story: Story) -> Shown:
    shown: Shown = story.simulator.control("show", domain=story.domain)
    return shown


def _price(shown: Shown, lead: int) -> None:
    shown["leads"][str(lead)]["price"] += 1


def _quantity(shown: Shown, lead: int) -> None:
    next(one for one in shown["links"][str(lead)] if "quantity" in one["metadata"])["metadata"]["quantity"] += 1


def _no_goods(shown: Shown, lead: int) -> None:
    shown["links"][str(lead)] = [one for one in shown["links"][str(lead)] if "quantity" not in one["metadata"]]


def _element_twice(shown: Shown, _lead: int) -> None:
    elements = next(one for one in shown["elements"].values() if one)
    elements["1"] = next(one for one in elements.values() if one["name"] == "Стекло 7") | {"id": 1}


def _file_twice(shown: Shown, lead: int) -> None:
    shown["attached"][str(lead)] *= 2


def _no_file(shown: Shown, _lead: int) -> None:
    shown["files"].clear()


def _note_of_another_deal(shown: Shown, lead: int) -> None:
    other = next(id_ for id_ in shown["leads"] if id_ != str(lead))
    shown["notes"].setdefault(f"leads/{other}", []).append(shown["notes"][f"leads/{lead}"].pop(0))


def _note_twice(shown: Shown, lead: int) -> None:
    shown["notes"][f"leads/{lead}"] *= 2


def _deal_twice(shown: Shown, lead: int) -> None:
    other = next(one for id_, one in shown["leads"].items() if id_ != str(lead))
    shown["leads"]["1"] = other | {"id": 1}


def _one_contact_for_all(shown: Shown, lead: int) -> None:
    first, second = (id_ for id_ in shown["leads"] if id_ != str(lead))
    shown["links"][second] = shown["links"][first]


_DEFECTS = (_price, _quantity, _no_goods, _element_twice, _file_twice, _no_file, _note_of_another_deal, _note_twice)


@pytest.mark.parametrize("defect", [*_DEFECTS, _deal_twice, _one_contact_for_all], ids=lambda one: one.__name__[1:])
def test_each_defect_is_told(connected: Story, defect: Callable[[Shown, int], None]) -> None:
    shown, *facts = _played(connected)
    assert truth.wrong(shown, *facts) == []
    spoiled = copy.deepcopy(shown)
    defect(spoiled, connected.lead_id)
    assert truth.wrong(spoiled, *facts) != []
