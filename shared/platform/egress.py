"""Requests to addresses that customers name: never into our own network, and never for longer or larger than we say.

A name is resolved once, every address of it is checked, and the connection goes to the address that was checked
("pinned"), so that a name which resolves to another one a moment later gains nothing. Redirects are not followed here:
whoever does so asks anew, with all of this. A body is read only where it is asked for, to a bound.
"""

import ipaddress
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import httpx
from msgspec import Struct

from shared.platform import tls
from shared.platform.messages import Message, UnfitError, say

_TOTAL_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 3.0
# What the client calls these moments; the second is with TLS.
_CONNECTED: Final = ("connection.connect_tcp.complete", "connection.start_tls.complete")
_SCRIPT: Final = "https://script.googleusercontent.com/"
# IPv6 addresses that carry an IPv4 address, to which they may lead: NAT64 and 6to4.
_CARRIERS: Final = tuple(map(ipaddress.ip_network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")))

Resolve = Callable[[str, int], list[str]]


class EgressError(Exception):
    """No answer; the message says why, and holds neither the address nor what came."""


class RefusedAddressError(EgressError):
    """The address is not one that we call."""


class TooLargeError(EgressError):
    """The answer has more bytes than were asked for."""


def checked(url: str, private_hosts: frozenset[str]) -> SplitResult:
    """The parts of an address that may be called. Raises ValueError with a sentence for people.

    `private_hosts`: `host:port` of places that may be called although they are in our own network, also without TLS.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UnfitError(_NOT_A_URL) from None
    is_plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= 2000
    has_more = parts.username or parts.password or parts.fragment
    if parts.scheme not in ("http", "https") or not parts.hostname or has_more or not is_plain:
        raise UnfitError(_NOT_A_URL)
    if f"{parts.hostname}:{port or _port(parts)}" in private_hosts:
        return parts
    if parts.scheme != "https":
        raise UnfitError(say("must be https://"))
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        if "." not in parts.hostname.strip("."):
            raise UnfitError(_PRIVATE) from None
        return parts
    if not _is_public(literal):
        raise UnfitError(_PRIVATE)
    return parts


_NOT_A_URL: Final[Message] = say("must be a whole URL, such as https://example.org/amocrm")
_PRIVATE: Final[Message] = say("must be a server of the public internet")


def place(url: str) -> str:
    """`host:port` of an address, as `private_hosts` names it."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or _port(parts)}"


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name."""
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Answer(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]  # by names in small letters
    body: bytes

    @property
    def is_taken(self) -> bool:
        """2xx; or the redirect by which a Google Apps Script answers each POST, to its output: it has run by then, and
        who comes again runs it again."""
        return 200 <= self.status < 300 or (self.status == 302 and self.headers.get("location", "").startswith(_SCRIPT))


def post(
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    *,
    private_hosts: frozenset[str] = frozenset(),
    resolved: Resolve = resolve,
) -> Answer:
    """The answer; its body is not read. Raises :class:`EgressError`."""
    return _exchanged("POST", url, content, headers, None, private_hosts, resolved)


def get(
    url: str,
    headers: Mapping[str, str],
    *,
    most: int,
    seconds: float | None = None,
    private_hosts: frozenset[str] = frozenset(),
    resolved: Resolve = resolve,
) -> Answer:
    """The answer, with a body of at most so many bytes, as they come: nothing is unpacked, which could become any size.
    Raises :class:`EgressError`, also for a larger one, and for one that takes longer."""
    plain = {**headers, "Accept-Encoding": "identity"}
    return _exchanged("GET", url, b"", plain, most, private_hosts, resolved, seconds)


def _exchanged(
    method: str,
    url: str,
    content: bytes,
    headers: Mapping[str, str],
    most: int | None,
    private_hosts: frozenset[str],
    resolved: Resolve,
    seconds: float | None = None,
) -> Answer:
    """`most`: bytes of the body; None: it is not read."""
    seconds = _TOTAL_SECONDS if seconds is None else seconds
    try:
        parts = checked(url, private_hosts)
    except ValueError:
        raise RefusedAddressError("the address is not allowed") from None
    host, port = parts.hostname or "", parts.port or _port(parts)
    headers = {**headers, "Host": parts.netloc}
    extensions: dict[str, Any] = {}
    if f"{host}:{port}" not in private_hosts:
        address = _public_address(host, port, resolved)
        url = parts._replace(netloc=f"[{address}]:{port}" if ":" in address else f"{address}:{port}").geturl()
        extensions["sni_hostname"] = host
    timeout = httpx.Timeout(seconds, connect=min(seconds, _CONNECT_SECONDS))
    client = httpx.Client(verify=tls.authorities(), timeout=timeout, trust_env=False, follow_redirects=False)
    # Timeouts count from byte to byte; who sends one now and then is left after this time. The connection is ended and
    # not closed: TLS reads by the number of its file, which would be another thread's next connection.
    is_over = threading.Event()
    connections: list[socket.socket] = []

    def end() -> None:
        is_over.set()
        for one in connections:
            with suppress(OSError):  # closed by now
                socket.socket.shutdown(one, socket.SHUT_RDWR)

    def trace(name: str, info: Mapping[str, Any]) -> None:
        if name in _CONNECTED:
            connections.append(info["return_value"].get_extra_info("socket"))
            if is_over.is_set():
                end()

    extensions["trace"] = trace
    watch = threading.Timer(seconds, end)
    watch.daemon = True
    watch.start()
    try:
        with client.stream(method, url, content=content or None, headers=headers, extensions=extensions) as answer:
            body = b"" if most is None else _body(answer, most)
            if is_over.is_set():
                raise EgressError("TooSlow")
            return Answer(answer.status_code, dict(answer.headers), body)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError, OSError) as error:
        raise EgressError("TooSlow" if is_over.is_set() else type(error).__name__) from None
    finally:
        watch.cancel()
        client.close()


def _body(answer: httpx.Response, most: int) -> bytes:
    if answer.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise EgressError("Packed")
    body = bytearray()
    for chunk in answer.iter_raw():
        body += chunk
        if len(body) > most:
            raise TooLargeError("TooLarge")
    return bytes(body)


def _public_address(host: str, port: int, resolved: Resolve) -> str:
    try:
        addresses = resolved(host, port)
    except (OSError, UnicodeError):
        raise EgressError("NameUnknown") from None
    found = [ipaddress.ip_address(one.partition("%")[0]) for one in addresses]
    if not found or not all(map(_is_public, found)):
        raise RefusedAddressError("PrivateNetwork")
    return str(found[0])


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if any(address in network for network in _CARRIERS):
            return False
    return address.is_global and not address.is_multicast


def _port(parts: SplitResult) -> int:
    return 443 if parts.scheme == "https" else 80
