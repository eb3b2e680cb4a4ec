"""Rows A5, C9, C10, X2: an accepted calculation appears in its deal once, whatever fails in between."""

import base64
import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from msgspec.structs import replace

from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm.leads import AccountApi
from shared.amocrm.products import GoodsApi
from shared.amocrm.transport import Transport
from shared.deliveries import long_notes, products
from shared.deliveries import rows as deliveries
from shared.deliveries.account_money import ROUNDED
from shared.platform.http import Response
from shared.platform.i18n import LANGUAGES, catalogue
from shared.platform.messages import english, say
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.storage import cache
from shared.storage.database import DatabaseUnavailableError
from tests.control import OWN_FAILURE, refused
from tests.story import Story, calculation, json_of

_ROUNDED = english(ROUNDED)

NOTES_PATH = "/api/v4/leads/.*/notes"


def _save(story: Story, body: Any = None, **headers: str) -> Response:
    proof = story.widget() | {"X-Lead-Id": str(story.lead_id)} | headers
    return story.crm("save_calculation", proof, body or calculation())


def test_a_calculation_becomes_a_readable_note(connected: Story) -> None:
    """Row A5."""
    item = {"name": "Стекло 8 мм", "quantity": "2.500", "unit": "м²", "unit_price": 6200, "discount": "100.50"}
    body = calculation(
        items=[item],
        discount=None,
        delivery=1000,
        total="16399.5",
        comment="Позвонить до 18:00",
        parameters=[{"name": "Размер", "value": "1200 × 2100 мм"}],
        valid_until="2026-12-31",
    )
    answer = json_of(_save(connected, body))
    assert answer["state"] == "delivered"
    (note,) = connected.notes()
    assert answer["results"] == {"note": {"note_id": note["id"]}}
    assert note["params"]["text"] == (
        "Расчёт стекла: Душевая перегородка № 2026-17\n\n"
        "Размер: 1200 × 2100 мм\n\n"
        "1. Стекло 8 мм — 2,5 м² × 6\u202f200 = 15\u202f399,50\u00a0₽ (скидка 100,50\u00a0₽)\n\n"
        "Доставка: 1\u202f000\u00a0₽\n"
        "Итого: 16\u202f399,50\u00a0₽\n"
        "Действительно до 31.12.2026\n\n"
        "Позвонить до 18:00\n\n"
        f"ref:{answer['delivery_id'].replace('-', '')[:26]}"
    )


LONG = {
    "items": [
        {"name": f"Позиция {number}: {'стеклопакет ' * 8}", "quantity": 1, "unit": "шт", "unit_price": 10}
        for number in range(250)
    ],
    "discount": None,
    "delivery": None,
    "total": 2500,
    "parameters": [{"name": "Список", "value": "окно 1200 × 1400; " * 500}],
}


@pytest.mark.vendor("notes.length")
def test_the_note_of_a_long_calculation_goes_on_in_the_next(connected: Story) -> None:
    """amoCRM would refuse it, and with it the whole calculation, or cut off the mark by which it is found."""
    assert json_of(_save(connected, calculation(**LONG)))["state"] == "delivered"
    notes = [one["params"]["text"] for one in connected.notes()]
    assert len(notes) > 2
    assert all(len(one) <= long_notes.LONGEST for one in notes)
    whole = "\n".join(notes)
    assert all(f"Позиция {number}:" in whole for number in range(250))
    assert whole.count("окно 1200 × 1400") == 500
    assert f"({len(notes)}/{len(notes)})" in notes[-1]


def test_32_8_a_line_that_a_note_has_room_for_is_never_cut() -> None:
    lines = [f"{number}: " + "x" * (number * 7 % 400) for number in range(2000)]
    rest = lines
    for piece in long_notes.pieces("\n".join(lines)):
        own = piece.split("\n")[2:] if rest is not lines else piece.split("\n")
        assert own == rest[: len(own)]
        rest = rest[len(own) :]
    assert rest == []


@pytest.mark.parametrize("lost", range(1, 5))
def test_a_long_note_is_written_once_whatever_is_lost(connected: Story, lost: int) -> None:
    """And what is there already is read once, however many notes it takes."""
    connected.simulator.fault("reset_after", path=NOTES_PATH, method="POST", times=lost)
    _save(connected, calculation(**LONG))
    for _ in range(6):
        connected.clock.advance(minutes=10)
        run_deliveries(connected.runtime, 20)
    notes = [one["params"]["text"] for one in connected.notes()]
    assert len({one.rpartition("ref:")[2] for one in notes}) == len(notes)
    assert sum("Позиция 17:" in one for one in notes) == 1
    reads = [one for one in connected.simulator.requests("/notes") if one["method"] == "GET"]
    assert len(reads) <= 1 + 2 * lost


def test_the_price_of_the_deal_is_set_when_asked(connected: Story) -> None:
    answer = json_of(_save(connected, calculation() | {"options": {"update_price": True}}))
    assert answer["results"]["deal"]["price"] == 18000
    leads = connected.simulator.control("show", domain=connected.domain)["leads"]
    assert leads[str(connected.lead_id)]["price"] == 18000
    only_price = calculation(number="2") | {"options": {"note": False, "update_price": True}}
    assert json_of(_save(connected, only_price))["state"] == "delivered"
    assert len(connected.notes()) == 1


def test_the_same_request_again_is_answered_and_not_repeated(connected: Story) -> None:
    """Row C10: by its key, and without one by its content."""
    for headers in ({}, {"Idempotency-Key": "click-1"}):
        first, second = json_of(_save(connected, **headers)), json_of(_save(connected, **headers))
        assert first == second
    assert len(connected.notes()) == 2
    other = _save(connected, calculation(number="other"), **{"Idempotency-Key": "click-1"})
    assert (other.status, json_of(other)["code"]) == (409, "idempotency_key_reused")
    assert len(connected.notes()) == 2


def test_what_is_changed_back_is_saved_without_a_key_too(connected: Story) -> None:
    """A widget without keys saves one variant, another one, and the first again: it heard that the first was in the
    deal, and the deal had the price of the other."""
    priced = {"options": {"update_price": True}}
    first, other = calculation() | priced, calculation(delivery=2000, total="18999.99") | priced
    ids = []
    for body in (first, first, other, first, first, other, other, first):
        answer = json_of(_save(connected, body))
        lead = connected.simulator.control("show", domain=connected.domain)["leads"][str(connected.lead_id)]
        assert lead["price"] == answer["results"]["deal"]["price"]
        ids.append(answer["delivery_id"])
    assert [ids.index(one) for one in ids] == [0, 0, 2, 3, 3, 5, 5, 7]
    assert len(connected.notes()) == 5


def test_a_double_click_at_the_same_instant_makes_one_note(connected: Story) -> None:
    connected.simulator.fault("delay", path=NOTES_PATH, seconds=0.3)
    runtimes = [Runtime.build(connected.runtime.settings) for _ in range(4)]
    proofs = [connected.widget() | {"X-Lead-Id": str(connected.lead_id)} for _ in runtimes]
    answers: list[Response] = []

    def click(runtime: Runtime, proof: dict[str, str]) -> None:
        story = Story(**{**connected.__dict__, "runtime": runtime})
        answers.append(story.crm("save_calculation", proof, calculation()))

    threads = [threading.Thread(target=click, args=pair) for pair in zip(runtimes, proofs, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for runtime in runtimes:
        runtime.close()
    assert {answer.status for answer in answers} <= {200, 202}
    assert len({json_of(answer)["delivery_id"] for answer in answers}) == 1
    assert len(connected.notes()) == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "status", "status": 429, "retry_after": 9}, "rate_limited"),
        ({"kind": "status", "status": 402}, "amocrm_unpaid"),
        ({"kind": "status", "status": 403}, "amocrm_forbidden"),
        ({"kind": "status", "status": 500}, "amocrm_unavailable"),
        ({"kind": "status", "status": 504}, "amocrm_timeout"),
        ({"kind": "status", "status": 400, "body": OWN_FAILURE}, "amocrm_unavailable"),
        ({"kind": "status", "status": 400, "body": refused("Код ошибки 244.")}, "amocrm_forbidden"),
        ({"kind": "html", "status": 200}, "amocrm_unexpected_answer"),
        ({"kind": "reset_before"}, "amocrm_timeout"),
        ({"kind": "reset_after"}, "amocrm_timeout"),
        ({"kind": "truncate"}, "amocrm_timeout"),
    ],
)
@pytest.mark.vendor("http.gateway", "http.own_failure", "http.right_by_number")
def test_temporary_trouble_is_202_and_ends_with_one_note(connected: Story, fault: dict[str, Any], code: str) -> None:
    """Row X2: also where the note was written and only the answer was lost."""
    connected.simulator.fault(**fault, path=NOTES_PATH, method="POST")
    answer = _save(connected)
    document = json_of(answer)
    assert (answer.status, document["state"], document["problem"]["code"]) == (202, "accepted", code)
    assert int(dict(answer.headers)["Retry-After"]) == document["retry_after"] >= 1
    assert run_deliveries(connected.runtime, 30)["due"] == 0  # not yet
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.notes()) == 1
    shown = connected.delivery(document["delivery_id"])
    assert (shown["state"], shown["problem"]) == ("delivered", None)
    assert shown["results"]["note"]["note_id"] == connected.notes()[0]["id"]
    assert connected.events()[-2:] == ["delivery.deferred", "delivery.delivered"]


def test_a_look_that_fails_is_repeated_before_anything_is_written(connected: Story) -> None:
    connected.simulator.fault("reset_after", path=NOTES_PATH, method="POST")
    _save(connected)
    connected.simulator.fault("status", status=500, path=NOTES_PATH, method="GET")
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"deferred": 1}
    connected.clock.advance(minutes=5)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.simulator.effects("note.created")) == 1


def test_a_calculation_survives_a_dead_connection(connected: Story) -> None:
    connected.simulator.control("kill-tokens", access=True, refresh=True)
    answer = json_of(_save(connected))
    assert answer["problem"]["code"] == "reauth_required"
    connected.connect()
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len(connected.notes()) == 1


def test_an_instance_that_dies_in_the_middle_is_succeeded(connected: Story) -> None:
    """Killed after the note was written and before that was stored: it is found, not written again."""
    body = calculation()
    connected.simulator.fault("reset_after", path=NOTES_PATH, method="POST")
    document = json_of(_save(connected, body))
    connected.sql(
        "UPDATE amocrm_deliveries SET due_at = amocrm_now(), lease_id = gen_random_uuid(), "
        "lease_until = amocrm_now() + interval '90 seconds'"
    )  # as the row is when the process dies right after sending
    assert run_deliveries(connected.runtime, 30)["due"] == 0
    connected.clock.advance(seconds=91)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert connected.delivery(document["delivery_id"])["state"] == "delivered"
    assert len(connected.simulator.effects("note.created")) == 1


def test_30_k_a_delivery_does_not_end_before_each_step_is_stored(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30-K: of two steps at once, one was done in amoCRM and could not be stored, as the database was away. The other
    one's end ended the delivery: it was delivered, and the note's id was told nowhere."""
    done, change, failed = deliveries.mark_done, AccountApi.change_lead, threading.Event()

    def storing(database: Any, delivery: Any, step: str, *result: Any, **more: Any) -> deliveries.Delivery:
        if step == "note" and not failed.is_set():
            failed.set()
            raise DatabaseUnavailableError("away")
        return done(database, delivery, step, *result, **more)

    def changing(*of: Any) -> None:
        assert failed.wait(10)
        change(*of)

    monkeypatch.setattr(deliveries, "mark_done", storing)
    monkeypatch.setattr(AccountApi, "change_lead", changing)
    body = calculation() | {"options": {"update_price": True}}
    assert _save(connected, body).status == 503
    connected.clock.advance(minutes=2)
    run_deliveries(connected.runtime, 30)
    answer = json_of(_save(connected, body))
    assert (answer["state"], set(answer["results"])) == ("delivered", {"note", "deal"})
    assert len(connected.simulator.effects("note.created")) == 1


def test_a_finished_step_is_not_repeated(connected: Story) -> None:
    body = calculation() | {"options": {"update_price": True}}
    connected.simulator.fault("status", status=500, path="/api/v4/leads/[0-9]+", method="PATCH")
    answer = json_of(_save(connected, body))
    assert list(answer["results"]) == ["note"]
    connected.clock.advance(minutes=2)
    run_deliveries(connected.runtime, 30)
    assert set(connected.delivery(answer["delivery_id"])["results"]) == {"note", "deal"}
    assert len(connected.simulator.effects("note.created")) == 1


def test_32_8_each_attempt_waits_twice_as_long_up_to_an_hour(connected: Story) -> None:
    """And half a minute at least, where something was sent and may still be carried out."""
    connected.simulator.fault("status", status=500, path="/api/v4/leads/.*", method="POST")
    assert json_of(_save(connected))["state"] == "accepted"
    waits = []
    for _attempt in range(9):
        connected.clock.advance(hours=2)
        (claimed,) = deliveries.claim_due(connected.runtime.database, 1)
        deferred = connected.runtime.delivering.put_off(claimed, Problem(503, "x", say("Try again.")))
        waits.append(deferred.due_in_seconds or 0)
    least = [30, 40, 80, 160, 320, 640, 1280, 2560, 3600]
    assert all(one - 1 <= wait <= one * 1.3 + 1 for one, wait in zip(least, waits, strict=True)), waits
    connected.clock.advance(hours=2)
    (claimed,) = deliveries.claim_due(connected.runtime.database, 1)
    asked = Problem(503, "x", say("Try again."), retry_after=7200)
    assert 7199 <= (connected.runtime.delivering.put_off(claimed, asked).due_in_seconds or 0) <= 7200 * 1.3 + 1


@pytest.mark.vendor("writes.gone")
@pytest.mark.parametrize("status", [404, 400])
def test_a_deal_that_is_gone_is_told_at_once(connected: Story, status: int) -> None:
    connected.simulator.control("change-account", domain=connected.domain, missing_write_status=status)
    connected.lead_id = 999_999
    answer = _save(connected)
    assert (answer.status, json_of(answer)["code"]) == (404, "amocrm_not_found")
    connected.clock.advance(hours=1)
    assert run_deliveries(connected.runtime, 30)["due"] == 0
    assert connected.events()[-1] == "delivery.dead"


def test_data_that_amocrm_refuses_is_told_and_can_be_saved_again(connected: Story) -> None:
    connected.simulator.fault("status", status=400, path=NOTES_PATH)
    assert _save(connected).status == 422
    again = _save(connected)
    assert (again.status, json_of(again)["state"]) == (200, "delivered")
    assert len(connected.notes()) == 1


def test_c7_what_its_caller_sends_again_is_tried_as_often_as_a_new_one(connected: Story) -> None:
    """30-C7: also after its sixty attempts, and when amoCRM is busy at that moment."""
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    document = json_of(_save(connected))
    connected.sql("UPDATE amocrm_deliveries SET attempts = 59, due_at = amocrm_now()")
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"dead": 1}
    connected.simulator.fault("status", status=429, retry_after=9, path=NOTES_PATH)
    again = _save(connected)
    assert (again.status, json_of(again)["state"]) == (202, "accepted")
    assert json_of(again)["retry_after"] < 60
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert connected.delivery(document["delivery_id"])["state"] == "delivered"
    assert len(connected.notes()) == 1


def test_a_delivery_ends_after_many_attempts(connected: Story) -> None:
    connected.simulator.fault("status", status=500, path=NOTES_PATH, times=1000)
    document = json_of(_save(connected))
    connected.sql("UPDATE amocrm_deliveries SET attempts = 59, due_at = amocrm_now()")
    assert run_deliveries(connected.runtime, 30)["failed"] == {"dead": 1}
    query = {"id": document["delivery_id"], "content": "1"}
    shown = json_of(connected.crm("get_delivery", connected.admin(), query=query))
    assert (shown["state"], shown["problem"]["code"]) == ("dead", "amocrm_unavailable")
    # What amoCRM does not take of it, and what it was.
    assert (shown["story"][-1]["kind"], shown["story"][-1]["step"]) == ("dead", "note")
    assert shown["content"]["calculation"]["items"]


def _carried_out(story: Story, claimed: deliveries.Delivery, perform: Any) -> deliveries.Delivery:
    """By an instance that reaches amoCRM through `perform`."""
    from features.calculations import plan
    from shared.deliveries.runner import Delivering

    assert claimed.request is not None
    content = plan.PLANNER.read(story.runtime.keyring.decrypt(claimed.request, claimed.id, "request"))
    steps, _ = plan.PLANNER.plan(story.runtime, claimed, story.row(), content)
    return Delivering(story.runtime.database, story.clock).run(claimed, steps, perform)


def test_a_late_owner_writes_nothing(connected: Story) -> None:
    """30-J6: a process that was frozen between its claim and its write finds its lease over, and lets it be."""
    connected.simulator.fault("status", status=429, retry_after=9, path=NOTES_PATH)
    _save(connected)
    connected.clock.advance(minutes=2)
    (claimed,) = deliveries.claim_due(connected.runtime.database, 1)

    def frozen(work: Any) -> Any:
        connected.clock.advance(seconds=deliveries.LEASE.total_seconds() + 1)
        return connected.runtime.connections.call(connected.row(), work)

    late = _carried_out(connected, claimed, frozen)
    assert late.state == "accepted"
    assert not connected.notes()
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1  # at once: nobody has it
    assert len(connected.notes()) == 1


class _Slow(Transport):
    """amoCRM takes its time over each read; what is done meanwhile is `beside`."""

    def __init__(self, story: Story, seconds: float, beside: Callable[[], object] = list) -> None:
        self._story, self._seconds, self._beside = story, seconds, beside
        self.left: list[float] = []  # of the lease, when each write began

    def send(self, method: str, host: str, path: str, **named: Any) -> Any:
        if method == "GET":
            self._story.clock.advance(seconds=self._seconds)
            self._beside()
        else:
            until = "SELECT extract(epoch FROM max(lease_until) - amocrm_now())::float8 FROM amocrm_deliveries"
            self.left.append(self._story.sql(until)[0][0])
        return self._story.runtime.transport.send(method, host, path, **named)


def _through(story: Story, transport: Transport) -> Any:
    def perform(work: Any) -> Any:
        # The clock moves on while the token would be read and paced; a slow account has neither.
        return story.runtime.connections.call(story.row(), lambda api: work(replace(api, transport=transport)))

    return perform


GOODS = calculation() | {"options": {"note": False, "products": True}}


@pytest.fixture
def long_list(connected: Story) -> Iterator[Story]:
    """A goods list that does not fit a page, as far as we know: each item is searched."""
    products._found_before.put(connected.row().id, {})
    yield connected
    products._found_before.drop(connected.row().id)


def test_j6_a_lease_lives_as_long_as_its_work(long_list: Story) -> None:
    """30-J6: no write begins with less than 40 s of the lease left, however long the step has read before."""
    story = long_list
    story.simulator.fault("status", status=500, path="/api/v4/catalogs.*")
    assert _save(story, GOODS).status == 202
    story.clock.advance(minutes=2)
    (claimed,) = deliveries.claim_due(story.runtime.database, 1)
    slow = _Slow(story, 50)
    done = _carried_out(story, claimed, _through(story, slow))
    assert done.state == "delivered"
    assert len(slow.left) == 2
    assert min(slow.left) >= 40


@pytest.mark.vendor("http.escaped")
def test_goods_with_signs_of_html_in_their_names_are_made_once(connected: Story) -> None:
    """amoCRM shows them with entities: each order made them anew."""
    connected.simulator.control("change-account", domain=connected.domain, escapes_texts=True)
    goods = [{"name": 'Труба 1/2" <ПНД> & муфта', "quantity": 1, "unit": "шт", "unit_price": 100}]
    for number in ("1", "2"):
        body = calculation(number=number, items=goods, discount=None, delivery=None, total=100)
        assert json_of(_save(connected, body | {"options": {"note": False, "products": True}}))["state"] == "delivered"
    lists = connected.simulator.control("show", domain=connected.domain)["elements"].values()
    assert [one["name"] for elements in lists for one in elements.values()].count(goods[0]["name"]) == 1


def test_j6_goods_are_made_once_by_two_that_take_long(long_list: Story) -> None:
    """30-J6: their lock lasts as long as the lease of whoever holds it, and not for its own 90 s."""
    story = long_list
    story.simulator.fault("status", status=500, path="/api/v4/catalogs.*", times=2)
    first, second = (json_of(_save(story, GOODS | calculation(number=number))) for number in ("1", "2"))
    story.clock.advance(minutes=2)
    story.sql("UPDATE amocrm_deliveries SET due_at = due_at + interval '1 hour' WHERE id = %s", second["delivery_id"])
    (claimed,) = deliveries.claim_due(story.runtime.database, 1)
    assert str(claimed.id) == first["delivery_id"]
    met = list[int]()

    def beside() -> None:
        met.append(len(met))
        if len(met) == 3:  # 120 s after the lock was taken, or later
            story.sql("UPDATE amocrm_deliveries SET due_at = amocrm_now() WHERE id = %s", second["delivery_id"])
            run_deliveries(story.runtime, 30)

    assert _carried_out(story, claimed, _through(story, _Slow(story, 50, beside))).state == "delivered"
    assert len(met) > 3
    assert story.delivery(second["delivery_id"])["problem"]["code"] == "busy"
    story.clock.advance(minutes=10)
    run_deliveries(story.runtime, 30)
    assert story.delivery(second["delivery_id"])["state"] == "delivered"
    lists = story.simulator.control("show", domain=story.domain)["elements"].values()
    names = [element["name"] for elements in lists for element in elements.values()]
    assert names.count("Петля") == 1  # the other one was there


def test_30_k_what_a_newer_version_has_accepted_waits_until_the_runner_knows_it(connected: Story) -> None:
    """`crm_api` is deployed before `run_deliveries`: what it accepts meanwhile is not lost. A subject that was removed
    ends like everything that is tried in vain, and says so."""
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    document = json_of(_save(connected))
    connected.sql("UPDATE amocrm_deliveries SET action = 'book'")
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"deferred": 1}
    shown = connected.delivery(document["delivery_id"])
    assert (shown["state"], shown["problem"]["code"]) == ("accepted", "unknown_action")
    connected.sql("UPDATE amocrm_deliveries SET action = 'save_calculation'")  # the runner is deployed, too
    connected.clock.advance(hours=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1


def test_what_belongs_to_a_removed_subject_ends_and_says_so(connected: Story) -> None:
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    document = json_of(_save(connected))
    connected.sql("UPDATE amocrm_deliveries SET action = 'book', attempts = 59")
    connected.clock.advance(hours=2)
    assert run_deliveries(connected.runtime, 30)["failed"] == {"dead": 1}
    shown = connected.delivery(document["delivery_id"])
    assert (shown["state"], shown["problem"]["code"]) == ("dead", "unknown_action")


def test_a_delivery_whose_open_step_is_none_any_more_is_finished(connected: Story) -> None:
    """As after an update of the code: what is left of the plan is done, and nothing else would ever end it."""
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    document = json_of(_save(connected))
    done = '{"note": {"state": "done", "result": {"note_id": 1}}, "gone": {"state": "started"}}'
    connected.sql("UPDATE amocrm_deliveries SET steps = %s", done)
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert connected.delivery(document["delivery_id"])["state"] == "delivered"
    assert connected.notes() == []


def test_what_a_customer_said_is_encrypted(connected: Story) -> None:
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    _save(connected, calculation(comment="Домофон 1234"))
    ((request,),) = connected.sql("SELECT request FROM amocrm_deliveries")
    assert "Домофон".encode() not in bytes(request)


def test_the_note_is_found_beyond_the_first_page(connected: Story) -> None:
    """A busy deal: the mark is looked for until the notes are older than the delivery."""
    connected.simulator.fault("reset_after", path=NOTES_PATH, method="POST")
    _save(connected)
    connected.simulator.control("limits", per_integration=10_000, per_account=10_000)
    for _ in range(2):
        many = [{"note_type": "common", "params": {"text": f"note {index}"}} for index in range(250)]
        connected.runtime.connections.call(
            connected.row(),
            lambda api: api.send("POST", f"/leads/{connected.lead_id}/notes", json=many),  # noqa: B023
        )
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert len([note for note in connected.notes() if "ref:" in note["params"]["text"]]) == 1


# --- goods ------------------------------------------------------------------------------------------------------


def _with_goods(**changed: Any) -> dict[str, Any]:
    return calculation(**changed) | {"options": {"products": True}}


def _goods_of_deal(story: Story) -> dict[str, Any]:
    """Name -> quantity of the goods in the deal."""
    shown = story.simulator.control("show", domain=story.domain)
    names = {element["id"]: element["name"] for one in shown["elements"].values() for element in one.values()}
    links = shown["links"].get(str(story.lead_id), [])
    goods = [link for link in links if link["to_entity_type"] == "catalog_elements"]
    return {names[link["to_entity_id"]]: link["metadata"]["quantity"] for link in goods}


@pytest.mark.vendor("catalogs.products", "batch.request_id")
def test_goods_are_found_or_created_and_linked_with_quantity_and_price(connected: Story) -> None:
    """Row A6."""
    results = json_of(_save(connected, _with_goods()))["results"]
    assert (results["goods"]["created"], results["goods_link"]) == (1, {"linked": 2})
    # GL-8 was there under another name; the hinge has no SKU and is new.
    assert _goods_of_deal(connected) == {"Стекло закалённое 8 мм": 2.5, "Петля": 1}
    shown = connected.simulator.control("show", domain=connected.domain)
    (made,) = connected.simulator.effects("element.created")
    (catalog_id,) = shown["catalogs"]
    fields = {
        v["field_code"]: v["values"][0]["value"]
        for v in shown["elements"][catalog_id][str(made["id"])]["custom_fields_values"]
    }
    assert fields == {"PRICE": 1999.99, "UNIT": "шт"}
    link = connected.simulator.effects("link.made")[-1]
    assert link["metadata"]["price_id"] == results["goods"]["price_field_id"]
    assert len(connected.notes()) == 1


def test_goods_are_found_by_exact_name_and_lines_of_the_same_goods_are_added_up(connected: Story) -> None:
    item = {"name": "Монтаж", "quantity": 1, "unit": "услуга", "unit_price": 9500}
    results = json_of(_save(connected, _with_goods(items=[item, item], discount=None, delivery=None, total=19000)))
    assert results["results"]["goods"]["created"] == 0
    assert _goods_of_deal(connected) == {"Монтаж": 2}


def test_a_long_goods_list_is_searched(connected: Story) -> None:
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    many = [{"name": f"Товар {index}"} for index in range(250)]
    (catalog_id,) = connected.simulator.control("show", domain=connected.domain)["catalogs"]
    connected.runtime.connections.call(
        connected.row(), lambda api: api.send("POST", f"/catalogs/{catalog_id}/elements", json=many)
    )
    connected.simulator.control("forget")
    assert json_of(_save(connected, _with_goods()))["results"]["goods"]["created"] == 1
    assert set(_goods_of_deal(connected)) == {"Стекло закалённое 8 мм", "Петля"}


def _send(api: AccountApi, path: str, elements: list[dict[str, str]]) -> Any:
    return api.send("POST", path, json=elements)


def test_30_k_goods_that_too_many_are_like_do_not_use_up_the_accounts_rate(
    connected: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """30-K: an order of a hundred goods, each named by a letter or two, read the whole list a hundred times, and no
    process lived to see the end of it. What came after 25,000 was made once more."""
    monkeypatch.setattr(products, "_MOST_FURTHER_PAGES", 2)
    connected.simulator.control("change-account", domain=connected.domain, search_lag=0)
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    (catalog_id,) = connected.simulator.control("show", domain=connected.domain)["catalogs"]
    path = f"/catalogs/{catalog_id}/elements"
    for part in range(3):
        many = [{"name": f"Товар {part} {index}"} for index in range(250)]
        connected.runtime.connections.call(connected.row(), partial(_send, path=path, elements=many))
    connected.simulator.control("forget")
    items = [
        {"name": name, "quantity": 1, "unit": "шт", "unit_price": 1} for name in ("Т", "То", "Тов", "Това", "Товар")
    ]
    answer = json_of(_save(connected, _with_goods(items=items, discount=None, delivery=None, total=5)))
    assert answer["state"] == "delivered"
    assert "too many" in answer["results"]["goods"]["skipped"]
    assert answer["results"]["goods_link"] == {"linked": 0}
    assert connected.simulator.effects("element.created") == []
    assert sum(request["method"] == "GET" for request in connected.simulator.requests(f"/api/v4{path}")) < 8
    assert len(connected.notes()) == 1


@pytest.mark.parametrize("filters", [True, False])
def test_goods_of_a_long_list_that_were_found_before_are_asked_for_all_at_once(connected: Story, filters: bool) -> None:
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    facts = {"has_filters": filters, "search_lag": 0, "deleted_lag": 0}
    connected.simulator.control("change-account", domain=connected.domain, **facts)
    (catalog_id,) = connected.simulator.control("show", domain=connected.domain)["catalogs"]
    path = f"/api/v4/catalogs/{catalog_id}/elements"
    many = [{"name": f"Товар {index}"} for index in range(250)]
    connected.runtime.connections.call(
        connected.row(), lambda api: api.send("POST", f"/catalogs/{catalog_id}/elements", json=many)
    )

    def save(number: int) -> tuple[dict[str, Any], int]:
        items = [{"name": f"Товар {index}", "quantity": 1, "unit": "шт", "unit_price": number} for index in range(9)]
        body = _with_goods(items=items, discount=None, delivery=None, total=9 * number)
        connected.simulator.control("forget")
        results = json_of(_save(connected, body))["results"]
        return results, sum(request["method"] == "GET" for request in connected.simulator.requests(path))

    first, reads = save(1)
    # What a search has found is looked at by its id: it may be gone (31-B9).
    assert (first["goods"]["created"], first["goods_link"], reads) == (0, {"linked": 9}, 11)
    again, reads = save(2)
    assert again["goods"]["elements"] == first["goods"]["elements"]
    assert reads == (1 if filters else 9)  # without filters each is read by itself
    gone = first["goods"]["elements"][0]["id"]
    connected.simulator.control("remove", domain=connected.domain, element=gone)
    anew, reads = save(3)
    assert (anew["goods"]["created"], anew["goods_link"]) == (1, {"linked": 9})
    assert reads == (3 if filters else 10)  # the one that is gone is searched for


def _asked(story: Story, path: str) -> int:
    return sum(request["path"] == path for request in story.simulator.requests())


def test_what_changes_rarely_is_asked_by_one_instance_and_known_to_all(connected: Story) -> None:
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    body = _with_goods()
    body["options"] |= {"pdf": "render"}
    for number, asked in ((1, 1), (2, 0)):
        cache._memory.clear()  # another instance
        connected.simulator.control("forget")
        answer = json_of(_save(connected, body | {"calculation": body["calculation"] | {"number": str(number)}}))
        assert set(answer["results"]) == {"note", "goods", "goods_link", "pdf", "pdf_attach", "pdf_note"}
        assert _asked(connected, "/api/v4/catalogs") == asked
        assert _asked(connected, "/api/v4/account") == 3 * asked  # the drive's host, the currency, the day
    connected.clock.advance(hours=2)
    cache._memory.clear()
    connected.simulator.control("forget")
    _save(connected, _with_goods(number="3"))
    assert _asked(connected, "/api/v4/catalogs") == 1


def test_what_another_version_has_remembered_is_asked_for_anew(connected: Story) -> None:
    """30-A2: what is kept and cannot be read any more stops nobody."""
    assert json_of(_save(connected, GOODS))["state"] == "delivered"
    connected.sql('UPDATE amocrm_remembered SET value = \'{"another": "shape"}\'')
    cache._memory.clear()
    assert json_of(_save(connected, GOODS | calculation(number="2")))["state"] == "delivered"


def test_a_goods_list_that_is_not_what_is_remembered_is_asked_for_anew(connected: Story) -> None:
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    assert json_of(_save(connected, _with_goods()))["state"] == "delivered"
    kept = connected.sql("SELECT value FROM amocrm_remembered WHERE name = 'goods_list'")[0][0]
    for wrong in ({"catalog_id": 999}, {"fields": kept["fields"] | {"SKU": 12345}}):
        cache._memory.clear()
        value = json.dumps(kept | wrong)
        connected.sql("UPDATE amocrm_remembered SET value = %s WHERE name = 'goods_list'", value)
        item = {
            "name": f"Новое {next(iter(wrong))}",
            "sku": next(iter(wrong)),
            "quantity": 1,
            "unit": "шт",
            "unit_price": 5,
        }
        answer = json_of(_save(connected, _with_goods(items=[item], discount=None, delivery=None, total=5)))
        assert (answer["state"], answer["results"]["goods"]["created"]) == ("delivered", 1)
        assert connected.sql("SELECT value FROM amocrm_remembered WHERE name = 'goods_list'") == [(kept,)]


@pytest.mark.vendor("fields.page")
def test_a_goods_list_may_have_more_fields_than_a_page(connected: Story) -> None:
    """Else goods would be made without what stands in a later one, such as their number, and not be found by it."""

    def asked(api: AccountApi) -> set[str]:
        known = GoodsApi(api).goods_list()
        assert known is not None
        more = [{"name": f"Поле {number}", "type": "text", "code": f"FIELD_{number}"} for number in range(60)]
        api.send("POST", f"/catalogs/{known.catalog_id}/custom_fields", json=more)
        now = GoodsApi(api).goods_list()
        assert now is not None
        return now.fields.keys() - known.fields.keys()

    found = connected.runtime.connections.call(connected.row(), asked)
    assert found == {f"FIELD_{number}" for number in range(60)}


@pytest.mark.vendor("catalogs.products")
def test_an_account_without_a_goods_list_is_told_and_the_rest_goes_on(connected: Story) -> None:
    connected.simulator.control("change-account", domain=connected.domain, goods=False)
    answer = json_of(_save(connected, _with_goods()))
    assert answer["state"] == "delivered"
    assert "no goods list" in answer["results"]["goods"]["skipped"]
    assert answer["results"]["goods_link"] == {"linked": 0}
    assert len(connected.notes()) == 1


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "truncate"])
@pytest.mark.parametrize("path", ["/api/v4/catalogs/.*/elements", "/api/v4/leads/.*/link"])
@pytest.mark.vendor("links.replace", "links.again")
def test_goods_are_in_the_deal_once_whatever_is_lost(connected: Story, kind: str, path: str) -> None:
    connected.simulator.fault(kind, path=path, method="POST")
    assert _save(connected, _with_goods()).status == 202
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert _goods_of_deal(connected) == {"Стекло закалённое 8 мм": 2.5, "Петля": 1}
    assert len(connected.simulator.effects("element.created")) == 1
    assert len(connected.simulator.effects("note.created")) == 1
    assert len(connected.simulator.effects("link.made")) == 2


def test_steps_that_do_not_depend_on_each_other_run_at_once(connected: Story) -> None:
    connected.simulator.control("limits", per_integration=1000, per_account=1000)
    runtime = Runtime.build(connected.runtime.settings)
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    real = Story(**{**connected.__dict__, "runtime": runtime})
    body = calculation() | {"options": {"update_price": True, "products": True}}
    real.crm("save_calculation", headers, body)  # warm: the goods list is known
    connected.clock.advance(seconds=5)
    connected.simulator.control("latency", seconds=0.5)  # longer than a busy machine needs to send three
    connected.simulator.control("forget")
    answer = real.crm("save_calculation", headers, body | calculation(number="2"))
    runtime.close()
    assert set(json_of(answer)["results"]) == {"note", "deal", "goods", "goods_link"}
    assert connected.simulator.control("requests")["most_at_once"] == 3  # note, deal and goods; the link follows


def test_the_responsible_user_is_set_with_the_price_in_one_change(connected: Story) -> None:
    users = connected.simulator.control("show", domain=connected.domain)["leads"].values()
    manager = next(lead["responsible_user_id"] for lead in users)
    body = calculation() | {"options": {"note": False, "update_price": True, "responsible_user_id": manager}}
    answer = json_of(_save(connected, body))
    assert answer["results"]["deal"] == {"price": 18000, "responsible_user_id": manager, "told": _ROUNDED}
    assert len(connected.simulator.effects("leads.updated")) == 1
    wrong = calculation() | {"options": {"responsible_user_id": 5}}
    assert (_save(connected, wrong).status, len(connected.notes())) == (422, 1)


def test_a_dead_delivery_that_may_have_been_written_is_looked_for_when_it_is_taken_up(connected: Story) -> None:
    connected.simulator.fault("reset_after", path=NOTES_PATH, method="POST")
    _save(connected)
    connected.simulator.fault("status", status=500, path=NOTES_PATH, method="GET")
    connected.sql("UPDATE amocrm_deliveries SET attempts = 59, due_at = amocrm_now()")
    assert run_deliveries(connected.runtime, 30)["failed"] == {"dead": 1}
    assert json_of(_save(connected))["state"] == "delivered"
    assert len(connected.simulator.effects("note.created")) == 1


def test_a_retry_does_not_set_back_the_price_of_a_newer_calculation(connected: Story) -> None:
    price = {"options": {"note": False, "update_price": True}}
    item = {"name": "x", "quantity": 1, "unit": "шт", "unit_price": 100}
    newer = calculation(items=[item], discount=None, delivery=None, total=100, number="2") | price
    connected.simulator.fault("reset_after", path="/api/v4/leads/[0-9]+", method="PATCH")
    older = json_of(_save(connected, calculation() | price))["delivery_id"]
    connected.clock.advance(seconds=1)
    assert json_of(_save(connected, newer))["state"] == "delivered"
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert connected.delivery(older)["results"]["deal"] == {"superseded": True}
    leads = connected.simulator.control("show", domain=connected.domain)["leads"]
    assert leads[str(connected.lead_id)]["price"] == 100


@pytest.mark.parametrize("is_answer_lost", [False, True])
def test_an_older_calculation_that_is_written_last_does_not_have_the_last_word(
    connected: Story, monkeypatch: pytest.MonkeyPatch, is_answer_lost: bool
) -> None:
    """Both are under way at once, and the older one's call arrives after the newer one's; also where it dies of it."""
    item = {"name": "x", "quantity": 1, "unit": "шт", "unit_price": 100}
    options = {"options": {"note": False, "update_price": True}}
    newer = calculation(items=[item], discount=None, delivery=None, total=100, number="2") | options
    change = AccountApi.change_lead
    prices: list[int] = []

    def changing(api: AccountApi, lead_id: int, changed: dict[str, Any]) -> None:
        prices.append(changed["price"])
        if len(prices) == 1:
            connected.clock.advance(seconds=1)
            assert json_of(_save(connected, newer))["state"] == "delivered"
            if is_answer_lost:
                connected.simulator.fault("reset_after", path="/api/v4/leads/[0-9]+", method="PATCH")
        change(api, lead_id, changed)

    monkeypatch.setattr(AccountApi, "change_lead", changing)
    answer = json_of(_save(connected, calculation() | options))
    assert answer["state"] == ("accepted" if is_answer_lost else "delivered")
    connected.clock.advance(minutes=2)
    run_deliveries(connected.runtime, 30)
    assert connected.delivery(answer["delivery_id"])["state"] == "delivered"
    assert prices == [18000, 100, 100]
    leads = connected.simulator.control("show", domain=connected.domain)["leads"]
    assert leads[str(connected.lead_id)]["price"] == 100


def test_each_field_of_the_deal_is_left_to_whoever_sets_it_later(connected: Story) -> None:
    leads = connected.simulator.control("show", domain=connected.domain)["leads"].values()
    manager = next(lead["responsible_user_id"] for lead in leads)
    price = calculation() | {"options": {"note": False, "update_price": True}}
    connected.simulator.fault("status", status=500, path="/api/v4/leads/[0-9]+", method="PATCH")
    first = json_of(_save(connected, price))["delivery_id"]
    connected.clock.advance(seconds=1)
    _save(connected, calculation(number="2") | {"options": {"note": False, "responsible_user_id": manager}})
    connected.clock.advance(minutes=2)
    assert run_deliveries(connected.runtime, 30)["delivered"] == 1
    assert connected.delivery(first)["results"]["deal"] == {"price": 18000, "told": _ROUNDED}


def test_a_delivery_keeps_its_story(connected: Story) -> None:
    connected.simulator.control("change-account", domain=connected.domain, goods=False)
    connected.simulator.fault("status", status=500, path=NOTES_PATH, times=2)
    answer = json_of(_save(connected, calculation() | {"options": {"products": True}}))
    for _ in range(2):
        connected.clock.advance(minutes=3)
        run_deliveries(connected.runtime, 30)
    query = {"id": answer["delivery_id"]}
    shown = json_of(connected.crm("get_delivery", connected.admin(), query=query))
    story = shown["story"]
    assert [one["kind"] for one in story] == [
        "accepted", "step_done", "step_done", "deferred", "deferred", "step_done", "delivered"
    ]  # fmt: skip
    assert story[0]["request_id"]
    assert {(one["step"], one["outcome"]) for one in story if "outcome" in one} == {
        ("goods", "skipped"),
        ("goods_link", "nothing_to_do"),
        ("note", "done"),
    }
    assert "no goods list" in story[1]["detail"]
    assert (story[3]["step"], story[3]["code"], story[3]["detail"]) == (
        "note",
        "amocrm_unavailable",
        "amoCRM is not available at the moment. Try again.",
    )
    assert shown["steps"] == {"note": "done", "goods": "done", "goods_link": "done"}
    # The log is told of the problem once, and of the end.
    query = {"delivery_id": answer["delivery_id"]}
    told = json_of(connected.crm("get_events", connected.admin(), query=query))["events"]
    assert [event["kind"] for event in reversed(told)] == ["delivery.deferred", "delivery.delivered"]
    assert told[0]["message"] == f"Calculation to deal {connected.lead_id}: Note in the feed."


def test_38_the_log_says_what_was_written_in_the_readers_words(connected: Story) -> None:
    """It read `save_calculation to deal 1: goods, goods_link, note.`, in every language."""
    answer = json_of(_save(connected))
    for language in LANGUAGES:
        words = catalogue(language)
        headers = connected.admin() | {"Accept-Language": language}
        query = {"delivery_id": answer["delivery_id"]}
        told = json_of(connected.crm("get_events", headers, query=query))["events"][0]["message"]
        assert told.startswith(words["action.save_calculation"]), told
        assert words["step.note"] in told
        assert "_" not in told


def test_of_a_long_story_the_beginning_and_the_latest_are_kept(connected: Story) -> None:
    answer = json_of(_save(connected))
    entry = "amocrm_told(story, jsonb_build_object('kind', 'deferred', 'detail', %s::text))"
    for number in range(130):
        connected.sql(f"UPDATE amocrm_deliveries SET story = {entry}", str(number))
    story = connected.delivery(answer["delivery_id"])["story"]
    assert (len(story), story[0]["kind"], story[1]["detail"], story[-1]["detail"]) == (100, "accepted", "31", "129")


def test_a_write_can_be_followed_by_its_key_before_it_has_answered(connected: Story) -> None:
    headers = connected.widget() | {"X-Lead-Id": str(connected.lead_id)}
    query = {"write": "save_calculation", "key": "press-1"}
    assert connected.crm("get_delivery", headers, query=query).status == 404
    connected.simulator.fault("status", status=500, path=NOTES_PATH)
    _save(connected, **{"Idempotency-Key": "press-1"})
    found = json_of(connected.crm("get_delivery", headers, query=query))
    assert (found["state"], found["steps"], found["lead_id"]) == ("accepted", {"note": "started"}, connected.lead_id)
    assert found["due_in"] > 20  # 30-K: it was null, and a second click was told 5 seconds, however long it waits
    assert json_of(_save(connected, **{"Idempotency-Key": "press-1"}))["retry_after"] > 20
    assert connected.crm("get_delivery", headers, query=query | {"write": "submit_form"}).status == 404


def test_the_log_takes_a_delivery_that_is_one(connected: Story) -> None:
    assert connected.crm("get_events", connected.admin(), query={"delivery_id": "x"}).status == 422


def test_a_delivery_leads_to_its_deal_and_says_whose_it_is(story: Story) -> None:
    """Row I3."""
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    saved = json_of(story.crm("save_calculation", headers, calculation()))
    listed = json_of(story.crm("get_deliveries", story.admin()))["deliveries"][0]
    assert listed["links"]["lead"].endswith(f"/leads/detail/{story.lead_id}")
    assert listed["summary"]["currency"] == "RUB"
    assert listed["summary"]["by"].startswith("widget")
    assert (listed["account_domain"], listed["widget_type"]) == (story.domain, "glass")
    query = {"id": saved["delivery_id"], "content": "1"}
    told = json_of(story.crm("get_delivery", story.admin(), query=query))
    sent = calculation()["calculation"]["items"]
    assert [one["name"] for one in told["content"]["calculation"]["items"]] == [one["name"] for one in sent]
    assert "content" not in json_of(story.crm("get_delivery", headers, query={"id": saved["delivery_id"]}))
    assert story.crm("get_delivery", headers, query=query).status == 403  # what was sent is personal


def test_an_uploaded_pdf_is_not_part_of_what_is_shown(story: Story) -> None:
    body = calculation() | {"pdf": {"filename": "a.pdf", "content_base64": "JVBERi0xLjcKJSVFT0Y="}}
    body["options"] = {"pdf": "upload"}
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    saved = json_of(story.crm("save_calculation", headers, body))
    told = json_of(story.crm("get_delivery", story.admin(), query={"id": saved["delivery_id"], "content": "1"}))
    assert told["content"]["pdf"] == {"filename": "a.pdf"}


@pytest.mark.long
def test_a_list_of_deliveries_reads_nothing_of_what_was_sent(story: Story) -> None:
    """Quotations of some megabytes each: a page of 200 needed more memory than a function has."""
    content = b"%PDF-1.7\n" + bytes(3_000_000) + b"\n%%EOF"
    body = calculation() | {"pdf": {"filename": "a.pdf", "content_base64": base64.b64encode(content).decode()}}
    body["options"] = {"pdf": "upload"}
    for number in range(3):
        body["calculation"]["number"] = str(number)
        headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
        assert json_of(story.crm("save_calculation", headers, body))["state"] == "delivered"
    tracemalloc.start()
    try:
        listed = json_of(story.crm("get_deliveries", story.admin()))["deliveries"]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [one["state"] for one in listed] == ["delivered"] * 3
    assert peak < 3_000_000


def test_deliveries_are_found_by_deal_kind_and_time(story: Story) -> None:
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    story.crm("save_calculation", headers, calculation())
    now = int(story.clock.now().timestamp())

    def count(**query: str) -> int:
        return len(json_of(story.crm("get_deliveries", story.admin(), query=query))["deliveries"])

    assert (count(lead_id=str(story.lead_id)), count(lead_id="1")) == (1, 0)
    assert (count(write="save_calculation"), count(write="submit_form")) == (1, 0)
    assert (count(since=str(now - 60)), count(since=str(now + 60))) == (1, 0)
    assert (count(until=str(now + 60)), count(until=str(now - 60))) == (1, 0)
    assert story.crm("get_deliveries", story.admin(), query={"since": "99999999999999"}).status == 422


def test_what_is_not_finished_is_listed_and_taken_up_over_all_accounts(story: Story) -> None:
    story.simulator.fault("status", status=404, path="/api/v4/leads/.*", times=10)
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    story.crm("save_calculation", headers, calculation())
    story.simulator.control("no-faults")
    everybody = {"Authorization": story.admin()["Authorization"]}
    dead = json_of(story.crm("get_deliveries", everybody, query={"state": "dead"}))["deliveries"]
    assert [(one["state"], one["account_domain"]) for one in dead] == [("dead", story.domain)]
    assert story.crm("get_deliveries", everybody).status == 422  # those that are done are millions
    body = {"ids": [dead[0]["delivery_id"], "00000000-0000-4000-8000-000000000000"]}
    assert json_of(story.crm("retry_delivery", everybody, body)) == {"retried": 1}
    assert json_of(story.crm("retry_delivery", everybody, body)) == {"retried": 0}
    run_deliveries(story.runtime, 10)
    assert json_of(story.crm("get_deliveries", story.admin()))["deliveries"][0]["state"] == "delivered"
    assert story.crm("retry_delivery", everybody, {"ids": body["ids"] * 101}).status == 422


def test_what_a_statement_that_is_sent_again_finds_is_not_ours_any_more_once_it_was_begun(connected: Story) -> None:
    """The answer to the acceptance was lost, and before it was asked for anew the runner has begun, and put it off."""

    def accepted() -> tuple[deliveries.Delivery, bool]:
        return deliveries.accept(
            connected.runtime.database,
            connected.runtime.keyring,
            connected.row().id,
            action="submit_form",
            key="k-1",
            request="{}",
            digests=["31" * 32],
            first_steps=(),
            lead_id=None,
            request_id="r-1",
            summary={},
            at_once=False,
        )

    first, is_new = accepted()
    assert (is_new, accepted()[1]) == (True, True)
    (claimed,) = deliveries.claim_due(connected.runtime.database, 1)
    assert accepted()[1] is False
    connected.runtime.delivering.put_off(claimed, Problem(503, "x", say("Try again.")))
    assert (first.id, accepted()[1]) == (claimed.id, False)
