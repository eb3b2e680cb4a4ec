"""Row H4: what a stage of the digital pipeline starts."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from features.automations import rows
from features.automations.effects import Note
from shared.platform import nested
from shared.platform.secret import Secret
from shared.storage import key_rotation
from shared.storage.encryption import Keyring, generate_key
from tests import documents
from tests.automations.conftest import Office
from tests.repeating import Repeating
from tests.story import Story, calculation, json_of

NOTE = {"kind": "note", "text": "{contact.name}, {contact.phone}: {deal.name} — {deal.price}"}
TASK = {"kind": "task", "text": "Позвонить: {contact.name}", "due_minutes": 90}
QUOTATION = {"kind": "quotation", "title": "Предложение"}
CALL = {"kind": "call"}


def _goods(story: Story) -> None:
    """A calculation with goods, so that there is something to quote."""
    body = calculation() | {"options": {"products": True, "note": False}}
    assert story.crm("save_calculation", story.application() | {"X-Lead-Id": str(story.lead_id)}, body).status == 200


def _made(office: Office) -> dict[str, int]:
    """What the deal has by now."""
    account, lead = office.account(), str(office.story.lead_id)
    notes = account["notes"].get(f"leads/{lead}", [])
    return {
        "notes": sum(one["note_type"] == "common" and "ref:" in one["params"]["text"] for one in notes),
        "files_shown": sum(one["note_type"] == "attachment" for one in notes),
        "files": len(account["attached"].get(lead, [])),
        "tasks": len(account["tasks"]),
    }


@pytest.mark.vendor("pipeline.hook")
def test_a_stage_writes_a_note_with_the_deals_values(office: Office) -> None:
    status = office.at_stage(office.save(NOTE)["key"])
    office.move(status)
    assert [one["status"] for one in office.sent()] == [200]
    assert _made(office)["notes"] == 0  # accepted; amoCRM does not wait for it
    assert office.run()["delivered"] == 1
    text = next(note["params"]["text"] for note in office.story.notes() if "ref:" in note["params"].get("text", ""))
    contact = next(iter(office.account()["contacts"].values()))
    assert text.startswith(f"{contact['name']}, +7")
    assert office.lead()["name"] in text
    assert "{" not in text
    (one,) = office.listed()
    assert one["last_asked_at"] is not None


@pytest.mark.vendor("tasks.create")
def test_a_stage_makes_a_task_for_the_deals_responsible(office: Office) -> None:
    office.move(office.at_stage(office.save(TASK)["key"]))
    office.run()
    (task,) = office.account()["tasks"].values()
    assert (task["entity_type"], task["entity_id"]) == ("leads", office.story.lead_id)
    assert task["responsible_user_id"] == office.lead()["responsible_user_id"]
    due_in = task["complete_till"] - task["created_at"]
    assert 89 * 60 <= due_in <= 91 * 60


@pytest.mark.vendor("users.switched_off")
def test_a_task_for_somebody_who_has_left_is_the_deals_responsibles(office: Office) -> None:
    """Of each deal that came to the stage it was dead, and when it was tried again: what was asked for is kept."""
    made = office.story.simulator.control("add", domain=office.story.domain, user={"name": "Ушёл", "is_active": False})
    office.move(office.at_stage(office.save(TASK | {"responsible_user_id": made["user"]["id"]})["key"]))
    assert office.run()["delivered"] == 1
    (task,) = office.account()["tasks"].values()
    assert task["responsible_user_id"] == office.lead()["responsible_user_id"]
    (delivery,) = _deliveries(office, "run_automation")
    told = [one for one in office.story.delivery(delivery["delivery_id"])["story"] if one["kind"] == "warned"]
    assert [one["code"] for one in told] == ["user_refused"]


def test_a_stage_makes_the_quotation_of_the_deals_goods(office: Office) -> None:
    _goods(office.story)
    office.move(office.at_stage(office.save(QUOTATION)["key"]))
    assert office.run()["delivered"] == 1
    assert _made(office) == {"notes": 0, "files_shown": 1, "files": 1, "tasks": 0}
    (file,) = office.account()["files"].values()
    assert file["name"].startswith("Предложение ")
    content = office.story.simulator.control("file", domain=office.story.domain, uuid=file["uuid"])["content"]
    assert base64.b64decode(content).startswith(b"%PDF")
    (delivery,) = _deliveries(office, "run_automation")
    quoted = office.story.delivery(delivery["delivery_id"])["results"]["deal_goods"]["calculation"]
    assert [(one["name"], one["quantity"]) for one in quoted["items"]] == [
        ("Стекло закалённое 8 мм", "2.5"),
        ("Петля", "1"),
    ]
    assert quoted["total"] == "17499.99"


def test_a_deal_without_goods_is_told_and_not_quoted(office: Office) -> None:
    office.move(office.at_stage(office.save(QUOTATION)["key"]))
    assert office.run()["delivered"] == 1
    assert _made(office)["files"] == 0
    (delivery,) = _deliveries(office, "run_automation")
    assert "goods" in office.story.delivery(delivery["delivery_id"])["results"]["deal_goods"]["skipped"]


def test_a_stage_calls_the_companys_server_signed(office: Office) -> None:
    made = office.save(CALL, url=office.consumer.url)
    office.consumer.statuses = [500]
    office.move(office.at_stage(made["key"]))
    assert office.run()["failed"] == {"deferred": 1}
    assert office.run(seconds=120)["delivered"] == 1
    ((headers, body),) = office.consumer.taken
    message = json.loads(body)
    assert message["type"] == "automation.asked"
    assert message["data"]["lead"]["id"] == office.story.lead_id
    (delivery,) = _deliveries(office, "run_automation")
    asked = {"id": delivery["delivery_id"], "content": "1"}
    content = json_of(office.story.crm("get_delivery", office.story.admin(), query=asked))["content"]
    assert content["work"] == CALL
    assert not {"url", "secret"} & set(content)  # 38-3: they were shown once, or never
    assert message["data"]["event"]["status_id"] == message["data"]["lead"]["status_id"]
    assert message["data"]["contact"]["phone"].startswith("+7")
    assert documents.shape(message) == documents.shape(documents.example("automations.md", "automation.asked"))
    key = base64.b64decode(made["secret"].removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def test_a_google_script_that_a_stage_has_run_is_not_run_again(office: Office) -> None:
    made = office.save(CALL, url=office.consumer.url)
    office.consumer.leads_to = "https://script.googleusercontent.com/macros/echo?user_content_key=AbC&lib=MdE"
    office.move(office.at_stage(made["key"]))
    assert office.run()["delivered"] == 1
    office.run(seconds=120)
    assert office.consumer.asked == 1


def _deliveries(office: Office, action: str) -> list[Any]:
    found = json_of(office.story.crm("get_deliveries", office.story.admin(), query={"limit": "50"}))["deliveries"]
    return [one for one in found if one["action"] == action]


@pytest.mark.long
@pytest.mark.parametrize(
    ("work", "what"), [(NOTE, "notes"), (TASK, "tasks"), (QUOTATION, "files_shown"), (CALL, "calls")]
)
def test_the_same_hook_again_does_nothing_twice(office: Office, work: dict[str, str], what: str) -> None:
    _goods(office.story)
    office.move(office.at_stage(office.save(work, url=office.consumer.url if work is CALL else None)["key"]))
    hook = office.sent()[0]
    for _ in range(2):
        again = httpx.post(hook["url"], content=hook["body"], headers={"Content-Type": "application/json"})
        assert again.status_code == 200
        office.run()
    assert httpx.post(hook["url"], content=hook["body"]).status_code == 200
    assert (_made(office) | {"calls": len(office.consumer.taken)})[what] == 1
    later = nested.read(hook["body"].encode())
    later["event"]["time"] = str(int(later["event"]["time"]) + 60)  # the deal came back to the stage
    httpx.post(hook["url"], json=later)
    office.run()
    assert (_made(office) | {"calls": len(office.consumer.taken)})[what] == 2


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "truncate"])
@pytest.mark.parametrize(
    ("work", "path", "what"),
    [
        (NOTE, "/api/v4/leads/[0-9]+/notes", "notes"),
        (TASK, "/api/v4/tasks", "tasks"),
        (QUOTATION, "/v1.0/sessions.*", "files"),
        (QUOTATION, "/upload.*", "files"),
        (QUOTATION, "/api/v4/leads/[0-9]+/files", "files"),
        (QUOTATION, "/api/v4/leads/[0-9]+/notes", "files_shown"),
    ],
)
def test_a_lost_answer_writes_nothing_twice(
    office: Office, work: dict[str, str], path: str, what: str, fault: str
) -> None:
    _goods(office.story)
    office.move(office.at_stage(office.save(work)["key"]))
    office.story.simulator.fault(fault, path=path, method="POST|PUT")
    office.run()
    for _ in range(4):
        office.run(seconds=300)
    assert _made(office)[what] == 1, _made(office)
    assert [one["state"] for one in _deliveries(office, "run_automation")] == ["delivered"]


def test_what_was_accepted_is_carried_out_as_it_was(office: Office) -> None:
    """Changed or removed in between, it still does what it was when the deal came."""
    made = office.save(NOTE)
    office.move(office.at_stage(made["key"]))
    story = office.story
    changed = {"id": made["id"], "name": "Другое", "work": {"kind": "note", "text": "Другой текст"}}
    assert story.crm("save_automation", story.admin(), changed).status == 200
    hook = office.sent()[0]
    assert httpx.post(hook["url"], content=hook["body"]).status_code == 200  # the same event is no conflict
    assert story.crm("remove_automation", story.admin(), {"id": made["id"]}).status == 200
    office.run()
    assert [note["params"]["text"].endswith("Другой текст") for note in story.notes()].count(True) == 0
    assert _made(office)["notes"] == 1
    assert httpx.post(hook["url"], content=hook["body"]).status_code == 401


def test_a_key_is_replaced_and_an_automation_is_turned_off(office: Office) -> None:
    made, story = office.save(NOTE), office.story
    status = office.at_stage(made["key"])
    off = {"id": made["id"], "name": "При замере", "work": NOTE, "is_on": False}
    assert story.crm("save_automation", story.admin(), off).status == 200
    office.move(status)
    assert office.sent()[-1]["status"] == 200
    assert office.run()["due"] == 0
    fresh = json_of(story.crm("replace_automation_key", story.admin(), {"id": made["id"]}))["key"]
    story.crm("save_automation", story.admin(), off | {"is_on": True})
    hook = nested.read(office.sent()[-1]["body"].encode())
    assert _posted(office, hook) == 401
    hook["action"]["settings"]["widget"]["settings"]["key"] = fresh
    assert _posted(office, hook) == 200


def _posted(office: Office, hook: Any) -> int:
    return httpx.post(f"{office.ingress.url}/run_automation", json=hook).status_code


def _hook(office: Office, key: str, **changed: Any) -> dict[str, Any]:
    lead = office.lead()
    data = {name: lead[name] for name in ("id", "status_id", "pipeline_id")} | {"element_type": 2}
    hook = {
        "event": {"type": 14, "type_code": "lead_status_changed", "data": data, "time": 1_800_000_000},
        "action": {"settings": {"widget": {"settings": {"key": key}}}},
        "subdomain": "x",
        "account_id": office.story.account_id,
    }
    return hook | changed


def test_a_key_opens_nothing_in_another_account(office: Office) -> None:
    key = office.save(NOTE)["key"]
    assert _posted(office, _hook(office, key, account_id=office.story.account_id + 1)) == 403
    assert _posted(office, _hook(office, key, account_id=str(office.story.account_id))) == 200
    assert _posted(office, _hook(office, "auto_" + "x" * 32)) == 401
    assert _posted(office, _hook(office, "")) == 401
    stored = office.story.sql("SELECT row_to_json(a)::text FROM amocrm_automations a")[0][0]
    assert key not in stored


@pytest.mark.parametrize(
    "changed",
    [
        {"event": {"data": {"id": 0}}},
        {"event": {"data": {"id": "1 OR 1=1"}}},
        {"event": {"data": {"id": 5, "element_type": 1}}},
        {"event": {"data": {"id": 2**70}}},
        {"event": {"data": {}}},
        {"event": None},
        {"event": {"data": {"id": 5}, "time": {"a": 1}}},
    ],
)
def test_a_hook_without_a_deal_is_refused(office: Office, changed: dict[str, Any]) -> None:
    assert _posted(office, _hook(office, office.save(NOTE)["key"], **changed)) == 422
    assert office.run()["due"] == 0


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 90_000, b'{"action":{"settings":[]},"event":{"data":{"id":1}}}']
)
def test_bodies_that_are_no_hooks_are_refused(office: Office, body: bytes) -> None:
    answer = httpx.post(f"{office.ingress.url}/run_automation", content=body)
    assert answer.status_code in (401, 422)


def test_a_body_that_is_too_large_is_refused(office: Office) -> None:
    answer = httpx.post(f"{office.ingress.url}/run_automation", content=b" " * 262_145)
    assert answer.status_code == 413


def test_an_unknown_kind_of_event_and_a_missing_time_do_no_harm(office: Office) -> None:
    hook = _hook(office, office.save(NOTE)["key"])
    hook["event"] |= {"type": 99, "type_code": "something_new", "extra": [1, 2]}
    del hook["event"]["time"]
    assert _posted(office, hook) == 200
    assert office.run()["delivered"] == 1


def test_a_deal_that_is_gone_ends_the_delivery_with_words(office: Office) -> None:
    hook = _hook(office, office.save(NOTE)["key"])
    hook["event"]["data"]["id"] = 999_999_999
    assert _posted(office, hook) == 200
    assert office.run()["failed"] == {"dead": 1}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "", "work": NOTE}, "name"),
        ({"name": "x", "work": {"kind": "note", "text": "{deal.colour}"}}, "work.text"),
        ({"name": "x", "work": {"kind": "note", "text": "  "}}, "work.text"),
        ({"name": "x", "work": {"kind": "dance"}}, "work"),
        ({"name": "x", "work": {"kind": "task", "text": "x", "due_minutes": -1}}, "work.due_minutes"),
        ({"name": "x", "work": {"kind": "quotation", "titel": "x"}}, "work"),
        ({"name": "x", "work": CALL}, "url"),
        ({"name": "x", "work": CALL, "url": "https://127.0.0.1/"}, "url"),
        ({"name": "x", "work": CALL, "url": "http://example.org/"}, "url"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_place(office: Office, body: dict[str, Any], path: str) -> None:
    answer = office.story.crm("save_automation", office.story.admin(), body)
    assert answer.status == 422, answer.body
    assert path in json_of(answer)["errors"][0]["path"]


def test_a_connection_has_only_so_many_and_no_others(office: Office) -> None:
    ids = [office.save(NOTE)["id"] for _ in range(50)]
    story = office.story
    answer = story.crm("save_automation", story.admin(), {"name": "x", "work": NOTE})
    assert (answer.status, json_of(answer)["code"]) == (409, "too_many_automations")
    other = story.simulator.control("account", subdomain="another-office")
    made = {"widget_type": "glass", "account_domain": other["domain"], "client_id": story.client_id}
    story.crm("save_connection", story.admin(), made | {"client_secret": story.secret})
    theirs = story.admin(domain=other["domain"])
    for action, body in (
        ("save_automation", {"id": ids[0], "name": "Mine", "work": NOTE}),
        ("remove_automation", {"id": ids[0]}),
        ("replace_automation_key", {"id": ids[0]}),
    ):
        assert story.crm(action, theirs, body).status == 404
    assert len(office.listed()) == 50


def test_the_address_of_a_call_is_kept_and_its_secret_shown_once(office: Office) -> None:
    made, story = office.save(CALL, url=office.consumer.url), office.story
    kept = {"id": made["id"], "name": "x", "work": CALL}
    assert json_of(story.crm("save_automation", story.admin(), kept))["secret"] is None
    assert office.listed()[0]["host"] == office.consumer.host
    as_note = json_of(story.crm("save_automation", story.admin(), kept | {"work": NOTE}))
    assert (as_note["secret"], office.listed()[0]["host"]) == (None, None)
    again = story.crm("save_automation", story.admin(), kept | {"url": office.consumer.url})
    assert json_of(again)["secret"].startswith("whsec_")


def test_keys_are_rotated_and_calls_go_on(office: Office) -> None:
    made, runtime = office.save(CALL, url=office.consumer.url), office.story.runtime
    old = runtime.settings.encryption_keys
    both = Keyring((("k2", Secret(generate_key().partition(":")[2] or generate_key())), *old))
    assert sum(key_rotation.rotate(runtime.database, both, pytest.fail)) > 0
    row = office.story.sql("SELECT url, secret FROM amocrm_automations WHERE id = %s", made["id"])[0]
    assert all(both.is_current(bytes(value)) for value in row)


def test_the_log_says_who_made_an_automation_and_no_key(office: Office) -> None:
    made = office.save(CALL, url=office.consumer.url)
    lines = office.story.sql("SELECT actor, message FROM amocrm_events WHERE kind = 'administrator.save_automation'")
    assert [actor for actor, _ in lines] == ["ADMIN_TOKENS"]
    everything = str(office.story.sql("SELECT message FROM amocrm_events"))
    assert made["key"] not in everything
    assert "key=1" not in everything  # of the call's address


def test_38_an_automation_that_somebody_else_has_changed_is_not_overwritten(office: Office) -> None:
    """Who saves says which revision they have seen; without one the last save wins, as it always did."""

    def save(name: str, **more: Any) -> tuple[int, Any]:
        answer = office.story.crm("save_automation", office.story.admin(), {"name": name, "work": NOTE} | more)
        return answer.status, json_of(answer)

    _, made = save("First")
    seen = {"id": made["id"], "revision": made["revision"]}
    assert [one["revision"] for one in office.listed()] == [made["revision"]]
    status, theirs = save("Theirs", **seen)
    assert (status, theirs["revision"] != made["revision"]) == (200, True)
    status, told = save("Mine", **seen)
    assert (status, told["code"]) == (409, "automation_changed")
    assert [(one["name"], one["revision"]) for one in office.listed()] == [("Theirs", theirs["revision"])]
    assert save("Mine", id=made["id"], revision=theirs["revision"])[0] == 200
    assert save("Whatever", id=made["id"])[0] == 200


def test_38_an_automation_that_is_saved_by_a_repeated_statement_is_saved(office: Office) -> None:
    office.save(NOTE)
    database = Repeating(office.story.runtime.settings.database_url)
    (known,) = rows.of(database, office.story.row().id)
    wanted = rows.AutomationFields("Renamed", Note("x"))
    saved = rows.change(database, office.story.runtime.keyring, known, wanted, known.revision)
    assert saved is not None
    assert [(one["name"], one["revision"]) for one in office.listed()] == [("Renamed", str(saved.revision))]
    database.close()


def test_an_automation_that_is_added_by_a_repeated_statement_is_added(office: Office) -> None:
    """30-K: it was there, and the panel was told that there were too many, and not its key."""
    database = Repeating(office.story.runtime.settings.database_url)
    integration_id, keyring = office.story.row().id, office.story.runtime.keyring
    for count in range(1, rows.MOST + 1):
        added = rows.add(database, keyring, integration_id, rows.AutomationFields(f"Note {count}", Note("x")))
        assert added is not None
        assert rows.asked(database, added.key or "") is not None
    assert rows.add(database, keyring, integration_id, rows.AutomationFields("One too many", Note("x"))) is None
    assert len(office.listed()) == rows.MOST
    database.close()
