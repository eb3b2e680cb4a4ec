"""Scheduled functions: a timer or a queue of each cloud calls them; nothing in the event matters but that it came.

AWS sends an EventBridge event or SQS records, Yandex Cloud a TimerMessage or QueueMessage, Google Cloud Scheduler an
HTTP request. The answer is the run's figures, as a JSON object.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import flask

Figures = dict[str, Any]
Run = Callable[[float], Figures]  # given the seconds it may take

# What stays for writing the last results before the platform stops us.
_MARGIN_SECONDS = 5.0


def aws_function(run: Run, time_limit: float) -> Callable[[Any, Any], Figures]:
    """Lambda tells how long it lets us run; Yandex's context has the same name for it.

    A queue's message whose run could not reach the database is not acknowledged: the queue gives it again, and at last
    to its dead-letter queue.
    """

    def function(event: Any, context: Any) -> Figures:
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        seconds = remaining() / 1000 - _MARGIN_SECONDS if remaining is not None else time_limit
        figures = run(max(1.0, min(seconds, time_limit)))
        if "database_unavailable" in figures.get("failed", {}) and _is_from_queue(event):
            raise RuntimeError("The database was not available; the message is to be given again.")
        return figures

    return function


def _is_from_queue(event: Any) -> bool:
    if not isinstance(event, dict):
        return False
    sqs = any(record.get("eventSource") == "aws:sqs" for record in event.get("Records") or ())
    types = [message.get("event_metadata", {}).get("event_type", "") for message in event.get("messages") or ()]
    return sqs or any(".messagequeue." in event_type for event_type in types)


yandex_function = aws_function


def google_function(run: Run, time_limit: float) -> "Callable[[flask.Request], flask.Response]":
    def function(_request: "flask.Request") -> "flask.Response":
        import flask  # functions-framework has loaded it already

        return flask.Response(json.dumps(run(time_limit)), content_type="application/json")

    return function
