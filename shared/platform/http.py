"""The one request type and the one response type of all functions; adapters translate each cloud's own."""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl
from uuid import uuid4

from msgspec import field
from msgspec.structs import replace

from shared.platform.i18n import language_of
from shared.platform.secret import Guarded

Pairs = tuple[tuple[str, str], ...]

_NULL_IN_JSON = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")  # after an even number of backslashes
# What a load balancer may put behind an address that it saw: the caller's port, another one with each connection.
_WITH_PORT = re.compile(r"\[(?P<six>[^]]+)\](:\d+)?|(?P<four>[^:]+):\d+")


def without_port(address: str) -> str:
    found = _WITH_PORT.fullmatch(address)
    return address if found is None else found["six"] or found["four"]


class Headers:
    """Header fields by name in any case; the first one counts where a name is repeated."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple((name.lower(), value) for name, value in fields)

    def get(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for field_name, value in self._fields if field_name == wanted), None)

    def all(self, name: str) -> tuple[str, ...]:
        wanted = name.lower()
        return tuple(value for field_name, value in self._fields if field_name == wanted)

    def items(self) -> Pairs:
        return self._fields


class Request(Guarded, frozen=True):
    """What a caller asked, whichever cloud brought it."""

    HIDDEN = ("body",)

    method: str  # upper case
    path: str  # begins with a slash; "/" where the platform has no paths
    query: Pairs = ()
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    address: str = ""  # the visitor's, as the platform tells it; counted by `network`
    id: str = field(default_factory=lambda: uuid4().hex)  # in every log line, event and problem of this request

    @property
    def content_type(self) -> str:
        """Without its parameters, in lower case."""
        return (self.headers.get("Content-Type") or "").partition(";")[0].strip().lower()

    @property
    def is_html_form(self) -> bool:
        return self.content_type in ("application/x-www-form-urlencoded", "multipart/form-data")

    @property
    def takes_gzip(self) -> bool:
        return "gzip" in (self.headers.get("Accept-Encoding") or "")

    @property
    def has_null_in_head(self) -> bool:
        """The character that PostgreSQL's texts cannot hold, in the query or in a header."""
        return any("\0" in part for pair in (*self.query, *self.headers.items()) for part in pair)

    @property
    def has_null_in_body(self) -> bool:
        """The same, in JSON. (A form's parser puts another in its place.)"""
        # The pattern walks through a body slowly, and a quotation brings megabytes that do not hold the escape at all.
        return b"\\u0000" in self.body and not self.is_html_form and bool(_NULL_IN_JSON.search(self.body))

    def with_nulls_shown(self) -> "Request":
        """The same with U+FFFD for each of these in its JSON: whoever reads it sees that something was there."""
        return replace(self, body=_NULL_IN_JSON.sub(rb"\1\\ufffd", self.body)) if self.has_null_in_body else self

    @property
    def network(self) -> str:
        """By which a visitor is counted: the address, of an IPv6 address the first half, as one line has all of it.

        Source: RFC 6177 and RIPE-690: a customer is given a /64 at least, and chooses the rest.
        """
        if ":" not in self.address:
            return self.address
        import ipaddress  # for such addresses only

        try:
            six = ipaddress.IPv6Address(self.address)
        except ValueError:
            return self.address
        return str(six.ipv4_mapped or ipaddress.IPv6Network((int(six) >> 64 << 64, 64)))

    @property
    def language(self) -> str:
        """What the caller reads, by `Accept-Language`; English where it does not say, or we do not speak it."""
        return language_of(self.headers.get("Accept-Language"))

    def parameter(self, name: str) -> str | None:
        """The first query parameter of that name, or None."""
        return next((value for key, value in self.query if key == name), None)


class Response(Guarded, frozen=True):
    """What the caller gets; headers may be repeated."""

    HIDDEN = ("body",)

    status: int
    body: bytes = b""
    headers: Pairs = ()

    def with_headers(self, headers: Pairs) -> "Response":
        """The same answer with these headers added, where it does not set them itself."""
        own = {name.lower() for name, _ in self.headers}
        return Response(self.status, self.body, self.headers + tuple(h for h in headers if h[0].lower() not in own))


def parse_query(text: str) -> Pairs:
    """The pairs of a query string in their order; a name may come again."""
    return tuple(parse_qsl(text, keep_blank_values=True))
