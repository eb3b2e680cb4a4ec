"""A plain HTML form, without any script: `<form method="post" action="…?action=submit_form&site_key=site_…">`.

Its fields are understood as those of a site builder are. Those that begin with an underscore are for us: `_redirect`
(where to go afterwards), `_trap` (hide it from people), `_opened_at` and `_sent_at` (Unix milliseconds, by the
visitor's clock).
"""

from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec

from features.submissions.field_recognition import RecognizedForm, understood
from features.submissions.flattening import named_values
from features.submissions.settings import USUAL, Submissions
from shared.access.credentials import site_key
from shared.access.permissions import Caller
from shared.actions import html_page
from shared.platform import nested
from shared.platform.config import web_origin
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.runtime import Runtime

# What an address may hold as it is (RFC 3986); the rest is escaped in a header. A per cent sign is part of an escape.
_OF_ADDRESSES: Final = "%:/?#[]@!$&'()*+,;=~"
TOO_LARGE: Final = say("The body may have at most {most} bytes.", most=f"{nested.MOST_BYTES:,}")
_UNREADABLE: Final = say("The body can be read neither as a form nor as JSON.")


def read(request: Request) -> nested.Tree:
    """The body as a tree. Raises 400 and 413."""
    try:
        return nested.read(request.body, request.headers.get("Content-Type") or "")
    except nested.TooLargeError:
        raise Problem(413, "body_too_large", TOO_LARGE) from None
    except nested.UnreadableError:
        raise Problem(400, "invalid_form", _UNREADABLE) from None


def submission(request: Request, settings: Submissions = USUAL) -> RecognizedForm:
    """The form as a body of `submit_form`. Raises 400 and 413."""
    tree = read(request) if request.body.strip() else {}
    made = understood(named_values(tree), settings)
    sent = _moment(tree, "_sent_at")
    body = msgspec.structs.replace(
        made.body,
        opened_at=_moment(tree, "_opened_at"),
        sent_at=msgspec.UNSET if sent is None else sent,
        trap=_first(tree, "_trap")[:1000],
    )
    return RecognizedForm(body, made.decisions)


def _moment(tree: nested.Tree, name: str) -> int | None:
    text = _first(tree, name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None


def _first(tree: nested.Tree, wanted: str) -> str:
    """The first value of this name that is not empty."""
    given: Any = tree.get(wanted)
    several = given if isinstance(given, list) else [given]
    return next((one for one in several if isinstance(one, str) and one), "")


def thanks(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """To the page that the form names, where that is one of the site's own; else a page that says thank you."""
    wanted = _first(read(request), "_redirect")
    if wanted and _is_own(runtime, caller, wanted):
        return Response(303, headers=(("Location", quote(wanted, safe=_OF_ADDRESSES)),))
    title, text = html_page.words(request, "thanks", "received")
    return html_page.page(request, 200, title, text)


def _is_own(runtime: Runtime, caller: Caller, address: str) -> bool:
    try:
        parts = urlsplit(address)
        origin = web_origin(f"{parts.scheme}://{parts.netloc}")
    except ValueError:
        return False
    return origin in {*runtime.settings.allowed_origins, *site_key.origins_of(caller)} and address.isprintable()
