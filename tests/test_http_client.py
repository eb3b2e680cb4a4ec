"""32-10: calls to servers that are called again and again, each on a connection of its own."""

import gzip
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from shared.platform import http_client
from shared.platform.http_client import BrokenOffError, CallError, HttpClient, Limits, NotSentError, TooLargeError

LIMITS = Limits(connect=0.5, read=2.0, total=4.0, answer_bytes=100_000)


class _Server(BaseHTTPRequestHandler):
    """Answers a GET with what the path names, a POST with what came; counts connections."""

    protocol_version = "HTTP/1.1"
    connections: ClassVar[set[int]] = set()
    meet: ClassVar[threading.Barrier] = threading.Barrier(8)

    def do_GET(self) -> None:
        self.connections.add(self.client_address[1])
        if self.path == "/together":
            self.meet.wait(5)
        packed = gzip.compress(b"a" * 50_000_000 if self.path == "/bomb" else b"packed")
        body = {"/bomb": packed, "/packed": packed, "/half": packed[:-9]}.get(self.path, self.path.encode())
        encoding = {"/bomb": "gzip", "/packed": "gzip", "/half": "gzip", "/unknown": "zoo"}.get(self.path)
        self._told(body, *([("Content-Encoding", encoding)] if encoding else []))
        if self.path == "/and-leaves":
            self.close_connection = True

    def do_POST(self) -> None:
        self._told(self.rfile.read(int(self.headers["Content-Length"])))

    def _told(self, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for header in (("Content-Length", str(len(body))), *headers):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serving() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def url() -> Iterator[str]:
    _Server.connections.clear()
    with _serving() as address:
        yield address


@contextmanager
def _client() -> Iterator[Callable[[str], bytes]]:
    client = HttpClient(LIMITS)
    with closing(client):
        yield lambda address: client.call("GET", address, {}).body


def test_what_is_packed_is_unpacked_to_a_bound(url: str) -> None:
    with _client() as get:
        assert get(f"{url}/packed") == b"packed"
        with pytest.raises(TooLargeError) as large:
            get(f"{url}/bomb")
        assert large.value.status == 200
        for path in ("half", "unknown"):
            with pytest.raises(BrokenOffError):
                get(f"{url}/{path}")


def test_an_address_is_sent_as_it_is_and_what_no_address_may_hold_is_quoted(url: str) -> None:
    with _client() as get:
        for path in ("/", "/a/b%20c;d", "/a?filter%5Bid%5D%5B%5D=1&x=a+b", "/a?b[]=(c),d@e:f"):
            assert get(url + path) == path.encode()
        assert get(f"{url}/Мария и\r\nX: y") == b"/%D0%9C%D0%B0%D1%80%D0%B8%D1%8F%20%D0%B8X:%20y"
        assert get(url) == b"/"


def test_a_body_goes_with_its_length_also_where_it_is_empty(url: str) -> None:
    with closing(HttpClient(LIMITS)) as client:
        assert client.call("POST", url, {}, b"{}").body == b"{}"
        assert client.call("POST", url, {}).body == b""


def test_calls_that_follow_each_other_share_a_connection_and_those_beside_each_other_do_not(url: str) -> None:
    with _client() as get:
        assert [get(f"{url}/x") for _ in range(5)] == [b"/x"] * 5
        assert len(_Server.connections) == 1
        threads = [threading.Thread(target=get, args=(f"{url}/together",)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(_Server.connections) == 8


def test_a_connection_that_the_server_has_ended_is_not_used(url: str) -> None:
    with _client() as get:
        for _ in range(3):
            assert get(f"{url}/and-leaves") == b"/and-leaves"
            threading.Event().wait(0.1)
        assert len(_Server.connections) == 3


def test_idle_connections_are_bounded_however_many_servers_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """The one that was used longest ago is ended."""
    monkeypatch.setattr(http_client, "_MOST_IDLE", 2)
    _Server.connections.clear()
    with ExitStack() as stack, _client() as get:
        first, *others = [stack.enter_context(_serving()) for _ in range(3)]
        for address in (first, *others, *others, *others):
            get(address)
        assert len(_Server.connections) == 3
        get(first)
        assert len(_Server.connections) == 4


def test_the_proxy_of_the_environment_is_taken_where_it_is_wanted(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        nobody = f"127.0.0.1:{listener.getsockname()[1]}"
    for name in [one for one in os.environ if one.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ALL_PROXY", nobody)
    with closing(HttpClient(LIMITS, by_proxy=True)) as client, pytest.raises(NotSentError, match="ConnectError"):
        client.call("GET", url, {})
    with _client() as get:
        assert get(url) == b"/"
    monkeypatch.setenv("ALL_PROXY", f"http://me:secret@{url.removeprefix('http://')}")
    with closing(HttpClient(LIMITS, by_proxy=True)) as client:
        assert client.call("GET", f"http://{nobody}/x", {}).body == f"http://{nobody}/x".encode()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with closing(HttpClient(LIMITS, by_proxy=True)) as client, pytest.raises(NotSentError):
        client.call("GET", f"http://{nobody}/y", {})


def test_who_says_nothing_and_who_is_not_there_are_told_apart() -> None:
    with closing(HttpClient(Limits(connect=0.3, read=0.3))) as client:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
            with pytest.raises(CallError, match="ReadTimeout") as silent:
                client.call("GET", address, {})
            assert not isinstance(silent.value, NotSentError)
        with pytest.raises(NotSentError):
            client.call("GET", address, {})
