"""Rows C2-C10: forms, orders and profiles of a site."""

import json
from functools import partial
from typing import Any
from urllib.parse import unquote, urlencode

import pytest

from functions.run_deliveries.run import run as run_deliveries
from shared.amocrm import directory
from shared.platform.http import Headers, Request, Response
from tests.control import OWN_FAILURE
from tests.story import Story, json_of
from tests.submitting import PERSON, account, contact_of, form, lead_of, note_of, order, save, set_up, submit, values_of


def test_c2_a_form_becomes_a_deal_and_a_contact_in_one_call(story: Story) -> None:
    submit(story, form(comment="Как проехать?"))
    story.simulator.control("forget")
    results = submit(story, form(contact={"name": "Пётр", "phone": "+7 999 000 11 22"}))
    writes = [request["path"] for request in story.simulator.requests() if request["method"] == "POST"]
    assert writes == ["/api/v4/leads/complex"]
    lead, contact = lead_of(story, results), contact_of(story, results)
    assert lead["name"].startswith("Заявка с сайта: Обратный звонок (")
    assert (contact["name"], values_of(contact)["PHONE"]) == ("Пётр", ["+79990001122"])


def test_c2_the_log_names_what_was_done_and_no_more(story: Story) -> None:
    """Of each form it named a note on what the contact did not take, of which there was none."""
    for comment in ("Как проехать?", "И ещё"):
        submit(story, form(comment=comment))
        story.clock.advance(minutes=5)
    other = form(contact={"phone": PERSON["phone"], "email": "other@example.org"}, comment="Пишите сюда")
    assert submit(story, other)["contact_update"]["changed"]
    events = json_of(story.crm("get_events", story.admin(), query={"limit": "50"}))["events"]
    said = [one["message"] for one in events if one["kind"] == "delivery.delivered"]
    assert said == [
        "Form: What is new about the contact, Deal, Note in the feed.",
        *["Form: Deal, Note in the feed."] * 2,
    ]


def test_c2_pipeline_status_tags_and_title_as_set(story: Story) -> None:
    pipeline = list(account(story)["pipelines"].values())[1]
    status = pipeline["_embedded"]["statuses"][2]
    place = {"pipeline_id": pipeline["id"], "status_id": status["id"], "tags": ["Сайт"], "title": "{form}: {name}"}
    set_up(story, forms=place)
    lead = lead_of(story, submit(story, form(tags=["Акция"])))
    assert (lead["pipeline_id"], lead["status_id"]) == (pipeline["id"], status["id"])
    assert [tag["name"] for tag in lead["_tags"]] == ["Сайт", "Акция"]
    assert lead["name"].startswith("Обратный звонок: Нина Орлова (")


def test_c2_required_fields_are_enforced(story: Story) -> None:
    set_up(story, forms={"required": ["name", "phone|email", "city"]})
    refused = story.crm("submit_form", story.application(), form(contact={"name": "Нина"}))
    assert refused.status == 422
    assert {error["path"] for error in json_of(refused)["errors"]} == {"phone|email", "city"}
    submit(story, form(contact={"name": "Нина", "email": "n@example.org"}, fields={"city": "Тверь"}))


def test_c2_an_empty_form_is_refused(story: Story) -> None:
    assert story.crm("submit_form", story.application(), {"form": {"name": "x"}}).status == 422


@pytest.mark.vendor("unsorted.answer")
def test_c2_incoming_leads(story: Story) -> None:
    set_up(story, forms={"mode": "incoming_lead"})
    results = submit(story, form(comment="Жду"))
    (waiting,) = account(story)["incoming"].values()
    assert waiting["_embedded"]["leads"] == [{"id": results["incoming_lead"]["lead_id"]}]
    assert "Жду" in note_of(story, results)
    again = submit(story, form(comment="Ещё"))
    assert again["incoming_lead"]["contact_id"] == results["incoming_lead"]["contact_id"]


def test_c2_only_a_contact(story: Story) -> None:
    set_up(story, forms={"mode": "contact"})
    before = len(account(story)["leads"])
    results = submit(story, form(comment="Привет"))
    assert (results["contact"]["created"], len(account(story)["leads"])) == (True, before)
    assert "Привет" in note_of(story, results, "contacts")


@pytest.mark.vendor("http.unpaid_writes")
@pytest.mark.parametrize(("mode", "code"), [("contact", "amocrm_forbidden"), ("lead", "amocrm_unpaid")])
def test_c2_what_comes_before_the_account_is_paid_again_arrives_then(story: Story, mode: str, code: str) -> None:
    """Such an account shows all that is there, so only what is made is refused, of a contact in words of its own."""
    set_up(story, forms={"mode": mode})
    story.simulator.control("change-account", domain=story.domain, paid=False, shows_unpaid=True)
    accepted = story.crm("submit_form", story.application(), form(comment="Привет"))
    assert (accepted.status, json_of(accepted)["problem"]["code"]) == (202, code)
    story.simulator.control("change-account", domain=story.domain, paid=True)
    story.clock.advance(minutes=2)
    assert run_deliveries(story.runtime, 30)["delivered"] == 1
    results = story.delivery(json_of(accepted)["delivery_id"])["results"]
    assert "Привет" in note_of(story, results, "contacts" if mode == "contact" else "leads")
    assert values_of(contact_of(story, results))["PHONE"] == ["+79165554433"]


def test_c3_an_order_becomes_a_deal_with_goods(story: Story) -> None:
    pipeline = list(account(story)["pipelines"].values())[1]
    rules = [
        {"source": "delivery_cost", "entity": "leads", "field": "Стоимость доставки", "type": "numeric"},
        {"source": "address.city", "entity": "leads", "field": "Город"},
        {"source": "weight", "entity": "leads", "field": "Вес"},
    ]
    set_up(story, orders={"pipeline_id": pipeline["id"]}, mapping=rules)
    results = submit(story, order(), "submit_order")
    lead = lead_of(story, results)
    assert (lead["price"], lead["pipeline_id"]) == (39700, pipeline["id"])
    assert values_of(lead) == {"Стоимость доставки": ["700"], "Город": ["Казань"], "Вес": ["84 кг"]}
    linked = [link for link in account(story)["links"][str(lead["id"])] if link["to_entity_type"] == "catalog_elements"]
    assert sorted(link["metadata"]["quantity"] for link in linked) == [1, 2]
    note = note_of(story, results)
    assert all(part in note for part in ("Заказ: № 1042", "Казань, Баумана, 5", "Позвонить вечером", "Итого: 39"))


def test_c3_a_total_that_does_not_add_up_is_refused(story: Story) -> None:
    refused = story.crm("submit_order", story.application(), order(total=1))
    assert json_of(refused)["errors"] == [
        {"path": "order.total", "detail": "does not add up: the items, discount and delivery make 39700.00"}
    ]


@pytest.mark.parametrize("phone", ["+7 916 555-44-33", "89165554433", "8-916-555-44-33", "7 (916) 5554433"])
@pytest.mark.vendor("contacts.query", "contacts.codes")
def test_c4_a_person_is_found_by_his_phone_however_it_is_written(story: Story, phone: str) -> None:
    first = submit(story, form())
    again = submit(story, form(contact={"name": "Н.", "phone": phone}))
    assert again["lead"]["contact_id"] == first["lead"]["contact_id"]
    assert contact_of(story, again)["name"] == "Нина Орлова"
    assert values_of(contact_of(story, again))["PHONE"] == ["+79165554433"]


def test_c4_a_contact_typed_by_hand_is_found_too(story: Story) -> None:
    known = next(one for one in account(story)["contacts"].values() if one["name"] == "Мария Лебедева")
    results = submit(story, form(contact={"name": "Маша", "phone": "89123456789", "email": "new@example.org"}))
    assert results["lead"]["contact_id"] == known["id"]
    contact = contact_of(story, results)
    assert values_of(contact) == {"PHONE": ["+7 (912) 345-67-89"], "EMAIL": ["maria@example.org", "new@example.org"]}
    assert contact["name"] == "Мария Лебедева"


@pytest.mark.vendor("contacts.codes")
def test_c4_by_e_mail_when_the_phone_is_new(story: Story) -> None:
    first = submit(story, form())
    again = submit(story, form(contact={"phone": "+7 900 000-00-01", "email": "nina@example.org"}))
    assert again["lead"]["contact_id"] == first["lead"]["contact_id"]
    assert values_of(contact_of(story, again))["PHONE"] == ["+79165554433", "+79000000001"]


def test_c4_a_profile_makes_and_changes_a_contact(story: Story) -> None:
    assert submit(story, {"contact": PERSON}, "sync_contact")["contact"]["created"] is True
    set_up(story, read_only=[])
    changed = {"contact": PERSON | {"name": "Нина Белова"}}
    results = submit(story, changed, "sync_contact")
    assert (results["contact"]["created"], contact_of(story, results)["name"]) == (False, "Нина Белова")


def test_c4_a_profile_without_phone_and_e_mail_is_refused(story: Story) -> None:
    assert story.crm("sync_contact", story.application(), {"contact": {"name": "Кто-то"}}).status == 422


@pytest.mark.vendor("fields.enum_id")
def test_c5_mapping_with_enums_and_read_only_fields(story: Story) -> None:
    story.simulator.control(
        "add", domain=story.domain, field={"owner": "contacts", "name": "Скидка", "kind": "numeric"}
    )
    made = story.simulator.control(
        "add",
        domain=story.domain,
        field={"owner": "leads", "name": "Размер", "kind": "select", "choices": ["S", "M", "L"]},
    )
    rules = [
        {"source": "phone", "entity": "contacts", "field": "PHONE", "enum": "MOB"},
        {"source": "size", "entity": "leads", "field_id": made["field"]["id"]},
        {"source": "card", "entity": "contacts", "field": "Скидка"},
    ]
    set_up(story, mapping=rules, read_only=["Скидка"])
    results = submit(story, form(fields={"size": "m", "card": "5"}))
    contact = contact_of(story, results)
    phones = next(field for field in contact["custom_fields_values"] if field["field_code"] == "PHONE")
    assert phones["values"][0]["enum_code"] == "MOB"
    assert values_of(lead_of(story, results)) == {"Размер": ["M"]}
    results = submit(story, form(fields={"size": "XXL", "card": "10"}))
    assert values_of(contact_of(story, results))["Скидка"] == ["5"]
    assert "size: XXL" in note_of(story, results)
    assert "submission.value_in_note" in story.events()


@pytest.mark.vendor("fields.clear")
@pytest.mark.parametrize("skip_empty", [True, False])
def test_c5_empty_values_are_skipped_or_clear_the_field(story: Story, skip_empty: bool) -> None:
    story.simulator.control("add", domain=story.domain, field={"owner": "contacts", "name": "Город", "kind": "text"})
    set_up(story, mapping=[{"source": "city", "entity": "contacts", "field": "Город"}], skip_empty=skip_empty)
    submit(story, form(fields={"city": "Тула"}))
    results = submit(story, form(fields={"city": ""}))
    assert values_of(contact_of(story, results)).get("Город") == (["Тула"] if skip_empty else None)


def test_c6_missing_fields_are_created_once(story: Story) -> None:
    rules = [
        {"source": "city", "entity": "contacts", "field": "Город"},
        {"source": "size", "entity": "leads", "field": "Размер", "type": "numeric"},
    ]
    set_up(story, mapping=rules)
    for number in range(3):
        results = submit(story, form(fields={"city": "Тула", "size": str(number)}))
    assert len(story.simulator.effects("custom_field.created")) == 2
    assert values_of(lead_of(story, results)) == {"Размер": ["2"]}
    assert values_of(contact_of(story, results))["Город"] == ["Тула"]


def test_c6_switched_off_values_stay_in_the_note(story: Story) -> None:
    set_up(story, create_fields=False)
    results = submit(story, form(fields={"Город": "Тула"}))
    assert "Город: Тула" in note_of(story, results)
    assert not story.simulator.effects("custom_field.created")
    refused = save(story, create_fields=False, mapping=[{"source": "a", "entity": "leads", "field": "Нет такого"}])
    assert "deals have no such field; they have" in json_of(refused)["errors"][0]["detail"]


@pytest.mark.vendor("fields.tariff")
def test_c6_a_tariff_that_forbids_it_is_told_once(story: Story) -> None:
    story.simulator.control("change-account", domain=story.domain, may_create_fields=False)
    set_up(story, mapping=[{"source": "city", "entity": "leads", "field": "Город"}])
    for number in range(3):
        results = submit(story, form(fields={"city": f"Тула {number}"}))
    assert "city: Тула 2" in note_of(story, results)
    assert story.events().count("submission.fields_refused") == 1
    asked = [one for one in story.simulator.requests("/leads/custom_fields") if one["method"] == "POST"]
    assert len(asked) == 1


def _routes(story: Story) -> tuple[Any, Any, int]:
    pipelines = list(account(story)["pipelines"].values())
    user = story.simulator.control("add", domain=story.domain, user={"name": "Каменщик"})["user"]
    return pipelines[0], pipelines[1], user["id"]


@pytest.mark.parametrize("named", [{}, {"pipeline_id": 1}])
def test_where_no_pipeline_is_named_or_it_is_gone_the_first_one_is_taken(story: Story, named: dict[str, int]) -> None:
    first, _, _ = _routes(story)
    lead = lead_of(story, submit(story, order(**named), "submit_order"))
    stages = [one["id"] for one in first["_embedded"]["statuses"] if one["type"] == 0]
    assert (lead["pipeline_id"], lead["status_id"]) == (first["id"], stages[0])


def test_c7_the_first_category_that_fits_counts_up_through_its_parents(story: Story) -> None:
    _, other, user = _routes(story)
    route = {"category": "камень", "pipeline_id": other["id"], "responsible_user_id": user}
    set_up(story, routes=[route])
    lead = lead_of(story, submit(story, order(), "submit_order"))
    assert (lead["pipeline_id"], lead["responsible_user_id"]) == (other["id"], user)


def test_c7_parents_from_the_settings(story: Story) -> None:
    _, other, _ = _routes(story)
    parents = {"Мойки": "Сантехника", "Сантехника": "Мойки"}  # a ring does no harm
    set_up(story, routes=[{"category": "Сантехника", "pipeline_id": other["id"]}], category_parents=parents)
    lead = lead_of(story, submit(story, order(), "submit_order"))
    assert lead["pipeline_id"] == other["id"]


@pytest.mark.parametrize("beats", [True, False])
def test_c7_the_switch_between_route_and_order(story: Story, beats: bool) -> None:
    main, other, user = _routes(story)
    chosen = story.simulator.control("add", domain=story.domain, user={"name": "Личный менеджер"})["user"]["id"]
    route = {"category": "Кварц", "pipeline_id": other["id"], "responsible_user_id": user}
    set_up(story, routes=[route], routing_beats_order=beats)
    body = order(responsible_user_id=chosen, pipeline_id=main["id"])
    lead = lead_of(story, submit(story, body, "submit_order"))
    expected = (other["id"], user) if beats else (main["id"], chosen)
    assert (lead["pipeline_id"], lead["responsible_user_id"]) == expected


def test_38_a_page_chooses_no_stage_that_the_settings_do_not_name(story: Story) -> None:
    """Its key stands in its source: anybody could send an order that is won, or paid, and automations would believe
    it. A program of the company's may."""
    _, other, _ = _routes(story)
    stages = [one["id"] for one in other["_embedded"]["statuses"] if one["type"] == 0]
    garden = {"category": "Сад", "pipeline_id": other["id"], "status_id": stages[2]}
    set_up(story, orders={"pipeline_id": other["id"]}, routes=[garden])
    made = story.crm("create_site_key", story.admin(), {"name": "Shop", "origins": ["https://shop.example"]})
    page = {"Authorization": f"Bearer {json_of(made)['site_key']}", "Origin": "https://shop.example"}

    def stage(headers: dict[str, str], number: str, wanted: int) -> int:
        assert story.crm("submit_order", headers, order(number=number, status_id=wanted)).status == 200
        return int(max(account(story)["leads"].values(), key=lambda one: int(one["id"]))["status_id"])

    assert stage(page, "1", 142) == stages[0]
    assert stage(page, "2", stages[1]) == stages[0]
    assert stage(page, "3", stages[2]) == stages[2]
    assert stage(story.application(), "4", stages[1]) == stages[1]
    told = story.sql("SELECT message FROM amocrm_events WHERE kind = 'submission.fallback' ORDER BY id")
    assert [("stage 142" in text, f"stage {stages[1]}" in text) for (text,) in told] == [(True, False), (False, True)]


def test_c8_default_users_take_turns(story: Story) -> None:
    users = [story.simulator.control("add", domain=story.domain, user={"name": name})["user"]["id"] for name in "АБ"]
    set_up(story, responsible_user_ids=users)
    taken = [lead_of(story, submit(story, form(comment=str(n))))["responsible_user_id"] for n in range(4)]
    assert sorted(taken) == sorted(users * 2)
    assert taken[0] != taken[1]


@pytest.mark.vendor("users.administrators")
def test_c8_whoever_connected_the_account_is_no_administrator_any_more(story: Story) -> None:
    """30-K: who may not ask for the users names them unseen; an order does not wait for ever for that."""
    user = story.simulator.control("add", domain=story.domain, user={"name": "Каменщик"})["user"]["id"]
    set_up(story)
    story.simulator.fault("status", path="/api/v4/users", status=403, times=3)
    lead = lead_of(story, submit(story, order(responsible_user_id=user), "submit_order"))
    assert lead["responsible_user_id"] == user
    story.simulator.fault("html", path="/api/v4/users", status=403, times=10)  # of what stands before amoCRM
    answer = story.crm("submit_order", story.application(), order(number="1043"))
    assert answer.status == 202


@pytest.mark.vendor("users.rights", "unsorted.status")
def test_c8_pickers_tell_the_account(story: Story) -> None:
    pipelines = json_of(story.crm("get_pipelines", story.admin()))["pipelines"]
    assert [one["name"] for one in pipelines] == ["Воронка", "Монтаж"]
    assert [one["is_unsorted"] for one in pipelines[0]["statuses"]][:2] == [True, False]
    assert {one["name"] for one in json_of(story.crm("get_users", story.admin()))["users"]} > {"Илья Менеджер"}
    fields = json_of(story.crm("get_custom_fields", story.admin(), query={"entity": "contacts"}))["fields"]
    assert [one["code"] for one in fields] == ["PHONE", "EMAIL"]
    assert json_of(story.crm("get_catalogs", story.admin()))["catalogs"][0]["type"] == "products"
    story.simulator.control("add", domain=story.domain, user={"name": "Новый"})
    names = {one["name"] for one in json_of(story.crm("get_users", story.admin()))["users"]}
    assert "Новый" not in names  # remembered
    fresh = json_of(story.crm("get_users", story.admin(), query={"refresh": "1"}))["users"]
    assert "Новый" in {one["name"] for one in fresh}


def test_c8_settings_that_do_not_fit_the_account_are_refused_with_what_does(story: Story) -> None:
    refused = save(story, forms={"pipeline_id": 5}, responsible_user_ids=[6])
    errors = {error["path"]: error["detail"] for error in json_of(refused)["errors"]}
    assert "it has Воронка (" in errors["submissions.forms.pipeline_id"]
    assert "Илья Менеджер" in errors["submissions.responsible_user_ids[0]"]
    assert "settings.saved" not in story.events()


def test_settings_can_be_saved_before_the_account_is_connected(tale: Story) -> None:
    tale.save_connection()
    assert tale.crm("save_settings", tale.admin(), {"submissions": {"queue": True}}).status == 200


@pytest.mark.parametrize("is_known", [True, False])
def test_a_status_that_was_removed_is_met_by_a_fallback(story: Story, is_known: bool) -> None:
    pipeline = list(account(story)["pipelines"].values())[1]
    status = pipeline["_embedded"]["statuses"][2]["id"]
    set_up(story, forms={"pipeline_id": pipeline["id"], "status_id": status})
    submit(story, form(comment="До"))
    story.simulator.control("remove", domain=story.domain, status=status)
    if not is_known:  # a fresh instance reads the account; a warm one is told by amoCRM's refusal
        directory.forget(story.row().id)
    lead = lead_of(story, submit(story, form(comment="После")))
    assert lead["status_id"] == pipeline["_embedded"]["statuses"][1]["id"]
    assert "submission.fallback" in story.events()


def test_a_pipeline_a_user_and_a_field_that_were_removed_lose_nothing(story: Story) -> None:
    pipeline = list(account(story)["pipelines"].values())[1]
    user = story.simulator.control("add", domain=story.domain, user={"name": "Ушёл"})["user"]["id"]
    field = story.simulator.control(
        "add", domain=story.domain, field={"owner": "leads", "name": "Цвет", "kind": "text"}
    )
    set_up(
        story,
        forms={"pipeline_id": pipeline["id"]},
        responsible_user_ids=[user],
        create_fields=False,
        mapping=[{"source": "color", "entity": "leads", "field": "Цвет"}],
    )
    gone = {"pipeline": pipeline["id"], "user": user, "field": field["field"]["id"]}
    story.simulator.control("remove", domain=story.domain, **gone)
    results = submit(story, form(fields={"color": "белый"}))
    lead = lead_of(story, results)
    assert lead["pipeline_id"] != pipeline["id"]
    assert "color: белый" in note_of(story, results)
    assert story.events().count("submission.fallback") >= 2


@pytest.mark.vendor("http.validation")
def test_an_account_that_refuses_everything_still_gets_the_submission(story: Story) -> None:
    """A required field that we cannot know of, say: the deal is made bare, and all is in the note."""
    set_up(story, mapping=[{"source": "city", "entity": "leads", "field": "Город"}])
    submit(story, form(fields={"city": "Уфа"}, comment="первая"))
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": []}]})
    story.simulator.fault("status", path="/api/v4/leads", method="POST", status=400, times=2, body=refusal)
    results = submit(story, form(fields={"city": "Уфа"}, comment="вторая"))
    assert "city: Уфа" in note_of(story, results)
    assert "submission.values_refused" in story.events()


@pytest.mark.vendor("http.own_failure")
@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
def test_a_failure_of_amocrm_s_own_costs_a_form_none_of_its_values(story: Story, mode: str) -> None:
    """Of the moment, and a 400: it was taken for a no to the values, and to the whole form in the end."""
    set_up(story, forms={"mode": mode}, mapping=[{"source": "city", "entity": "leads", "field": "Город"}])
    submit(story, form(fields={"city": "Уфа"}, comment="первая"))
    before = len(account(story)["leads"])
    story.simulator.fault("status", path="/api/v4/leads.*", method="POST", status=400, times=2, body=OWN_FAILURE)
    answer = story.crm("submit_form", story.application(), form(fields={"city": "Уфа"}, comment="вторая"))
    assert answer.status == 202
    for _ in range(3):
        story.clock.advance(minutes=5)
        run_deliveries(story.runtime, 20)
    shown = story.delivery(json_of(answer)["delivery_id"])
    assert shown["state"] == "delivered"
    assert values_of(lead_of(story, shown["results"])) == {"Город": ["Уфа"]}
    assert "submission.values_refused" not in story.events()
    assert len(account(story)["leads"]) == before + 1


@pytest.mark.vendor("http.validation")
@pytest.mark.parametrize("mode", ["lead", "incoming_lead"])
@pytest.mark.parametrize("is_known", [False, True])
def test_a_value_that_is_refused_keeps_no_deal_from_its_pipeline(story: Story, mode: str, is_known: bool) -> None:
    """A year that a browser's field has taken as 0026, say: the deal stood in the main pipeline, with nobody's name."""
    add = partial(story.simulator.control, "add", domain=story.domain)
    pipeline = add(pipeline={"name": "Камень", "statuses": ["Новые", "Замер"]})["pipeline"]
    status = pipeline["_embedded"]["statuses"][-3]["id"]
    user = add(user={"name": "Каменщик"})["user"]["id"]
    add(field={"owner": "leads", "name": "Дата", "kind": "date"})
    rule = {"source": "day", "entity": "leads", "field": "Дата"}
    there = {"pipeline_id": pipeline["id"]} | ({"status_id": status} if mode == "lead" else {})
    set_up(story, forms={"mode": mode, "tags": ["сайт"]} | there, mapping=[rule], responsible_user_ids=[user])
    known = submit(story, form())[mode]["contact_id"] if is_known else None
    path = "custom_fields_values.0.values.0.value"
    error = {"code": "InvalidDateTime", "path": path, "detail": "This value is not a valid datetime."}
    refusal = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": [error]}]})
    story.simulator.fault("status", path="/api/v4/leads.*", method="POST", status=400, times=2, body=refusal)
    results = submit(story, form(fields={"day": "0026-03-05"}, comment="Снова"))
    lead = lead_of(story, results)
    assert (lead["pipeline_id"], lead["responsible_user_id"]) == (pipeline["id"], user)
    assert lead["status_id"] == status or mode == "incoming_lead"
    assert "day: 0026-03-05" in note_of(story, results)
    assert known in (None, results[mode]["contact_id"])


@pytest.mark.vendor("leads.route_refused")
@pytest.mark.parametrize("is_wrong_besides", [False, True])
@pytest.mark.parametrize("mode", ["lead", "incoming_lead", "contact"])
def test_who_cannot_be_responsible_costs_a_form_nothing_else(story: Story, mode: str, is_wrong_besides: bool) -> None:
    """As a manager without a right to that pipeline: the deal stood in the main one, without any of its values."""
    add = partial(story.simulator.control, "add", domain=story.domain)
    pipeline = add(pipeline={"name": "Камень", "statuses": ["Новые", "Замер"]})["pipeline"]["id"]
    user = add(user={"name": "Каменщик"})["user"]["id"]
    owner = "contacts" if mode == "contact" else "leads"
    add(field={"owner": owner, "name": "Объект", "kind": "text"})
    rules = [{"source": "object", "entity": owner, "field": "Объект"}]
    place = {} if mode == "contact" else {"pipeline_id": pipeline}
    set_up(story, forms={"mode": mode} | place, mapping=rules, responsible_user_ids=[user])
    changes = {"not_responsible": [user]}
    story.simulator.control("change-account", domain=story.domain, **changes)
    if is_wrong_besides:  # told together, as amoCRM does
        errors = [
            {"code": "NotSupportedChoice", "path": "responsible_user_id", "detail": "x"},
            {"code": "TooLong", "path": "custom_fields_values.0.values.0.value", "detail": "x"},
        ]
        body = json.dumps({"status": 400, "validation-errors": [{"request_id": "0", "errors": errors}]})
        story.simulator.fault(
            "status", path="/api/v4/(leads|contacts).*", method="POST", status=400, times=2, body=body
        )
    results = submit(story, form(fields={"object": "Дача"}))
    contact = contact_of(story, results)
    written = contact if mode == "contact" else lead_of(story, results)
    assert mode == "contact" or written["pipeline_id"] == pipeline
    assert written["responsible_user_id"] == min(map(int, account(story)["users"]))
    assert values_of(contact)["PHONE"] == ["+79165554433"]
    assert values_of(written).get("Объект") == (None if is_wrong_besides else ["Дача"])
    assert ("object: Дача" in note_of(story, results, owner)) == is_wrong_besides
    said = [one["kind"] for one in json_of(story.crm("get_events", story.admin()))["events"]]
    assert ("submission.values_refused" if is_wrong_besides else "submission.fallback") in said


@pytest.mark.vendor("leads.route_refused")
def test_a_stage_in_which_no_deal_is_made_costs_an_order_nothing_else(story: Story) -> None:
    pipeline = list(account(story)["pipelines"].values())[1]
    rules = [{"source": "address.city", "entity": "leads", "field": "Город"}]
    set_up(story, orders={"pipeline_id": pipeline["id"], "status_id": 142}, mapping=rules)
    story.simulator.control("change-account", domain=story.domain, makes_closed_deals=False)
    lead = lead_of(story, submit(story, order(), "submit_order"))
    first = pipeline["_embedded"]["statuses"][1]["id"]
    assert (lead["pipeline_id"], lead["status_id"], lead["price"]) == (pipeline["id"], first, 39700)
    assert values_of(lead) == {"Город": ["Казань"]}


def test_c9_queue_mode_accepts_at_once_and_the_runner_delivers(story: Story) -> None:
    set_up(story, queue=True)
    story.simulator.control("forget")
    accepted = story.crm("submit_form", story.application(), form())
    assert accepted.status == 202
    assert not story.simulator.requests()
    assert run_deliveries(story.runtime, 10)["delivered"] == 1
    assert story.delivery(json_of(accepted)["delivery_id"])["state"] == "delivered"


def test_c10_the_same_event_twice_makes_one_deal(story: Story) -> None:
    before = len(account(story)["leads"])
    first, again = (submit(story, form()) for _ in range(2))
    assert first == again
    assert submit(story, order(), "submit_order") == submit(story, order(), "submit_order")
    assert len(account(story)["leads"]) == before + 2
    story.clock.advance(minutes=25)
    submit(story, form())
    assert len(account(story)["leads"]) == before + 3
    changed = story.crm("submit_order", story.application(), order(comment="другое"))
    assert json_of(changed)["code"] == "idempotency_key_reused"


def test_visit_data_goes_into_tracking_fields_and_the_rest_into_the_note(story: Story) -> None:
    visit = {"utm_source": "yandex", "UTM_CAMPAIGN": "кухни", "_ym_uid": "17", "roistat": "88"}
    results = submit(story, form(tracking=visit))
    assert values_of(lead_of(story, results)) == {
        "UTM_SOURCE": ["yandex"],
        "UTM_CAMPAIGN": ["кухни"],
        "_YM_UID": ["17"],
    }
    assert "roistat: 88" in note_of(story, results)


# --- public pages -------------------------------------------------------------------------------------------------


@pytest.fixture
def site(story: Story) -> dict[str, str]:
    made = story.crm("create_site_key", story.admin(), {"name": "Сайт", "origins": ["https://shop.example"]})
    return {"Authorization": f"Bearer {json_of(made)['site_key']}", "Origin": "https://shop.example"}


def post(story: Story, site: dict[str, str], fields: dict[str, str], **headers: str) -> Response:
    """A plain HTML form, as a browser posts it."""
    from functions.crm_api.handler import handle
    from tests.reading import serve

    key = site["Authorization"].removeprefix("Bearer ")
    content = {"Content-Type": "application/x-www-form-urlencoded", "Origin": site["Origin"]}
    body = urlencode(fields).encode()
    query = (("action", "submit_form"), ("site_key", key))
    return serve(handle, story.runtime, Request("POST", "/", query, Headers((content | headers).items()), body))


def test_a_site_key_does_not_learn_who_is_a_customer(story: Story, site: dict[str, str]) -> None:
    answer = story.crm("submit_form", site, form())
    assert set(json_of(answer)) == {"delivery_id", "state"}
    assert story.crm("sync_contact", site, {"contact": PERSON}).status == 403


def test_a_plain_html_form(story: Story, site: dict[str, str]) -> None:
    fields = {"name": "Яна", "phone": "+79001112233", "city": "Уфа", "utm_source": "vk", "form": "Замер"}
    answer = post(story, site, fields, **{"Accept-Language": "en-GB,en;q=0.9"})
    assert (answer.status, b"Thank you!" in answer.body) == (200, True)
    (lead,) = [one for one in account(story)["leads"].values() if one["name"].startswith("Заявка с сайта: Замер")]
    assert values_of(lead) == {"UTM_SOURCE": ["vk"]}
    assert "city: Уфа" in account(story)["notes"][f"leads/{lead['id']}"][0]["params"]["text"]


@pytest.mark.parametrize("typed", ["https://Пример.рф/", "https://xn--e1afmkfd.xn--p1ai", "https://пример.рф:443"])
def test_a_site_whose_name_has_letters_of_its_own(story: Story, typed: str) -> None:
    """People write the name as they read it, and without a thought a port; browsers send neither."""
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "Сайт", "origins": [typed]}))
    origin = "https://xn--e1afmkfd.xn--p1ai"
    assert made["origins"] == [origin]
    site = {"Authorization": f"Bearer {made['site_key']}", "Origin": origin}
    assert story.crm("submit_form", {"Origin": origin}, method="OPTIONS").status == 204
    assert story.crm("submit_form", site, form()).status == 200
    thanks = "https://пример.рф/спасибо"
    answer = post(story, site, {"phone": "+79001112233", "_redirect": thanks})
    assert (answer.status, unquote(dict(answer.headers)["Location"])) == (303, thanks)


@pytest.mark.parametrize("named", ["https://shop.example", "https://www.shop.example"])
def test_a_site_is_its_own_with_www_and_without(story: Story, named: str) -> None:
    """Many a site answers at both names. A page at the one that its key does not name could not even load the client,
    told its visitor of a silent server, and lost the form."""
    made = json_of(story.crm("create_site_key", story.admin(), {"name": "Сайт", "origins": [named]}))
    for origin in ("https://shop.example", "https://www.shop.example"):
        asked = story.crm("submit_form", {"Origin": origin}, method="OPTIONS")
        assert (asked.status, dict(asked.headers)["Access-Control-Allow-Origin"]) == (204, origin)
        site = {"Authorization": f"Bearer {made['site_key']}", "Origin": origin}
        sent = story.crm("submit_form", site, form())
        assert (sent.status, dict(sent.headers)["Access-Control-Allow-Origin"]) == (200, origin)
        for next_ in ("https://shop.example/thanks", "https://www.shop.example/thanks"):
            assert post(story, site, {"phone": "+79001112233", "_redirect": next_}).status == 303
    for other in ("https://wwwshop.example", "https://www.evil.example", "http://shop.example", "null"):
        assert story.crm("submit_form", {"Origin": other}, method="OPTIONS").status == 403
        assert story.crm("submit_form", site | {"Origin": other}, form()).status == 403


@pytest.mark.vendor("browsers.hidden_origin")
@pytest.mark.parametrize("accepts", [True, False])
def test_a_page_that_hides_its_origin_sends_plain_forms_to_a_key_that_takes_them(story: Story, accepts: bool) -> None:
    """And neither a script, which has an origin to show, nor a page of another site."""
    key = {"name": "Сайт", "origins": ["https://shop.example"], "accepts_hidden_origin": accepts}
    made = json_of(story.crm("create_site_key", story.admin(), key))
    hidden = {"Authorization": f"Bearer {made['site_key']}", "Origin": "null"}
    fields = {"name": "Яна", "phone": "+79001112233"}
    assert post(story, hidden, fields).status == (200 if accepts else 403)
    assert post(story, hidden | {"Origin": "https://evil.example"}, fields).status == 403
    assert story.crm("submit_form", hidden, form()).status == 403


@pytest.mark.parametrize(
    "typed", ["https://пример.рф:x", "https://при мер.рф", "https://\u2603\ufe0f.рф", "https://..рф"]
)
def test_what_is_no_origin_is_told(story: Story, typed: str) -> None:
    refused = story.crm("create_site_key", story.admin(), {"name": "Сайт", "origins": [typed]})
    assert (refused.status, json_of(refused)["errors"][0]["path"]) == (422, "origins[0]")


def test_a_multipart_form_with_a_file(story: Story, site: dict[str, str]) -> None:
    parts = [
        'Content-Disposition: form-data; name="phone"\r\n\r\n+79001112233',
        'Content-Disposition: form-data; name="plan"; filename="план.pdf"\r\n\r\n%PDF',
    ]
    body = "".join(f"--x\r\n{part}\r\n" for part in parts) + "--x--\r\n"
    headers = site | {"Content-Type": "multipart/form-data; boundary=x"}
    assert story.crm("submit_form", headers, body.encode()).status == 200
    (lead,) = [one for one in account(story)["leads"].values() if one["name"].startswith("Заявка")]
    assert "plan: [план.pdf]" in account(story)["notes"][f"leads/{lead['id']}"][0]["params"]["text"]


@pytest.mark.parametrize(
    ("wanted", "followed"),
    [
        ("https://shop.example/thanks", True),
        ("https://evil.example/", False),
        ("//evil.example", False),
        ("javascript:alert(1)", False),
        ("https://shop.example@evil.example/", False),
        ("https://shop.example/\r\nSet-Cookie: a=b", False),
    ],
)
def test_a_form_leads_only_to_pages_of_the_site(
    story: Story, site: dict[str, str], wanted: str, followed: bool
) -> None:
    answer = post(story, site, {"phone": "+79001112233", "_redirect": wanted})
    assert dict(answer.headers).get("Location") == (wanted if followed else None)
    assert answer.status == (303 if followed else 200)


def test_what_is_wrong_with_a_form_is_told_as_a_page(story: Story, site: dict[str, str]) -> None:
    set_up(story, forms={"required": ["phone"]})
    answer = post(story, site, {"name": "<script>"}, **{"Accept-Language": "uk"})
    assert answer.status == 422
    assert "Заявку не надіслано".encode() in answer.body
    assert b"<script>" not in answer.body
    elsewhere = post(story, site | {"Origin": "https://evil.example"}, {"name": "x"})
    assert elsewhere.status == 403


@pytest.mark.parametrize("sign", ["trap", "time"])
def test_robots_are_thanked_and_left_out(story: Story, site: dict[str, str], sign: str) -> None:
    now = int(story.clock.now().timestamp() * 1000)
    fields = {"trap": {"_trap": "https://spam"}, "time": {"_opened_at": str(now - 300)}}[sign]
    before = len(account(story)["leads"])
    assert post(story, site, {"phone": "+79001112233"} | fields).status == 200
    assert len(account(story)["leads"]) == before
    assert story.events().count("submission.bot") == 1


def test_only_forms_come_as_plain_html(story: Story) -> None:
    headers = story.application() | {"Content-Type": "application/x-www-form-urlencoded"}
    assert story.crm("submit_order", headers, b"phone=%2B79001112233").status == 400
    assert story.sql("SELECT count(*) FROM amocrm_deliveries") == [(0,)]


def test_other_proofs_are_not_taken_from_the_address(story: Story) -> None:
    token = story.admin()["Authorization"].removeprefix("Bearer ")
    answer = story.crm("submit_form", {}, form(), query={"site_key": token})
    assert answer.status == 401
