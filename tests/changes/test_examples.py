"""36-3: every kind of message has an example, which is what its schema says, signed, and everywhere the same."""

import json
from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest
from standardwebhooks.webhooks import Webhook as Receiver

from cli import openapi, reference
from features.changes.event_examples import EXAMPLES
from features.changes.event_schemas import KINDS, MESSAGES
from features.changes.kinds import OF_KIND
from features.changes.subjects import SUBJECTS
from shared.deliveries.webhooks import EXAMPLE_SECRET
from tests.demo import ROOT
from tests.story import Story, json_of


def test_36_3_no_kind_lacks_an_example() -> None:
    assert set(EXAMPLES) == set(MESSAGES)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_36_3_an_example_is_what_its_schema_says(kind: str) -> None:
    whole, example = openapi.document(), EXAMPLES[kind]
    content = whole["webhooks"][kind]["post"]["requestBody"]["content"]["application/json"]
    message = json.loads(example.body)
    jsonschema_rs.validate({**content["schema"], "components": whole["components"]}, message)
    assert content["examples"][kind]["value"] == message
    msgspec.convert(message["data"], MESSAGES[kind])


@pytest.mark.parametrize("kind", EXAMPLES)
def test_36_3_an_example_is_signed(kind: str) -> None:
    """As one of the specification's own libraries signs it: they check no message of another day."""
    headers, body = EXAMPLES[kind].headers, EXAMPLES[kind].body
    sent_at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    assert Receiver(EXAMPLE_SECRET).sign(headers["webhook-id"], sent_at, body) == headers["webhook-signature"]
    assert json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")) == body


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.endswith((".updated", ".changed"))])
def test_36_3_an_example_of_a_change_tells_what_was_before(kind: str) -> None:
    data = json.loads(EXAMPLES[kind].body)["data"]
    subject, before = OF_KIND[kind], data["before"]
    assert data["changed"]
    assert set(before) == {name for name in data["changed"] if name in SUBJECTS[subject.name].plain}
    assert all(data[subject.name][name] != value for name, value in before.items())


@pytest.mark.parametrize("language", ["en", "ru"])
def test_36_3_the_reference_shows_each(language: str) -> None:
    page = reference.messages(language)
    assert all(f"webhook-signature: {one.headers['webhook-signature']}" in page for one in EXAMPLES.values())
    assert EXAMPLE_SECRET in page


def test_36_3_whoever_may_see_gets_the_kinds_with_their_examples(connected: Story) -> None:
    """An example is data, of a company whose people write English: nobody translates it."""
    told = json_of(connected.crm("get_event_kinds", connected.admin() | {"Accept-Language": "en"}))
    assert told["secret"] == EXAMPLE_SECRET
    assert {one["kind"]: one["body"] for one in told["kinds"]} == {kind: one.body for kind, one in EXAMPLES.items()}


@pytest.mark.parametrize("file", sorted((ROOT / "web" / "i18n").glob("*.json")), ids=lambda file: str(file.stem))
def test_36_3_the_panel_has_a_word_for_each(file: Path) -> None:
    words = json.loads(file.read_text(encoding="utf-8"))
    for kind in KINDS:
        of, _, verb = kind.partition(".")
        assert {f"events.of_{of}", f"events.verb_{verb}"} <= set(words), kind
