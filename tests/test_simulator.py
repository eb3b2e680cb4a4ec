"""The simulator keeps amoCRM's rules, over HTTP, as a client meets them."""

import asyncio
import base64
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from simulator import persistence, seed
from simulator.simulation import Simulation
from tests.control import Simulator
from tests.plain_client import REDIRECT, Client


@pytest.mark.vendor("oauth.token_claims")
def test_tokens_have_the_vendors_shape_and_lifetimes(client: Client) -> None:
    pair = client.pair
    assert (pair["token_type"], pair["expires_in"]) == ("Bearer", 86400)
    payload = pair["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert claims["exp"] - claims["iat"] == 86400
    assert (claims["account_id"], claims["aud"], claims["api_domain"]) == (
        client.id,
        client.client["id"],
        "api-b.amocrm.ru",
    )
    assert len(pair["refresh_token"]) > 500


@pytest.mark.vendor("oauth.code", "oauth.refresh_token")
def test_a_code_and_a_refresh_token_work_once(client: Client) -> None:
    code = client.code()
    assert client.token(grant_type="authorization_code", code=code).status_code == 200
    used = client.token(grant_type="authorization_code", code=code)
    assert (used.status_code, used.json()["hint"]) == (400, "Authorization code has been revoked")
    old = client.pair["refresh_token"]
    assert client.token(grant_type="refresh_token", refresh_token=old).status_code == 200
    again = client.token(grant_type="refresh_token", refresh_token=old)
    assert (again.status_code, again.json()["hint"]) == (401, "Token has been revoked")
    assert again.headers["Content-Type"] == "application/problem+json"


def test_a_wrong_client_or_redirect_uri_is_refused(client: Client) -> None:
    code = client.code()
    wrong = client.token(grant_type="authorization_code", code=code, client_secret="x")
    assert (wrong.status_code, "hint" in wrong.json()) == (401, False)
    assert client.token(grant_type="authorization_code", code=code, redirect_uri=REDIRECT + "/").status_code == 401
    assert client.token(grant_type="authorization_code", code=code).status_code == 200


def test_times_pass_with_the_moved_clock(client: Client, simulator: Simulator) -> None:
    code = client.code()
    simulator.control("clock", advance=21 * 60)
    old = client.token(grant_type="authorization_code", code=code)
    assert old.json()["hint"] == "Authorization code has expired"
    simulator.control("clock", advance=86400)
    assert client.get("/account").status_code == 401
    refresh_token = client.pair["refresh_token"]
    simulator.control("clock", advance=90 * 86400)
    assert client.token(grant_type="refresh_token", refresh_token=refresh_token).json()["hint"] == "Token has expired"
    simulator.control("clock", advance=-(91 * 86400 + 21 * 60))


@pytest.mark.vendor("http.limit")
def test_seven_requests_a_second_and_no_more(client: Client, simulator: Simulator) -> None:
    simulator.control("limits", per_integration=7, per_account=50)
    answers = [client.get("/account") for _ in range(9)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429] * 2
    assert answers[-1].headers["Content-Type"].startswith("text/plain")


def test_32_3_calm_takes_back_whatever_was_ordered(client: Client, simulator: Simulator) -> None:
    simulator.control("fault", kind="status", status=503, path="/api/v4/.*", times=9)
    simulator.control("limits", per_integration=1, per_account=1, block_after=1)
    simulator.control("latency", seconds=5)
    simulator.control("vendor", kills_access=False, checks_host=False, consent_mode="popup")
    simulator.control("calm")
    assert [client.get("/account").status_code for _ in range(3)] == [200] * 3
    client.token(grant_type="refresh_token", refresh_token=client.pair["refresh_token"])
    assert client.get("/account").status_code == 401, "a refresh ends the access token again"


def test_32_3_a_kept_connection_that_has_ended_is_not_asked(simulator: Simulator) -> None:
    """A story may take longer than the simulator keeps a connection."""
    mine = Simulator(simulator.url)
    try:
        mine.control("forget")
        (kept,) = mine._idle
        kept.sock.shutdown(socket.SHUT_RD)
        assert mine.requests() == []
        assert kept not in mine._idle
    finally:
        mine.close()


@pytest.mark.vendor("http.empty_list", "lists.page")
def test_lists_are_paged_and_empty_ones_are_204(client: Client) -> None:
    first = client.get("/leads", limit=2).json()
    assert (first["_page"], len(first["_embedded"]["leads"])) == (1, 2)
    assert "page=2" in first["_links"]["next"]["href"]
    last = client.get("/leads", limit=2, page=3).json()
    assert "next" not in last["_links"]
    empty = client.get("/leads", query="nothing like this")
    assert (empty.status_code, empty.content) == (204, b"")
    assert client.get("/leads", limit=251).status_code == 400
    assert client.get("/leads/1").status_code == 204


@pytest.mark.vendor("contacts.query")
def test_contacts_are_found_by_the_digits_of_a_phone(client: Client) -> None:
    for query in ("+79123456789", "89123456789", "9123456789"):
        (found,) = client.get("/contacts", query=query).json()["_embedded"]["contacts"]
        assert found["name"] == "Мария Лебедева"


@pytest.mark.vendor("http.validation")
def test_leads_are_made_changed_and_checked(client: Client) -> None:
    (made,) = client.post("/leads", [{"name": "Новая", "price": 5, "request_id": "q"}]).json()["_embedded"]["leads"]
    assert made["request_id"] == "q"
    changed = client.http.patch(
        f"/api/v4/leads/{made['id']}", json={"price": 7, "_embedded": {"tags": [{"name": "t"}]}}
    )
    assert changed.status_code == 200
    lead = client.get(f"/leads/{made['id']}").json()
    assert (lead["price"], lead["_embedded"]["tags"][0]["name"]) == (7, "t")
    for wrong in ({"pipeline_id": 1}, {"status_id": 1}, {"responsible_user_id": 1}, {"price": "7"}):
        refused = client.post("/leads", [wrong])
        assert refused.status_code == 400, wrong
        assert refused.json()["validation-errors"][0]["errors"][0]["path"] == next(iter(wrong))
    assert client.post("/leads", {}).status_code == 400
    assert client.post("/leads", [{"name": "x"}] * 251).status_code == 400


@pytest.mark.vendor("leads.complex")
def test_a_complex_lead_brings_its_contact(client: Client) -> None:
    phone = {"field_code": "PHONE", "values": [{"value": "+7 900 000 00 01", "enum_code": "WORK"}]}
    body = [{"name": "Заявка", "_embedded": {"contacts": [{"first_name": "Пётр", "custom_fields_values": [phone]}]}}]
    (made,) = client.post("/leads/complex", body).json()
    lead = client.get(f"/leads/{made['id']}", **{"with": "contacts"}).json()
    assert lead["_embedded"]["contacts"] == [{"id": made["contact_id"], "is_main": True}]


@pytest.mark.vendor("catalogs.products")
def test_notes_links_and_goods(client: Client) -> None:
    lead = client.leads[0]
    (note,) = client.post(f"/leads/{lead}/notes", [{"note_type": "common", "params": {"text": "Привет"}}]).json()[
        "_embedded"
    ]["notes"]
    assert client.get(f"/leads/{lead}/notes").json()["_embedded"]["notes"][0]["id"] == note["id"]
    assert client.post(f"/leads/{lead}/notes", [{"note_type": "common", "params": {}}]).status_code == 400
    assert client.post("/leads/1/notes", [{"note_type": "common", "params": {"text": "x"}}]).status_code == 404
    (catalog,) = client.get("/catalogs").json()["_embedded"]["catalogs"]
    element = client.get(f"/catalogs/{catalog['id']}/elements", query="GL-8").json()["_embedded"]["elements"][0]
    link = {"to_entity_id": element["id"], "to_entity_type": "catalog_elements"}
    for quantity in (2, 3):
        metadata = {"quantity": quantity, "catalog_id": catalog["id"]}
        assert client.post(f"/leads/{lead}/link", [link | {"metadata": metadata}]).status_code == 200
    links = client.get(f"/leads/{lead}/links").json()["_embedded"]["links"]
    goods = [one for one in links if one["to_entity_type"] == "catalog_elements"]
    assert [one["metadata"]["quantity"] for one in goods] == [3]
    assert client.post(f"/leads/{lead}/unlink", [link]).status_code == 204


def test_fields_pipelines_users_and_the_tariff(client: Client, simulator: Simulator) -> None:
    (made,) = client.post("/leads/custom_fields", [{"name": "Вес", "type": "numeric", "code": "WEIGHT"}]).json()[
        "_embedded"
    ]["custom_fields"]
    assert made["id"] in [f["id"] for f in client.get("/leads/custom_fields").json()["_embedded"]["custom_fields"]]
    simulator.control("change-account", domain=client.domain, may_create_fields=False)
    assert client.post("/leads/custom_fields", [{"name": "x", "type": "text"}]).status_code == 403
    pipelines = client.get("/leads/pipelines").json()["_embedded"]["pipelines"]
    assert {142, 143} <= {status["id"] for status in pipelines[0]["_embedded"]["statuses"]}
    assert len(client.get("/users").json()["_embedded"]["users"]) == 2
    assert client.get("/account", **{"with": "drive_url"}).json()["drive_url"] == "https://drive-b.amocrm.ru"
    simulator.control("change-account", domain=client.domain, paid=False)
    assert client.get("/account").status_code == 402


@pytest.mark.vendor("oauth.rename")
def test_a_renamed_account_is_found_by_its_refresh_token(client: Client, simulator: Simulator) -> None:
    simulator.control("rename", domain=client.domain, to=f"new{client.id}")
    assert client.get("/account").status_code == 404
    headers = {"Host": "api-b.amocrm.ru", "X-Refresh-Token": client.pair["refresh_token"]}
    answer = client.http.get("/oauth2/account/current/subdomain", headers=headers).json()
    assert (answer["domain"], answer["top_level_domain"]) == (f"new{client.id}.amocrm.ru", "ru")


def test_faults_happen_before_or_after_the_effect(client: Client, simulator: Simulator) -> None:
    path = f"/leads/{client.leads[0]}/notes"
    note = [{"note_type": "common", "params": {"text": "x"}}]
    for kind, written in (("reset_before", 0), ("reset_after", 1), ("truncate", 2)):
        simulator.fault(kind, path=f"/api/v4{path}")
        with pytest.raises(httpx.TransportError):
            client.post(path, note)
        assert len(simulator.effects("note.created")) == written
    simulator.fault("timeout_after", path=f"/api/v4{path}", seconds=5)
    with pytest.raises(httpx.ReadTimeout):
        client.http.post(f"/api/v4{path}", json=note, timeout=0.2)
    simulator.fault("status", status=418, skip=1)
    assert [client.get("/account").status_code for _ in range(3)] == [200, 418, 200]
    simulator.fault("html", status=200)
    assert client.get("/account").headers["Content-Type"].startswith("text/html")
    with pytest.raises(AssertionError, match="unknown kind"):
        simulator.fault("nonsense")


def test_a_reset_is_a_reset(client: Client, simulator: Simulator) -> None:
    """RST, not a tidy end: what a died proxy looks like."""
    simulator.fault("reset_before")
    address = urlsplit(simulator.url)
    with socket.create_connection((address.hostname, address.port or 80)) as raw:
        raw.sendall(f"GET /api/v4/account HTTP/1.1\r\nHost: {client.domain}\r\n\r\n".encode())
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


@pytest.mark.vendor("oauth.switch_off")
def test_the_hook_of_a_switched_off_integration_is_signed(client: Client, simulator: Simulator) -> None:
    from shared.amocrm.oauth import is_genuine_switch_off

    query = simulator.control("switch-off", domain=client.domain, client_id=client.client["id"])["query"]
    given = dict(part.split("=") for part in query.split("&"))
    assert is_genuine_switch_off(client.client["secret"], given["client_uuid"], given["account_id"], given["signature"])
    assert client.get("/account").status_code == 401


def test_unknown_paths_and_controls_are_told(client: Client, simulator: Simulator) -> None:
    assert client.get("/nothing").status_code == 404
    assert client.http.delete("/api/v4/leads").status_code == 405
    assert httpx.post(f"{simulator.url}/_control/nonsense", trust_env=False).status_code == 400
    assert httpx.get(f"{simulator.url}/nothing", trust_env=False).status_code == 404
    assert httpx.get(f"{simulator.url}/at/nobody.amocrm.ru/", trust_env=False).status_code == 404


def test_the_state_is_kept_in_a_file(tmp_path: Any) -> None:
    first, second, file = Simulation(), Simulation(), tmp_path / "state"
    account = seed.demo(first.world)
    client = first.world.add_client(REDIRECT)
    user = next(iter(account.users))
    pair = first.tokens.exchange(
        account,
        {
            "client_id": client.id,
            "client_secret": client.secret,
            "redirect_uri": REDIRECT,
            "grant_type": "authorization_code",
            "code": first.tokens.make_code(client, account, user),
        },
    )
    assert persistence.restore(second, file) is False

    async def run() -> None:
        task = asyncio.create_task(persistence.keep(first, file))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())
    assert persistence.restore(second, file) is True
    known = second.world.accounts[account.domain]
    assert second.tokens.holder(str(pair["access_token"]), known) is not None
    assert second.world.new_id("leads") > max(known.leads)


@pytest.mark.vendor("leads.cents", "leads.no_cents")
@pytest.mark.parametrize(
    ("cents", "shown"),
    [
        ("kept", {"price": 2699, "price_with_minor_units": 2699.8}),
        ("cut", {"price": 2699}),
        ("refused", {"price": 48500}),
    ],
)
def test_33_3_a_budget_with_cents(client: Client, simulator: Simulator, cents: str, shown: dict[str, Any]) -> None:
    simulator.control("change-account", domain=client.domain, cents=cents)
    lead_id = client.get("/leads", limit=1).json()["_embedded"]["leads"][0]["id"]
    whole = client.http.patch(f"/api/v4/leads/{lead_id}", content=b'{"price": 48500.0}')  # as the vendor's client
    assert (whole.status_code, client.get(f"/leads/{lead_id}").json()["price"]) == (200, 48500)
    answer = client.http.patch(f"/api/v4/leads/{lead_id}", json={"price": 2699.8})
    if cents == "refused":
        (error,) = answer.json()["validation-errors"][0]["errors"]
        assert (answer.status_code, error["code"], error["path"]) == (400, "InvalidType", "price")
    lead = client.get(f"/leads/{lead_id}").json()
    assert {name: lead[name] for name in lead if name.startswith("price")} == shown
