"""Which of several contacts that amoCRM's search has brought is the person's."""

from itertools import permutations
from typing import Any

from features.submissions import person_identity
from features.submissions.model import Contact


def _found(id_: int, phone: str, *, leads: bool, **more: Any) -> dict[str, Any]:
    fields = [{"field_code": "PHONE", "values": [{"value": phone}]}]
    return {"id": id_, "custom_fields_values": fields, "_embedded": {"leads": [{"id": 1}] if leads else []}} | more


def test_the_newest_with_a_deal_is_the_first_in_whatever_order_they_come() -> None:
    found = [
        _found(11, "+7 921 100-00-01", leads=True),
        _found(12, "8 (921) 100-00-01", leads=True),
        _found(13, "+79211000001", leads=False),
        _found(14, "+7 921 100-00-01", leads=True, is_deleted=True),
        _found(15, "+7 921 100-00-02", leads=True),  # which the search takes for alike
    ]
    contact = Contact(phone="+79211000001")
    for order in permutations(found):
        best = person_identity.matching(order, contact, "RU", "PHONE")
        assert [one["id"] for one in best] == [12, 11, 13]
