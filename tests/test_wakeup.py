"""Waking `run_deliveries`: by SQS (moto), by queue and timer events of each cloud; the timer is enough."""

import json
import socket
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from moto import mock_aws

from functions.run_deliveries.run import run as run_deliveries
from shared.deliveries import wakeup
from shared.platform.adapters import schedule
from shared.platform.config import load
from shared.runtime import Runtime
from tests.story import Story, calculation, json_of
from tests.submitting import form, set_up

# AWS, "Using Lambda with Amazon SQS"; Yandex's QueueMessage from `@yandex-cloud/function-types`
SQS_EVENT = {
    "Records": [{"messageId": "1", "body": '{"delivery_id": "x"}', "eventSource": "aws:sqs", "attributes": {}}]
}
YMQ_EVENT = {
    "messages": [
        {
            "event_metadata": {"event_type": "yandex.cloud.events.messagequeue.QueueMessage", "event_id": "1"},
            "details": {"queue_id": "q", "message": {"message_id": "1", "body": "{}"}},
        }
    ]
}


@pytest.fixture
def sqs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        import boto3

        yield boto3.client("sqs")


def _queued(story: Story, environment: dict[str, str], queue_url: str) -> Story:
    settings = load(environment | {"DELIVERIES_QUEUE_URL": queue_url})
    return Story(**{**story.__dict__, "runtime": Runtime.build(settings, story.clock)})


def _defer(story: Story) -> str:
    story.simulator.fault("status", status=500, path="/api/v4/leads/.*/notes")
    headers = story.widget() | {"X-Lead-Id": str(story.lead_id)}
    return str(json_of(story.crm("save_calculation", headers, calculation()))["delivery_id"])


def test_a_deferred_delivery_sends_a_message_for_the_moment_it_is_due(
    connected: Story, environment: dict[str, str], sqs: Any
) -> None:
    url = sqs.create_queue(QueueName="deliveries")["QueueUrl"]
    story = _queued(connected, environment, url)
    delivery_id = _defer(story)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)  # delayed
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert waiting["ApproximateNumberOfMessagesDelayed"] == "1"
    assert story.delivery(delivery_id)["state"] == "accepted"
    story.runtime.close()


@pytest.mark.long
def test_a_queue_that_fails_harms_nothing(connected: Story, environment: dict[str, str], sqs: Any) -> None:
    story = _queued(connected, environment, "https://sqs.eu-central-1.amazonaws.com/1/nowhere")
    _defer(story)
    connected.clock.advance(minutes=2)
    assert run_deliveries(story.runtime, 20)["delivered"] == 1
    story.runtime.close()


@pytest.mark.long
def test_a_queue_that_never_answers_keeps_nobody_waiting_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """The delivery is in the database, and the timer comes: nobody is ended by the platform for a wake-up."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-central-1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        began = time.monotonic()
        wakeup.Sqs(f"{address}/1/deliveries", address).at(uuid4(), 60)
    assert time.monotonic() - began < 15  # boto3 is imported in it; its own limits are a minute, five times


@pytest.mark.parametrize("event", [SQS_EVENT, YMQ_EVENT])
def test_a_message_runs_what_is_due_and_comes_again_when_the_database_is_away(
    connected: Story, environment: dict[str, str], event: dict[str, Any]
) -> None:
    _defer(connected)
    connected.clock.advance(minutes=2)
    function = schedule.aws_function(lambda seconds: run_deliveries(connected.runtime, seconds), 20, 5)
    assert function(event, object())["delivered"] == 1
    lost = Runtime.build(load(environment | {"DATABASE_URL": "postgresql://x@127.0.0.1:9/x"}), connected.clock)
    away = schedule.aws_function(lambda seconds: run_deliveries(lost, seconds), 20, 5)
    with pytest.raises(RuntimeError, match="given again"):
        away(event, object())
    assert away({"source": "aws.events"}, object())["failed"] == {"database_unavailable": 1}  # a timer comes anyway


def test_a_message_tells_no_more_than_an_id(connected: Story, environment: dict[str, str], sqs: Any) -> None:
    url = sqs.create_queue(QueueName="deliveries")["QueueUrl"]
    story = _queued(connected, environment, url)
    sent: list[dict[str, Any]] = []
    story.runtime.delivering.wakeup.at(connected.row().id, 0)
    for message in sqs.receive_message(QueueUrl=url)["Messages"]:
        sent.append(json.loads(message["Body"]))
    assert sent == [{"delivery_id": str(connected.row().id)}]
    story.runtime.close()


def test_accounts_take_turns(connected: Story) -> None:
    """An account with many due deliveries does not keep another one waiting."""
    from shared.deliveries import rows as deliveries

    connected.simulator.fault("status", status=500, path="/api/v4/leads/.*/notes", times=100)
    headers = connected.application() | {"X-Lead-Id": str(connected.lead_id)}
    for number in range(6):
        connected.clock.advance(seconds=2)
        connected.crm("save_calculation", headers, calculation(number=str(number)))
    first = connected.row().id
    other = connected.simulator.control("account", subdomain=f"{connected.domain.split('.')[0]}t")
    connected.callback(connected.allow(None, domain=other["domain"]))
    late = Story(**{**connected.__dict__, "domain": other["domain"], "lead_id": other["leads"][0]})
    late_headers = late.application() | {"X-Lead-Id": str(late.lead_id)}
    late.crm("save_calculation", late_headers, calculation())
    connected.clock.advance(minutes=3)
    claimed = deliveries.claim_due(connected.runtime.database, 3)
    assert sorted(row.integration_id == first for row in claimed) == [False, True, True]
    rest = deliveries.claim_due(connected.runtime.database, 10)
    assert len(rest) == 4
    assert deliveries.claim_due(connected.runtime.database, 10) == []


@pytest.mark.parametrize("broken", ["no boto3", "no region"])
def test_30_k_a_wake_up_that_cannot_be_sent_ends_nothing(
    connected: Story, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    """30-K: boto3 is part of Lambda's runtime and of no other. What is accepted was told as 500, and a run that had
    deferred a delivery told of what nobody foresaw."""
    settings = {"DELIVERIES_QUEUE_URL": "https://queue.example/1/deliveries"}
    if broken == "no boto3":
        monkeypatch.setitem(sys.modules, "boto3", None)
    set_up(connected, queue=True)
    story = Story(**{**connected.__dict__, "runtime": Runtime.build(load(environment | settings), connected.clock)})
    answer = story.crm("submit_form", story.application(), form())
    assert (answer.status, json_of(answer)["state"]) == (202, "accepted"), answer.body
    assert run_deliveries(story.runtime, 20)["delivered"] == 1
    story.runtime.close()
