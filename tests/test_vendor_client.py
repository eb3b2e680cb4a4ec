"""33-6: what the vendor's own client reads without asking whether it is there, and its news.

Its models raise, or set a number to nothing, where a member is missing. Source: amocrm-api-php, `fromArray` of each.
"""

from typing import Any

import httpx
import pytest

from tests.control import Simulator
from tests.plain_client import Client

_DRIVE = {"Host": "drive-b.amocrm.ru"}
_CONTENT = b"%PDF-1.7\n" + b" " * 150_000  # of two parts


def _uploaded(client: Client, name: str = "Договор 12.pdf", content: bytes = _CONTENT) -> dict[str, Any]:
    """What the answer to the last part says of the file."""
    body = {"file_name": name, "file_size": len(content), "content_type": "application/pdf"}
    session = client.http.post("/v1.0/sessions", headers=_DRIVE, json=body).json()
    address, answer = session["upload_url"], None
    for begin in range(0, len(content), session["max_part_size"]):
        part = content[begin : begin + session["max_part_size"]]
        answer = client.http.post(httpx.URL(address).path, headers=_DRIVE, content=part)
        address = answer.json().get("next_url", "")
    assert answer is not None
    assert answer.status_code == 200
    return dict(answer.json())


def _files(client: Client, **filters: str) -> list[Any]:
    answer = client.http.get("/v1.0/files", headers=_DRIVE, params=filters)
    return [] if answer.status_code == 204 else list(answer.json()["_embedded"]["files"])


@pytest.mark.vendor("account.datetime_settings")
def test_the_formats_of_an_account_are_all_texts(client: Client) -> None:
    account = client.get("/account", **{"with": "datetime_settings"}).json()
    names = ("date_pattern", "short_date_pattern", "short_time_pattern", "date_format", "time_format", "timezone")
    told = account["_embedded"]["datetime_settings"]
    assert [type(told[name]) for name in (*names, "timezone_offset")] == [str] * 7


@pytest.mark.vendor("drive.members")
def test_a_file_has_a_number_and_all_that_is_read_of_it(client: Client) -> None:
    last = _uploaded(client)
    path = f"/v1.0/files/{last['uuid']}"
    for file in (last, _files(client)[0], client.http.get(path, headers=_DRIVE).json()):
        assert isinstance(file["id"], int)
        assert file["id"] > 0
        for name in ("created_by", "updated_by"):
            assert set(file[name]) == {"id", "type"}
        for name in ("uuid", "version_uuid", "name", "sanitized_name", "type"):
            assert isinstance(file[name], str)
        assert set(file["metadata"]) == {"extension", "mime_type"}
        assert (file["deleted_at"], file["deleted_by"], file["is_trashed"]) == (None, None, False)
        assert {"size", "created_at", "updated_at", "source_id", "previews", "has_multiple_versions"} <= set(file)
        assert file["_links"]["download_version"]["href"].startswith("https://drive-b.amocrm.ru/")
        link = httpx.URL(file["_links"]["download"]["href"])
        assert httpx.get(f"{client.simulator.url}{link.path}", headers=_DRIVE).content == _CONTENT
    lead = client.leads[0]
    client.http.put(f"/api/v4/leads/{lead}/files", json=[{"file_uuid": last["uuid"]}])
    (attached,) = client.get(f"/leads/{lead}/files").json()["_embedded"]["files"]
    assert attached == {"file_uuid": last["uuid"], "id": last["id"]}


@pytest.mark.vendor("drive.filters")
def test_files_are_filtered_as_the_client_filters(client: Client) -> None:
    one, other = _uploaded(client, "Смета.pdf"), _uploaded(client, "Договор.txt", b"x" * 10)
    by = str(one["created_by"]["id"])

    def names(**filters: str) -> list[str]:
        return [file["name"] for file in _files(client, **{f"filter[{key}]": value for key, value in filters.items()})]

    assert names(uuid=f"{one['uuid']},{other['uuid']}") == ["Договор", "Смета"]
    assert names(uuid=one["uuid"]) == ["Смета"]
    assert names(name="Дог") == ["Договор"]
    assert names(term="говор") == ["Договор"]
    assert names(**{"extensions][": "txt"}) == ["Договор"]
    assert names(**{"size][from": "11"}) == ["Смета"]
    assert names(**{"size][to": "11"}) == ["Договор"]
    assert len(names(created_by=by)) == 2
    assert names(created_by="5") == []
    assert names(deleted="1") == []
    client.http.request("DELETE", "/v1.0/files", headers=_DRIVE, json=[{"uuid": one["uuid"]}])
    assert names() == ["Договор"]
    (gone,) = _files(client, **{"filter[deleted]": "1"})
    assert (gone["uuid"], gone["is_trashed"], set(gone["deleted_by"])) == (one["uuid"], True, {"id", "type"})


@pytest.mark.vendor("users.phone")
def test_users_have_phones_for_whoever_asks(client: Client) -> None:
    plain = client.get("/users").json()["_embedded"]["users"][0]
    assert "phone_number" not in plain
    asked = client.get(f"/users/{plain['id']}", **{"with": "phone_number,uuid"}).json()
    assert asked["phone_number"].startswith("+7")
    assert ("uuid" in asked, "amojo_id" in asked) == (True, False)


@pytest.mark.vendor("users.switch", "users.rights")
def test_users_are_switched_off_and_on(client: Client, simulator: Simulator) -> None:
    admin, manager = client.users
    for path, status, is_active in (("deactivate", 204, False), ("activate", 202, True)):
        answer = client.post(f"/users/{path}", [{"id": manager}])
        assert (answer.status_code, answer.content) == (status, b"")
        assert client.get(f"/users/{manager}").json()["rights"]["is_active"] is is_active
    assert client.post("/users/deactivate", [{"id": admin}]).status_code == 400
    assert client.post("/users/deactivate", [{"id": 5}]).status_code == 400
    assert client.post("/users/deactivate", [{"id": manager}] * 11).status_code == 400


@pytest.mark.vendor("leads.source")
def test_a_deal_says_where_it_came_from_for_whoever_asks(client: Client) -> None:
    form = {
        "source_uid": "site-1",
        "source_name": "Сайт",
        "metadata": {
            "form_id": "f",
            "form_name": "Заявка",
            "form_page": "https://x.example/",
            "form_sent_at": 1_700_000_000,
            "ip": "192.0.2.7",
            "referer": "https://x.example/",
        },
        "_embedded": {"leads": [{"name": "С сайта"}], "contacts": [{"name": "Яна"}]},
    }
    made = client.post("/leads/unsorted/forms", [form])
    lead_id = made.json()["_embedded"]["unsorted"][0]["_embedded"]["leads"][0]["id"]
    lead = client.get(f"/leads/{lead_id}", **{"with": "source,source_id"}).json()
    assert lead["_embedded"]["source"] == {"id": lead["source_id"], "name": "Сайт"}
    other = client.get(f"/leads/{client.leads[0]}", **{"with": "source,source_id"}).json()
    assert (other["_embedded"]["source"], other["source_id"]) == (None, None)
    assert "source_id" not in client.get(f"/leads/{lead_id}").json()


@pytest.mark.vendor("entities.deleted", "entities.with_deleted")
def test_what_is_in_the_trash_is_listed_for_whoever_asks(client: Client) -> None:
    gone = client.leads[0]
    form = {"Content-Type": "application/x-www-form-urlencoded", "X-Requested-With": "XMLHttpRequest"}
    deleted = client.http.post("/ajax/leads/multiple/delete/", content=f"ID[]={gone}".encode(), headers=form)
    assert deleted.status_code == 200
    (only,) = client.get("/leads", **{"with": "only_deleted"}).json()["_embedded"]["leads"]
    assert (only["id"], only["is_deleted"], set(only)) == (
        gone,
        True,
        {"id", "is_deleted", "updated_at", "updated_by"},
    )
    beside = {
        one["id"]: one["is_deleted"] for one in client.get("/leads", **{"with": "deleted"}).json()["_embedded"]["leads"]
    }
    assert beside == {lead: lead == gone for lead in client.leads}
    assert gone not in {one["id"] for one in client.get("/leads").json()["_embedded"]["leads"]}


@pytest.mark.vendor("notes.pinned")
def test_a_note_is_pinned_and_let_go(client: Client) -> None:
    lead = client.leads[0]
    made = client.post(f"/leads/{lead}/notes", [{"note_type": "common", "params": {"text": "Важно"}}])
    note = made.json()["_embedded"]["notes"][0]["id"]
    for verb, is_pinned in (("pin", True), ("unpin", False)):
        assert client.post(f"/leads/notes/{note}/{verb}", None).status_code == 200
        assert client.get(f"/leads/{lead}/notes/{note}").json()["is_pinned"] is is_pinned
    assert client.post("/leads/notes/5/pin", None).status_code == 404
