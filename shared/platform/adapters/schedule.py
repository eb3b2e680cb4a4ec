"""Scheduled functions: a timer or a queue of each cloud calls them; nothing in the event matters but that it came.

AWS sends an EventBridge event or SQS records, Yandex Cloud a TimerMessage or QueueMessage, Google Cloud Scheduler an
HTTP request. The answer is the run's figures, as a JSON object.
"""

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shared.platform import deadline
from shared.platform.adapters import google

if TYPE_CHECKING:
    import flask

Figures = dict[str, Any]
Run = Callable[[float], Figures]  # given the seconds it may take


def aws_function(run: Run, time_limit: float, margin: float) -> Callable[[Any, Any], Figures]:
    """Lambda tells how long it lets us run, and Yandex's context does, too; otherwise it is `time_limit`. `margin` is
    what stays for ending what has begun; all in seconds.

    A queue's message whose run could not reach the database is not acknowledged: the queue gives it again, and at last
    to its dead-letter queue.
    """

    def function(event: Any, context: Any) -> Figures:
        figures = _within(run, deadline.told_by(context), time_limit, margin)
        if "database_unavailable" in figures.get("failed", {}) and _is_from_queue(event):
            raise RuntimeError("The database was not available; the message is to be given again.")
        return figures

    return function


def _within(run: Run, told: float, time_limit: float, margin: float) -> Figures:
    with deadline.limited(told):
        return run(time_limit if math.isinf(told) else max(1.0, told - margin))


def _is_from_queue(event: Any) -> bool:
    if not isinstance(event, dict):
        return False
    sqs = any(record.get("eventSource") == "aws:sqs" for record in event.get("Records") or ())
    types = [message.get("event_metadata", {}).get("event_type", "") for message in event.get("messages") or ()]
    return sqs or any(".messagequeue." in event_type for event_type in types)


yandex_function = aws_function


def google_function(run: Run, time_limit: float, margin: float) -> "Callable[[flask.Request], flask.Response]":
    def function(_request: "flask.Request") -> "flask.Response":
        import flask  # functions-framework has loaded it already

        figures = _within(run, google.timeout_seconds(), time_limit, margin)
        return flask.Response(json.dumps(figures), content_type="application/json")

    return function
