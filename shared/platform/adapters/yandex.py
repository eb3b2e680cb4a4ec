"""Yandex Cloud Functions: HTTP events look like AWS's payload 1.0; triggers send `messages`.

Source: Yandex Cloud's documentation, "Invoking a function over HTTPS", and its types `@yandex-cloud/function-types`.
"""

from collections.abc import Callable
from typing import Any

from shared.platform import deadline
from shared.platform.adapters.aws import from_payload_1, to_payload_1
from shared.platform.http import Request, Response

Event = dict[str, Any]


def http_function(respond: Callable[[Request], Response]) -> Callable[[Event, object], Event]:
    def function(event: Event, context: object) -> Event:
        with deadline.limited(deadline.told_by(context)):
            return to_payload_1(respond(from_payload_1(_with_path(event))))

    return function


def _with_path(event: Event) -> Event:
    """Direct calls put the path, if any, into `url`; `path` is the API gateway's template."""
    url = event.get("url")
    return event | {"path": url.split("?", 1)[0]} if url else event
