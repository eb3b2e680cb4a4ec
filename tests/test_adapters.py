"""Row X8: each cloud's documented event becomes the same request, and our answer becomes each cloud's own."""

import base64
import json
from typing import Any

import flask
import pytest

from shared.platform.adapters import aws, google, schedule, yandex
from shared.platform.http import Request, Response

SEEN: list[Request] = []


def _respond(request: Request) -> Response:
    SEEN.append(request)
    headers = (("Content-Type", "application/octet-stream"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    return Response(201, request.body or b"\xff\x00", headers)


# AWS, "Invoking Lambda function URLs": payload format 2.0
FUNCTION_URL: dict[str, Any] = {
    "version": "2.0",
    "routeKey": "$default",
    "rawPath": "/crm_api/get_lead",
    "rawQueryString": "action=get_lead&tag=a&tag=b%20c&empty=",
    "cookies": ["cookie1=x", "cookie2=y"],
    "headers": {"x-lead-id": "17", "content-type": "application/json", "host": "id.lambda-url.eu-west-1.on.aws"},
    "queryStringParameters": {"action": "get_lead", "tag": "a,b c", "empty": ""},
    "requestContext": {"http": {"method": "post", "path": "/crm_api/get_lead", "sourceIp": "192.0.2.1"}},
    "body": base64.b64encode(b'{"x": "\xd0\xb6"}').decode(),
    "isBase64Encoded": True,
}
# API Gateway, "Payload format version 1.0"
REST: dict[str, Any] = {
    "version": "1.0",
    "resource": "/crm_api",
    "path": "/crm_api/get_lead",
    "httpMethod": "POST",
    "headers": {"X-Lead-Id": "17", "Cookie": "cookie1=x; cookie2=y"},
    "multiValueHeaders": {"X-Lead-Id": ["17"], "Cookie": ["cookie1=x; cookie2=y"]},
    "queryStringParameters": {"action": "get_lead", "tag": "b c", "empty": ""},
    "multiValueQueryStringParameters": {"action": ["get_lead"], "tag": ["a", "b c"], "empty": [""]},
    "requestContext": {"identity": {"sourceIp": "192.0.2.1"}},
    "body": '{"x": "ж"}',
    "isBase64Encoded": False,
}
# ELB, "Lambda functions as targets": the query is not decoded
LOAD_BALANCER = REST | {
    "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:x"}},
    "multiValueQueryStringParameters": {"action": ["get_lead"], "tag": ["a", "b%20c"], "empty": [""]},
}
# Yandex Cloud, "Invoking a function over HTTPS"
YANDEX: dict[str, Any] = {
    "httpMethod": "POST",
    "url": "/crm_api/get_lead?action=get_lead",
    "headers": {"X-Lead-Id": "17", "Cookie": "cookie1=x; cookie2=y"},
    "multiValueHeaders": {"X-Lead-Id": ["17"], "Cookie": ["cookie1=x; cookie2=y"]},
    "queryStringParameters": {"action": "get_lead", "tag": "b c", "empty": ""},
    "multiValueQueryStringParameters": {"action": ["get_lead"], "tag": ["a", "b c"], "empty": [""]},
    "requestContext": {"identity": {"sourceIp": "192.0.2.1"}, "httpMethod": "POST", "requestId": "r"},
    "body": base64.b64encode(b'{"x": "\xd0\xb6"}').decode(),
    "isBase64Encoded": True,
}


@pytest.mark.parametrize(
    ("adapter", "event"),
    [(aws, FUNCTION_URL), (aws, REST), (aws, LOAD_BALANCER), (yandex, YANDEX)],
    ids=["function-url", "rest", "load-balancer", "yandex"],
)
def test_every_clouds_event_becomes_the_same_request(adapter: Any, event: dict[str, Any]) -> None:
    SEEN.clear()
    result = adapter.http_function(_respond)(event, object())
    (request,) = SEEN
    assert (request.method, request.path) == ("POST", "/crm_api/get_lead")
    assert request.query == (("action", "get_lead"), ("tag", "a"), ("tag", "b c"), ("empty", ""))
    assert request.headers.get("X-LEAD-ID") == "17"
    assert request.headers.get("cookie") == "cookie1=x; cookie2=y"
    assert request.body == '{"x": "ж"}'.encode()
    assert (result["statusCode"], result["body"], result["isBase64Encoded"]) == (201, '{"x": "ж"}', False)
    json.dumps(result)


def test_cookies_and_binary_answers_reach_each_cloud() -> None:
    empty: dict[str, Any] = {"body": None, "headers": {}}
    two = aws.http_function(_respond)(FUNCTION_URL | empty | {"isBase64Encoded": False}, object())
    assert two["cookies"] == ["a=1", "b=2"]
    one = yandex.http_function(_respond)(YANDEX | empty, object())
    assert one["multiValueHeaders"]["Set-Cookie"] == ["a=1", "b=2"]
    for result in (one, two):
        assert base64.b64decode(result["body"]) == b"\xff\x00"
        assert result["isBase64Encoded"] is True


@pytest.mark.parametrize("missing", [{}, {"queryStringParameters": None, "multiValueQueryStringParameters": None}])
def test_events_with_parts_left_out(missing: dict[str, Any]) -> None:
    SEEN.clear()
    aws.http_function(_respond)({"httpMethod": "GET", "path": "/", "headers": None} | missing, object())
    aws.http_function(_respond)({"version": "2.0", "requestContext": {"http": {"method": "GET"}}}, object())
    assert [(request.method, request.path, request.query) for request in SEEN] == [("GET", "/", ())] * 2


def test_functions_framework_hands_over_a_flask_request() -> None:
    SEEN.clear()
    app = flask.Flask("test")
    with app.test_request_context(
        "/crm_api/get_lead?action=get_lead&tag=a&tag=b%20c", method="POST", data="ж", headers={"X-Lead-Id": "17"}
    ):
        answer = google.http_function(_respond)(flask.request)
    (request,) = SEEN
    assert request.query == (("action", "get_lead"), ("tag", "a"), ("tag", "b c"))
    assert request.headers.get("x-lead-id") == "17"
    assert (answer.status_code, answer.get_data()) == (201, "ж".encode())
    assert answer.headers.getlist("Set-Cookie") == ["a=1", "b=2"]


class _Context:
    """As Lambda's and Yandex's: tells how long the function may still run."""

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds = milliseconds

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds


# EventBridge "Scheduled Event", and Yandex's TimerMessage from `@yandex-cloud/function-types`
EVENT_BRIDGE = {
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "detail": {},
    "resources": ["arn:aws:events:x"],
}
TIMER = {
    "messages": [
        {
            "event_metadata": {"event_type": "yandex.cloud.events.serverless.triggers.TimerMessage", "event_id": "1"},
            "details": {"trigger_id": "t", "payload": ""},
        }
    ]
}


@pytest.mark.parametrize("event", [EVENT_BRIDGE, TIMER])
@pytest.mark.parametrize(("left", "given"), [(60_000, 50.0), (30_000, 25.0), (2_000, 1.0)])
def test_timers_run_within_what_the_platform_leaves(event: dict[str, Any], left: int, given: float) -> None:
    function = schedule.aws_function(lambda seconds: {"seconds": seconds}, time_limit=50.0)
    assert function(event, _Context(left)) == {"seconds": given}
    assert schedule.yandex_function(lambda seconds: {"seconds": seconds}, 50.0)(event, object()) == {"seconds": 50.0}


def test_cloud_scheduler_calls_by_http() -> None:
    with flask.Flask("test").test_request_context("/", method="POST"):
        answer = schedule.google_function(lambda seconds: {"seconds": seconds}, 50.0)(flask.request)
    assert answer.get_json() == {"seconds": 50.0}
