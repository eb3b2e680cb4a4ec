"""38-7: a search over everything: an id, a mark or a deal's number; people by amoCRM's own search."""

from typing import Any

import pytest

from tests.story import Story, calculation, json_of
from tests.submitting import form, order, save


def _found(story: Story, text: str) -> list[tuple[str, str]]:
    proof = {"Authorization": story.admin()["Authorization"]}  # no account is named
    answer = story.crm("search", proof, {"q": text})
    assert answer.status == 200, answer.body
    return [(one["kind"], one["id"]) for one in json_of(answer)["found"]]


def _form(story: Story, phone: str) -> Any:
    body = {"contact": {"name": "Нина Орлова", "phone": phone}, "comment": "Стекло"}
    return json_of(story.crm("submit_form", story.application(), body))


def test_38_7_an_id_a_mark_and_a_number_lead_to_their_place(connected: Story) -> None:
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    saved = json_of(connected.crm("save_calculation", headers, calculation()))["delivery_id"]
    mark = f"ref:{saved.replace('-', '')[:26]}"
    for typed in (saved, f"  {saved.upper()} ", mark, mark.removeprefix("ref:")):
        assert _found(connected, typed) == [("delivery", saved)]
    assert ("deal", str(connected.lead_id)) in _found(connected, str(connected.lead_id))
    event = json_of(connected.crm("get_events", connected.admin()))["events"][0]["id"]
    assert ("event", str(event)) in _found(connected, str(event))
    for nothing in ("", "ref:", "00000000-0000-4000-8000-000000000000", "стекло", "9" * 18, "0", "1" * 40):
        assert _found(connected, nothing) == []


@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_35_a_deals_number_leads_to_the_form_and_the_order_that_made_it(connected: Story, mode: str) -> None:
    """They are accepted before there is a deal, so that theirs was found by no number, and was in no list of it."""
    assert save(connected, forms={"mode": mode}, orders={"mode": mode}).status == 200
    for action, body in (("submit_form", form()), ("submit_order", order())):
        made = json_of(connected.crm(action, connected.application(), body))
        number = str((made["results"].get("lead") or made["results"]["incoming_lead"])["lead_id"])
        assert _found(connected, number)[0] == ("deal", number)
        listed = json_of(connected.crm("get_deliveries", connected.admin(), query={"lead_id": number}))["deliveries"]
        assert [one["delivery_id"] for one in listed] == [made["delivery_id"]]


@pytest.mark.vendor("contacts.query")
def test_38_7_a_phone_is_found_as_it_is_typed_and_nothing_of_it_is_kept(connected: Story) -> None:
    """By amoCRM's own search: there is no index of phones here, from which a stolen dump could be read."""
    connected.simulator.control("change-account", domain=connected.domain, search_lag=0)
    made = _form(connected, "+7 (916) 555-44-33")
    lead = made["results"]["lead"]["lead_id"]
    for typed in ("+7 916 555-44-33", "8 (916) 555 44 33", "9165554433"):
        answer = connected.crm("find_contacts", connected.admin(), {"phone": typed})
        (person,) = json_of(answer)["contacts"]
        assert (person["name"], [one["id"] for one in person["leads"]]) == ("Нина Орлова", [lead])
        assert person["link"].endswith(f"/contacts/detail/{person['id']}")
    assert json_of(connected.crm("find_contacts", connected.admin(), {"phone": "9160000000"}))["contacts"] == []
    refused = connected.crm("find_contacts", connected.admin(), {"phone": "Нина 12"})
    assert (refused.status, json_of(refused)["errors"][0]["path"]) == (422, "phone")


@pytest.mark.vendor("contacts.query")
def test_a_brazilian_is_found_by_either_spelling(connected: Story) -> None:
    """As Kommo's own WhatsApp keeps them, and as they say it themselves."""
    connected.simulator.control("change-account", domain=connected.domain, search_lag=0)
    assert save(connected, phone_country="BR").status == 200
    for kept in ("+553188887777", "+55 31 98888-7778"):
        _form(connected, kept)
    for typed in ("(31) 98888-7777", "+55 31 8888-7777", "(31) 98888-7778", "553188887778"):
        answer = json_of(connected.crm("find_contacts", connected.admin(), {"phone": typed}))
        assert [one["name"] for one in answer["contacts"]] == ["Нина Орлова"], typed
