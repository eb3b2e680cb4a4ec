"""Accounts that ignore filters: nothing is ever read into, or written to, an entity that was not asked for."""

import re
import secrets
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm import filtered_reads
from shared.amocrm.errors import FilterIgnoredError, NotFoundError, TooMuchToReadError
from shared.platform.messages import said
from tests.story import Story, calculation, json_of

pytestmark = pytest.mark.vendor("lists.filters")


@pytest.fixture
def unfiltered(connected: Story) -> Story:
    connected.simulator.control("change-account", domain=connected.domain, has_filters=False)
    return connected


def test_a_deal_is_read_with_its_own_people(unfiltered: Story) -> None:
    read = json_of(unfiltered.crm("get_lead", unfiltered.widget() | {"X-Lead-Id": str(unfiltered.lead_id)}))
    assert [one["name"] for one in read["contacts"]] == ["Мария Лебедева", "Олег Панин"]
    assert read["client"]["name"] == "Мария Лебедева"
    before = len(unfiltered.simulator.requests())
    again = unfiltered.crm("get_lead", unfiltered.widget() | {"X-Lead-Id": str(unfiltered.lead_id)})
    assert json_of(again) == read
    asked = unfiltered.simulator.requests()[before:]
    assert len(asked) == 3  # the filter is not tried again for a while


def test_a_list_with_a_filter_says_that_there_is_none(unfiltered: Story) -> None:
    shown = unfiltered.simulator.control("show", domain=unfiltered.domain)
    second = next(one["id"] for one in shown["pipelines"].values() if not one["is_main"])
    told = unfiltered.crm("get_leads", unfiltered.widget(), query={"pipeline_id": str(second)})
    assert (told.status, json_of(told)["code"]) == (409, "amocrm_filters_off")
    assert unfiltered.crm("get_leads", unfiltered.widget(), query={"query": "зеркало"}).status == 200
    assert unfiltered.crm("get_leads", unfiltered.widget()).status == 200


_WRITES: dict[str, dict[str, Any]] = {
    "submit_form": {"contact": {"name": "Новый Человек", "phone": "+79161002030"}, "comment": "Перезвоните"},
    "submit_order": {
        "contact": {"name": "Новый Человек", "phone": "+79161002030"},
        "order": {
            "number": "7",
            "total": 100,
            "items": [{"name": "Стекло", "sku": "GL-8", "quantity": 1, "unit_price": 100}],
        },
    },
    "sync_contact": {"contact": {"first_name": "Новый", "last_name": "Человек", "phone": "+79161002030"}},
}
_LOST = (r"/api/v4/contacts", r"/api/v4/leads.*", r".*/notes", r"/v1\.0/.*", r".*/files", r".*/link", "nothing")


@pytest.mark.long
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    order=strategies.permutations([*_WRITES, "save_calculation"]),
    lost=strategies.lists(strategies.sampled_from(_LOST), max_size=3),
    mode=strategies.sampled_from(["lead", "incoming_lead"]),
)
def test_nobody_elses_contact_or_deal_is_touched(
    unfiltered: Story, order: list[str], lost: list[str], mode: str
) -> None:
    """Whatever comes in which order, and whatever answers are lost on the way."""
    account = unfiltered.simulator.control("account", subdomain=f"f{secrets.token_hex(6)}")
    story = Story(**{**unfiltered.__dict__, "domain": account["domain"], "account_id": account["id"]})
    story.lead_id = account["leads"][0]
    story.simulator.control("change-account", domain=story.domain, has_filters=False)
    story.simulator.control("limits", per_integration=10**6, per_account=10**6)
    story.connect()
    story.crm("save_settings", story.admin(), {"submissions": {"forms": {"mode": mode}}})
    before = story.simulator.control("show", domain=story.domain)
    for path in lost:
        story.simulator.fault("reset_after", method="POST|PATCH|PUT", path=path, host=re.escape(story.domain))
    for action in order:
        body = _WRITES.get(action) or calculation() | {"options": {"pdf": "render", "products": True}}
        headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
        assert story.crm(action, headers, body).status in (200, 202), action
    for _ in range(12):
        story.clock.advance(minutes=10)
        run_deliveries(story.runtime, 20)
    story.simulator.control("no-faults")
    states = story.sql(
        "SELECT state, count(*) FROM amocrm_deliveries WHERE integration_id = %s GROUP BY 1", story.row().id
    )
    assert states == [("delivered", len(order))]
    after = story.simulator.control("show", domain=story.domain)
    strangers = before["contacts"]
    assert {id_: after["contacts"][id_] for id_ in strangers} == strangers
    other_leads = {id_: one for id_, one in before["leads"].items() if id_ != str(story.lead_id)}
    assert {id_: after["leads"][id_] for id_ in other_leads} == other_leads
    made = [one for id_, one in after["contacts"].items() if id_ not in strangers]
    assert len(made) == 1
    assert made[0]["custom_fields_values"][0]["values"][0]["value"] == "+79161002030"
    assert len(after["notes"].get(f"leads/{story.lead_id}", [])) == 2
    assert len(after["leads"]) == len(before["leads"]) + 2


# --- the one place that compares -----------------------------------------------------------------------------------

_ids = strategies.integers(1, 40)


@given(
    wanted=strategies.lists(_ids, min_size=1, max_size=8), answered=strategies.sets(_ids), gone=strategies.sets(_ids)
)
def test_whatever_is_answered_only_what_was_asked_for_is_returned(
    wanted: list[int], answered: set[int], gone: set[int]
) -> None:
    def read(_: Any) -> Any:
        return {"_embedded": {"contacts": [{"id": id_} for id_ in answered]}}

    def read_one(id_: int) -> dict[str, Any]:
        if id_ in gone:
            raise NotFoundError(said("gone"), 404)
        return {"id": id_}

    found = filtered_reads.by_ids(secrets.token_hex(8), read, read_one, "contacts", wanted)
    ids = [one["id"] for one in found]
    assert set(ids) <= set(wanted)
    assert len(ids) == len(set(ids))
    if not answered <= set(wanted):  # the filter was seen to be ignored, so each was asked for by its own address
        assert set(ids) >= set(wanted) - gone


@given(times=strategies.lists(strategies.integers(0, 100), max_size=600), is_sorted=strategies.booleans())
def test_an_order_that_is_ignored_ends_no_search_early(times: list[int], is_sorted: bool) -> None:
    ordered = sorted(times, reverse=True) if is_sorted else times
    entities = [{"id": index, "created_at": at} for index, at in enumerate(ordered)]
    pages: list[int] = []

    def read(params: list[tuple[str, Any]]) -> Any:
        page, limit = dict(params)["page"], dict(params)["limit"]
        pages.append(page)
        shown = entities[(page - 1) * limit : page * limit]
        return {"_embedded": {"notes": shown}} if shown else None

    seen = {one["id"] for one in filtered_reads.newest_first(read, "notes", {"order[id]": "desc"}, since=50)}
    assert {one["id"] for one in entities if one["created_at"] >= 50} <= seen


def test_30_what_is_behind_a_hundred_pages_is_not_taken_for_missing() -> None:
    """Who is told "nothing" writes once more; and who is told to come again finds no more of it then."""

    def read(params: list[tuple[str, Any]]) -> Any:
        return {"_embedded": {"notes": [{"id": 1, "created_at": 100}] * dict(params)["limit"]}}

    with pytest.raises(TooMuchToReadError) as raised:
        next(one for one in filtered_reads.newest_first(read, "notes", {}, since=50) if one["id"] == 2)
    assert (raised.value.problem().status, raised.value.problem().retry_after) == (502, None)


def test_a_page_with_a_stranger_is_no_answer() -> None:
    answer = {"_embedded": {"leads": [{"pipeline_id": 1}, {"pipeline_id": 2}]}}
    with pytest.raises(FilterIgnoredError):
        filtered_reads.page(answer, "leads", lambda one: one["pipeline_id"] == 1)
    assert filtered_reads.page(None, "leads", lambda _: False) == []
