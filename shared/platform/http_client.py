"""Calls by HTTP/1.1 to the servers that are called again and again: amoCRM's, and object stores.

By httpcore's connections alone. What httpx does beside them (cookies, redirects, authentication, an address taken apart
three times) is none of these calls', and costs two fifths of one; httpcore's own pool looks through all connections
when a call begins and when it ends, and asks the system about each that is idle: with a hundred, more than twice
what the call costs.
"""

import os
import threading
import time
import zlib
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit

import httpcore
from msgspec import Struct

from shared.platform import tls

_MOST_IDLE: Final = 64
_IDLE_SECONDS: Final = 5.0  # then a connection is not used any more: servers end them, too
_RESERVED: Final = "%/:=&?~+!$,;'@()*[]"  # stands in an address as it is
_PROXIES: Final = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
_NOT_SENT: Final = (httpcore.ConnectError, httpcore.ConnectTimeout, httpcore.ProxyError)
_FAILURES: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)


class CallError(Exception):
    """There is no answer, or not all of it; the message is the kind of the failure. Whether the request was carried out
    nobody knows."""


class NotSentError(CallError):
    """The request has not left."""


class BrokenOffError(CallError):
    """Within the answer."""


class TooSlowError(CallError):
    """The answer comes, and does not end in time."""


class TooLargeError(CallError):
    """The answer has more bytes than are taken; `status` is its own."""

    def __init__(self, status: int) -> None:
        super().__init__("TooLarge")
        self.status = status


class Limits(Struct, frozen=True):
    """Seconds and bytes. A call ends after `total` plus, at worst, one `read`."""

    connect: float = 3.0
    read: float = 10.0
    total: float = 15.0
    answer_bytes: int = 8 * 1024 * 1024

    @property
    def longest_call(self) -> float:
        return self.total + self.read


class Answer(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]  # by names in small letters
    body: bytes


class HttpClient:
    """Threads may share it: each call has a connection to itself. Redirects are not followed, cookies not kept."""

    def __init__(self, limits: Limits, headers: Mapping[str, str] | None = None, *, by_proxy: bool = False) -> None:
        """`headers`: of every call. `by_proxy`: through the proxy that the environment names, as `HTTPS_PROXY`."""
        self._limits = limits
        self._headers = {"Accept": "*/*", "Accept-Encoding": "gzip"} | dict(headers or {})
        self._by_proxy = by_proxy
        self._timeout = dict.fromkeys(("read", "write"), limits.read) | {"connect": limits.connect}
        # The one that was used last comes last; each with the server that it leads to.
        self._idle: list[tuple[tuple[str, str], httpcore.ConnectionInterface]] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Ends what is idle; whoever calls afterwards has new connections."""
        with self._lock:
            ended, self._idle = self._idle, []
        for _, connection in ended:
            connection.close()

    def call(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None) -> Answer:
        """The answer, with its body unpacked. Raises :class:`CallError`."""
        parts = urlsplit(url)
        request = self._request(method, parts, {"Host": parts.netloc} | self._headers | dict(headers), content)
        place, ends = (parts.scheme, parts.netloc), time.monotonic() + self._limits.total
        connection = self._taken(place) or self._made(parts, request.url.origin)
        try:
            response = connection.handle_request(request)
        except _NOT_SENT as error:
            raise NotSentError(type(error).__name__) from None
        except _FAILURES as error:
            raise CallError(type(error).__name__) from None
        try:
            answered = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            body = self._body(response, answered.get("content-encoding", ""), ends)
        except (*_FAILURES, zlib.error) as error:
            raise BrokenOffError(type(error).__name__) from None
        finally:
            response.close()
            self._give_back(place, connection)
        return Answer(response.status, answered, body)

    def _request(
        self, method: str, parts: SplitResult, headers: Mapping[str, str], content: bytes | None
    ) -> httpcore.Request:
        if content is None and method in ("POST", "PUT", "PATCH"):
            content = b""
        if content is not None:
            headers = {**headers, "Content-Length": str(len(content))}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return httpcore.Request(
            method,
            httpcore.URL(
                scheme=parts.scheme, host=parts.hostname or "", port=parts.port, target=quote(target, safe=_RESERVED)
            ),
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()],
            content=content,
            extensions={"timeout": self._timeout},
        )

    def _body(self, response: httpcore.Response, packing: str, ends: float) -> bytes:
        """Bounded while it is unpacked: a few packed bytes may be any number."""
        most, chunks = self._limits.answer_bytes, bytearray()
        unpacking = zlib.decompressobj(16 + zlib.MAX_WBITS) if packing.lower() in ("gzip", "x-gzip") else None
        if unpacking is None and packing.lower() not in ("", "identity"):
            raise zlib.error
        for chunk in response.iter_stream():
            chunks += chunk if unpacking is None else unpacking.decompress(chunk, most + 1 - len(chunks))
            if len(chunks) > most:
                raise TooLargeError(response.status)
            if time.monotonic() > ends:
                raise TooSlowError("TooSlow")
        if unpacking is not None and chunks and not unpacking.eof:
            raise zlib.error
        return bytes(chunks)

    def _taken(self, place: tuple[str, str]) -> httpcore.ConnectionInterface | None:
        """The idle connection to that server that was used last and is still good."""
        while True:
            with self._lock:
                found = next((one for one in reversed(self._idle) if one[0] == place), None)
                if found is None:
                    return None
                self._idle.remove(found)
            if not found[1].has_expired():  # asks the system whether the server has ended it
                return found[1]
            found[1].close()

    def _made(self, parts: SplitResult, origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        trusted, proxy = tls.authorities(), _proxy(parts) if self._by_proxy else None
        if proxy is None:
            return httpcore.HTTPConnection(origin, trusted, _IDLE_SECONDS)
        user = (proxy.username, proxy.password or "") if proxy.username else None
        url = httpcore.URL(scheme=proxy.scheme, host=proxy.hostname or "", port=proxy.port, target="/")
        pool = httpcore.HTTPProxy(url, user, ssl_context=trusted, keepalive_expiry=_IDLE_SECONDS)
        return pool.create_connection(origin)

    def _give_back(self, place: tuple[str, str], connection: httpcore.ConnectionInterface) -> None:
        """For the next call; unless it was ended with its answer."""
        if not connection.is_idle():
            return
        with self._lock:
            self._idle.append((place, connection))
            oldest = self._idle.pop(0)[1] if len(self._idle) > _MOST_IDLE else None
        if oldest is not None:
            oldest.close()


def _proxy(parts: SplitResult) -> SplitResult | None:
    """The one that the environment names for this server."""
    if not any(os.environ.get(name) for name in _PROXIES):
        return None
    from urllib.request import getproxies, proxy_bypass  # where there is a proxy only

    named = getproxies()
    url = named.get(parts.scheme) or named.get("all")
    if not url or proxy_bypass(parts.netloc):
        return None
    return urlsplit(url if "://" in url else f"http://{url}")
