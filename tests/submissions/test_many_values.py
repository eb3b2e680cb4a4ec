"""35: a deal with its new contact is made by a call that takes 40 values of each; a mapping may bring more."""

import json
from typing import Any

import pytest

from tests.story import Story
from tests.submitting import PERSON, account, contact_of, form, lead_of, note_of, set_up, submit, values_of

MANY = 47


def _rules(entity: str) -> list[dict[str, Any]]:
    return [{"source": f"{entity} {n}", "entity": entity, "field": f"{entity} {n}"} for n in range(MANY)]


def _given(entity: str) -> dict[str, str]:
    return {f"{entity} {n}": f"{entity} value {n}" for n in range(MANY)}


@pytest.mark.vendor("leads.complex_values")
@pytest.mark.parametrize("is_known", [False, True])
def test_35_more_values_than_one_call_takes_are_all_in_their_fields(story: Story, is_known: bool) -> None:
    set_up(story, mapping=[*_rules("leads"), *_rules("contacts")])
    if is_known:
        submit(story, form(comment="before"))
    story.clock.advance(minutes=5)
    before = len(account(story)["leads"])
    results = submit(story, form(fields=_given("leads") | _given("contacts")))
    told = values_of(lead_of(story, results)) | values_of(contact_of(story, results))
    for name, text in (_given("leads") | _given("contacts")).items():
        assert told[name] == [text]
    assert "value" not in note_of(story, results)
    assert len(account(story)["leads"]) == before + 1


def test_35_what_is_refused_of_the_rest_is_in_the_note(story: Story) -> None:
    set_up(story, mapping=_rules("leads"))
    problem = {"status": 400, "title": "Bad Request", "detail": "Request validation failed"}
    story.simulator.fault(
        "status", path="/api/v4/leads/[0-9]+", method="PATCH", status=400, times=2, body=json.dumps(problem)
    )
    results = submit(story, form(fields=_given("leads")))
    kept = values_of(lead_of(story, results))
    note = note_of(story, results)
    missing = [text for name, text in _given("leads").items() if name not in kept]
    assert len(missing) == MANY - 40
    assert all(text in note for text in missing)
    assert values_of(contact_of(story, results))["PHONE"]
    assert PERSON["name"] == contact_of(story, results)["name"]
