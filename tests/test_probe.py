"""The probe of a real account, tried on the simulator: nothing different there, the planted differences found."""

import base64
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click.testing
import httpx
import pytest

from cli import register, widget
from cli.probe import command, fact, stage_hook
from cli.probe.lab import PREFIX
from shared.platform import nested
from tests.control import Simulator
from tests.demo import ROOT, free_port
from tests.longer import others_long
from tests.other_vendor import DIFFERENCES, before, cents_are_shown_and_cut, hooks_on_their_way


class NoWaiting:
    """A clock on which nobody waits for long: what is a moment behind has its moment, however quick the machine is."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds
        time.sleep(0.002)


def _without_empty_ones(kept: Any) -> Any:
    """A list that was looked at exists, empty, in the simulator."""
    return {name: value for name, value in kept.items() if value != []} if isinstance(kept, dict) else kept


class Account:
    """An account with people's deals and contacts in it, and access for the probe."""

    def __init__(self, simulator: Simulator, **facts_: Any) -> None:
        self.simulator = simulator
        simulator.control("limits", per_integration=10**6, per_account=10**6)
        made = simulator.control("account", subdomain=f"probed{time.time_ns()}", name="ООО Чужая тайна", **facts_)
        self.domain: str = made["domain"]
        self.port = free_port()
        self.redirect_uri = f"http://localhost:{self.port}/"
        self.client = simulator.control("integration", redirect_uri=self.redirect_uri)
        simulator.control("add", domain=self.domain, user={"name": "Уволенный", "is_active": False})
        archived = {"name": "Старая воронка", "statuses": ["Заявка"], "is_archive": True}
        simulator.control("add", domain=self.domain, pipeline=archived)
        # Nobody waits here: the search is a moment behind, and not a few seconds.
        simulator.control("change-account", domain=self.domain, search_lag=0.05, deleted_lag=0.05)
        self.token = self.new_token()
        self.at_first = self.shown()

    def new_token(self) -> str:
        body = {"domain": self.domain, "client_id": self.client["id"], "days": 1}
        return str(self.simulator.control("long-lived-token", **body)["token"])

    def shown(self) -> Any:
        whole = self.simulator.control("show", domain=self.domain)
        del whole["events"]
        return {part: _without_empty_ones(kept) for part, kept in whole.items()}

    def stranger(self) -> int:
        return int(next(iter(self.at_first["contacts"])))

    def probe(self, *options: str, gateway: str | None = None, token: bool = True) -> "Told":
        arguments = ["--domain", self.domain, "--yes", "--gateway", gateway or self.simulator.url, *options]
        arguments += ["--token", self.token] if token else []
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / "report.json"
            ended = click.testing.CliRunner().invoke(command.probe, [*arguments, "--json", str(report)])
            text = report.read_text() if report.exists() else "null"
        return Told(ended.exit_code, ended.output, text)


class Told:
    def __init__(self, code: int, output: str, text: str) -> None:
        self.code, self.output, self.text, self.document = code, output, text, json.loads(text)

    def rules(self, verdict: str) -> list[str]:
        return [one["rule"] for one in self.document["facts"] if one["verdict"] == verdict]


@pytest.fixture
def account(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Account:
    monkeypatch.setattr(command, "SystemClock", NoWaiting)
    return Account(simulator)


def _allowing(account: Account, **changed: Any) -> Callable[[str], bool]:
    """A person who allows what the opened page asks for, in another thread."""

    def open_(address: str) -> bool:
        state = parse_qs(urlsplit(address).query)["state"][0]
        body = {"domain": account.domain, "client_id": account.client["id"], "state": state, **changed}
        location = account.simulator.control("consent", **body)["location"]

        def visit() -> None:
            httpx.get(f"{account.redirect_uri}favicon.ico", trust_env=False)
            httpx.get(location.replace("localhost", "127.0.0.1"), trust_env=False)

        Thread(target=visit, daemon=True).start()
        return True

    return open_


@pytest.mark.long
@pytest.mark.vendor("cleaning.trash", "cleaning.tasks", "cleaning.files")
def test_the_simulator_is_as_expected_and_nothing_is_left(account: Account) -> None:
    told = account.probe()
    assert (told.code, told.rules("different"), told.rules("not tried")) == (0, [], []), told.output
    assert len(told.rules("as expected")) == len([one for one in fact.FACTS if not one.only_if_asked])
    assert account.shown() == account.at_first
    assert not told.document["left"]
    assert "0 different, 0 not tried" in told.output


@pytest.mark.long
def test_the_planted_differences_are_found_and_no_other(account: Account) -> None:
    with before(account.simulator.url, list(DIFFERENCES.values()), account.stranger()) as gateway:
        told = account.probe(gateway=gateway)
    assert sorted(told.rules("different")) == sorted(DIFFERENCES), told.output
    assert (told.code, told.rules("not tried")) == (1, [])
    assert account.shown() == account.at_first  # nobody else's contact was taken for ours, for all that was said


@pytest.mark.long
@pytest.mark.parametrize("rule", DIFFERENCES)
def test_each_difference_is_found_alone(account: Account, rule: str) -> None:
    with before(account.simulator.url, [DIFFERENCES[rule]], account.stranger()) as gateway:
        assert account.probe(gateway=gateway).rules("different") == [rule]


@pytest.mark.long
@pytest.mark.parametrize(
    ("cents", "seen"),
    [
        ("kept", ("kept", "cents here")),
        ("refused", ("no cents here", "refused: InvalidType, price")),
        ("cut", ("no cents here", "cut")),
    ],
)
def test_33_3_an_account_with_cents_and_both_kinds_without_are_told_apart(
    account: Account, cents: str, seen: tuple[str, str]
) -> None:
    account.simulator.control("change-account", domain=account.domain, cents=cents)
    told = account.probe()
    assert (told.rules("different"), told.rules("not tried")) == ([], []), told.output
    by_rule = {one["rule"]: one["seen"] for one in told.document["facts"]}
    assert (by_rule["leads.cents"], by_rule["leads.no_cents"]) == seen


@pytest.mark.long
def test_33_3_an_account_that_shows_cents_and_keeps_none_is_found(account: Account) -> None:
    with before(account.simulator.url, [cents_are_shown_and_cut], account.stranger()) as gateway:
        assert account.probe(gateway=gateway).rules("different") == ["leads.cents"]


def _as_it_is(body: bytes) -> tuple[bytes, str]:
    return body, "application/x-www-form-urlencoded"


def _as_json(body: bytes) -> tuple[bytes, str]:
    return json.dumps(nested.read(body)).encode(), "application/json"


def _without_its_time(body: bytes) -> tuple[bytes, str]:
    pairs = [one for one in body.split(b"&") if not one.startswith(b"event%5Btime%5D")]
    return b"&".join(pairs), "application/x-www-form-urlencoded"


def _of_another_deal(body: bytes) -> tuple[bytes, str]:
    return body.replace(b"event%5Bdata%5D%5Bid%5D=", b"event%5Bdata%5D%5Bid%5D=9"), "text/plain"


@pytest.mark.long
@pytest.mark.vendor("pipeline.hook")
@pytest.mark.parametrize(
    ("on_the_way", "verdict", "seen"),
    others_long(
        [
            (_as_json, "different", "JSON, an action's: all"),
            (_as_it_is, "as expected", "a form, an action's: all"),
            (_without_its_time, "different", "a form, an action's: all but time"),
            (_of_another_deal, "different", "nothing"),
        ]
    ),
)
def test_33_what_a_stages_action_sends_is_heard_where_a_person_has_placed_it(
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    on_the_way: Callable[[bytes], tuple[bytes, str]],
    verdict: str,
    seen: str,
) -> None:
    monkeypatch.setattr(stage_hook, "SECONDS", 1 if seen == "nothing" else 30)
    statuses = next(iter(account.at_first["pipelines"].values()))["_embedded"]["statuses"]
    status = [one["id"] for one in statuses if one["type"] == 0 and one["id"] not in (142, 143)][-1]
    options = ["--stage", str(status), "--hook-port", str(account.port)]
    with hooks_on_their_way(account.port, on_the_way) as url:
        archive = base64.b64encode(widget.build("glass", url)).decode()
        facts = {"client_id": account.client["id"]}
        assert account.simulator.control("widget", archive=archive, **facts)["refused"] is None
        account.simulator.control("stage-action", domain=account.domain, status=status, key="secret-key", **facts)
        told = account.probe(*options)
    found = {one["rule"]: one for one in told.document["facts"]}["pipeline.hook"]
    assert (found["verdict"], found["seen"]) == (verdict, seen), told.output
    assert told.rules("different") == ([] if verdict == "as expected" else ["pipeline.hook"])
    assert "secret-key" not in told.output


@pytest.mark.long
def test_33_a_stage_that_is_not_there_or_a_port_in_use_is_no_difference(account: Account) -> None:
    statuses = next(iter(account.at_first["pipelines"].values()))["_embedded"]["statuses"]
    with hooks_on_their_way(account.port, _as_it_is) as url:
        in_use = str(urlsplit(url).port)
        for stage, port, why in ((1, account.port, "no such stage"), (statuses[-1]["id"], in_use, "is in use")):
            told = account.probe("--stage", str(stage), "--hook-port", str(port))
            assert (told.rules("not tried"), told.rules("different")) == (["pipeline.hook"], []), told.output
            assert why in told.output


@pytest.mark.long
def test_connecting_tries_the_facts_of_oauth(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", _allowing(account))
    options = ["--connect", "--client-id", account.client["id"], "--client-secret", account.client["secret"]]
    options += ["--redirect-uri", account.redirect_uri, "--form", "--rate"]
    account.simulator.control("limits", per_integration=7, per_account=50)
    told = account.probe(*options, token=False)
    # Nobody waits here, so all that the simulator's limit allows is over at once.
    found = told.rules("as expected")
    assert {"oauth.code", "oauth.refresh_token", "oauth.refresh_kills_access", "oauth.refusals"} <= set(found)
    assert {"oauth.rename", "oauth.form", "http.limit"} <= set(found), told.output
    account.simulator.control("limits", per_integration=10**6, per_account=10**6)
    account.simulator.control("vendor", kills_access=False)
    told = account.probe(*options[:-1], token=False)
    assert told.rules("different") == ["oauth.refresh_kills_access"], told.output
    assert account.client["secret"] not in told.output


@pytest.mark.parametrize(
    ("change", "says"), [({"deny": True}, "access_denied"), ({"secret": "wrong"}, "client_refused")]
)
def test_without_access_it_says_why(
    account: Account, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], says: str
) -> None:
    secret = change.pop("secret", account.client["secret"])
    monkeypatch.setattr(webbrowser, "open", _allowing(account, **change))
    options = ["--connect", "--client-id", account.client["id"], "--client-secret", secret]
    told = account.probe(*options, "--redirect-uri", account.redirect_uri, token=False)
    assert (told.code, says in told.output) == (1, True), told.output
    account.token = "not a token"
    told = account.probe()
    assert (told.code, "does not open with this token: Unauthorized (401)" in told.output) == (1, True)


def test_what_an_account_lacks_is_no_difference(simulator: Simulator, account: Account) -> None:
    simulator.control("change-account", domain=account.domain, may_create_fields=False, may_use_webhooks=False)
    simulator.control("change-account", domain=account.domain, has_filters=False, goods=False)
    simulator.control("change-integration", client_id=account.client["id"], scopes=["crm"])
    account.token, account.at_first = account.new_token(), account.shown()
    told = account.probe()
    assert told.rules("different") == []
    lacking = {"fields.text_length", "fields.emoji", "fields.dates", "fields.types", "catalogs.products", "drive.parts"}
    lacking |= {"drive.filter_name", "drive.members", "events.at_making", "events.tags"}
    assert set(told.rules("not tried")) == lacking | {"files.attach", "notes.attachment"}
    assert account.shown() == account.at_first


@pytest.mark.long
def test_what_cannot_be_removed_is_told_and_the_next_run_finds_it(simulator: Simulator, account: Account) -> None:
    simulator.fault("html", path="/ajax/.*", status=404, times=100)
    told = account.probe()
    assert told.code == 1
    left = {one["what"].split()[0] for one in told.document["left"]}
    assert left == {"lead", "contact", "list"}
    assert "Delete it by hand" in told.output
    simulator.control("no-faults")
    told = account.probe()
    assert (told.code, account.shown() == account.at_first) == (0, True), told.output
    assert "from an earlier run" in told.output


@pytest.mark.long
def test_a_report_tells_nothing_of_the_account(account: Account) -> None:
    told = account.probe()
    people = [str(one["name"]) for one in account.at_first["contacts"].values()]
    secrets = [account.token, account.client["secret"], account.domain.partition(".")[0], "Чужая тайна", "+7000"]
    for text in (told.output, told.text):
        assert not [one for one in [*people, *secrets] if one in text]


@pytest.mark.long
@pytest.mark.parametrize("after", others_long([40, 12, 75]))
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_cut_off_leaves_nothing_for_long(account: Account, how: signal.Signals, after: int) -> None:
    """Ctrl-C removes what was made; what a kill leaves, the next run finds by its marks."""
    account.simulator.control("forget")
    options = ["--domain", account.domain, "--yes", "--gateway", account.simulator.url]
    code = f"""
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from cli.probe import lab
calls = 0
def stopping(self):
    global calls
    calls += 1
    if calls == {after}:
        print("now", flush=True)
        signal.pause()
lab.FixedPace.__call__ = stopping
from cli.probe.command import probe
probe({options!r})
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"PROBE_TOKEN": account.token},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "now\n" in process.stdout
    process.send_signal(how)
    output, _ = process.communicate(timeout=60)
    if how is signal.SIGINT:
        assert (process.returncode, "interrupted" in output) == (1, True), output
    else:
        told = account.probe()
        assert told.code == 0, told.output
    assert account.shown() == account.at_first


def test_every_fact_is_a_rule_of_the_register() -> None:
    rules = {rule.id: rule for rule in register.read()}
    assert {one.rule for one in fact.FACTS} <= set(rules)
    assert sum(rule.is_probed for rule in rules.values()) >= 25
    assert PREFIX == "amocrm-functions-probe"  # what people are told to look for
