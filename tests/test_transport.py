"""The one way out: time and size are limited, redirects are not followed, every failure says what may have happened."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

from shared.access import issuer_client
from shared.amocrm import errors
from shared.amocrm.transport import Limits, Transport
from shared.deliveries import webhooks
from shared.platform import egress, tls
from shared.platform.messages import UnfitError, english, said
from shared.platform.secret import Secret
from tests.control import refused

QUICK = Limits(connect=0.5, read=0.3, total=0.6, answer_bytes=100_000)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n"


@contextmanager
def _server(answer: Callable[[socket.socket], None]) -> Iterator[Transport]:
    """Answers one connection in its own way."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(5)

    def run() -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.settimeout(5)
                request = b""
                while not request.endswith(b"\r\n\r\n{}"):
                    request += connection.recv(65536)
                answer(connection)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # a close with unread data would be a reset
                    pass
            except OSError:
                pass  # the client has had enough

    thread = threading.Thread(target=run)
    thread.start()
    transport = Transport(f"http://127.0.0.1:{listener.getsockname()[1]}", limits=QUICK)
    yield transport
    transport.close()
    thread.join()
    listener.close()


def _slowly(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    for _ in range(40):
        connection.sendall(b" ")
        time.sleep(0.1)


def _endlessly(connection: socket.socket) -> None:
    connection.sendall(HEAD)
    for _ in range(20):
        connection.sendall(b" " * 50_000)


def _never(connection: socket.socket) -> None:
    time.sleep(0.6)


def _half(connection: socket.socket) -> None:
    connection.sendall(HEAD + b'{"x":')


def _redirect(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n")


def _not_utf8(connection: socket.socket) -> None:
    """30-K"""
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n"\xff"')


def _deep(connection: socket.socket) -> None:
    """30-K"""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n"
    connection.sendall(head + b"[" * 9000)


def _not_http(connection: socket.socket) -> None:
    connection.sendall(b"hello\r\n\r\n")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_slowly, errors.UnknownOutcomeError),
        (_endlessly, errors.UnexpectedAnswerError),
        (_never, errors.UnknownOutcomeError),
        (_half, errors.UnknownOutcomeError),
        (_redirect, errors.RedirectedError),
        (_not_http, errors.UnknownOutcomeError),
        (_not_utf8, errors.UnexpectedAnswerError),
        (_deep, errors.UnexpectedAnswerError),
    ],
)
def test_a_bad_answer_ends_in_time_with_its_error(
    answer: Callable[[socket.socket], None], error: type[errors.AmocrmError]
) -> None:
    started = time.monotonic()
    with _server(answer) as transport, pytest.raises(error):
        transport.send("POST", "a.amocrm.ru", "/x", json={})
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "refused", ['[{"errors": [X]}]', '{"1": {"errors": {"2": X}}}', '[{"errors": 7}, {"errors": [X]}]']
)
def test_k_what_is_refused_is_told_in_whatever_shape_it_comes(refused: str) -> None:
    """30-K: a list with gaps is an object in PHP, at either depth; and no shape hides that it is a no."""
    item = '{"code": "NotSupportedChoice", "path": "price", "detail": "no"}'
    body = f'{{"validation-errors": {refused.replace("X", item)}}}'.encode()
    head = b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n"

    def answer(connection: socket.socket) -> None:
        connection.sendall(head % len(body) + body)

    with _server(answer) as transport, pytest.raises(errors.ValidationError) as raised:
        transport.send("POST", "a.amocrm.ru", "/x", json={})
    assert [one.path for one in raised.value.errors] == ["price"]


@pytest.mark.vendor("writes.gone")
@pytest.mark.parametrize(
    ("told", "error"),
    [
        ({"17": "Lead not found"}, errors.NotFoundError),
        ([{"code": 226, "title": "x"}], errors.NotFoundError),
        ([{"code": 2261}], errors.BadRequestError),
        ({"17": "Loss reason can be specified only for lost lead"}, errors.BadRequestError),
    ],
)
def test_what_a_400_says_of_each_by_its_id_is_told(told: Any, error: type[errors.AmocrmError]) -> None:
    body = json.dumps(json.loads(refused("Invalid request body")) | {"errors": told}).encode()
    head = b"HTTP/1.1 400 X\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with _server(lambda connection: connection.sendall(head + body)) as transport, pytest.raises(error) as raised:
        transport.send("POST", "a.amocrm.ru", "/x", json={})
    assert type(raised.value) is error
    assert json.dumps(told, separators=(",", ":")) in str(raised.value)


@pytest.mark.vendor("http.escaped")
@pytest.mark.parametrize(
    ("shown", "written"),
    [
        ("Лист &amp; Ко", "Лист & Ко"),
        ("&lt;24&quot;&gt; &#039;x&#39; &#x27;", "<24\"> 'x' '"),
        ("&amp;gt;", "&gt;"),  # somebody has written an entity
        ("R&D &limit=1 &nbsp;", "R&D &limit=1 &nbsp;"),
        ("\\&quot;", '\\"'),
    ],
)
def test_texts_are_read_as_they_were_written(shown: str, written: str) -> None:
    body = json.dumps({"name": shown}).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/hal+json\r\nContent-Length: %d\r\n\r\n" % len(body)
    with _server(lambda connection: connection.sendall(head + body)) as transport:
        assert transport.send("POST", "a.amocrm.ru", "/x", json={}) == {"name": written}


@pytest.mark.vendor("http.own_failure", "http.right_by_number", "http.switched_off", "http.unprocessable")
@pytest.mark.vendor("http.unpaid_writes", "http.gone_by_number")
@pytest.mark.parametrize(
    ("status", "detail", "error"),
    [
        (400, "Возникла системная ошибка. Пожалуйста, повторите попытку.", errors.ServerError),
        (400, "A system error has occurred. Please try again.", errors.ServerError),
        (400, "Ha ocurrido un error del sistema. Inténtelo de nuevo.", errors.ServerError),
        (400, "Ocorreu um erro do sistema. Tente novamente.", errors.ServerError),
        (400, "Код ошибки 244. В случае повторного возникновения ошибки, обращайтесь к нам", errors.ForbiddenError),
        (400, "Код ошибки 219. В случае повторного возникновения ошибки, обращайтесь к нам", errors.ServerError),
        (400, "Код ошибки 205. В случае повторного возникновения ошибки, обращайтесь к нам", errors.ForbiddenError),
        (400, "Error code 212. If error appears again, you can write to our support team", errors.ForbiddenError),
        (400, "Error 282.", errors.NotFoundError),
        (400, "Error 426.", errors.SwitchedOffError),
        (422, "Customers disabled", errors.SwitchedOffError),
        (422, "Limit 250 per page", errors.BadRequestError),
        (405, "Method Not Allowed", errors.UnexpectedAnswerError),
        (400, "Error 226.", errors.BadRequestError),
        (400, "Error 2440.", errors.BadRequestError),
    ],
)
def test_what_a_400_means_where_it_names_no_value(status: int, detail: str, error: type[errors.AmocrmError]) -> None:
    body = refused(detail, status).encode()
    head = b"HTTP/1.1 %d X\r\nContent-Type: application/problem+json\r\nContent-Length: %d\r\n\r\n"
    with (
        _server(lambda connection: connection.sendall(head % (status, len(body)) + body)) as transport,
        pytest.raises(errors.AmocrmError) as raised,
    ):
        transport.send("POST", "a.amocrm.ru", "/x", json={})
    assert type(raised.value) is error
    assert detail in str(raised.value)


@pytest.mark.parametrize("said_to_be", [b"text/html; charset=UTF-8", b"text/plain"])
def test_what_amocrm_has_done_is_read_whatever_it_is_said_to_be(said_to_be: bytes) -> None:
    """A pair of tokens is given once: the vendor's own clients do not look at this header."""
    head, body = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", b'{"access_token": "a"}'
    with _server(lambda connection: connection.sendall(head % (said_to_be, len(body)) + body)) as transport:
        assert transport.send("POST", "a.amocrm.ru", "/oauth2/access_token", json={}) == {"access_token": "a"}


def test_k_a_definite_no_never_says_that_amocrm_is_not_there() -> None:
    """30-K: of a 400 without validation errors, too; trying again helps nobody."""
    for error in (errors.BadRequestError(said("no"), 400), errors.ValidationError(said("no"), 400, None, ())):
        problem = error.problem()
        assert (problem.status, problem.code, english(problem.detail)) == (
            422,
            "amocrm_refused_input",
            "amoCRM refused the data: no",
        )


def test_the_status_says_who_can_help() -> None:
    """Programs try a 5xx again: it is for what amoCRM, or what stands before it, may answer otherwise next time, or for
    the operator. What the account's owner or the caller has to change is none."""
    told: dict[type[errors.AnsweredError], int] = {
        errors.PaymentRequiredError: 402,
        errors.ForbiddenError: 403,
        errors.NotFoundError: 404,
        errors.AccountNotFoundError: 404,
        errors.UnauthorizedError: 409,
        errors.FilterIgnoredError: 409,
        errors.UnauthorizedPageError: 502,
        errors.UnauthorizedPlaceError: 502,
        errors.UnexpectedAnswerError: 502,
        errors.AddressBlockedError: 502,
        errors.TooMuchToReadError: 502,
        errors.ServerError: 503,
    }
    assert {one: one(said("no"), 0).problem().status for one in told} == told
    assert errors.ScopeMissingError("files").problem().status == 403
    assert errors.UnknownOutcomeError(said("no")).problem().status == 504


def test_a_closed_port_means_that_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    transport = Transport(f"http://127.0.0.1:{port}", limits=QUICK)
    with pytest.raises(errors.NotSentError):
        transport.send("GET", "a.amocrm.ru", "/x")
    transport.close()


def test_without_a_gateway_everything_goes_by_https(monkeypatch: pytest.MonkeyPatch) -> None:
    """Row A10."""
    transport = Transport()
    sent: list[str] = []

    def refuse(_client: object, request: object, **_: object) -> None:
        sent.append(str(getattr(request, "url", "")))
        raise AssertionError

    monkeypatch.setattr(httpx.Client, "send", refuse)
    with pytest.raises(AssertionError):
        transport.send("GET", "a.amocrm.ru", "/x")
    assert sent == ["https://a.amocrm.ru/x"]
    transport.close()


def test_a_proxy_of_the_environment_leads_to_amocrm_and_to_no_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a company's network has one; a gateway stands beside us."""
    asked: list[bytes] = []

    def refuse(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            asked.append(connection.recv(65536).partition(b"\r\n")[0])
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_server(("127.0.0.1", 0)) as gateway:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("https_proxy", "http_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{listener.getsockname()[1]}")
        own = f"http://127.0.0.1:{gateway.getsockname()[1]}"
        for place, answers in ((None, listener), (own, gateway)):
            thread = threading.Thread(target=refuse, args=[answers], daemon=True)
            thread.start()
            transport = Transport(place, limits=QUICK)
            with pytest.raises(errors.AmocrmError):
                transport.send("GET", "a.amocrm.ru", "/x")
            transport.close()
            thread.join(5)
    assert asked == [b"CONNECT a.amocrm.ru:443 HTTP/1.1", b"GET /x HTTP/1.1"]


def test_a_place_is_named_with_the_port_that_its_scheme_means() -> None:
    """As PRIVATE_HOSTS names it."""
    places = {"http://crm.lan/x": "crm.lan:80", "https://crm.lan": "crm.lan:443", "http://a:8080/": "a:8080"}
    assert {url: egress.place(url) for url in places} == places


@pytest.mark.parametrize(
    "url", ["https://user@a.example/", "https://:word@a.example/", "https:///x", "ftp://a.example/"]
)
def test_an_address_with_somebodys_name_or_without_a_host_is_none(url: str) -> None:
    with pytest.raises(UnfitError):
        egress.checked(url, frozenset({"a.example:443"}))


def test_the_authorities_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not for every message that leaves, which would cost more than to send it."""
    tls.authorities()
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", None)
    Transport().close()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(egress.EgressError, match="ConnectError"):
        egress.post(f"http://{host}/", b"{}", {}, private_hosts=frozenset({host}))
    assert issuer_client.ask(f"http://{host}/") is None
    with pytest.raises(webhooks.WebhookError, match="ConnectError"):
        webhooks.call(f"http://{host}/", Secret("x"), "1", 0, {})


class _Kept(BaseHTTPRequestHandler):
    """Answers as many calls on a connection as come, and counts connections."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_GET(self) -> None:
        self.send_response(200)
        for header in (("Content-Type", "application/json"), ("Content-Length", "2"), ("Set-Cookie", "session=a")):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(f"{{{'x' if self.headers['Cookie'] else ''}}}".encode())

    def log_message(self, *_: object) -> None:
        pass


def test_an_account_s_calls_follow_each_other_on_one_connection() -> None:
    """32-10"""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Kept) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        transport = Transport(f"http://127.0.0.1:{server.server_port}")
        assert [transport.send("GET", "a.amocrm.ru", "/x") for _ in range(5)] == [{}] * 5
        assert _Kept.connections == 1
        transport.close()
        server.shutdown()
