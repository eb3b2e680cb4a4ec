"""AWS Lambda: function URL events (payload 2.0) and load balancer or REST API events (1.0).

Source: AWS Lambda developer guide, "Invoking Lambda function URLs" and "Using Lambda with ALB"; API Gateway
developer guide, "Payload format version".
"""

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from shared.platform import deadline
from shared.platform.http import Headers, Request, Response, parse_query, without_port

Event = dict[str, Any]


def http_function(respond: Callable[[Request], Response]) -> Callable[[Event, object], Event]:
    def function(event: Event, context: object) -> Event:
        with deadline.limited(deadline.told_by(context)):
            if event.get("version") == "2.0":
                return _to_payload_2(respond(_from_payload_2(event)))
            return to_payload_1(respond(from_payload_1(event)))

    return function


def _from_payload_2(event: Event) -> Request:
    fields = list((event.get("headers") or {}).items())
    if event.get("cookies"):
        fields.append(("cookie", "; ".join(event["cookies"])))
    return Request(
        method=event["requestContext"]["http"]["method"].upper(),
        path=event.get("rawPath") or "/",
        query=parse_query(event.get("rawQueryString") or ""),
        headers=Headers(fields),
        body=_body(event),
        address=event["requestContext"]["http"].get("sourceIp", ""),
    )


def _to_payload_2(response: Response) -> Event:
    # This payload has no repeated headers: cookies have a place of their own, others are joined.
    headers: dict[str, str] = {}
    for name, value in response.headers:
        if name.lower() != "set-cookie":
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    cookies = [value for name, value in response.headers if name.lower() == "set-cookie"]
    return {"statusCode": response.status, "headers": headers, "cookies": cookies, **_encoded(response.body)}


def from_payload_1(event: Event) -> Request:
    """An event with `httpMethod`, as AWS's version 1.0 and Yandex Cloud send it."""
    multi_headers = event.get("multiValueHeaders") or {}
    fields = [(name, value) for name, values in multi_headers.items() for value in values]
    fields += [item for item in (event.get("headers") or {}).items() if item[0] not in multi_headers]
    multi_query = event.get("multiValueQueryStringParameters") or {}
    query = [(name, value) for name, values in multi_query.items() for value in values]
    query += [item for item in (event.get("queryStringParameters") or {}).items() if item[0] not in multi_query]
    if "elb" in (event.get("requestContext") or {}):  # a load balancer hands the query over as it stands in the URL
        query = [(unquote_plus(name), unquote_plus(value)) for name, value in query]
    headers = Headers(fields)
    return Request(
        method=event["httpMethod"].upper(),
        path=event.get("path") or "/",
        query=tuple(query),
        headers=headers,
        body=_body(event),
        address=_address(event, headers),
    )


def to_payload_1(response: Response) -> Event:
    multi: dict[str, list[str]] = {}
    for name, value in response.headers:
        multi.setdefault(name, []).append(value)
    single = {name: values[-1] for name, values in multi.items()}
    return {"statusCode": response.status, "headers": single, "multiValueHeaders": multi, **_encoded(response.body)}


def _address(event: Event, headers: Headers) -> str:
    context = event.get("requestContext") or {}
    if "elb" in context:
        # The load balancer appends the address that it saw; what stands before it anybody can invent. With multi-value
        # headers it fills `multiValueHeaders` and nothing else.
        return without_port((headers.all("x-forwarded-for") or ("",))[-1].rpartition(",")[2].strip())
    return str((context.get("identity") or {}).get("sourceIp", ""))


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def _encoded(body: bytes) -> Event:
    try:
        return {"body": body.decode(), "isBase64Encoded": False}
    except UnicodeDecodeError:
        return {"body": base64.b64encode(body).decode(), "isBase64Encoded": True}
