"""Rows L2, L5: what was kept is shown as it is understood, tried with other rules, and read again (35-5)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from msgspec.structs import replace

from features.submissions import site_builders
from features.submissions.model import SubmitOrder
from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm.transport import Transport
from shared.platform.decoding import convert
from shared.storage.database import Database
from tests.story import Story, json_of
from tests.submissions.test_incoming import JSON, listed, new_key, sent
from tests.submitting import account, order, save, set_up, submit, values_of

# A form whose maker has given names that say nothing, and what its values look like says nothing either.
ODD = {"Поле 1": "Нина Орлова", "Поле 2": "доб. 5, 8 (916) 555-44-33", "Поле 3": "Казань", "Поле 4": "x", "id": "17"}
CITY, DEAL_CITY = "Город доставки", "Город сделки"
MEANT = {"Поле 1": "name", "Поле 2": "phone"}


@pytest.fixture
def site(story: Story) -> Story:
    set_up(story)
    return story


def entry(story: Story, id_: str, **query: str) -> Any:
    answer = story.crm("get_incoming_entry", story.admin(), query={"id": id_} | query)
    assert answer.status == 200, answer.body.decode()
    return json_of(answer)


def come(story: Story, body: Any = ODD) -> str:
    """A body that has come and is in amoCRM; its id."""
    _, key = new_key(story)
    assert sent(story, key, body, JSON).status == 200
    run_deliveries(story.runtime, 20)
    return str(listed(story)["incoming"][0]["id"])


def again(story: Story, id_: str) -> Any:
    answer = story.crm("read_again", story.admin(), {"id": id_})
    assert answer.status == 200, answer.body.decode()
    return json_of(answer)


def counts(story: Story) -> tuple[int, int, int]:
    """Deals, contacts, and notes of them."""
    shown = account(story)
    notes = sum(len(found) for found in shown["notes"].values())
    return len(shown["leads"]), len(shown["contacts"]), notes


def newest(story: Story) -> tuple[Any, Any]:
    """The deal that was made last, and its contact."""
    shown = account(story)
    return list(shown["leads"].values())[-1], list(shown["contacts"].values())[-1]


# --- shown ------------------------------------------------------------------------------------------------------


def test_35_5_each_value_is_shown_with_what_it_is_taken_for_and_why(site: Story) -> None:
    assert save(site, mapping=[{"source": "Город", "entity": "leads", "field": DEAL_CITY}]).status == 200
    id_ = come(
        site, {"Ваше имя": "Нина", "Телефон": "+79165554433", "Город": "Уфа", "Размер": "2 × 3", "utm_source": "ya"}
    )
    shown = entry(site, id_, content="1")
    told = {one["name"]: (one["values"], one["meaning"], one["reason"]) for one in shown["values"]}
    assert told == {
        "Ваше имя": (["Нина"], "name", "word"),
        "Телефон": (["+79165554433"], "phone", "word"),
        "Город": (["Уфа"], "field", "mapping"),
        "Размер": (["2 × 3"], "field", "note"),
        "utm_source": (["ya"], "visit", "visit"),
    }
    (city,) = [one["goes_to"] for one in shown["values"] if one["name"] == "Город"]
    assert city == [{"entity": "leads", "field_id": None, "field": DEAL_CITY}]
    assert "utm_source" in shown["raw"]
    assert (shown["reading"], shown["person"]) == ("form", True)


def test_35_5_who_may_only_see_sees_no_value(site: Story) -> None:
    id_ = come(site)
    made = json_of(site.crm("create_administrator", site.admin(), {"name": "Зоя", "rights": "see"}))
    token = json_of(site.crm("sign_in", {"Authorization": f"Bearer {made['link'].rpartition('=')[2]}"}, {}))["token"]
    viewer = site.admin() | {"Authorization": f"Bearer {token}"}
    shown = site.crm("get_incoming_entry", viewer, query={"id": id_})
    assert shown.status == 200
    assert "Нина" not in shown.body.decode()
    assert {one["values"] for one in json_of(shown)["values"]} == {None}
    assert site.crm("get_incoming_entry", viewer, query={"id": id_, "content": "1"}).status == 403
    assert site.crm("read_again", viewer, {"id": id_}).status == 403
    assert site.crm("get_incoming", viewer).status == 200


def test_35_5_another_connections_bodies_are_unknown(site: Story) -> None:
    id_ = come(site)
    assert site.save_connection(widget_type="clinic").status == 201
    other = site.admin(widget_type="clinic")
    assert json_of(site.crm("get_incoming", other))["incoming"] == []
    assert site.crm("get_incoming_entry", other, query={"id": id_}).status == 404
    assert site.crm("read_again", other, {"id": id_}).status == 404
    assert json_of(site.crm("preview_incoming", other, {"key": listed(site)["keys"][0]["id"]}))["incoming"] == []
    for wrong in ("x", ""):
        assert site.crm("get_incoming_entry", site.admin(), query={"id": wrong}).status in (404, 422)


# --- tried ------------------------------------------------------------------------------------------------------


def test_35_5_other_rules_are_tried_on_the_last_ten_and_nothing_is_written(site: Story) -> None:
    key_id, key = new_key(site)
    for number in range(12):
        assert sent(site, key, ODD | {"tranid": str(number)}, JSON).status == 200
    run_deliveries(site.runtime, 30)
    before = site.sql("SELECT count(*), max(updated_at) FROM amocrm_deliveries")
    mapping = [{"source": "Поле 3", "entity": "leads", "field": DEAL_CITY}]
    answer = site.crm("preview_incoming", site.admin(), {"key": key_id, "meanings": MEANT, "mapping": mapping})
    assert answer.status == 200, answer.body.decode()
    shown = json_of(answer)["incoming"]
    assert (len(shown), {one["person"] for one in shown}) == (10, {True})
    differs = {one["name"]: (one["was"]["meaning"], one["now"]["meaning"]) for one in shown[0]["differs"]}
    assert differs["Поле 2"] == ("field", "phone")
    assert differs["Поле 3"] == ("field", "field")
    assert "Поле 4" not in differs
    assert site.sql("SELECT count(*), max(updated_at) FROM amocrm_deliveries") == before
    assert entry(site, shown[0]["id"])["person"] is False


# --- read again -------------------------------------------------------------------------------------------------


def test_35_5_what_was_missed_is_made_and_nothing_twice(site: Story) -> None:
    id_ = come(site)
    lead, contact = newest(site)
    assert "PHONE" not in values_of(contact)
    before = counts(site)
    mapping = [
        {"source": "Поле 3", "entity": "leads", "field": DEAL_CITY},
        {"source": "Поле 4", "entity": "contacts", "field": CITY},
    ]
    assert save(site, meanings=MEANT, mapping=mapping).status == 200
    made = again(site, id_)
    assert (made["outcome"], set(made["filled"]["contact"]), made["filled"]["lead"], made["noted"]) == (
        "completed",
        {"Телефон", "name", CITY},
        [DEAL_CITY],
        False,
    )
    assert counts(site) == before
    lead, contact = newest(site)
    assert contact["name"] == "Нина Орлова"
    assert values_of(contact)["PHONE"] == [ODD["Поле 2"]]
    assert values_of(contact)[CITY] == ["x"]
    assert values_of(lead)[DEAL_CITY] == ["Казань"]
    for minutes in (0, 11, 11):
        site.clock.advance(minutes=minutes)
        assert again(site, id_)["outcome"] in ("completed", "nothing_new")
        assert counts(site) == before
    assert again(site, id_)["outcome"] == "nothing_new"
    (one,) = listed(site)["incoming"]
    assert (one["has_person"], one["again_id"] is not None) == (True, True)


def test_35_5_what_a_person_has_written_meanwhile_stays(site: Story) -> None:
    id_ = come(site)
    mapping = [{"source": "Поле 3", "entity": "leads", "field": DEAL_CITY}]
    assert save(site, meanings=MEANT, mapping=mapping).status == 200
    again(site, id_)
    lead, _ = newest(site)
    field_id = next(one["field_id"] for one in lead["custom_fields_values"] if one["field_name"] == DEAL_CITY)
    change = {"custom_fields_values": [{"field_id": field_id, "values": [{"value": "Самара"}]}]}
    row = site.row()
    site.runtime.connections.call(row, lambda api: api.change_lead(lead["id"], change))
    site.clock.advance(minutes=11)
    assert again(site, id_)["outcome"] == "nothing_new"
    assert values_of(newest(site)[0])[DEAL_CITY] == ["Самара"]


def test_35_5_a_phone_of_somebody_who_is_there_is_told(site: Story) -> None:
    known = submit(site, {"contact": {"name": "Нина", "phone": "8 916 555-44-33"}})["lead"]["contact_id"]
    id_ = come(site, {"Номер договора": "8 916 555-44-33", "Поле": "x"})
    before = counts(site)
    assert save(site, meanings={"Номер договора": "phone"}).status == 200
    made = again(site, id_)
    assert (made["outcome"], made["filled"]["contact"], counts(site)) == ("completed", ["Телефон"], before)
    (told,) = [one for one in site.delivery(made["delivery_id"])["story"] if one["kind"] == "warned"]
    assert (told["code"], str(known) in told["detail"]) == ("several_contacts", True)


def test_35_5_what_was_refused_is_made_when_the_rules_take_it(site: Story) -> None:
    assert save(site, forms={"required": ["phone"]}).status == 200
    _, key = new_key(site)
    assert sent(site, key, ODD, JSON).status == 422
    (one,) = listed(site)["incoming"]
    assert again(site, one["id"])["outcome"] == "refused"
    assert save(site, forms={"required": ["phone"]}, meanings=MEANT).status == 200
    assert again(site, one["id"])["outcome"] == "made"
    before = counts(site)
    (one,) = listed(site)["incoming"]
    assert (one["outcome"], one["has_person"]) == ("accepted", True)
    assert again(site, one["id"])["outcome"] == "nothing_new"
    assert counts(site) == before


def test_35_5_what_was_not_read_to_its_end_is_made_once(site: Story) -> None:
    id_ = come(site)
    before = counts(site)
    site.sql("UPDATE amocrm_incoming SET outcome = 'taken', delivery_id = NULL")
    assert again(site, id_)["outcome"] == "nothing_new"  # its delivery is found by what it says of itself
    assert counts(site) == before
    site.sql("UPDATE amocrm_incoming SET outcome = 'taken', delivery_id = NULL")
    site.sql("UPDATE amocrm_deliveries SET summary = summary - 'incoming'")
    assert again(site, id_)["outcome"] == "made"
    assert again(site, id_)["outcome"] == "nothing_new"
    assert counts(site)[0] == before[0] + 1


def test_35_5_a_trial_and_one_that_is_under_way_make_nothing(site: Story) -> None:
    _, key = new_key(site)
    assert sent(site, key, b"test=test").status == 200
    assert again(site, listed(site)["incoming"][0]["id"])["outcome"] == "nothing"
    assert sent(site, key, ODD, JSON).status == 200
    answer = site.crm("read_again", site.admin(), {"id": listed(site)["incoming"][0]["id"]})
    assert (answer.status, json_of(answer)["code"]) == (409, "under_way")


def test_35_5_what_no_note_has_said_is_noted_once(site: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that an older version of the rules has lost: it stands in the body and nowhere else."""
    read = site_builders.sent

    def losing(*given: Any) -> site_builders.ReceivedForm:
        found = read(*given)
        fields = {name: value for name, value in found.body.fields.items() if name != "Поле 5"}
        return replace(found, body=replace(found.body, fields=fields))

    with monkeypatch.context() as patch:
        patch.setattr(site_builders, "sent", losing)
        id_ = come(site, ODD | {"Поле 5": "Нужен замер в подъезде с лифтом"})
    before = counts(site)
    made = again(site, id_)
    assert (made["outcome"], made["noted"]) == ("completed", True)
    site.clock.advance(minutes=11)
    assert again(site, id_)["outcome"] == "nothing_new"
    deals, people, notes = counts(site)
    assert (deals, people, notes) == (before[0], before[1], before[2] + 1)


# --- whenever the process ends ------------------------------------------------------------------------------------


class _Killed(BaseException):
    pass


class _Dying:
    """A process that ends before or after one of its statements and calls; from then on it does nothing any more."""

    def __init__(self, at: int, moment: str) -> None:
        self.left, self._moment, self.is_dead = at, moment, False

    def around(self, original: Callable[..., Any]) -> Callable[..., Any]:
        def dying(*given: Any, **named: Any) -> Any:
            self.left -= 1
            self._end(self.left <= 0 and self._moment == "before")
            result = original(*given, **named)
            self._end(self.left <= 0)
            return result

        return dying

    def _end(self, is_due: bool) -> None:
        self.is_dead = self.is_dead or is_due
        if self.is_dead:
            raise _Killed


@pytest.mark.long
@pytest.mark.parametrize("moment", ["before", "after"])
def test_35_5_whenever_the_process_ends_nothing_is_missed_and_nothing_twice(
    site: Story, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """Before and after each statement and each call to amoCRM; then the runner goes on, and somebody presses again."""
    mapping = [{"source": "Поле 3", "entity": "leads", "field": DEAL_CITY}]
    key = new_key(site)[1]
    for at in range(1, 200):
        assert save(site).status == 200
        phone = f"доб. 5, 8 (916) 555-{at // 100:02}-{at % 100:02}"
        assert sent(site, key, ODD | {"Поле 2": phone, "tranid": f"{at}"}, JSON).status == 200
        assert run_deliveries(site.runtime, 20)["delivered"] == 1
        id_, before = listed(site)["incoming"][0]["id"], counts(site)
        assert save(site, meanings=MEANT, mapping=mapping).status == 200
        process = _Dying(at, moment)
        with monkeypatch.context() as patch:
            patch.setattr(Database, "_repeated", process.around(Database._repeated))
            patch.setattr(Transport, "send", process.around(Transport.send))
            site.crm("read_again", site.admin(), {"id": id_})
        site.clock.advance(minutes=3)
        run_deliveries(site.runtime, 20)
        again(site, id_)
        assert counts(site) == before
        lead, contact = newest(site)
        assert (contact["name"], values_of(contact)["PHONE"]) == ("Нина Орлова", [phone])
        assert values_of(lead)[DEAL_CITY] == ["Казань"]
        assert listed(site)["incoming"][0]["has_person"] is True
        if not process.is_dead:
            break
    assert at > 20


def test_35_5_whatever_amocrm_answers_it_arrives_once(site: Story) -> None:
    id_, before = come(site), counts(site)
    assert save(site, meanings=MEANT).status == 200
    site.simulator.fault("reset_after", path="/api/v4/.*", times=2)
    assert again(site, id_)["outcome"] == "later"
    for _ in range(4):
        site.clock.advance(minutes=3)
        run_deliveries(site.runtime, 20)
    assert again(site, id_)["outcome"] in ("completed", "nothing_new")
    assert counts(site) == before
    assert values_of(newest(site)[1])["PHONE"] == [ODD["Поле 2"]]


def test_35_5_several_people_press_at_once(site: Story) -> None:
    id_, before = come(site), counts(site)
    assert save(site, meanings=MEANT).status == 200
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: again(site, id_), range(4)))
    assert len({one["delivery_id"] for one in made}) == 1
    assert counts(site) == before
    assert values_of(newest(site)[1])["PHONE"] == [ODD["Поле 2"]]


def test_35_5_what_a_person_has_left_out_still_stands_in_what_came(site: Story) -> None:
    assert save(site, meanings={"Поле 3": "nothing"}).status == 200
    id_ = come(site)
    notes = str(account(site)["notes"])
    assert ("Нина Орлова" in notes, "Казань" in notes) == (True, False)
    shown = {one["name"]: one for one in entry(site, id_, content="1")["values"]}
    assert (shown["Поле 3"]["values"], shown["Поле 3"]["meaning"]) == (["Казань"], "nothing")
    assert save(site, meanings={}).status == 200
    assert again(site, id_)["noted"] is True
    assert "Казань" in str(account(site)["notes"])


# --- other ways in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["contact", "incoming_lead"])
def test_35_5_a_form_without_a_deal_or_that_waits_is_completed_as_well(site: Story, mode: str) -> None:
    assert save(site, forms={"mode": mode}).status == 200
    id_, mapping = come(site), [{"source": "Поле 3", "entity": "contacts", "field": CITY}]
    before = counts(site)
    assert save(site, forms={"mode": mode}, meanings=MEANT, mapping=mapping).status == 200
    made = again(site, id_)
    assert (made["outcome"], set(made["filled"]["contact"])) == ("completed", {"Телефон", "name", CITY})
    assert counts(site) == before
    contact = list(account(site)["contacts"].values())[-1]
    assert values_of(contact)["PHONE"] == [ODD["Поле 2"]]
    site.clock.advance(minutes=11)
    assert again(site, id_)["outcome"] == "nothing_new"
    assert counts(site) == before


def test_35_5_an_order_of_a_shops_server_is_completed_and_has_its_goods_once(site: Story) -> None:
    _, key = new_key(site, "Shop")
    proof = {"Authorization": f"Bearer {key}"}
    assert site.crm("submit_order", proof, order(payment="картой")).status == 200
    (one,) = listed(site)["incoming"]
    before, links = counts(site), account(site)["links"]
    assert save(site, mapping=[{"source": "payment", "entity": "leads", "field": "Оплата"}]).status == 200
    made = again(site, one["id"])
    assert (made["outcome"], made["filled"]["lead"], made["noted"]) == ("completed", ["Оплата"], False)
    site.clock.advance(minutes=11)
    assert again(site, one["id"])["outcome"] == "nothing_new"
    assert (counts(site), account(site)["links"]) == (before, links)


def test_35_5_what_is_an_order_now_gets_its_goods_and_budget_once(site: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cart that older rules took for a form."""
    id_ = come(site, {"Ваше имя": "Нина", "Телефон": "+79165554433", "cart": "Столешница - 2x15000"})
    before = counts(site)
    read = site_builders.sent
    cart = convert({"order": order()["order"]}, SubmitOrder)

    def as_order(*given: Any) -> site_builders.ReceivedForm:
        found = read(*given)
        return replace(found, body=replace(cart, contact=found.body.contact))

    monkeypatch.setattr(site_builders, "sent", as_order)
    made = again(site, id_)
    assert (made["outcome"], made["filled"]["lead"], made["noted"]) == ("completed", ["price"], True)
    lead, _ = newest(site)
    assert lead["price"] == 39700
    links = account(site)["links"][str(lead["id"])]
    assert [one["to_entity_type"] for one in links] == ["contacts", "catalog_elements", "catalog_elements"]
    for _ in range(2):
        site.clock.advance(minutes=11)
        assert again(site, id_)["outcome"] == "nothing_new"
    assert account(site)["links"][str(lead["id"])] == links
    deals, people, notes = counts(site)
    assert (deals, people, notes) == (before[0], before[1], before[2] + 1)
