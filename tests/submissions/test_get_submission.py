"""36-7: a site asks what has become of the form that it sent."""

from typing import Any
from uuid import uuid4

import pytest

from tests.story import Story, json_of
from tests.submitting import form, set_up


def _sent(story: Story, headers: dict[str, str]) -> str:
    answer = story.crm("submit_form", headers, form(comment=str(uuid4())))
    assert answer.status == 200, answer.body.decode()
    return str(json_of(answer)["delivery_id"])


def _site(story: Story) -> dict[str, str]:
    made = story.crm("create_site_key", story.admin(), {"name": "Shop", "origins": ["https://shop.example"]})
    return {"Authorization": f"Bearer {json_of(made)['site_key']}", "Origin": "https://shop.example"}


def _asked(story: Story, headers: dict[str, str], id_: str) -> Any:
    return story.crm("get_submission", headers, query={"id": id_})


@pytest.mark.vendor("unsorted.accepted", "unsorted.declined")
@pytest.mark.parametrize(
    ("accepts", "closes", "trash", "told"),
    [
        (True, False, False, "accepted"),
        (True, True, False, "accepted"),
        (False, False, False, "declined"),
        (False, False, True, "declined"),
    ],
)
def test_36_7_a_declined_incoming_lead_is_told_to_the_site(
    story: Story, accepts: bool, closes: bool, trash: bool, told: str
) -> None:
    """One that was accepted and lost afterwards was not declined."""
    story.simulator.control("change-account", domain=story.domain, declined_to_trash=trash)
    set_up(story, forms={"mode": "incoming_lead"})
    site = _site(story)
    id_ = _sent(story, site)
    assert json_of(_asked(story, site, id_))["status"] == "waiting"
    (waiting,) = story.simulator.control("show", domain=story.domain)["incoming"].values()
    do = {"domain": story.domain, "accept": accepts}
    story.simulator.control("person", kind="unsorted", id=waiting["uid"], **do)
    if closes:
        lead_id = waiting["_embedded"]["leads"][0]["id"]
        lost = {"status_id": 143}
        story.simulator.control("person", domain=story.domain, kind="leads", id=lead_id, fields=lost)
    story.clock.advance(seconds=31)  # 35: what amoCRM has said a moment ago is not asked again
    assert json_of(_asked(story, site, id_))["status"] == told
    assert json_of(_asked(story, story.application(), id_))["status"] == told


def test_36_7_what_is_not_there_tells_a_public_page_nothing(story: Story) -> None:
    unknown = str(uuid4())
    assert json_of(_asked(story, _site(story), unknown)) == {"id": unknown, "status": "received", "accepted_at": None}
    assert _asked(story, story.application(), unknown).status == 404
    assert _asked(story, story.application(), "1042").status == 422
    assert json_of(_asked(story, story.application(), _sent(story, story.application())))["status"] == "delivered"


def test_35_pages_that_ask_again_and_again_use_up_nothing_of_amocrms_rate(story: Story) -> None:
    """Ten visitors at once, each with a form of their own, and each of them every few seconds."""
    set_up(story, forms={"mode": "incoming_lead"})
    site = _site(story)
    ids = [_sent(story, site) for _ in range(3)]
    for id_ in ids:
        assert json_of(_asked(story, site, id_))["status"] == "waiting"
    before = len(story.simulator.requests())
    for _ in range(3):
        story.clock.advance(seconds=5)
        for id_ in ids:
            assert json_of(_asked(story, site, id_))["status"] == "waiting"
    assert len(story.simulator.requests()) == before
    story.clock.advance(seconds=16)
    assert json_of(_asked(story, site, ids[0]))["status"] == "waiting"
    assert len(story.simulator.requests()) == before + 1
