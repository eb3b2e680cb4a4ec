"""An account whose stages and bots call `crm_api` over HTTP, with the widget's archive uploaded."""

import base64
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from cli import widget
from functions.crm_api.handler import handle as crm_api
from functions.run_deliveries.run import run as run_deliveries
from tests.listener import Ingress, Webhook
from tests.story import Story, json_of


@dataclass
class Office:
    """The story of an account, and the company's own server."""

    story: Story
    ingress: Ingress
    consumer: Webhook

    def save(self, work: dict[str, Any], **more: Any) -> Any:
        """A new automation: `{id, key, secret}`."""
        answer = self.story.crm("save_automation", self.story.admin(), {"name": "При замере", "work": work} | more)
        assert answer.status == 201, answer.body.decode()
        return json_of(answer)

    def listed(self) -> list[Any]:
        found: list[Any] = json_of(self.story.crm("get_automations", self.story.admin()))["automations"]
        return found

    def account(self) -> Any:
        return self.story.simulator.control("show", domain=self.story.domain)

    def lead(self) -> Any:
        return self.account()["leads"][str(self.story.lead_id)]

    def other_stage(self) -> int:
        lead = self.lead()
        statuses = self.account()["pipelines"][str(lead["pipeline_id"])]["_embedded"]["statuses"]
        return int(
            next(one["id"] for one in statuses if one["type"] == 0 and one["id"] not in (lead["status_id"], 142, 143))
        )

    def at_stage(self, key: str) -> int:
        """The stage to which the automation was added."""
        status = self.other_stage()
        facts = {"domain": self.story.domain, "client_id": self.story.client_id}
        self.story.simulator.control("stage-action", status=status, key=key, **facts)
        return status

    def move(self, status: int) -> None:
        """Somebody moves the deal; returns when its hook was answered."""
        before = len(self.sent())
        fields = {"status_id": status}
        facts = {"domain": self.story.domain, "kind": "leads", "id": self.story.lead_id}
        self.story.simulator.control("person", fields=fields, **facts)
        self._wait_for(before + 1)

    def ask(self, text: str = "", lead: int | None = None) -> str:
        before = len(self.sent())
        facts = {"domain": self.story.domain, "client_id": self.story.client_id, "lead": lead or self.story.lead_id}
        waiting: str = self.story.simulator.control("ask-bot", text=text, **facts)["id"]
        self._wait_for(before + 1)
        return waiting

    def bot(self, waiting: str) -> Any:
        return self.account()["bots"][waiting]

    def sent(self) -> list[Any]:
        """What stages and bots have sent to this story's address."""
        found = self.story.simulator.control("sent-once")["sent"]
        return [one for one in found if one["url"].startswith(self.ingress.url)]

    def has_told(self, kind: str) -> bool:
        """Whether the log has it: the bot goes on before its function has ended."""
        deadline = time.monotonic() + 5
        while kind not in self.story.events() and time.monotonic() < deadline:
            time.sleep(0.01)
        return kind in self.story.events()

    def run(self, seconds: float = 0) -> Any:
        self.story.clock.advance(seconds=seconds)
        return run_deliveries(self.story.runtime, 20)

    def _wait_for(self, count: int) -> None:
        deadline = time.monotonic() + 5
        while len(self.sent()) < count:
            assert time.monotonic() < deadline, "nothing was sent"
            time.sleep(0.01)


@pytest.fixture
def ingress() -> Iterator[Ingress]:
    made = Ingress(crm_api, "crm_api")
    yield made
    made.close()


@pytest.fixture
def consumer() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.fixture
def environment(environment: dict[str, str], ingress: Ingress, consumer: Webhook) -> dict[str, str]:
    return environment | {"CRM_API_URL": ingress.url, "ENDPOINT_PRIVATE_HOSTS": consumer.host}


@pytest.fixture
def office(story: Story, ingress: Ingress, consumer: Webhook) -> Office:
    ingress.runtime = story.runtime
    archive = base64.b64encode(widget.build("glass", ingress.url)).decode()
    taken = story.simulator.control("widget", client_id=story.client_id, archive=archive)
    assert taken["refused"] is None, taken
    return Office(story, ingress, consumer)
