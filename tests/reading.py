"""The reader of all stories: somebody whose language is English between marks that nobody sees.

Whatever comes from a catalogue stands between the marks, so a sentence of the code that stands outside of them was
written past the catalogues, in English for everybody: the story that has met it is red. So is one in which a value of a
sentence is English of the code. The marks are taken away again, and stories find English in the answers.
"""

import gzip
import html
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from shared.platform import i18n, messages, middleware
from shared.platform.http import Headers, Request, Response
from tests import sentences
from tests.sentences import CLOSES, OPENS, VALUE, VALUE_ENDS

Instance = TypeVar("Instance")

READER: Final = "uz"  # whose catalogue is another one while the reader reads
MARKS: Final = re.compile(f"[{OPENS}-{VALUE_ENDS}]")
_GAP: Final = re.compile(r"\{\w+\}")

_reads: ContextVar[bool] = ContextVar("reads", default=False)
_real_catalogue, _real_pages = messages._catalogue, i18n._read


class _Marked:
    """English, as a catalogue of gettext's."""

    def gettext(self, message: str) -> str:
        return marked(message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return marked(one if n == 1 else many)


def marked(text: str) -> str:
    inside = _GAP.sub(lambda gap: f"{VALUE}{gap[0]}{VALUE_ENDS}", text)
    return f"{OPENS}{inside}{CLOSES}"


def _catalogue(language: str) -> Any:
    return _Marked() if language == READER and _reads.get() else _real_catalogue(language)


def _pages(language: str) -> dict[str, Any]:
    if language != READER or not _reads.get():
        return _real_pages(language)
    return {key: marked(text) if isinstance(text, str) else text for key, text in _real_pages("en").items()}


messages._catalogue, i18n._read = _catalogue, _pages  # type: ignore[assignment]


@contextmanager
def reading() -> Iterator[None]:
    token = _reads.set(True)
    try:
        yield
    finally:
        _reads.reset(token)


def serve(
    handler: Callable[[Instance, Request], Response],
    runtime: Instance,
    request: Request,
    *,
    most_bytes: int = middleware.MAX_BODY_BYTES,
) -> Response:
    """As the functions do it; to the reader, where the request does not say what its caller speaks."""
    if request.headers.get("Accept-Language"):
        return middleware.serve(handler, runtime, request, most_bytes=most_bytes)
    headers = Headers((*request.headers.items(), ("accept-language", READER)))
    asked = Request(request.method, request.path, request.query, headers, request.body, request.address, request.id)
    with reading():
        response = middleware.serve(handler, runtime, asked, most_bytes=most_bytes)
    return checked(response)


def checked(response: Response) -> Response:
    """Without the marks, after it was read."""
    headers = dict(response.headers)
    is_packed = headers.get("Content-Encoding") == "gzip"
    body = gzip.decompress(response.body) if is_packed else response.body
    kind = headers.get("Content-Type", "")
    if "json" in kind or "html" in kind:
        text = body.decode()
        found = list(sentences.past_the_catalogues(_texts_of(text, kind)))
        assert not found, f"English is written past the catalogues: {found}"
        body = MARKS.sub("", text).encode()
    if is_packed:
        body = gzip.compress(body, 5, mtime=0)
    fields = tuple((n, "en" if (n, v) == ("Content-Language", READER) else v) for n, v in response.headers)
    return Response(response.status, body, fields)


def _texts_of(text: str, kind: str) -> list[str]:
    """What a person may read of it."""
    if "html" in kind:
        return [html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]*>", "\n", text, flags=re.DOTALL))]
    document = json.loads(text)
    if kind == "application/problem+json":
        document.pop("title")  # RFC 9110's phrase, for programs
    return list(_texts(document))


def _texts(document: Any) -> Iterator[str]:
    if isinstance(document, str):
        yield document
    elif isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from _texts(value)
