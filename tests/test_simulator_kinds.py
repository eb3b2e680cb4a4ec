"""36-6: the simulator plays everything that webhooks tell of, in the words that production has seen."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from simulator.resources import webhooks
from tests.listener import Webhook
from tests.plain_client import Client

Pairs = list[tuple[str, str]]


class Heard(Webhook):
    """What has come, all bodies after another."""

    def pairs(self) -> Pairs:
        return [pair for _, body in self.taken for pair in parse_qsl(body.decode(), keep_blank_values=True)]

    def of(self, head: str) -> dict[str, str]:
        """`{member: value}` of the first entity below a head such as `task[update]`."""
        place = f"{head}[0]"
        return {key.removeprefix(place): value for key, value in reversed(self.pairs()) if key.startswith(place)}


@pytest.fixture
def heard() -> Iterator[Heard]:
    listener = Heard()
    yield listener
    listener.close()


def _subscribed(client: Client, heard: Heard, *settings: str) -> None:
    answer = client.post("/webhooks", {"destination": heard.url, "settings": list(settings)})
    assert answer.status_code == 201, answer.text


def _settled(client: Client, heard: Heard) -> None:
    async def wait() -> None:
        async with asyncio.timeout(20):
            while client.simulator.control("show", domain=client.domain)["webhooks"][heard.url]["waiting"]:
                await asyncio.sleep(0.02)

    asyncio.run(wait())


def _do(client: Client, control: str, **body: Any) -> Any:
    return client.simulator.control(control, domain=client.domain, **body)


def _events(client: Client, *kinds: str) -> list[dict[str, Any]]:
    """The oldest first."""
    answer = client.get("/events", **{"filter[type]": ",".join(kinds), "limit": 100})
    return list(reversed(answer.json()["_embedded"]["events"])) if answer.status_code == 200 else []


@pytest.mark.vendor("webhooks.tasks", "webhooks.task_closed", "events.tasks")
def test_36_6_a_task_is_added_changed_handed_over_completed_and_deleted(client: Client, heard: Heard) -> None:
    _subscribed(client, heard, "add_task", "update_task", "responsible_task", "delete_task")
    other = _do(client, "add", user={"name": "Ольга"})["user"]["id"]
    about = {"entity_id": client.leads[0], "entity_type": "leads"}
    task = _do(client, "person", kind="tasks", fields={"text": "Позвонить", "complete_till": 2_000_000_000} | about)[
        "id"
    ]
    for fields in ({"text": "Написать"}, {"complete_till": 2_000_000_900}, {"responsible_user_id": other}):
        _do(client, "person", kind="tasks", id=task, fields=fields)
    _do(client, "person", kind="tasks", id=task, fields={"is_completed": True, "result": {"text": "Договорились"}})
    _do(client, "person", kind="tasks", id=task, delete=True)
    _settled(client, heard)
    added = heard.of("task[add]")
    assert (added["[element_id]"], added["[element_type]"], added["[status]"]) == (str(client.leads[0]), "2", "0")
    handed = heard.of("task[responsible]")
    assert (handed["[responsible_user_id]"], "[old_responsible_user_id]" in handed) == (str(other), True)
    assert [value for key, value in heard.pairs() if key.startswith("task[update]") and key.endswith("[status]")] == [
        "0",
        "0",
        "0",
        "1",
    ]
    assert [value for key, value in heard.pairs() if key.endswith("[action_close]")] == ["1"]
    assert heard.of("task[delete]") == {"[id]": str(task)}
    told = _events(
        client,
        *("task_added", "task_text_changed", "task_deadline_changed", "entity_responsible_changed"),
        *("task_completed", "task_result_added", "task_deleted"),
    )
    assert sorted(one["type"] for one in told) == sorted(
        [
            *("task_added", "task_text_changed", "task_deadline_changed", "entity_responsible_changed"),
            *("task_completed", "task_result_added", "task_deleted"),
        ]
    )
    assert {(one["entity_type"], one["entity_id"]) for one in told} == {("task", task)}
    (moved,) = _events(client, "task_deadline_changed")
    assert moved["value_after"] == [{"task_deadline": {"timestamp": 2_000_000_900}}]


def test_36_6_tasks_notes_and_customers_are_listed_by_when_they_have_changed(client: Client) -> None:
    _do(client, "person", kind="tasks", fields={"text": "Раньше"})
    _do(client, "person", kind="companies", fields={"name": "ООО Окно"})
    customer = _do(client, "person", kind="customers", fields={"name": "Завод"}, note="Раньше")["id"]
    client.simulator.control("clock", advance=100)
    try:
        now = client.simulator.control("clock")["now"]
        later = _do(client, "person", kind="tasks", fields={"text": "Позже"})["id"]
        note = _do(client, "person", kind="customers", id=customer, fields={"name": "Завод-2"}, note="Позже")["note_id"]
        since = {"filter[updated_at][from]": int(now), "order[updated_at]": "asc"}
        assert [one["id"] for one in client.get("/tasks", **since).json()["_embedded"]["tasks"]] == [later]
        assert [one["id"] for one in client.get("/customers", **since).json()["_embedded"]["customers"]] == [customer]
        assert [one["id"] for one in client.get("/customers/notes", **since).json()["_embedded"]["notes"]] == [note]
        assert client.get("/companies", **since).status_code == 204
        recent = {"filter[created_at][from]": int(now), "filter[created_at][to]": int(now) + 50}
        kinds = {one["type"] for one in client.get("/events", **recent).json()["_embedded"]["events"]}
        assert kinds == {"task_added", "name_field_changed", "common_note_added"}
    finally:
        client.simulator.control("clock", advance=-100)


@pytest.mark.vendor("webhooks.kinds", "events.customers", "webhooks.notes")
def test_36_6_companies_and_customers_with_their_notes(client: Client, heard: Heard) -> None:
    settings = [
        f"{action}_{kind}" for action in ("add", "update", "delete", "note") for kind in ("company", "customer")
    ]
    _subscribed(client, heard, *settings, "restore_company", "responsible_customer")
    company = _do(client, "person", kind="companies", fields={"name": "ООО Окно"}, note="Раз")["id"]
    _do(client, "person", kind="companies", id=company, fields={"name": "ООО Стекло"}, note="Два")
    _do(client, "person", kind="companies", id=company, delete=True)
    _do(client, "person", kind="companies", id=company, restore=True)
    other = _do(client, "add", user={"name": "Ольга"})["user"]["id"]
    statuses = client.get("/customers/statuses").json()["_embedded"]["statuses"]
    customer = _do(client, "person", kind="customers", fields={"name": "Завод", "next_price": 500}, note="Раз")["id"]
    changed = {"status_id": statuses[1]["id"], "next_price": 700, "responsible_user_id": other}
    _do(client, "person", kind="customers", id=customer, fields=changed, note="Два")
    _do(client, "person", kind="customers", id=customer, delete=True)
    _settled(client, heard)
    pairs = heard.pairs()
    assert heard.of("contacts[update]")["[name]"] == "ООО Стекло"
    kinds = {key: value for key, value in pairs if key.startswith("contacts[") and key.endswith("[type]")}
    assert set(kinds.values()) == {"company"}
    assert {key.partition("[0]")[0] for key in kinds} >= {
        "contacts[add]",
        "contacts[update]",
        "contacts[delete]",
        "contacts[restore]",
    }
    assert heard.of("customers[add]")["[next_price]"] == "500"
    assert heard.of("customers[responsible]")["[responsible_user_id]"] == str(other)
    assert heard.of("customers[delete]")["[id]"] == str(customer)
    # One of the two ways in which a note comes, and the other one.
    elements = [(key, value) for key, value in pairs if key.endswith("[element_type]")]
    assert {value for key, value in elements if key.startswith(("contacts[note]", "note_company[add]"))} == {"3"}
    assert {value for key, value in elements if key.startswith(("customers[note]", "note_customer[add]"))} == {"12"}
    assert len(elements) == 4
    (moved,) = _events(client, "customer_status_changed")
    assert moved["value_after"] == [{"customer_status": {"id": statuses[1]["id"]}}]
    assert len(_events(client, "customer_added", "customer_deleted", "company_deleted", "company_restored")) == 4


@pytest.mark.vendor("events.none")
def test_36_6_elements_of_lists_come_with_their_list_and_their_fields_codes(client: Client, heard: Heard) -> None:
    _subscribed(client, heard, "add_catalog", "update_catalog", "delete_catalog")
    (catalog,) = client.get("/catalogs").json()["_embedded"]["catalogs"]
    sku = [{"field_code": "SKU", "values": [{"value": "GL-12"}]}]
    fields = {"catalog_id": catalog["id"], "name": "Стекло 12 мм", "custom_fields_values": sku}
    element = _do(client, "person", kind="elements", fields=fields)["id"]
    _do(client, "person", kind="elements", id=element, fields={"name": "Стекло 12"})
    _do(client, "person", kind="elements", id=element, delete=True)
    _settled(client, heard)
    added = heard.of("catalogs[add]")
    assert (added["[catalog_id]"], added["[custom_fields][0][code]"]) == (str(catalog["id"]), "SKU")
    assert heard.of("catalogs[update]")["[name]"] == "Стекло 12"
    assert heard.of("catalogs[delete]") == {"[id]": str(element), "[catalog_id]": str(catalog["id"])}
    assert client.get("/events").status_code == 204


@pytest.mark.vendor("webhooks.messages", "webhooks.talks", "events.talks", "talks.list", "webhooks.account")
def test_36_6_a_known_visitor_writes_is_answered_and_the_conversation_is_closed(client: Client, heard: Heard) -> None:
    _subscribed(client, heard, "add_talk", "update_talk", "add_message", "add_outgoing_message")
    lead = client.leads[0]
    photo = {"type": "picture", "link": "https://example.com/1.jpg", "file_name": "1.jpg"}
    first = _do(client, "visitor", lead=lead, text="Сколько стоит?")
    second = _do(client, "visitor", contact=first["contact_id"], text="Вот фото", attachment=photo)
    answered = _do(client, "answer", talk=first["talk_id"], text="48 500 ₽")
    _settled(client, heard)
    assert client.post(f"/talks/{first['talk_id']}/close", {"force_close": True}).status_code == 202
    _settled(client, heard)
    message = heard.of("message[add]")
    assert (message["[id]"], message["[text]"], message["[type]"]) == (first["id"], "Сколько стоит?", "incoming")
    assert (message["[author][type]"], message["[element_type]"], message["[element_id]"]) == (
        "external",
        "2",
        str(lead),
    )
    assert second["talk_id"] == first["talk_id"]
    assert ("message[add][0][attachment][link]", photo["link"]) in heard.pairs() or (
        "message[add][1][attachment][link]",
        photo["link"],
    ) in heard.pairs()
    sent = heard.of("outgoing_message[add]")
    assert (sent["[id]"], sent["[type]"], sent["[author][type]"]) == (answered["id"], "outgoing", "internal")
    talk = heard.of("talk[add]")
    assert (talk["[talk_id]"], talk["[entity_id]"], talk["[is_in_work]"]) == (str(first["talk_id"]), str(lead), "1")
    in_work = [value for key, value in heard.pairs() if key.startswith("talk[update]") and key.endswith("[is_in_work]")]
    assert in_work == ["1", "1", "0"]
    assert next(key for key, _ in heard.pairs()).startswith("account")
    listed = client.get("/talks", **{"filter[entity_type]": "lead", "filter[entity_id]": lead})
    (shown,) = listed.json()["_embedded"]["talks"]
    assert (shown["talk_id"], shown["is_in_work"], shown["_embedded"]["leads"]) == (
        first["talk_id"],
        False,
        [{"id": lead}],
    )
    assert client.get("/talks", only_in_work=1).status_code == 204
    assert client.get(f"/talks/{first['talk_id']}").json()["contact_id"] == first["contact_id"]
    told = _events(client, "incoming_chat_message")
    assert [one["value_after"][0]["message"]["id"] for one in told] == [first["id"], second["id"]]
    assert told[0]["_embedded"]["entity"]["linked_talk_contact_id"] == first["contact_id"]
    assert "Сколько" not in str(told)
    assert len(_events(client, "outgoing_chat_message", "talk_created", "talk_closed")) == 3


@pytest.mark.vendor("webhooks.messages", "unsorted.list", "webhooks.unsorted")
@pytest.mark.parametrize("accepts", [True, False])
def test_36_6_an_unknown_visitor_waits_as_an_incoming_lead(client: Client, heard: Heard, accepts: bool) -> None:
    _subscribed(client, heard, "add_unsorted", "update_unsorted", "delete_unsorted", "add_message", "add_lead")
    client.simulator.control("change-account", domain=client.domain, bare_messages=True)
    first = _do(client, "visitor", text="Здравствуйте", name="Олег", origin="waba")
    _do(client, "visitor", contact=first["contact_id"], text="Вы тут?", origin="waba")
    listed = client.get("/leads/unsorted", **{"filter[category][]": "chats", "order[created_at]": "desc"})
    (waiting,) = listed.json()["_embedded"]["unsorted"]
    assert (waiting["uid"], client.get("/leads/unsorted", **{"filter[category][]": "forms"}).status_code) == (
        first["uid"],
        204,
    )
    if accepts:
        _do(client, "person", kind="unsorted", id=first["uid"], accept=True)
    else:
        client.http.request(
            "DELETE", f"/api/v4/leads/unsorted/{first['uid']}/decline", json={"user_id": client.users[0]}
        )
    _settled(client, heard)
    assert heard.of("add")["[text]"] == "Здравствуйте"  # without the word `message` before it
    added, more = heard.of("unsorted[add]"), heard.of("unsorted[update]")
    assert (added["[category]"], added["[lead_id]"]) == ("chats", str(first["lead_id"]))
    assert (added["[source_data][data][0][text]"], more["[source_data][data][0][text]"]) == ("Здравствуйте", "Вы тут?")
    assert "[source_data][origin][chat_id]" in added
    word = "accept" if accepts else "decline"
    gone = heard.of("unsorted[delete]")
    assert (gone["[uid]"], gone["[action]"]) == (first["uid"], word)
    assert gone[f"[{word}_result][leads][0]"] == str(first["lead_id"])
    assert bool(heard.of("leads[add]")) is accepts
    assert client.get("/leads/unsorted").status_code == 204


def test_36_6_hooks_of_every_kind_are_lost_doubled_and_overtaken_like_those_of_deals(
    client: Client, heard: Heard
) -> None:
    _subscribed(client, heard, "add_task", "add_message", "add_company")
    try:
        client.simulator.control("webhooks", lost=1.0)
        _do(client, "person", kind="tasks")
        _do(client, "visitor", text="Потерялось", contact=client.contacts()[0])
        client.simulator.control("webhooks", doubled=1.0)
        _do(client, "person", kind="companies", fields={"name": "Дважды"})
        _settled(client, heard)
    finally:
        client.simulator.control("webhooks", lost=0.0)
    names = [value for key, value in heard.pairs() if key.endswith("[name]")]
    assert names == ["Дважды"] * 2
    assert not heard.of("task[add]")
    assert not heard.of("message[add]")


def test_36_6_whoever_may_not_is_refused(client: Client) -> None:
    """Only administrators subscribe, and a status, a user or a kind that is not there is refused."""
    first = _do(client, "visitor", text="Здравствуйте")
    path = f"/leads/unsorted/{first['uid']}/accept"
    for wrong in ({"user_id": 1}, {"status_id": 1}):
        assert client.post(path, wrong).status_code == 400
    assert client.post(path, {"user_id": client.users[1]}).status_code == 200
    assert client.post(path, {}).status_code == 404
    assert client.get(f"/leads/{first['lead_id']}").json()["responsible_user_id"] == client.users[1]
    assert client.post("/customers", [{"next_price": 1}]).status_code == 400
    assert client.post("/customers", [{"name": "x", "status_id": 1}]).status_code == 400
    assert client.get("/talks/1").status_code == 404
    hook = {"destination": "https://x.example/", "settings": ["add_telepathy"]}
    assert client.post("/webhooks", hook).status_code == 400


@pytest.mark.parametrize("text", ["nul \0 here", "ы" * 100_000, "a=b&c[0]=d"])
def test_36_6_whatever_a_visitor_writes_comes_as_it_is(client: Client, heard: Heard, text: str) -> None:
    _subscribed(client, heard, "add_message")
    _do(client, "visitor", text=text, contact=client.contacts()[0])
    _settled(client, heard)
    assert heard.of("message[add]")["[text]"] == text


# --- the pages ------------------------------------------------------------------------------------------------


def _page(client: Client, path: str, **form: Any) -> str:
    """As a browser on this machine sees it, after what it has sent."""
    url = f"{client.simulator.url}/at/{client.domain}/{path}"
    answer = (
        httpx.post(url, data=form, trust_env=False, follow_redirects=True) if form else httpx.get(url, trust_env=False)
    )
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("path", ["tasks", "companies", "customers", "incoming", "chats"])
def test_36_6_the_pages_are_there_in_every_language_of_the_accounts(client: Client, path: str) -> None:
    _do(client, "visitor", text="Здравствуйте")
    _do(client, "person", kind="tasks", fields={"entity_id": client.leads[0], "entity_type": "leads"})
    for kind in ("companies", "customers"):
        _do(client, "person", kind=kind, fields={"name": "ООО Окно"}, note="Важно")
    pages = [_page(client, f"{path}?lang={language}") for language in ("ru", "en", "es", "pt")]
    assert len(set(pages)) == 4
    assert all("Traceback" not in page for page in pages)


def test_36_6_a_person_makes_everything_happen_by_the_pages(client: Client, heard: Heard) -> None:
    _subscribed(client, heard, *webhooks.SETTINGS)
    _page(client, "tasks", text="Позвонить", lead=client.leads[0])
    (task,) = client.simulator.control("show", domain=client.domain)["tasks"]
    assert "☑ Позвонить" in _page(client, "tasks", id=task, do="complete")
    assert "Позвонить" not in _page(client, "tasks", id=task, do="delete")
    _page(client, "companies", name="ООО Окно")
    (company,) = client.simulator.control("show", domain=client.domain)["companies"]
    assert "ООО Стекло" in _page(client, "companies", id=company, do="rename", name="ООО Стекло")
    assert "Важный" in _page(client, "companies", id=company, do="note", text="Важный")
    assert "ООО Стекло" not in _page(client, "companies", id=company, do="delete")
    assert "Здравствуйте" in _page(client, "chats", name="Олег", origin="waba", text="Здравствуйте", contact="")
    (waiting,) = client.get("/leads/unsorted").json()["_embedded"]["unsorted"]
    assert "Олег" not in _page(client, "incoming", uid=waiting["uid"], do="decline").partition("<main>")[2]
    (talk,) = client.simulator.control("show", domain=client.domain)["talks"]
    assert "Добрый день" in _page(client, "chats", talk=talk, do="answer", text="Добрый день")
    assert "Беседа закрыта." in _page(client, "chats", talk=talk, do="close")
    _settled(client, heard)
    heads = {key.partition("[0]")[0] for key, _ in heard.pairs() if "[0]" in key}
    assert heads >= {
        "task[add]",
        "task[update]",
        "task[delete]",
        "contacts[add]",
        "contacts[update]",
        "contacts[delete]",
    }
    assert heads >= {"message[add]", "outgoing_message[add]", "talk[add]", "talk[update]", "unsorted[add]"}
    assert heard.of("unsorted[delete]")["[action]"] == "decline"


@pytest.mark.vendor("events.page", "lists.orders")
def test_pages_and_orders_are_those_of_the_documentation(client: Client) -> None:
    """A page of events has a hundred, whatever is asked for; and a list ignores an order that it does not have."""
    for number in range(3):
        _do(client, "person", kind="tasks", id=None, fields={"text": str(number)})
    made = [one["id"] for one in client.get("/tasks", limit=250).json()["_embedded"]["tasks"]]
    _do(client, "clock", advance=5)
    _do(client, "person", kind="tasks", id=made[0], fields={"text": "later"})
    _do(client, "clock", advance=-5)
    for order, expected in (("order[updated_at]", made), ("order[id]", made[::-1])):
        found = client.get("/tasks", **{order: "desc", "limit": 250}).json()["_embedded"]["tasks"]
        assert [one["id"] for one in found] == expected
    _do(client, "burst", kind="leads", count=101, fields={"name": "v0"})
    events = client.get("/events", limit=250).json()
    assert (len(events["_embedded"]["events"]), "next" in events["_links"]) == (100, True)
