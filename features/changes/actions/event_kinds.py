"""The kinds of messages, each with an example: `GET get_event_kinds`."""

from msgspec import Struct

from features.changes.event_examples import EXAMPLES, MessageExample
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.deliveries.webhooks import EXAMPLE_SECRET
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime


class EventKinds(Struct, frozen=True):
    """`secret` signs the examples, and nothing else: a receiver can be checked against them."""

    secret: str
    kinds: list[MessageExample]


def _list(_runtime: Runtime, _caller: Caller, _request: Request) -> Response:
    """What an endpoint may ask for, grouped, each kind with a message as it is sent; and the message by which an
    endpoint is tried."""
    return json_response(EventKinds(EXAMPLE_SECRET, list(EXAMPLES.values())))


ACTION = Action("get_event_kinds", "GET", Right.SEE, _list, answer=EventKinds)
