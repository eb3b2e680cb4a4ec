"""33-2: an automation that starts a bot (Salesbot) of the account, once at most."""

from typing import Any

import httpx
import pytest

from shared.amocrm.bots import BotsApi
from tests.automations.conftest import Office
from tests.story import json_of

_PATH = "/api/v4/bots/.*/run"


def _bot(office: Office) -> int:
    return int(next(iter(office.account()["salesbots"])))


def _moved(office: Office, bot_id: int | None = None) -> None:
    """The deal comes to a stage whose automation starts the bot."""
    key = office.save({"kind": "bot", "bot_id": bot_id or _bot(office)})["key"]
    office.move(office.at_stage(key))


def _delivery(office: Office) -> Any:
    ((delivery,),) = office.story.sql("SELECT id::text FROM amocrm_deliveries WHERE action = 'run_automation'")
    return office.story.delivery(delivery)


@pytest.mark.vendor("bots.run")
def test_a_stage_starts_a_bot_in_the_deals_conversation(office: Office) -> None:
    _moved(office)
    assert office.run()["delivered"] == 1
    (started,) = office.account()["started_bots"]
    assert (started["bot_id"], started["entity_type"]) == (_bot(office), "leads")
    assert started["entity_id"] == office.story.lead_id
    assert _delivery(office)["results"] == {"bot": {"bot_id": _bot(office)}}
    deal = f"{office.story.simulator.url}/at/{office.story.domain}/leads/detail/{office.story.lead_id}"
    assert "Запущен бот: Согласование расчёта" in httpx.get(f"{deal}/feed").text
    assert "Напоминание о замере" in httpx.get(deal).text


@pytest.mark.vendor("bots.list")
def test_bots_are_chosen_from_those_that_amocrm_tells_of(office: Office) -> None:
    made = office.story.simulator.control("add", domain=office.story.domain, bot={"name": "Спит", "is_active": False})
    shown = json_of(office.story.crm("get_bots", office.story.admin()))["bots"]
    assert [(one["name"], one["is_active"]) for one in shown] == [
        ("Согласование расчёта", True),
        ("Напоминание о замере", True),
        ("Спит", False),
    ]
    assert shown[-1]["id"] == made["bot"]["id"]
    (one,) = [office.save({"kind": "bot", "bot_id": shown[0]["id"]})]
    assert "bot" in json_of(office.story.crm("get_automations", office.story.admin()))["kinds"]
    assert office.listed()[0]["work"] == {"kind": "bot", "bot_id": shown[0]["id"]}
    assert one["secret"] is None


@pytest.mark.parametrize("bot_id", [0, -1, "x", None, 2**63, 1.5])
def test_a_bot_is_named_by_its_number(office: Office, bot_id: Any) -> None:
    body = {"name": "Бот", "work": {"kind": "bot", "bot_id": bot_id}}
    assert office.story.crm("save_automation", office.story.admin(), body).status == 422


@pytest.mark.parametrize("kind", ["reset_after", "truncate"])
def test_a_bot_whose_answer_was_lost_is_not_started_again_and_that_is_told(office: Office, kind: str) -> None:
    """amoCRM knows no repetition: the client would be written to twice."""
    office.story.simulator.fault(kind, path=_PATH, method="POST")
    _moved(office)
    for seconds in (0, 120, 300):
        office.run(seconds=seconds)
    assert len(office.account()["started_bots"]) <= 1
    told = _delivery(office)
    assert told["state"] == "delivered"
    assert "not started a second time" in told["results"]["bot"]["skipped"]
    assert office.story.events().count("automation.bot_unknown") == 1


def test_a_process_that_died_between_the_start_and_its_record_starts_nothing_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = BotsApi.run

    def killed(self: BotsApi, bot_id: int, lead_id: int) -> None:
        run(self, bot_id, lead_id)
        raise SystemExit("killed")

    _moved(office)
    with monkeypatch.context() as patched:
        patched.setattr(BotsApi, "run", killed)
        with pytest.raises(SystemExit):
            office.run()
    office.run(seconds=600)
    assert len(office.account()["started_bots"]) == 1
    assert "skipped" in _delivery(office)["results"]["bot"]


@pytest.mark.parametrize("fault", [{"status": 503}, {"status": 429}, {"status": 401}])
def test_a_start_that_amocrm_did_not_take_is_tried_again(office: Office, fault: dict[str, Any]) -> None:
    _moved(office)
    office.story.simulator.fault("status", path=_PATH, method="POST", times=2, **fault)
    for seconds in (0, 120, 300):
        office.run(seconds=seconds)
    assert _delivery(office)["results"] == {"bot": {"bot_id": _bot(office)}}
    assert len(office.account()["started_bots"]) == 1


@pytest.mark.parametrize(
    ("status", "state", "code"),
    [
        (404, "dead", "amocrm_not_found"),
        (400, "dead", "amocrm_refused_input"),
        (403, "dead", "amocrm_forbidden"),
        (402, "dead", "amocrm_unpaid"),
    ],
)
def test_what_amocrm_refuses_is_told(office: Office, status: int, state: str, code: str) -> None:
    """A bot that was deleted; who has connected the account may not start bots, or nobody pays for it (38): at once,
    for a bot that speaks to the client two days later is worse than none."""
    body = {"status": status, "body": '{"title": "no"}'}
    office.story.simulator.fault("status", path=_PATH, method="POST", times=10, **body)
    _moved(office)
    office.run()
    told = _delivery(office)
    assert (told["state"], told["problem"]["code"]) == (state, code)
    assert office.story.events().count("delivery.dead") == 1


def test_38_a_bot_that_was_refused_is_started_when_somebody_takes_it_up_again(office: Office) -> None:
    office.story.simulator.fault("status", path=_PATH, method="POST", times=1, status=403, body='{"title": "no"}')
    _moved(office)
    office.run()
    delivery = _delivery(office)
    body = {"ids": [delivery["delivery_id"]]}
    assert office.story.crm("retry_delivery", office.story.admin(), body).status == 202
    office.run()
    assert _delivery(office)["results"] == {"bot": {"bot_id": _bot(office)}}
    assert len(office.account()["started_bots"]) == 1


def test_a_bot_does_not_speak_out_of_nowhere(office: Office) -> None:
    """What waited for a new consent went on up to two and a half days later; now a person says whether it is to."""
    story = office.story
    story.sql("UPDATE amocrm_integrations SET status = 'reauth_required', access_expires_at = amocrm_now()")
    _moved(office)
    office.run()
    office.run(seconds=2 * 86400)
    assert story.callback(story.allow(story.begin_consent())).status == 200
    office.run(seconds=2 * 3600)
    told = _delivery(office)
    assert (told["state"], told["problem"]["code"], office.account()["started_bots"]) == ("dead", "bot_too_late", [])
    assert story.events().count("delivery.dead") == 1
    body = {"ids": [told["delivery_id"]]}
    assert story.crm("retry_delivery", story.admin(), body).status == 202
    office.run()
    assert _delivery(office)["results"] == {"bot": {"bot_id": _bot(office)}}
    assert len(office.account()["started_bots"]) == 1


def test_a_bot_that_is_not_there_ends_the_delivery(office: Office) -> None:
    _moved(office, bot_id=5)
    office.run()
    assert (_delivery(office)["state"], office.account()["started_bots"]) == ("dead", [])


@pytest.mark.vendor("bots.run")
def test_the_simulator_refuses_what_amocrm_refuses(office: Office) -> None:
    """A kind of entity as a number is 400, and the older path is none."""
    story = office.story
    row = story.row()

    def asked(path: str, body: Any) -> int:
        def send(api: Any) -> int:
            try:
                api.send("POST", path, json=body)
            except Exception as error:  # noqa: BLE001
                return int(getattr(error, "status", 0))
            return 200

        return int(story.runtime.connections.call(row, send))

    path, lead = f"/bots/{_bot(office)}/run", {"entity_id": story.lead_id}
    assert asked(path, lead | {"entity_type": 2}) == 400
    assert asked(path, lead | {"entity_type": "customers"}) == 400
    assert asked(path, {"entity_type": "leads"}) == 400
    assert asked("/salesbot/run", [lead | {"bot_id": _bot(office), "entity_type": 2}]) == 404
    assert asked(path, lead | {"entity_type": "leads"}) == 202
