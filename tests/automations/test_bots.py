"""Row H4: a bot (Salesbot) that asks, and is answered through its `return_url`."""

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from features.automations.bot_message import MOST_BUTTONS, speech
from tests import documents
from tests.automations.conftest import Office
from tests.bookings.conftest import VISITOR
from tests.bookings.conftest import settings as clinic_settings
from tests.demo import ROOT
from tests.story import calculation
from tests.submitting import order, submit


@pytest.mark.vendor("salesbot.request", "salesbot.token", "salesbot.continue", "salesbot.manifest")
def test_a_bot_is_told_of_its_deal_at_once(office: Office) -> None:
    story = office.story
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
    assert story.crm("save_calculation", headers, calculation()).status == 200
    waiting = office.ask("{contact.name}, ваш расчёт: {calculation.total}.\nЗаказ {deal.name}")
    assert [one["status"] for one in office.sent()] == [200]
    bot = office.bot(waiting)
    assert not bot["waits"]
    assert bot["data"]["status"] == "success"
    assert bot["data"]["deal_id"] == str(story.lead_id)
    assert bot["said"][0].endswith("ваш расчёт: 17\u202f999,99 ₽.")
    assert len(bot["said"]) == 2
    described = documents.example("automations.md", "calculation_total")
    assert set(bot["data"]) == set(described["data"])


def test_33_3_a_bot_is_told_the_budget_with_its_cents(office: Office) -> None:
    story = office.story
    story.simulator.control("change-account", domain=story.domain, cents="kept")
    story.simulator.control("person", domain=story.domain, kind="leads", id=story.lead_id, fields={"price": 2699.8})
    bot = office.bot(office.ask("{deal.price}"))
    assert bot["said"] == ["2\u202f699,80"]
    assert bot["data"]["deal_price"] == "2\u202f699,80"


def test_a_bot_that_only_wants_values_says_nothing(office: Office) -> None:
    bot = office.bot(office.ask())
    assert (bot["said"], bot["waits"]) == ([], False)
    assert bot["data"]["contact_phone"].startswith("+7")


@pytest.mark.parametrize("kind", ["reset_before", "reset_after", "status"])
def test_a_lost_answer_is_given_again_and_only_once(office: Office, kind: str) -> None:
    office.story.simulator.fault(kind, path="/api/v4/salesbot/.*", method="POST")
    waiting = office.ask("{deal.price}")
    assert office.sent()[0]["status"] == 200  # amoCRM is told that we know
    office.run(seconds=120)
    office.run(seconds=300)
    office.run(seconds=600)
    assert len(office.bot(waiting)["said"]) == 1
    assert len(office.story.simulator.effects("bot.continued")) == 1
    states = office.story.sql("SELECT state FROM amocrm_deliveries WHERE action = 'answer_bot'")
    assert states == [("delivered",)]


@pytest.mark.vendor("salesbot.refused")
def test_a_bot_that_does_not_wait_yet_is_answered_later(office: Office) -> None:
    path = "/api/v4/salesbot/.*"
    office.story.simulator.fault("status", status=404, path=path, method="POST")
    waiting = office.ask("{deal.price}")
    assert office.bot(waiting)["waits"]
    office.run(seconds=120)
    assert not office.bot(waiting)["waits"]


def test_a_bot_that_has_gone_on_is_left_alone(office: Office) -> None:
    office.story.simulator.fault("status", status=404, path="/api/v4/salesbot/.*", method="POST", times=100)
    office.ask("{deal.price}")
    for _ in range(4):
        office.run(seconds=600)
    states = office.story.sql("SELECT state, attempts FROM amocrm_deliveries WHERE action = 'answer_bot'")
    assert states == [("delivered", 3)]
    office.story.simulator.control("no-faults")


@pytest.mark.long
@pytest.mark.parametrize(("status", "code"), [(403, "amocrm_forbidden"), (402, "amocrm_unpaid")])
@pytest.mark.parametrize("path", ["/api/v4/salesbot/.*", "/api/v4/leads/.*"], ids=["the answer", "the deal"])
def test_30_a_question_that_amocrm_refuses_for_want_of_a_right_or_of_payment_ends_at_once_and_is_told(
    office: Office, path: str, status: int, code: str
) -> None:
    """It was tried for two days; whoever talks to the bot has gone long before."""
    body = {"status": status, "body": '{"title": "no"}'}
    office.story.simulator.fault("status", path=path, times=100, **body)
    waiting = office.ask("{deal.price}")
    office.run(seconds=600)
    ended = office.story.sql("SELECT state, problem_code FROM amocrm_deliveries WHERE action = 'answer_bot'")
    assert ended == [("dead", code)]
    assert office.story.events().count("delivery.dead") == 1
    office.story.simulator.control("no-faults")
    assert office.bot(waiting)["waits"]


def test_a_question_that_could_not_be_answered_for_hours_is_left_and_told(office: Office) -> None:
    """The bot waits on, and would say to the client what was of use then."""
    office.story.simulator.fault("status", path="/api/v4/leads/.*", status=503, times=100)
    waiting = office.ask("{deal.price}")
    office.run(seconds=600)
    office.story.simulator.control("no-faults")
    office.run(seconds=4000)
    ended = office.story.sql("SELECT state, problem_code FROM amocrm_deliveries WHERE action = 'answer_bot'")
    assert (ended, office.bot(waiting)["said"]) == ([("dead", "bot_too_late")], [])
    assert office.story.events().count("delivery.dead") == 1


def test_the_same_request_again_is_the_same_question(office: Office) -> None:
    waiting = office.ask("{deal.price}")
    sent = office.sent()[0]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answers = [httpx.post(sent["url"], content=sent["body"], headers=headers) for _ in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert office.story.sql("SELECT state FROM amocrm_deliveries WHERE action = 'answer_bot'") == [("delivered",)]
    assert len(office.bot(waiting)["said"]) == 1


def _held(office: Office, text: str = "") -> tuple[str, dict[str, str], str]:
    """A request that the test sends itself: address, fields, and the id under which the bot waits."""
    story = office.story
    facts = {"domain": story.domain, "client_id": story.client_id, "lead": story.lead_id}
    made = story.simulator.control("ask-bot", text=text, hold=True, **facts)
    return made["url"], dict(parse_qsl(made["form"])), made["id"]


@pytest.mark.long
def test_json_is_taken_as_well(office: Office) -> None:
    url, fields, waiting = _held(office)
    body = {"token": fields["token"], "return_url": fields["return_url"], "data": {"text": "{deal.price}"}}
    assert httpx.post(url, json=body).status_code == 200
    assert len(office.bot(waiting)["said"]) == 1


def _signed(
    office: Office, fields: dict[str, str], *, key: str | None = None, alg: str = "HS512", **claims: Any
) -> str:
    known = jwt.decode(fields["token"], options={"verify_signature": False})
    changed = {name: value for name, value in (known | claims).items() if value is not None}
    return jwt.encode(changed, office.story.secret if key is None else key, algorithm=alg)


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"key": "another secret, long enough for the algorithm, which wants sixty-four bytes"}, 401),
        ({"alg": "HS256"}, 401),
        ({"alg": "none", "key": ""}, 401),
        ({"aud": "https://other.example"}, 401),
        ({"iss": "https://other.amocrm.ru"}, 401),
        ({"exp": 1}, 401),
        ({"client_uuid": "nobody"}, 401),
        ({"account_id": 5}, 401),
        ({"entity_type": "12"}, 401),
        ({"entity_id": "x"}, 401),
        ({"jti": None}, 401),
        ({"jti": ""}, 401),
        ({"jti": "x" * 201}, 401),
        ({"jti": "x" * 200}, 200),
        ({"jti": "x"}, 200),
        ({}, 200),
    ],
)
def test_only_a_bot_of_the_account_is_answered(office: Office, changed: dict[str, Any], status: int) -> None:
    url, fields, waiting = _held(office)
    fields["token"] = _signed(office, fields, **changed)
    assert httpx.post(url, data=fields).status_code == status
    assert office.bot(waiting)["waits"] is (status != 200)


def test_a_bots_token_is_for_the_redirect_uris_place_or_for_the_address_that_it_asks(office: Office) -> None:
    """With the port, or without it as amoCRM's own client expects."""
    own, redirect = urlsplit(office.ingress.url), urlsplit(office.story.row_redirect())
    for place in (
        f"{redirect.scheme}://{redirect.hostname}",
        f"{own.scheme}://{own.hostname}",
        f"{own.scheme}://{own.netloc}",
    ):
        url, fields, waiting = _held(office)
        fields["token"] = _signed(office, fields, aud=place)
        assert httpx.post(url, data=fields).status_code == 200, place
        assert not office.bot(waiting)["waits"]


@pytest.mark.parametrize(
    "return_url",
    [
        "https://evil.example/api/v4/salesbot/1/continue/2",
        "https://{domain}.evil.example/api/v4/salesbot/1/continue/2",
        "http://{domain}/api/v4/salesbot/1/continue/2",
        "https://user@{domain}/api/v4/salesbot/1/continue/2",
        "https://{domain}:444/api/v4/salesbot/1/continue/2",
        "https://{domain}/api/v4/leads",
        "https://{domain}/api/v4/salesbot/1/continue/2/../../../../leads",
        "https://{domain}/api/v4/salesbot/1/continue/2?x=1",
        "https://[",
        "",
    ],
)
def test_the_accounts_token_goes_nowhere_else(office: Office, return_url: str) -> None:
    url, fields, waiting = _held(office)
    fields["return_url"] = return_url.replace("{domain}", office.story.domain)
    assert httpx.post(url, data=fields).status_code in (403, 422)
    assert office.bot(waiting)["waits"]


@pytest.mark.parametrize("body", [b"", b"[]", b"token=x", b"&" * 5000, b"{" * 5000, b"\xff" * 100, b"x" * 100_001])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded"])
def test_bodies_that_are_no_questions_are_refused(office: Office, body: bytes, kind: str) -> None:
    answer = httpx.post(f"{office.ingress.url}/answer_bot", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (401, 413, 422)


def test_a_bot_that_talks_with_a_contact_is_told_of_the_contact(office: Office) -> None:
    url, fields, waiting = _held(office)
    contact = next(iter(office.account()["contacts"].values()))
    fields["token"] = _signed(office, fields, entity_type="1", entity_id=contact["id"])
    fields["data[text]"] = "{contact.name}{deal.name}"
    assert httpx.post(url, data=fields).status_code == 200
    assert office.bot(waiting)["said"] == [contact["name"]]


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", []),
        ("  \n ", []),
        ("a" * 81, ["a" * 80, "a"]),
        (" ".join(["слово"] * 20), [" ".join(["слово"] * 13), " ".join(["слово"] * 7)]),
        ("\n".join("x" * 10), ["x"] * 10),
    ],
)
def test_what_a_bot_shows_fits(text: str, pieces: list[str]) -> None:
    assert [one["value"] for one in speech(text, {}).shown] == pieces[:10]


def _answered(office: Office, text: str) -> Any:
    """The bot after its answer, which comes later where many have asked within a second."""
    waiting = office.ask(text)
    if office.bot(waiting)["waits"]:
        office.run(seconds=120)
    return office.bot(waiting)


@pytest.mark.vendor("salesbot.buttons")
def test_a_line_of_a_bots_text_has_buttons_of_its_own(office: Office) -> None:
    """33-2: labels, which a client answers by, and addresses, which open."""
    waiting = office.ask(
        "Здравствуйте, {contact.name}!\n"
        "Ваш расчёт: {deal.price} | Согласен | Позвоните мне на {contact.phone}\n"
        "Подробнее | https://example.org/deals?name={deal.name}&id={deal.id}"
    )
    hello, sum_, more = office.bot(waiting)["shown"]
    contact = next(iter(office.account()["contacts"].values()))
    assert hello == {"type": "text", "value": f"Здравствуйте, {contact['name']}!"}
    assert (sum_["type"], sum_["buttons"][0]) == ("buttons", "Согласен")
    assert sum_["buttons"][1].startswith("Позвоните мне на +7")
    (address,) = more["buttons"]
    assert (more["type"], more["value"]) == ("buttons_url", "Подробнее")
    assert dict(parse_qsl(urlsplit(address).query)) == {
        "name": office.lead()["name"],
        "id": str(office.story.lead_id),
    }


def test_the_documents_example_of_buttons_is_what_is_sent() -> None:
    (template,) = [one.text for one in documents.blocks(ROOT / "docs" / "automations.md") if one.kind == "text"]
    values = {"calculation.total": "17,999.99 ₽", "contact.phone": "+7 912 345-67-89", "deal.id": "17"}
    described = documents.example("automations.md", "buttons_url")["execute_handlers"]
    assert speech(template, values).shown == [one["params"] for one in described]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("A | B | https://c.example", [("buttons_url", "A", ["https://c.example"]), ("buttons", "A", ["B"])]),
        ("A\n| B", [("buttons", "A", ["B"])]),
        ("| B", [("buttons", "…", ["B"])]),
        ("A | B\n| C", [("buttons", "A", ["B"]), ("buttons", "…", ["C"])]),
        ("A | {none} | ", [("text", "A", [])]),
        ("{bar}", [("text", "x | y", [])]),
        ("A | {bar}", [("buttons", "A", ["x | y"])]),
        ("A | https://c.example/{bar}", [("buttons_url", "A", ["https://c.example/x%20%7C%20y"])]),
        ("{lines} | B", [("text", "one", []), ("buttons", "two", ["B"])]),
        (f"{'a' * 81} | B", [("text", "a" * 80, []), ("buttons", "a", ["B"])]),
        ("|||", []),
    ],
)
def test_buttons_stand_under_the_text_before_them(text: str, shown: list[Any]) -> None:
    """33-2: a value with a bar or with lines makes no button, and a label without anything in it is none."""
    told = speech(text, {"bar": "x | y", "lines": "one\ntwo"})
    assert [(one["type"], one["value"], one.get("buttons", [])) for one in told.shown] == shown
    assert (told.text_cut, told.buttons_cut) == (False, False)


def test_buttons_that_amocrm_does_not_show_are_told(office: Office) -> None:
    """33-2: 25 in all of an answer; the vendor refuses all of it where there are more."""
    labels = [f"Кнопка {number}" for number in range(20)]
    bot = _answered(office, "\n".join(["Первые | " + " | ".join(labels), "Ещё | " + " | ".join(labels)]))
    assert not bot["waits"]
    assert [len(one["buttons"]) for one in bot["shown"]] == [20, MOST_BUTTONS - 20]
    assert office.story.events().count("automation.buttons_cut") == 1
    whole = _answered(office, "Столько | " + " | ".join(["да"] * MOST_BUTTONS))
    assert len(whole["shown"][0]["buttons"]) == MOST_BUTTONS
    long = _answered(office, f"Длинная | {'я' * 81}")
    assert long["shown"][0]["buttons"] == [f"{'я' * 79}…"]
    assert office.story.events().count("automation.buttons_cut") == 2


def test_what_amocrm_does_not_let_a_bot_say_is_told_in_its_words(office: Office) -> None:
    """33-2: it was called a bot that waits no more, and tried three times."""
    body = {"validation-errors": [{"errors": [{"code": "TooLong", "path": "execute_handlers.0", "detail": "x"}]}]}
    refusal = {"status": 400, "body": json.dumps(body)}
    office.story.simulator.fault("status", path="/api/v4/salesbot/.*", method="POST", **refusal)
    office.ask("{deal.price}")
    ((delivery,),) = office.story.sql("SELECT id::text FROM amocrm_deliveries WHERE action = 'answer_bot'")
    told = office.story.delivery(delivery)
    assert (told["state"], told["attempts"]) == ("delivered", 1)
    assert told["results"]["answer"]["skipped"].endswith("execute_handlers.0: TooLong")
    # A person whom the bot leaves without a word is nothing that only a delivery's page should tell.
    assert office.story.events().count("automation.bot_refused") == 1


def test_what_a_bot_cannot_show_is_told(office: Office) -> None:
    """30-K: amoCRM shows ten texts; what came after them was left out, and nobody knew."""
    waiting = office.ask("\n".join(f"Строка {number}" for number in range(12)))
    said = office.bot(waiting)["said"]
    assert (len(said), said[-1]) == (10, "Строка 9 …")
    assert office.has_told("automation.text_cut")
    ((delivery,),) = office.story.sql("SELECT id::text FROM amocrm_deliveries WHERE action = 'answer_bot'")
    story = office.story.delivery(delivery)["story"]
    assert [(one["kind"], one["code"]) for one in story if one["kind"] == "warned"] == [("warned", "text_cut")]
    whole = office.ask("\n".join(f"Строка {number}" for number in range(10)))
    assert office.bot(whole)["said"][-1] == "Строка 9"
    assert office.story.events().count("automation.text_cut") == 1


@pytest.mark.long
def test_the_end_of_a_text_that_is_too_long_to_be_kept_is_told(office: Office) -> None:
    """33-2: what came after 4,000 letters was left out, a link in the middle; nobody knew."""
    link = f"https://example.org/{'a' * 1000}"
    bot = _answered(office, "\n".join(f"Строка {number} | {link}{number}" for number in range(8)))
    assert [one["buttons"] for one in bot["shown"]] == [[f"{link}{number}"] for number in range(8)]
    assert "automation.text_cut" not in office.story.events()
    bot = _answered(office, "Первая\n" + "\n" * 25_000 + "Последняя")
    assert bot["said"] == ["Первая"]
    assert office.has_told("automation.text_cut")


def test_the_sum_of_a_calculation_is_told_however_much_has_happened_since(office: Office) -> None:
    """30-K: only the newest twenty writes of the deal were looked at; after them the client read no sum."""
    story = office.story
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
    assert story.crm("save_calculation", headers, calculation()).status == 200
    story.sql(
        "INSERT INTO amocrm_deliveries (id, integration_id, lead_id, action, idempotency_key, request_hash, state,"
        " steps, story, summary, finished_at) SELECT gen_random_uuid(), integration_id, lead_id, 'answer_bot',"
        " 'n' || n, request_hash, 'delivered', '{}', '[]', '{}', amocrm_now()"
        " FROM amocrm_deliveries, generate_series(1, 30) AS n"
    )
    assert office.bot(office.ask("{calculation.total}"))["said"] == ["17\u202f999,99 ₽"]


def test_38_the_sum_of_an_order_is_told_in_the_deal_that_it_has_made(office: Office) -> None:
    """Its delivery names no deal, as there was none when it was accepted: the client read no sum."""
    lead_id = submit(office.story, order(currency="RUB"), "submit_order")["lead"]["lead_id"]
    assert office.bot(office.ask("{calculation.total}", lead=lead_id))["said"] == ["39\u202f700 ₽"]


@pytest.mark.long
def test_38_a_visits_price_is_not_the_sum_of_the_calculation(office: Office) -> None:
    """A visit that is booked or moved in the deal tells its price, too, and is newer: the client read that."""
    story = office.story
    assert story.crm("save_settings", story.admin(), clinic_settings()).status == 200
    headers = story.application() | {"X-Lead-Id": str(story.lead_id)}
    assert story.crm("save_calculation", headers, calculation()).status == 200
    day = (story.clock.now() + timedelta(days=2)).date()
    day += timedelta(days=-day.weekday() % 7)  # a Monday
    visit = {"service": "consult", "starts_at": f"{day}T10:00:00+03:00", "visitor": VISITOR}
    booked = story.crm("book", headers, visit)
    assert booked.status == 200, booked.body.decode()
    assert office.bot(office.ask("{calculation.total}"))["said"] == ["17\u202f999,99 ₽"]
