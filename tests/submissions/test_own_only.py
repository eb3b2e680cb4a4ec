"""31-B6: whoever connected the account is no administrator, and sees what is their own only."""

from typing import Any

import pytest

from tests.story import Story
from tests.submitting import (
    account,
    contact_of,
    form,
    found_at_once,
    lead_of,
    note_of,
    order,
    own_only,
    save,
    set_up,
    submit,
)

HIDDEN = [204, 403]


@pytest.mark.vendor("users.administrators")
def test_settings_that_name_a_user_are_saved_unseen(story: Story) -> None:
    other = own_only(story)
    assert save(story, responsible_user_ids=[other]).status == 200
    route = {"category": "Камень", "responsible_user_id": other}
    assert save(story, routes=[route]).status == 200


@pytest.mark.vendor("rights.own", "users.administrators")
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("mode", ["lead", "contact"])
def test_a_form_for_somebody_else_arrives_whole(story: Story, mode: str, hidden: int) -> None:
    other = own_only(story, hidden)
    set_up(story, responsible_user_ids=[other], forms={"mode": mode, "tags": ["сайт"]})
    results = submit(story, form(price=900, comment="Жду звонка"))
    owner = lead_of(story, results) if mode == "lead" else contact_of(story, results)
    assert owner["responsible_user_id"] == other
    assert "Жду звонка" in note_of(story, results, "leads" if mode == "lead" else "contacts")
    if mode == "lead":
        assert (owner["price"], contact_of(story, results)["responsible_user_id"]) == (900, other)


@pytest.mark.parametrize("hidden", HIDDEN)
def test_an_order_for_somebody_else_arrives_with_its_goods(story: Story, hidden: int) -> None:
    other = own_only(story, hidden)
    set_up(story)
    results = submit(story, order(responsible_user_id=other), "submit_order")
    assert lead_of(story, results)["responsible_user_id"] == other
    assert "Позвонить вечером" in note_of(story, results)
    links = account(story)["links"][str(results["lead"]["lead_id"])]
    assert len([one for one in links if one["to_entity_type"] == "catalog_elements"]) == 2


@pytest.mark.vendor("rights.own")
def test_a_person_who_may_be_somebody_elses_is_told(story: Story) -> None:
    """Their contact is not shown to us: there are two now, and nobody could know."""
    found_at_once(story)
    other = own_only(story)
    fields: dict[str, Any] = {"name": "Нина", "responsible_user_id": other}
    fields["custom_fields_values"] = [{"field_code": "PHONE", "values": [{"value": "+79165554433"}]}]
    theirs = story.simulator.control("person", domain=story.domain, kind="contacts", fields=fields)["id"]
    results = submit(story, form())
    assert results["lead"]["contact_id"] != theirs
    assert "submission.own_only" in story.events()
