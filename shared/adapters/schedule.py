"""Scheduled functions: a timer of each cloud calls them; nothing in its event matters but that it came.

AWS sends an EventBridge event, Yandex Cloud a TimerMessage, Google Cloud Scheduler an HTTP request. The answer is the
run's figures, as a JSON object.
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
    """Lambda tells how long it lets us run; Yandex's context has the same name for it."""

    def function(_event: Any, context: Any) -> Figures:
        remaining = getattr(context, "get_remaining_time_in_millis", None)
        seconds = remaining() / 1000 - _MARGIN_SECONDS if remaining is not None else time_limit
        return run(max(1.0, min(seconds, time_limit)))

    return function


yandex_function = aws_function


def google_function(run: Run, time_limit: float) -> "Callable[[flask.Request], flask.Response]":
    def function(_request: "flask.Request") -> "flask.Response":
        import flask  # functions-framework has loaded it already

        return flask.Response(json.dumps(run(time_limit)), content_type="application/json")

    return function
