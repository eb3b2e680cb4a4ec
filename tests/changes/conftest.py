"""An account whose changes are told: amoCRM's webhooks reach `amocrm_events` over HTTP, and a consumer listens."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from features.changes import scheduled
from features.changes.event_schemas import MESSAGES
from functions.amocrm_events.handler import handle as amocrm_events
from tests.listener import Ingress, Webhook
from tests.story import Story, json_of


@dataclass
class Feed:
    """The story of a connection that is told, and whoever is told."""

    story: Story
    ingress: Ingress
    consumer: Webhook
    secret: str = ""
    endpoint_id: str = ""
    seen: int = field(default=0)

    def settings(self, **changed: Any) -> Any:
        return self.story.crm("save_settings", self.story.admin(), {"changes": {"is_on": True} | changed})

    def listen(self, **wanted: Any) -> str:
        """Another endpoint, of the same consumer; its id."""
        body = {"name": "Shop", "url": self.consumer.url} | wanted
        answer = self.story.crm("save_endpoint", self.story.admin(), body)
        assert answer.status == 201, answer.body
        made = json_of(answer)
        self.secret, self.endpoint_id = made["secret"], made["id"]
        return self.endpoint_id

    def person(self, **done: Any) -> Any:
        facts = {"domain": self.story.domain, "kind": "leads", "id": self.story.lead_id} | done
        return self.story.simulator.control("person", **{name: one for name, one in facts.items() if one is not None})

    def run(self, seconds: float = 5) -> dict[str, Any]:
        """What is due by now, after everything that amoCRM has to say was said."""
        self.hooks_are_through()
        self.story.clock.advance(seconds=seconds)
        return scheduled.run(self.story.runtime, 20)

    def hooks_are_through(self) -> None:
        deadline = time.monotonic() + 5
        while any(hook["waiting"] for hook in self.hooks().values() if not hook["disabled"]):
            assert time.monotonic() < deadline, self.hooks()
            time.sleep(0.01)

    def hooks(self) -> dict[str, Any]:
        found: dict[str, Any] = self.story.simulator.control("show", domain=self.story.domain)["webhooks"]
        return found

    def told(self) -> list[dict[str, Any]]:
        """What the consumer has taken since it was asked last."""
        found = [json.loads(body) | {"id": headers["webhook-id"]} for headers, body in self.consumer.taken[self.seen :]]
        self.seen = len(self.consumer.taken)
        for one in found:
            msgspec.convert(one["data"], MESSAGES[one["type"]])  # as it is described
        return found

    def kinds(self) -> list[str]:
        return [one["type"] for one in self.told()]


@pytest.fixture
def ingress() -> Iterator[Ingress]:
    made = Ingress(amocrm_events, "amocrm_events")
    yield made
    made.close()


@pytest.fixture
def consumer() -> Iterator[Webhook]:
    made = Webhook()
    yield made
    made.close()


@pytest.fixture
def environment(environment: dict[str, str], ingress: Ingress, consumer: Webhook) -> dict[str, str]:
    return environment | {"AMOCRM_EVENTS_URL": ingress.url, "ENDPOINT_PRIVATE_HOSTS": consumer.host}


@pytest.fixture
def quiet(story: Story, ingress: Ingress, consumer: Webhook) -> Iterator[Feed]:
    """Events are on and subscribed, and nobody listens yet."""
    ingress.runtime = story.runtime
    story.clock.advance(seconds=2)  # what the account began with is older than the feed
    story.simulator.control("change-account", domain=story.domain, asks_addresses=True)
    feed = Feed(story, ingress, consumer)
    assert feed.settings().status == 200
    yield feed
    story.simulator.control("webhooks", lost=0)
    story.simulator.control("change-account", domain=story.domain, may_use_webhooks=True)


@pytest.fixture
def feed(quiet: Feed) -> Feed:
    """The same, and a shop listens to everything."""
    quiet.listen()
    quiet.run()
    return quiet
