"""Row X8: each cloud's documented event becomes the same request, and our answer becomes each cloud's own."""

import base64
import json
import math
from typing import Any

import flask
import pytest

from shared.platform import deadline
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
@pytest.mark.parametrize(("left", "given"), [(300_000, 290.0), (60_000, 50.0), (2_000, 1.0)])
def test_timers_run_within_what_the_platform_leaves(event: dict[str, Any], left: int, given: float) -> None:
    """30-I7: also longer than `TIME_LIMIT_SECONDS`, which counts where the platform does not tell."""
    for make in (schedule.aws_function, schedule.yandex_function):
        function = make(lambda seconds: {"seconds": seconds}, 50.0, 10.0)
        assert function(event, _Context(left)) == {"seconds": given}
        assert function(event, object()) == {"seconds": 50.0}


@pytest.mark.parametrize(("timeout", "given"), [(None, 50.0), ("300", 290.0)])
def test_cloud_scheduler_calls_by_http(monkeypatch: pytest.MonkeyPatch, timeout: str | None, given: float) -> None:
    if timeout is not None:
        monkeypatch.setenv("CLOUD_RUN_TIMEOUT_SECONDS", timeout)
    with flask.Flask("test").test_request_context("/", method="POST"):
        answer = schedule.google_function(lambda seconds: {"seconds": seconds}, 50.0, 10.0)(flask.request)
    assert answer.get_json() == {"seconds": given}


@pytest.mark.parametrize("event", [FUNCTION_URL, REST, LOAD_BALANCER, YANDEX])
def test_a_call_knows_how_much_of_its_time_is_left(event: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """30-I4: what must not be cut off asks before it begins."""
    left: list[float] = []

    def respond(_request: Request) -> Response:
        left.append(deadline.seconds())
        return Response(200, b"")

    (yandex if event is YANDEX else aws).http_function(respond)(event, _Context(60_000))
    monkeypatch.setenv("CLOUD_RUN_TIMEOUT_SECONDS", "60")
    with flask.Flask("test").test_request_context("/"):
        google.http_function(respond)(flask.request)
    assert [round(seconds) for seconds in left] == [60, 60]
    assert deadline.seconds() == math.inf


_MULTI_VALUE = {name: value for name, value in LOAD_BALANCER.items() if name != "headers"}


@pytest.mark.parametrize(
    ("adapter", "event"),
    [
        (aws, LOAD_BALANCER | {"headers": {"x-forwarded-for": "203.0.113.9, 192.0.2.1"}, "multiValueHeaders": None}),
        (aws, _MULTI_VALUE | {"multiValueHeaders": {"x-forwarded-for": ["203.0.113.9, 192.0.2.1"]}}),
        (aws, _MULTI_VALUE | {"multiValueHeaders": {"X-Forwarded-For": ["203.0.113.9", "192.0.2.1:50123"]}}),
        (aws, FUNCTION_URL | {"headers": {"x-forwarded-for": "203.0.113.9"}}),
        (aws, REST | {"multiValueHeaders": {"X-Forwarded-For": ["203.0.113.9"]}}),
        (yandex, YANDEX | {"multiValueHeaders": {"X-Forwarded-For": ["203.0.113.9"]}}),
    ],
)
def test_the_callers_address_is_what_the_platform_saw(adapter: Any, event: dict[str, Any]) -> None:
    """30-F3: not empty, not what somebody invents, and the same for two connections of one caller."""
    SEEN.clear()
    adapter.http_function(_respond)(event, object())
    assert [request.address for request in SEEN] == ["192.0.2.1"]


@pytest.mark.parametrize("seen", ["2001:db8::1", "[2001:db8::1]:443", "[2001:db8::1]"])
def test_an_address_of_the_newer_kind_is_whole(seen: str) -> None:
    SEEN.clear()
    aws.http_function(_respond)(_MULTI_VALUE | {"multiValueHeaders": {"x-forwarded-for": [seen]}}, object())
    assert [request.address for request in SEEN] == ["2001:db8::1"]


@pytest.mark.parametrize(("is_google", "address"), [(True, "192.0.2.1"), (False, "198.51.100.7")])
def test_googles_proxy_is_believed_on_google_only(
    monkeypatch: pytest.MonkeyPatch, is_google: bool, address: str
) -> None:
    """30-F3"""
    if is_google:
        monkeypatch.setenv("K_SERVICE", "crm-api")
    SEEN.clear()
    headers = {"X-Forwarded-For": "203.0.113.9, 192.0.2.1"}
    with flask.Flask("test").test_request_context("/", headers=headers, environ_base={"REMOTE_ADDR": "198.51.100.7"}):
        google.http_function(_respond)(flask.request)
    assert [request.address for request in SEEN] == [address]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"),
        ("192.0.2.1:8080", "192.0.2.1:8080"),
        ("", ""),
    ],
)
def test_a_visitor_is_counted_by_what_one_line_has(address: str, network: str) -> None:
    """30-K: whoever has one line has 2^64 addresses of the newer kind."""
    assert Request("GET", "/", address=address).network == network
