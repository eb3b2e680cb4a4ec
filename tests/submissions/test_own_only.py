"""31-B6: whoever connected the account is no administrator, and sees what is their own only."""

from typing import Any

import pytest

from functions.run_deliveries.run import run as run_deliveries
from tests.story import Story, json_of
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


@pytest.mark.parametrize("fault", [{"kind": "status", "status": 500}, {"kind": "reset_before"}])
def test_who_connected_is_not_called_a_manager_where_amocrm_has_not_said_so(
    story: Story, fault: dict[str, Any]
) -> None:
    """No form waits for what is only to be told; and an administrator is not told to let another one connect."""
    story.simulator.fault(**fault, path="/api/v4/users", times=9)
    submit(story, form())
    assert "submission.own_only" not in story.events()


@pytest.mark.vendor("rights.own")
@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_whoever_was_given_to_somebody_else_writes_again(story: Story, mode: str, hidden: int) -> None:
    """Their contact is remembered, and not shown to us any more: every further form of theirs waited for days."""
    other = own_only(story, hidden)
    set_up(story, responsible_user_ids=[other], forms={"mode": mode})
    submit(story, form(comment="Раз"))
    results = submit(story, form(comment="Два"))
    assert "Два" in note_of(story, results, "contacts" if mode == "contact" else "leads")
    owner = contact_of(story, results) if mode == "contact" else lead_of(story, results)
    assert owner["responsible_user_id"] == other


@pytest.mark.vendor("rights.own")
@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_what_was_made_without_an_answer_is_handed_over_too(story: Story, mode: str) -> None:
    found_at_once(story)
    other = own_only(story)
    set_up(story, responsible_user_ids=[other], forms={"mode": mode})
    path = {"lead": "leads/complex", "incoming_lead": "leads/unsorted/forms", "contact": "contacts"}[mode]
    story.simulator.fault("reset_after", path=f"/api/v4/{path}", method="POST")
    answer = story.crm("submit_form", story.application(), form(comment="Жду звонка"))
    assert answer.status == 202
    story.clock.advance(minutes=5)
    run_deliveries(story.runtime, 20)
    results = story.delivery(json_of(answer)["delivery_id"])["results"]
    assert contact_of(story, results)["responsible_user_id"] == other
    if mode != "contact":
        assert lead_of(story, results)["responsible_user_id"] == other
    assert "Жду звонка" in note_of(story, results, "contacts" if mode == "contact" else "leads")


@pytest.mark.parametrize("what", ["the deal", "the contact"])
def test_what_somebody_else_has_got_meanwhile_stays_theirs(story: Story, what: str) -> None:
    """A person has given it away before the retry; or the contact was there before."""
    found_at_once(story)
    first = min(map(int, account(story)["users"]))
    other = own_only(story)
    third = story.simulator.control("add", domain=story.domain, user={"name": "Мастер"})["user"]["id"]
    story.simulator.control("change-user", domain=story.domain, user=first, is_admin=False, view="A", edit="A")
    known = submit(story, form())["lead"]["contact_id"] if what == "the contact" else None
    story.clock.advance(minutes=5)
    set_up(story, responsible_user_ids=[other])
    story.simulator.fault("reset_after", path="/api/v4/leads(/complex)?", method="POST")
    answer = story.crm("submit_form", story.application(), form(comment="Жду звонка"))
    assert answer.status == 202
    made = max(map(int, account(story)["leads"]))
    if known is None:
        fields = {"responsible_user_id": third}
        story.simulator.control("person", domain=story.domain, kind="leads", id=made, fields=fields)
    story.clock.advance(minutes=5)
    run_deliveries(story.runtime, 20)
    results = story.delivery(json_of(answer)["delivery_id"])["results"]
    lead, contact = lead_of(story, results), contact_of(story, results)
    assert (lead["id"], contact["id"]) == (made, known or contact["id"])
    expected = (third, first) if known is None else (other, first)
    assert (lead["responsible_user_id"], contact["responsible_user_id"]) == expected


@pytest.mark.vendor("users.administrators")
@pytest.mark.parametrize("mode", ["lead", "contact"])
def test_a_user_who_is_gone_keeps_no_form_from_its_end(story: Story, mode: str) -> None:
    """Nobody may look whether that user is there: all of each form had arrived, and it ended as refused."""
    own_only(story)
    set_up(story, responsible_user_ids=[999_999], forms={"mode": mode})
    results = submit(story, form(comment="Жду звонка"))
    first = min(map(int, account(story)["users"]))
    assert contact_of(story, results)["responsible_user_id"] == first
    assert "submission.fallback" in story.events()
