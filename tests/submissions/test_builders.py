"""35-3, 35-4, 35-6: what builders, quizzes, form services and shops send, and what becomes of it in the account.

Each body of `bodies/` is posted to the address of a server's key. `becomes`: `contact` (name, phone, phone2, email),
`title` (a part of the deal's name), `price` (its budget), `goods` (linked with it: name, quantity, price, sku),
`tracking` (fields by code), `note` (parts of the notes), `not_in_note`.
"""

import json
import re
from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.demo import ROOT
from tests.story import Story
from tests.submissions.recorded import NAMES, leaves, record, send, server_key, table
from tests.submitting import account, set_up, values_of


class Became:
    """The newest deal of the account with its contact, goods and notes."""

    def __init__(self, story: Story) -> None:
        run = run_deliveries(story.runtime, 20)
        assert run["delivered"] >= 1, run
        shown = account(story)
        self.lead = max(shown["leads"].values(), key=lambda one: one["id"])
        links = shown["links"].get(str(self.lead["id"]), [])
        (contact,) = [
            shown["contacts"][str(one["to_entity_id"])] for one in links if one["to_entity_type"] == "contacts"
        ]
        self.contact = contact
        elements = {one["id"]: one for catalog in shown["elements"].values() for one in catalog.values()}
        self.goods = [
            elements[one["to_entity_id"]] | {"quantity": one["metadata"]["quantity"]}
            for one in links
            if one["to_entity_type"] == "catalog_elements"
        ]
        notes = shown["notes"].get(f"leads/{self.lead['id']}", [])
        self.notes = [str(one["params"].get("text", "")) for one in notes]
        self.fields = values_of(self.lead)

    @property
    def note(self) -> str:
        return "\n".join(self.notes)

    @property
    def everything(self) -> str:
        documents = (self.lead, self.contact, self.goods)
        return "\n".join([*self.notes, *(json.dumps(one, ensure_ascii=False) for one in documents)])


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_body_becomes_what_it_says_once_and_whole(site: Story, name: str) -> None:
    """Also when it comes again, as all senders repeat what was not answered in time."""
    one = record(name)
    _, key = server_key(site)
    for _ in range(2):
        answer = send(site, key, one)
        assert (answer.status, answer.body) == (200, one.get("answer", "ok").encode()), answer.body
    assert site.sql("SELECT count(*) FROM amocrm_deliveries") == [(1,)]
    became = Became(site)
    _is_what_was_said(became, one["becomes"])
    assert _lost(one, became) == {}


def _is_what_was_said(became: Became, wanted: dict[str, Any]) -> None:
    assert became.contact["name"] == wanted["contact"]["name"]
    of_contact = values_of(became.contact)
    assert [_digits(text) for text in of_contact.get("PHONE", [])] == [
        _digits(wanted["contact"][one]) for one in ("phone", "phone2") if one in wanted["contact"]
    ]
    assert of_contact.get("EMAIL", []) == ([wanted["contact"]["email"]] if "email" in wanted["contact"] else [])
    assert wanted.get("title", "") in became.lead["name"]
    if "price" in wanted:
        assert became.lead["price"] == wanted["price"]
    assert [_good(element) for element in became.goods] == wanted.get("goods", [])
    for code, value in wanted.get("tracking", {}).items():
        assert became.fields.get(code) == [value], became.fields
    note = _even(became.note)
    assert [text for text in wanted.get("note", []) if _even(text) not in note] == [], note
    assert [text for text in wanted.get("not_in_note", []) if _even(text) in note] == [], note
    assert not re.search(r"[{\[]\s*\"|\"\s*:", became.note), became.note


def _lost(one: dict[str, Any], became: Became) -> dict[str, str]:
    """Each value by its path that is nowhere in the account. What may be so is `furniture`, parts of paths, or with "="
    a whole one, stated with the body."""
    everything = _even(became.everything)
    digits = _digits(everything)
    furniture = one.get("furniture", [])
    given = leaves(next(one[kind] for kind in ("json", "form", "multipart") if kind in one))
    return {
        path: text
        for path, text in given
        if not any(part[1:] == path if part.startswith("=") else part in path for part in furniture)
        and _even(text) not in everything
        and not all(_even(word) in everything for word in re.split(r"[\s,]+", text))
        and not (len(_digits(text)) >= 9 and _digits(text)[-9:] in digits)
        and not (re.fullmatch(r"-?\d+\.\d+", text) and _even(text.rstrip("0").rstrip(".")) in everything)
    }


@pytest.mark.parametrize(("page", "language"), [("forms.md", "en"), ("forms.ru.md", "ru")])
def test_the_documents_show_what_each_body_becomes(page: str, language: str) -> None:
    """`python -m tests.submissions.recorded` writes the tables anew."""
    assert table(language) in (ROOT / "docs" / page).read_text(encoding="utf-8")


def _even(text: str) -> str:
    """Without the spaces that amounts are written with, and with one decimal mark."""
    return re.sub(
        r"(?<=\d),(?=\d)", ".", re.sub(r"[\s\u00a0\u202f]+", " ", re.sub(r"(?<=\d)[\u00a0\u202f ](?=\d{3})", "", text))
    )


def _digits(text: str) -> str:
    digits = re.sub(r"\D", "", str(text))
    return f"7{digits[1:]}" if len(digits) == 11 and digits[0] == "8" else digits


def _good(element: dict[str, Any]) -> dict[str, Any]:
    values = {one["field_code"]: one["values"][0]["value"] for one in element["custom_fields_values"] or []}
    price = {} if values.get("PRICE") is None else {"price": _number(values["PRICE"])}
    sku = {"sku": values["SKU"]} if values.get("SKU") else {}
    return {"name": element["name"], "quantity": element["quantity"], **price, **sku}


def _number(value: Any) -> int | float:
    return int(float(value)) if float(value).is_integer() else float(value)
