"""31-B2: a person whose contact is gone, which amoCRM refuses to link: the form arrives whole, at a new contact."""

from typing import Any

import pytest

from features.submissions import contact_lookup
from shared.amocrm.errors import NotFoundError
from shared.platform.messages import say
from tests.story import Story
from tests.submitting import (
    PERSON,
    account,
    contact_of,
    form,
    found_at_once,
    lead_of,
    note_of,
    order,
    set_up,
    submit,
    values_of,
)

MODES = ["lead", "incoming_lead", "contact"]


def _gone_when_written(story: Story, contact_id: int, reads: int = 0) -> None:
    """Somebody deletes the contact after it was looked for, and before anything is written."""
    do = {"domain": story.domain, "kind": "contacts", "id": contact_id, "delete": True}
    story.simulator.control("meanwhile", path="/api/v4/contacts", skip=reads, do=do)


def _known(story: Story, mode: str) -> int:
    results = submit(story, form(price=900))
    return int(results[mode]["contact_id"])


@pytest.mark.vendor("contacts.gone")
@pytest.mark.parametrize("mode", MODES)
def test_31_b2_a_form_of_somebody_whose_contact_is_gone_arrives_whole(story: Story, mode: str) -> None:
    set_up(story, forms={"mode": mode, "tags": ["сайт"]}, mapping=[])
    known = _known(story, mode)
    _gone_when_written(story, known)
    results = submit(story, form(price=1200, comment="Снова я"))
    assert results[mode]["contact_id"] != known
    person = contact_of(story, results)
    assert (person["name"], values_of(person)["PHONE"]) == ("Нина Орлова", ["+79165554433"])
    assert "Снова я" in note_of(story, results, "contacts" if mode == "contact" else "leads")
    if mode != "contact":
        lead = lead_of(story, results)
        assert (lead["price"], [tag["name"] for tag in lead["_tags"]]) == (1200, ["сайт"])
    # Nothing of what the person wrote was refused, and nobody is told so.
    assert "submission.values_refused" not in story.events()


@pytest.mark.parametrize("mode", MODES)
def test_31_b2_the_person_is_found_again_at_the_new_contact(story: Story, mode: str) -> None:
    set_up(story, forms={"mode": mode})
    known = _known(story, mode)
    _gone_when_written(story, known)
    again = submit(story, form(comment="Снова"))[mode]["contact_id"]
    assert submit(story, form(comment="И снова"))[mode]["contact_id"] == again
    assert len([one for one in account(story)["contacts"].values() if one["name"] == PERSON["name"]]) == 1


@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_31_b2_another_contact_of_theirs_is_taken_where_there_is_one(story: Story, mode: str) -> None:
    found_at_once(story)
    set_up(story, forms={"mode": mode})
    other = int(submit(story, {"contact": {"name": "Нина", "phone": "+7 900 000-00-09"}})[mode]["contact_id"])
    known = _known(story, mode)
    assert known != other
    fields = {"custom_fields_values": [{"field_code": "PHONE", "values": [{"value": "89165554433"}]}]}
    story.simulator.control("person", domain=story.domain, kind="contacts", id=other, fields=fields)
    _gone_when_written(story, known)
    assert submit(story, form(comment="Снова я"))[mode]["contact_id"] == other


@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_31_b2_with_a_refused_value_beside_it_the_rest_arrives(story: Story, mode: str) -> None:
    """The account's field is gone with the contact: what it would have held is in the note."""
    made = story.simulator.control(
        "add", domain=story.domain, field={"owner": "leads", "name": "Город", "kind": "text"}
    )
    set_up(story, forms={"mode": mode}, mapping=[{"source": "city", "entity": "leads", "field": "Город"}])
    known = _known(story, mode)
    submit(story, form(fields={"city": "Омск"}))  # a warm instance remembers the account's fields
    story.simulator.control("remove", domain=story.domain, field=made["field"]["id"])
    _gone_when_written(story, known)
    results = submit(story, form(price=1200, fields={"city": "Уфа"}))
    assert values_of(contact_of(story, results))["PHONE"] == ["+79165554433"]
    assert lead_of(story, results)["price"] == 1200
    assert "city: Уфа" in note_of(story, results)


def test_31_b2_an_order_of_somebody_whose_contact_is_gone_arrives(story: Story) -> None:
    known = int(submit(story, order(), "submit_order")["lead"]["contact_id"])
    _gone_when_written(story, known)
    results = submit(story, order(number="1043"), "submit_order")
    assert (results["lead"]["contact_id"] != known, lead_of(story, results)["price"]) == (True, 39700)


def test_31_b2_a_search_that_brings_nothing_but_what_is_gone_comes_to_an_end() -> None:
    """Then a new contact is made."""

    def write(known: dict[str, Any] | None) -> str:
        if known is not None:
            raise NotFoundError(say("amoCRM has no such object"), 404)
        return "new"

    assert contact_lookup.at(lambda gone: {"id": len(gone) + 1}, write) == ("new", None)


@pytest.mark.vendor("search.deleted")
@pytest.mark.parametrize("mode", MODES)
def test_31_b9_a_contact_that_only_the_search_knows_is_not_taken(story: Story, mode: str) -> None:
    set_up(story, forms={"mode": mode})
    known = _known(story, mode)
    found_at_once(story)
    story.simulator.control("change-account", domain=story.domain, deleted_lag=3600)
    story.simulator.control("person", domain=story.domain, kind="contacts", id=known, delete=True)
    results = submit(story, form(comment="Снова я"))
    assert results[mode]["contact_id"] != known
    assert "Снова я" in note_of(story, results, "contacts" if mode == "contact" else "leads")
