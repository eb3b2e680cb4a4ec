"""31-B: what the simulator refuses as amoCRM does, all of a write at once, and that a refused one leaves nothing."""

from typing import Any

import pytest

from tests.control import Simulator
from tests.plain_client import Client


def _errors(answer: Any) -> list[tuple[str, str, str]]:
    """`(request_id, code, path)` of each."""
    assert (answer.status_code, answer.json()["detail"]) == (400, "Request validation failed"), answer.text
    found = answer.json()["validation-errors"]
    return [(one["request_id"], error["code"], error["path"]) for one in found for error in one["errors"]]


def _kept(simulator: Simulator, client: Client) -> Any:
    """All that is in the account; a list that was looked at exists, empty."""
    whole = simulator.control("show", domain=client.domain)
    return {part: {k: v for k, v in kept.items() if v != []} for part, kept in whole.items() if isinstance(kept, dict)}


def _field(simulator: Simulator, client: Client, kind: str, **facts: Any) -> Any:
    named = {"owner": "leads", "name": f"Поле {kind}", "kind": kind} | facts
    return simulator.control("add", domain=client.domain, field=named)["field"]


@pytest.mark.vendor("contacts.gone")
def test_b2_a_contact_that_is_gone_is_refused_everywhere(client: Client, simulator: Simulator) -> None:
    (made,) = client.post("/contacts", [{"name": "Пётр"}]).json()["_embedded"]["contacts"]
    simulator.control("person", domain=client.domain, kind="contacts", id=made["id"], delete=True)
    before = _kept(simulator, client)
    deal = [{"name": "x", "request_id": "q", "_embedded": {"contacts": [{"id": made["id"]}]}}]
    expected = [("q", "NotSupportedChoice", "_embedded.contacts.0.id")]
    assert _errors(client.post("/leads", deal)) == expected
    assert _errors(client.post("/leads/complex", deal)) == expected
    about = {"form_id": "1", "form_name": "f", "form_page": "https://x.example", "form_sent_at": 1}
    about |= {"referer": "https://x.example", "ip": "192.0.2.1"}
    incoming = {"source_uid": "u", "source_name": "s", "metadata": about, "request_id": "q"}
    assert _errors(client.post("/leads/unsorted/forms", [incoming | {"_embedded": deal[0]["_embedded"]}])) == expected
    link = {"to_entity_id": made["id"], "to_entity_type": "contacts"}
    answer = client.post(f"/leads/{client.leads[0]}/link", [link])
    assert _errors(answer) == [("0", "NotSupportedChoice", "to_entity_id")]
    task = {"text": "x", "complete_till": 1, "entity_id": made["id"], "entity_type": "contacts"}
    assert _errors(client.post("/tasks", [task])) == [("0", "NotSupportedChoice", "entity_id")]
    assert _kept(simulator, client) == before


def test_b2_only_a_complex_deal_brings_a_new_contact(client: Client) -> None:
    refused = client.post("/leads", [{"name": "x", "_embedded": {"contacts": [{"name": "Пётр"}]}}])
    assert _errors(refused) == [("0", "FieldMissing", "_embedded.contacts.0.id")]


@pytest.mark.vendor("batch.whole", "writes.whole")
def test_b7_a_batch_is_checked_as_a_whole(client: Client, simulator: Simulator) -> None:
    before = _kept(simulator, client)
    good, lead = {"name": "good"}, client.leads[0]
    (catalog,) = client.get("/catalogs").json()["_embedded"]["catalogs"]
    wrong_value = {"custom_fields_values": [{"field_id": 1, "values": [{"value": "x"}]}]}
    for path in ("/leads", "/contacts", "/leads/complex", f"/catalogs/{catalog['id']}/elements"):
        answer = client.post(path, [good, good | {"request_id": "b"} | wrong_value])
        assert _errors(answer) == [("b", "NotSupportedChoice", "custom_fields_values.0.field_id")], path
    tasks = [{"text": "x", "complete_till": 1}, {"text": "y", "complete_till": "soon"}]
    assert _errors(client.post("/tasks", tasks)) == [("1", "InvalidType", "complete_till")]
    assert client.post("/leads/tags", [{"name": "t"}, {"name": ""}]).status_code == 400
    fields = [{"name": "a", "type": "text"}, {"name": "b", "type": "hologram"}]
    assert _errors(client.post("/leads/custom_fields", fields)) == [("1", "NotSupportedChoice", "type")]
    links = [{"to_entity_id": one, "to_entity_type": "contacts"} for one in (client.contacts()[0], 1)]
    assert _errors(client.post(f"/leads/{client.leads[-1]}/link", links)) == [
        ("1", "NotSupportedChoice", "to_entity_id")
    ]
    notes = [{"note_type": "common", "params": {"text": "x"}}, {"note_type": "common", "params": {}}]
    assert _errors(client.post(f"/leads/{lead}/notes", notes)) == [("1", "NotBlank", "params.text")]
    many = client.http.patch("/api/v4/leads", json=[{"id": lead, "price": 1}, {"id": client.leads[1], "price": "1"}])
    assert _errors(many) == [("1", "InvalidType", "price")]
    one = client.http.patch(f"/api/v4/leads/{lead}", json={"price": 1, "name": "x", "status_id": 1})
    assert _errors(one) == [("0", "NotSupportedChoice", "status_id")]
    assert _kept(simulator, client) == before


@pytest.mark.vendor("fields.types", "fields.text_length")
@pytest.mark.parametrize(
    ("kind", "good", "wrong"),
    [
        ("text", ["x", "я" * 256], [5, True, "я" * 257, ["x"]]),
        ("textarea", ["x" * 5000], [5, "x" * 65_001]),
        ("numeric", [5, "5", 1.5], ["many", True, [5]]),
        ("monetary", [5, "5.5"], ["much"]),
        ("checkbox", [True, False], ["yes", 1]),
        (
            "date",
            [642_945_600, "1990-05-17T12:00:00+03:00"],
            ["17.05.1990", "1990-05-17", "1990-05-17T12:00:00", True, 1.5],
        ),
        ("date_time", [642_945_600], ["soon", "642945600"]),
        ("url", ["https://x.example"], [7]),
    ],
)
def test_b8_a_field_takes_values_of_its_type(
    client: Client, simulator: Simulator, kind: str, good: list[Any], wrong: list[Any]
) -> None:
    field = _field(simulator, client, kind)

    def sent(value: Any) -> Any:
        values = [{"field_id": field["id"], "values": [{"value": value}]}]
        return client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"custom_fields_values": values})

    assert [sent(value).status_code for value in good] == [200] * len(good)
    for value in wrong:
        assert _errors(sent(value))[0][2] == "custom_fields_values.0.values.0.value"


def test_b8_choices_are_of_the_field(client: Client, simulator: Simulator) -> None:
    one = _field(simulator, client, "select", choices=["да", "нет"])
    several = _field(simulator, client, "multiselect", choices=["а", "б"])

    def sent(field: Any, *values: Any) -> Any:
        given = [{"field_id": field["id"], "values": list(values)}]
        return client.http.patch(f"/api/v4/leads/{client.leads[0]}", json={"custom_fields_values": given})

    assert sent(one, {"enum_id": one["enums"][0]["id"]}).status_code == 200
    assert sent(several, *({"enum_id": enum["id"]} for enum in several["enums"])).status_code == 200
    first = "custom_fields_values.0.values.0"
    assert _errors(sent(one, {"value": "может быть"})) == [("0", "NotSupportedChoice", f"{first}.value")]
    assert _errors(sent(one, {"enum_id": several["enums"][0]["id"]})) == [
        ("0", "NotSupportedChoice", f"{first}.enum_id")
    ]
    assert sent(one, *({"enum_id": enum["id"]} for enum in one["enums"])).status_code == 400
    phone = [{"field_code": "PHONE", "values": [{"value": "1", "enum_code": "MOON"}]}]
    wrong = client.post("/contacts", [{"name": "x", "custom_fields_values": phone}])
    assert _errors(wrong) == [("0", "NotSupportedChoice", f"{first}.enum_code")]


def test_b8_values_of_a_list_are_checked_too(client: Client) -> None:
    (catalog,) = client.get("/catalogs").json()["_embedded"]["catalogs"]
    for value in ({"field_code": "PRICE", "values": [{"value": "дорого"}]}, {"field_id": 5, "values": [{"value": 1}]}):
        body = [{"name": "x", "custom_fields_values": [value]}]
        assert client.post(f"/catalogs/{catalog['id']}/elements", body).status_code == 400
    element = client.get(f"/catalogs/{catalog['id']}/elements", limit=1).json()["_embedded"]["elements"][0]
    link = {"to_entity_id": element["id"], "to_entity_type": "catalog_elements"}
    for metadata in ({}, {"catalog_id": 1}):
        assert client.post(f"/leads/{client.leads[0]}/link", [link | {"metadata": metadata}]).status_code == 400


@pytest.mark.vendor("users.switched_off", "pipelines.archived", "entities.name_length")
def test_b8_users_who_are_off_archives_long_names_and_strange_tasks_are_refused(
    client: Client, simulator: Simulator
) -> None:
    off = simulator.control("add", domain=client.domain, user={"name": "Уволенный", "is_active": False})["user"]
    old = {"name": "Старая", "statuses": ["Заявка"], "is_archive": True}
    archived = simulator.control("add", domain=client.domain, pipeline=old)["pipeline"]
    for member, value in (
        *(("responsible_user_id", off["id"]), ("pipeline_id", archived["id"]), ("name", "я" * 256), ("name", 5)),
        *(("created_at", "now"), ("loss_reason_id", 3)),
    ):
        answer = client.post("/leads", [{member: value}])
        assert {path for _, _, path in _errors(answer)} == {member}
    both = _errors(client.post("/leads", [{"responsible_user_id": "me"}]))
    assert [code for _, code, _ in both] == ["InvalidType", "NotSupportedChoice"]
    task = {"text": "x", "complete_till": 1, "task_type_id": 77}
    assert _errors(client.post("/tasks", [task])) == [("0", "NotSupportedChoice", "task_type_id")]


@pytest.mark.vendor("notes.length")
def test_a_note_has_room_for_twenty_thousand_letters(client: Client) -> None:
    path = f"/leads/{client.leads[0]}/notes"
    notes = [[{"note_type": "common", "params": {"text": "я" * length}}] for length in (20_000, 20_001)]
    taken, refused = (client.post(path, note) for note in notes)
    assert (taken.status_code, _errors(refused)) == (200, [("0", "TooLong", "params.text")])


def _deal_found(client: Client, query: str) -> list[int]:
    answer = client.get("/leads", query=query)
    return [] if answer.status_code == 204 else [one["id"] for one in answer.json()["_embedded"]["leads"]]


@pytest.mark.vendor("search.words", "search.lag")
def test_b9_a_search_goes_by_words_and_is_behind(client: Client, simulator: Simulator) -> None:
    simulator.control("change-account", domain=client.domain, search_lag=3600)
    (made,) = client.post("/leads", [{"name": "Лестница дубовая"}]).json()["_embedded"]["leads"]
    first = client.leads[0]  # was there before
    client.http.patch(f"/api/v4/leads/{first}", json={"name": "Совсем другое"})
    assert (_deal_found(client, "Лестница"), _deal_found(client, "Душевая")) == ([], [first])
    simulator.control("change-account", domain=client.domain, search_lag=0)
    assert (_deal_found(client, "другое"), _deal_found(client, "Душевая")) == ([first], [])
    for query in ("лестница", "дуб", "дубовая лестница", "дуб лест"):
        assert _deal_found(client, query) == [made["id"]], query
    for query in ("стница", "дубовая дверь", "убов"):
        assert _deal_found(client, query) == [], query


@pytest.mark.vendor("search.deleted", "search.lag")
def test_b9_what_was_deleted_is_found_for_a_while_in_lists_too(client: Client, simulator: Simulator) -> None:
    (catalog,) = client.get("/catalogs").json()["_embedded"]["catalogs"]
    path = f"/catalogs/{catalog['id']}/elements"
    element = client.get(path, query="GL-8").json()["_embedded"]["elements"][0]["id"]
    (contact, *_), domain = client.contacts(), client.domain
    simulator.control("change-account", domain=domain, deleted_lag=3600)
    simulator.control("person", domain=domain, kind="contacts", id=contact, delete=True)
    simulator.control("remove", domain=domain, element=element)
    for there, query in (("/contacts", "Мария"), (path, "GL-8")):
        assert client.get(there, query=query).status_code == 200
        assert client.get(f"{there}/{contact if there == '/contacts' else element}").status_code in (204, 404)
    assert contact not in client.contacts()
    simulator.control("change-account", domain=domain, deleted_lag=0)
    assert client.get("/contacts", query="Мария").status_code == client.get(path, query="GL-8").status_code == 204


@pytest.mark.vendor("ids.types")
def test_b9_a_deal_and_a_contact_may_have_one_number(client: Client) -> None:
    assert set(client.leads) & set(client.contacts())


@pytest.mark.vendor("users.administrators", "rights.own")
@pytest.mark.parametrize("hidden", [204, 403])
def test_b6_a_manager_sees_and_changes_what_is_their_own(client: Client, simulator: Simulator, hidden: int) -> None:
    domain, (user, other, *_) = client.domain, client.users
    (own,) = client.post("/leads", [{"name": "Своя"}]).json()["_embedded"]["leads"]
    simulator.control("change-account", domain=domain, hidden_entity_status=hidden, search_lag=0)
    simulator.control("change-user", domain=domain, user=user, is_admin=False, view="M", edit="M")
    for path in ("/users", f"/users/{other}", "/roles", "/webhooks"):
        assert client.get(path).status_code == 403, path
    hook = {"destination": "https://x.example/", "settings": ["add_lead"]}
    assert client.post("/webhooks", hook).status_code == 403
    assert client.post("/leads/custom_fields", [{"name": "x", "type": "text"}]).status_code == 403
    assert client.get("/leads/custom_fields").status_code == 200  # everybody may read them
    seen = [one["id"] for one in client.get("/leads").json()["_embedded"]["leads"]]
    theirs = client.leads[0]
    assert own["id"] in seen
    assert theirs not in seen
    assert client.get(f"/leads/{theirs}").status_code == client.get(f"/leads/{theirs}/notes").status_code == hidden
    assert client.http.patch(f"/api/v4/leads/{theirs}", json={"price": 1}).status_code == 403
    note = [{"note_type": "common", "params": {"text": "x"}}]
    assert client.post(f"/leads/{theirs}/notes", note).status_code == 403
    assert client.post(f"/leads/{own['id']}/notes", note).status_code == 200
    handed = client.http.patch(f"/api/v4/leads/{own['id']}", json={"responsible_user_id": other})
    assert (handed.status_code, client.get(f"/leads/{own['id']}").status_code) == (200, hidden)
    simulator.control("change-user", domain=domain, user=user, add="D")
    assert client.post("/leads", [{"name": "x"}]).status_code == 403
