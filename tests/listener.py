"""Servers that others talk to: a company's, which is told things, its site, and our own functions."""

import socket
import struct
import sys
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from shared.platform.http import Headers, Request, Response, parse_query
from shared.platform.middleware import serve
from shared.runtime import Runtime
from tests import servers

_RETRY_AT_ONCE = (("Content-Type", "application/problem+json"), ("Retry-After", "0"))


class Listener:
    """Answers each POST with the status that `answer` says, or every request with what `respond` says."""

    def __init__(self) -> None:
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def _respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): one for name, one in self.headers.items()}
                response = listener.respond(self.command, self.path, headers, body)
                if response is None:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.close_connection = True
                    self.connection.close()
                    return
                self.send_response(response.status)
                for name, value in response.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.body)))
                self.end_headers()
                self.wfile.write(response.body)

            do_GET = do_POST = do_OPTIONS = _respond  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: Any, client_address: Any) -> None:
                if not isinstance(sys.exc_info()[1], OSError):  # whoever was killed in the middle of a request
                    super().handle_error(request, client_address)

        self._server = Server(("127.0.0.1", 0), Handler)
        servers.answering(self._server)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        status = self.answer(path, headers, body)
        return None if status is None else Response(status)

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        """The status; None breaks the connection off. Names of headers are in small letters."""
        raise NotImplementedError

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Site(Listener):
    """A company's own site, all of whose pages are one."""

    html = ""

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        return Response(200, self.html.encode(), (("Content-Type", "text/html; charset=utf-8"),))


class Webhook(Listener):
    """A company's server that remembers what it has taken, and refuses as a test wants it."""

    def __init__(self) -> None:
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.statuses: list[int] = []  # of the next answers; then 204
        self.leads_to: str | None = None  # where it sends whoever has posted
        self.asked = 0
        super().__init__()
        self.url = f"http://{self.host}/hook?key=1"

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        answer = super().respond(method, path, headers, body)
        return answer if self.leads_to is None else Response(302, b"", (("Location", self.leads_to),))

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> int | None:
        self.asked += 1
        status = self.statuses.pop(0) if self.statuses else 204
        if status < 300:
            self.taken.append((headers, body))
        return status


class Ingress(Listener):
    """One of our functions behind an address of its own."""

    def __init__(self, function: Callable[[Runtime, Request], Response], name: str) -> None:
        self.runtime: Runtime | None = None
        self.answers: list[int] = []
        self.faults: list[str] = []  # of the next requests with a body: lost (its answer), broken (before it), refused
        self._function = function
        super().__init__()
        self.url = f"http://{self.host}/{name}"

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Response | None:
        fault = self.faults.pop(0) if self.faults and body else ""
        if fault == "broken":
            return None
        if fault == "refused":
            return Response(503, b'{"code":"database_unavailable","detail":"Later."}', _RETRY_AT_ONCE)
        parts = urlsplit(path)
        request = Request(method, parts.path, parse_query(parts.query), Headers(headers.items()), body)
        assert self.runtime is not None
        response = serve(self._function, self.runtime, request)
        self.answers.append(response.status)
        return None if fault == "lost" else response
