"""Row I6: administrators with a name, their rights, their sign-in, and who changed what."""

import json
from typing import Any

import pytest
from click.testing import CliRunner

from cli.commands import main
from features.bookings import settings as hours
from functions.crm_api import audit
from functions.crm_api.actions import ACTIONS
from shared.access.credentials import named_administrator
from shared.access.permissions import Caller
from shared.platform.config import load
from shared.platform.http import Request, Response
from shared.platform.i18n import catalogue
from shared.runtime import Runtime
from tests.story import METRICS_TOKEN, Story, json_of

Headers = dict[str, str]


def _code(link: str) -> str:
    return link.partition("#invite=")[2]


def _sign_in(story: Story, link: str) -> Response:
    return story.crm("sign_in", {"Authorization": f"Bearer {_code(link)}"}, b"", method="POST")


def _signed_in(story: Story, rights: str = "manage", name: str = "Анна", **more: Any) -> tuple[Headers, str]:
    """Headers with their token, and their id."""
    made = json_of(story.crm("create_administrator", story.admin(), {"name": name, "rights": rights} | more))
    token = json_of(_sign_in(story, made["link"]))["token"]
    return story.admin() | {"Authorization": f"Bearer {token}"}, made["id"]


def _events(story: Story, kind: str) -> list[Any]:
    found = json_of(story.crm("get_events", story.admin(), query={"limit": "100"}))["events"]
    return [one for one in found if one["kind"] == kind]


def test_a_link_signs_in_once(connected: Story) -> None:
    made = json_of(connected.crm("create_administrator", connected.admin(), {"name": "Анна", "rights": "operate"}))
    assert made["link"].startswith("https://functions.example/crm_api/admin/#invite=inv_")
    first = json_of(_sign_in(connected, made["link"]))
    assert (first["name"], "operate" in first["rights"], "manage" in first["rights"]) == ("Анна", True, False)
    assert _sign_in(connected, made["link"]).status == 401
    me = json_of(connected.crm("get_administrator", {"Authorization": f"Bearer {first['token']}"}))
    assert (me["name"], me["rights"]) == ("Анна", first["rights"])
    stored = connected.sql("SELECT link_hash, token_hash, name FROM amocrm_administrators")
    assert stored[0][0] is None
    assert first["token"].encode() not in bytes(stored[0][1])


def test_a_link_ends_after_a_day(connected: Story) -> None:
    made = json_of(connected.crm("create_administrator", connected.admin(), {"name": "Анна"}))
    connected.clock.advance(hours=25)
    assert _sign_in(connected, made["link"]).status == 401


@pytest.mark.parametrize(
    ("rights", "may", "may_not"),
    [
        (
            "see",
            ["get_events", "get_overview", "get_settings", "connection_status"],
            ["disconnect", "retry_delivery", "get_lead"],
        ),
        (
            "operate",
            ["get_events", "retry_delivery"],
            ["save_settings", "get_administrators", "create_site_key", "get_lead"],
        ),
        ("manage", ["get_administrators", "create_site_key", "save_settings"], ["open_session", "sign_in"]),
    ],
)
def test_rights_are_what_they_say(connected: Story, rights: str, may: list[str], may_not: list[str]) -> None:
    """30-K: who sees or operates reads no customer's name and phone, deal by deal."""
    headers, _ = _signed_in(connected, rights)

    def status(action: str) -> int:
        body = None if ACTIONS[action].method == "GET" else b"{"
        return connected.crm(action, headers, body, method=ACTIONS[action].method).status

    assert 403 not in [status(action) for action in may]
    assert {status(action) for action in may_not} == {403}


def test_a_sign_in_ends_and_is_revoked(connected: Story) -> None:
    ending, _ = _signed_in(connected, days=2)
    lasting, lasting_id = _signed_in(connected, name="Пётр")
    connected.clock.advance(days=3)
    assert connected.crm("get_events", ending).status == 401
    assert connected.crm("get_events", lasting).status == 200
    assert connected.crm("revoke_administrator", connected.admin(), {"id": lasting_id}).status == 200
    assert connected.crm("get_events", lasting).status == 401
    assert connected.crm("revoke_administrator", connected.admin(), {"id": lasting_id}).status == 404
    assert connected.crm("renew_sign_in", connected.admin(), {"id": lasting_id}).status == 404


def test_another_link_replaces_the_token_when_it_is_used(connected: Story) -> None:
    old, their_id = _signed_in(connected)
    link = json_of(connected.crm("renew_sign_in", connected.admin(), {"id": their_id}))["link"]
    assert connected.crm("get_events", old).status == 200
    _sign_in(connected, link)
    assert connected.crm("get_events", old).status == 401


def test_the_list_says_who_was_here_and_never_a_secret(connected: Story) -> None:
    headers, _ = _signed_in(connected)
    connected.crm("get_events", headers)
    answer = connected.crm("get_administrators", headers)
    (one,) = json_of(answer)["administrators"]
    assert (one["name"], one["rights"], one["created_by"]) == ("Анна", "manage", "ADMIN_TOKENS")
    assert not one["is_invited"]
    assert one["last_used_at"] is not None
    assert b"hash" not in answer.body


def test_38_who_saves_second_does_not_give_back_what_somebody_has_taken(connected: Story) -> None:
    """Rights were taken away, and given back in silence by whoever had an older page before them."""
    _, made = _signed_in(connected)

    def listed() -> Any:
        return json_of(connected.crm("get_administrators", connected.admin()))["administrators"][0]

    def save(**more: Any) -> Response:
        return connected.crm("save_administrator", connected.admin(), {"id": made, "email": None} | more)

    seen = listed()["revision"]
    for _ in range(2):  # a statement may be repeated
        assert save(rights="see", revision=seen).status == 200
    refused = save(rights="manage", email="anna@example.org", revision=seen)
    assert (refused.status, json_of(refused)["code"]) == (409, "administrator_changed")
    assert (listed()["rights"], listed()["email"]) == ("see", None)
    assert save(rights="operate", revision=listed()["revision"]).status == 200
    assert save(rights="see").status == 200


def test_the_log_says_who_changed_what_before_and_after(connected: Story) -> None:
    headers, _ = _signed_in(connected)
    connected.crm("save_settings", headers, {"company": {"name": "Glasshouse"}})
    connected.crm("save_settings", headers, {"company": {"name": "Glass & Co"}, "language": "pt"})
    latest, first = _events(connected, "administrator.save_settings")
    assert (latest["actor"], latest["account_domain"]) == ("Анна", connected.domain)
    assert 'company.name: "Glasshouse" → "Glass & Co"' in latest["message"]
    assert 'language: "pt"' in latest["message"]
    assert 'company.name: "Glasshouse"' in first["message"]
    (invited,) = _events(connected, "administrator.create_administrator")
    assert invited["actor"] == "ADMIN_TOKENS"


@pytest.mark.parametrize(
    ("language", "made"),
    [
        ("en", 'name: "Quiz"; for a server: yes'),
        ("ru", 'имя: "Quiz"; для сервера: да'),
        ("pt", 'nome: "Quiz"; para um servidor: sim'),
        ("uz", 'ism: "Quiz"; server uchun: ha'),
    ],
)
def test_30_9_a_change_is_told_in_words(connected: Story, language: str, made: str) -> None:
    """It said `name: "Quiz"; is_server: true` in every language."""
    headers, _ = _signed_in(connected)
    assert connected.crm("create_site_key", headers, {"name": "Quiz", "is_server": True}).status == 201
    answer = connected.crm("get_events", headers | {"Accept-Language": language}, query={"limit": "50"})
    (told,) = [one for one in json_of(answer)["events"] if one["kind"] == "administrator.create_site_key"]
    assert told["message"] == made


def test_no_secret_gets_into_the_log(connected: Story) -> None:
    body = {
        "widget_type": "clinic",
        "account_domain": connected.domain,
        "client_id": "another-client",
        "client_secret": "very-secret-words",
    }
    assert connected.crm("save_connection", connected.admin(), body).status in (200, 201)
    (saved,) = _events(connected, "administrator.save_connection")
    assert "another-client" in saved["message"]
    everything = str(connected.sql("SELECT message FROM amocrm_events"))
    assert "very-secret-words" not in everything


def test_what_is_refused_is_not_told_as_done(connected: Story) -> None:
    headers, _ = _signed_in(connected, "see")
    assert connected.crm("save_settings", headers, {"company": {"name": "x"}}).status == 403
    assert connected.crm("save_settings", connected.admin(), {"company": {"name": 5}}).status == 422
    assert _events(connected, "administrator.save_settings") == []


def test_a_line_of_the_log_says_how_much_it_leaves_out(connected: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """30-K: what has no room is not taken for what was not changed."""
    monkeypatch.setattr(audit, "_MOST", 900)
    headers, _ = _signed_in(connected)
    week = {day: ["09:00-18:00"] for day in hours.WEEKDAYS}
    document = {
        "company": {"name": "x" * 120, "lines": ["y" * 200]},
        "template": {"heading": "z" * 120, "note_heading": "z" * 120, "closing": "z" * 500},
        "bookings": {
            "hours": week,
            "time_zone": "Asia/Tashkent",
            "days_off": [{"first": "2027-01-01", "last": "2027-01-08", "note": "n" * 99}],
        },
        "submissions": {
            kind: {"title": "t" * 200, "tags": ["u" * 100], "required": ["v" * 100] * 9} for kind in ("forms", "orders")
        },
    }
    saved = connected.crm("save_settings", headers, document)
    assert saved.status == 200, saved.body
    (told,) = _events(connected, "administrator.save_settings")
    *shown, left = told["message"].split("; ")
    changed = dict(audit._leaves(document))
    assert left == f"… +{len(changed) - len(shown)}"
    assert 5 < len(shown) < len(changed)


def test_bad_names_and_rights_are_refused(connected: Story) -> None:
    for body in (
        {"name": ""},
        {"name": "  "},
        {"name": "x" * 81},
        {"name": "x", "rights": "everything"},
        {"name": "x", "days": 0},
    ):
        assert connected.crm("create_administrator", connected.admin(), body).status == 422


def test_the_command_line_invites_the_first_one(connected: Story, environment: dict[str, str]) -> None:
    made = CliRunner().invoke(main, ["invite", "Анна", "--rights", "see", "--days", "30"], env=environment)
    assert made.exit_code == 0, made.output
    found = named_administrator.sign_in(connected.runtime.database, _code(made.output.strip()))
    assert found is not None
    assert (found[0].name, found[0].rights) == ("Анна", "see")


@pytest.mark.parametrize(
    ("given", "place"),
    [(["x" * 81], "name"), (["  "], "name"), (["Анна", "--email", "Ünal@example.com"], "email"),
     (["Анна", "--email", f"{'x' * 250}@a.com"], "email")],
)  # fmt: skip
def test_the_command_line_says_what_is_wrong_with_an_invitation(
    connected: Story, environment: dict[str, str], given: list[str], place: str
) -> None:
    told = CliRunner().invoke(main, ["invite", *given], env=environment)
    assert (told.exit_code, told.output.startswith(f"Error: {place}: "), told.output.count("\n")) == (1, True, 1)
    assert connected.sql("SELECT count(*) FROM amocrm_administrators") == [(0,)]


def test_every_change_of_an_administrators_is_told_in_words() -> None:
    """Whatever changes something is a line of the log, with a text of its own."""
    from functions.crm_api.actions import ACTIONS

    changes = {name for name, action in ACTIONS.items() if action.method == "POST" and action.is_change}
    told = {
        key.removeprefix("event.administrator.") for key in catalogue("en") if key.startswith("event.administrator.")
    }
    assert changes == told
    assert not ACTIONS["save_calculation"].is_change  # a write has a story of its own


def test_an_endpoint_is_told_without_its_address(connected: Story) -> None:
    body = {"name": "Shop", "url": "https://shop.example.org/hook?token=very-secret-words"}
    assert connected.crm("save_endpoint", connected.admin(), body).status == 201
    (saved,) = _events(connected, "administrator.save_endpoint")
    assert 'name: "Shop"' in saved["message"]
    assert "very-secret" not in saved["message"]


def test_what_a_level_has_set_before_is_told_and_no_other_levels(connected: Story) -> None:
    """30-K: the connection's own settings are not what a widget type's were."""
    headers, _ = _signed_in(connected)
    connected.crm("save_settings", headers, {"company": {"name": "Glasshouse"}, "language": "en"})
    for name in ("Vendor", "Vendor & Co"):
        saved = {"level": "widget", "company": {"name": name}}
        assert connected.crm("save_settings", headers, saved).status == 200
    latest, first, _ = (one["message"] for one in _events(connected, "administrator.save_settings"))
    assert 'company.name: "Vendor" → "Vendor & Co"' in latest
    assert 'company.name: "Vendor"' in first
    assert "Glasshouse" not in latest + first
    assert "language" not in latest + first


def test_what_is_said_about_a_visitor_is_not_in_the_log(connected: Story) -> None:
    """30-K: the log stands in the clear, and whoever may only see reads it."""
    request = Request("POST", "/", body=json.dumps({"id": "x", "reason": "Иванова: температура"}).encode())
    caller = Caller("administrator", connected.row(), actor="Анна")
    audit.tell(connected.runtime, caller, ACTIONS["cancel_booking"], request, {})
    (told,) = _events(connected, "administrator.cancel_booking")
    assert "Иванова" not in told["message"]


def test_whoever_names_half_of_a_connection_is_told_so(connected: Story) -> None:
    """30-K: it is not a question about all accounts."""
    for missing in ("X-Widget-Type", "X-Account-Domain"):
        headers = {name: value for name, value in connected.admin().items() if name != missing}
        for action in ("get_events", "get_deliveries", "connection_status"):
            refused = connected.crm(action, headers, query={"state": "dead"})
            assert (refused.status, json_of(refused)["code"]) == (422, "invalid_input"), (missing, action)


def test_what_still_opens_something_is_listed_however_much_was_revoked(connected: Story) -> None:
    """30-K: who cannot see a key cannot revoke it."""
    connected.crm("create_site_key", connected.admin(), {"name": "old", "is_server": True})
    connected.crm("create_install_link", connected.admin(), {"widget_type": "old"})
    connected.sql(
        "INSERT INTO amocrm_site_keys (id, integration_id, key_hash, name, origins, is_server, created_at, revoked_at) "
        "SELECT gen_random_uuid(), %s, sha256(n::text::bytea), 'x', '{}', true, amocrm_now() + n * interval '1 s', "
        "amocrm_now() FROM generate_series(1, 300) n",
        connected.row().id,
    )
    connected.sql(
        "INSERT INTO amocrm_install_links (id, key_hash, widget_type, platform, name, language, created_at, revoked_at)"
        " SELECT gen_random_uuid(), sha256(n::text::bytea), 'x', 'amocrm', 'x', 'ru', "
        "amocrm_now() + n * interval '1 s', amocrm_now() FROM generate_series(1, 300) n"
    )
    keys = json_of(connected.crm("get_site_keys", connected.admin()))["site_keys"]
    links = json_of(connected.crm("get_install_links", connected.admin()))["install_links"]
    assert keys[0]["name"] == "old"
    assert links[0]["widget_type"] == "old"


def test_a_token_that_the_command_makes_signs_in_by_its_entry(connected: Story, environment: dict[str, str]) -> None:
    """34-5: the settings hold its hash only."""
    told = CliRunner().invoke(main, ["generate-token"])
    assert told.exit_code == 0, told.output
    token, entry = (line.partition(": ")[2] for line in told.output.splitlines())
    assert token not in entry
    runtime = Runtime.build(load(environment | {"ADMIN_TOKENS": entry}), connected.clock)
    story = Story(**{**connected.__dict__, "runtime": runtime})
    for given, status in ((token, 200), (entry, 401)):
        assert story.crm("get_events", story.admin() | {"Authorization": f"Bearer {given}"}).status == status
    runtime.close()


def test_a_monitors_token_sees_figures_and_nothing_else(connected: Story) -> None:
    """34-5: whoever reads the monitor's settings cannot look at a customer's settings, or change any."""
    monitor = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    answered = connected.crm("get_metrics", monitor)
    assert (answered.status, b"amocrm_connections{" in answered.body) == (200, True)
    assert connected.domain.encode() not in answered.body
    for action in ("get_overview", "get_events", "get_deliveries", "connection_status"):
        assert connected.crm(action, monitor | {"X-Account-Domain": connected.domain}).status == 403, action
