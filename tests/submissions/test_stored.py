"""30-A2: what is accepted can be read again, whatever a public form sends; what could not be is refused."""

import json
import tracemalloc
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features import registry
from features.submissions import html_form, plan
from features.submissions.model import Accepted, Contact, SubmitForm
from functions.crm_api.handler import handle
from functions.run_deliveries.run import run as run_deliveries
from shared.actions.idempotency import IdempotentWrite, accept
from shared.platform.http import Headers, Request, Response
from shared.platform.problems import Problem
from tests.reading import serve
from tests.story import Story, json_of
from tests.submitting import account, order, set_up

MANY = 2000
FORM = "application/x-www-form-urlencoded"
PHONE = ("phone", "+79001112233")
LARGE = {
    "many fields": [PHONE, *((f"field {number}", "x") for number in range(MANY - 1))],
    "one field of many values": [PHONE, *(("stones[]", str(number)) for number in range(MANY - 1))],
    "many visits' data": [PHONE, *((f"utm_{number}", "x") for number in range(MANY - 1))],
    "a field without a name": [PHONE, ("[]", "x"), ("[][]", "y")],
    "a figure that is no number": [PHONE, ("_opened_at", "²")],
}


def _posted(story: Story, pairs: list[tuple[str, str]], *, is_server: bool) -> Response:
    """A form as a browser sends it to a site key, or a site builder's server to its own."""
    wanted: dict[str, Any] = {"is_server": True} if is_server else {"origins": ["https://shop.example"]}
    key = json_of(story.crm("create_site_key", story.admin(), {"name": "Сайт"} | wanted))["site_key"]
    headers = {"Content-Type": FORM} | ({} if is_server else {"Origin": "https://shop.example"})
    query = (("action", "submit_form"), ("site_key", key))
    return serve(
        handle, story.runtime, Request("POST", "/", query, Headers(headers.items()), urlencode(pairs).encode())
    )


@pytest.mark.parametrize("is_server", [False, True], ids=["browser", "server"])
@pytest.mark.parametrize("pairs", LARGE.values(), ids=LARGE)
def test_a_large_form_is_accepted_whole_and_carried_out_later(
    story: Story, pairs: list[tuple[str, str]], is_server: bool
) -> None:
    set_up(story, queue=True)
    assert _posted(story, pairs, is_server=is_server).status == 200
    assert run_deliveries(story.runtime, 30)["delivered"] == 1
    notes = json.dumps(account(story)["notes"], ensure_ascii=False)
    for name, value in pairs:
        assert value in notes or name.startswith(("phone", "utm_", "_"))


TEXT = st.text(max_size=1200)
NAMES = st.one_of(
    TEXT,
    st.sampled_from(
        ["[]", "x[]", "name", "phone", "email", "comment", "form", "page", "_opened_at", "_trap", "utm_x", "YCLID"]
    ),
)


@given(st.lists(st.tuples(NAMES, TEXT), max_size=100))
@example([("_opened_at", "²")])
@example([("[]", "x")])
def test_whatever_a_plain_form_says_can_be_read_again(pairs: list[tuple[str, str]]) -> None:
    request = Request("POST", "/", (), Headers([("Content-Type", FORM)]), urlencode(pairs).encode())
    body = html_form.submission(request).body
    stored = msgspec.json.encode(Accepted("lead", msgspec.Raw(msgspec.json.encode(body))))
    assert plan.FORM.read(stored.decode())[1] == body


def test_what_could_not_be_read_again_is_refused_and_not_stored(story: Story) -> None:
    """Whoever makes a write, and of whichever kind: it is read by the runner's own reader before there is a row."""
    body = SubmitForm(contact=Contact(name="x" * 1001))
    stored = msgspec.json.encode(Accepted("lead", msgspec.Raw(msgspec.json.encode(body))))
    for at_once in (True, False):
        write = IdempotentWrite(plan.FORM, stored, "key", ("lead",), at_once=at_once)
        with pytest.raises(Problem) as refused:
            accept(story.runtime, story.row(), Request("POST", "/"), write)
        assert (refused.value.status, refused.value.errors[0].path) == (422, "contact.name")
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_whoever_accepts_a_write_has_the_reader_of_whoever_carries_it_out() -> None:
    for feature in registry.features():
        for action in feature.planners:
            known = registry.planner(action)
            assert known is not None
            assert known.action == action


@pytest.mark.parametrize(
    ("place", "figure", "status"),
    [
        ("discount", "1E+30000000", 422),
        ("discount", "1E-30000000", 200),  # rounded to six digits it is none
        ("delivery", "1E+30000000", 422),
        ("delivery", "1E-30000000", 422),  # likewise: the total is another
    ],
)
def test_a_figure_with_millions_of_zeros_is_read_without_writing_them_out(
    story: Story, place: str, figure: str, status: int
) -> None:
    """30-K: whoever reads a public key could end an instance by twenty signs, with all that was under way in it."""
    set_up(story)
    body = order(**{place: figure if place == "discount" else {"cost": figure}})
    tracemalloc.start()
    try:
        answer = story.crm("submit_order", story.application(), body)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert answer.status == status
    assert peak < 10_000_000
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(int(status == 200),)]


def test_a_moment_of_any_length_is_no_failure_of_ours(story: Story) -> None:
    """30-K: each would ring the alarm of the function's errors."""
    set_up(story, queue=True)
    for moment in (10**400, -(10**400)):
        body = {"contact": {"phone": PHONE[1]}, "opened_at": moment}
        assert story.crm("submit_form", story.application(), body).status == 202
