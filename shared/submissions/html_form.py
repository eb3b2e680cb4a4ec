"""A plain HTML form, without any script: `<form method="post" action="…?action=submit_form&site_key=site_…">`.

Fields with these names are understood: `name`, `first_name`, `last_name`, `phone`, `email`, `comment`, `form`, `page`,
`utm_…` and other visit data; every other one is a field of the form. Those that begin with an underscore are for us:
`_redirect` (where to go afterwards), `_trap` (hide it from people), `_opened_at` (Unix milliseconds).
"""

from typing import Final
from urllib.parse import parse_qsl, urlsplit

from shared.access.proofs import site_key
from shared.access.rights import Caller
from shared.actions import html_page
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.submissions.mapping import TRACKING_CODES
from shared.submissions.model import MOST_FIELDS, Contact, Fields, Form, SubmitForm

_URLENCODED: Final = "application/x-www-form-urlencoded"
_CONTACT: Final = ("name", "first_name", "last_name", "phone", "email")
_VISIT: Final = frozenset({*TRACKING_CODES, "gclid", "yclid", "fbclid", "roistat", "openstat", "from"} - {"referrer"})
UNREADABLE: Final = say("The form cannot be read: is it UTF-8, with at most 150 fields?")


def submission(request: Request) -> SubmitForm:
    """The form as a body of `submit_form`. Raises 400 and 422."""
    return of(pairs(request))


def of(pairs: list[tuple[str, str]]) -> SubmitForm:
    """Named values as a body of `submit_form`."""
    values = dict(pairs)
    fields: Fields = {}
    tracking = {}
    for name, value in pairs:
        if name.lower().startswith("utm_") or name.lower() in _VISIT:
            tracking[name.lower()] = value[:1000]
        elif not name.startswith("_") and name not in (*_CONTACT, "comment", "form", "page", "action"):
            kept = fields.setdefault(name.removesuffix("[]") or name, [])
            assert isinstance(kept, list)  # nobody else fills it
            kept.append(value[:1000])
    opened = values.get("_opened_at", "")
    return SubmitForm(
        contact=Contact(**{name: values.get(name, "")[:1000] for name in _CONTACT}),
        form=Form(name=values.get("form", "")[:1000], page=values.get("page", "")[:1000]),
        fields=fields,
        comment=values.get("comment", "")[:10_000],
        tracking=tracking,
        opened_at=int(opened) if opened.isdecimal() and len(opened) < 16 else None,
        trap=values.get("_trap", "")[:1000],
    )


def thanks(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """To the page that the form names, where that is one of the site's own; else a page that says thank you."""
    wanted = dict(pairs(request)).get("_redirect", "")
    if wanted and _is_own(runtime, caller, wanted):
        return Response(303, headers=(("Location", wanted),))
    title, text = html_page.words(request, "thanks", "received")
    return html_page.page(request, 200, title, text)


def _is_own(runtime: Runtime, caller: Caller, address: str) -> bool:
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    allowed = {*runtime.settings.allowed_origins, *site_key.origins_of(caller)}
    return parts.scheme in ("http", "https") and origin in allowed and address.isprintable()


def pairs(request: Request) -> list[tuple[str, str]]:
    """The names and values of a form in their order. Raises 400."""
    try:
        if request.content_type == _URLENCODED:
            text = request.body.decode()
            found = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
        else:
            found = _multipart(request)
    except (ValueError, UnicodeDecodeError):
        raise Problem(400, "invalid_form", UNREADABLE) from None
    return [(name[:120], value.replace("\0", "")) for name, value in found if name]


def _multipart(request: Request) -> list[tuple[str, str]]:
    """Files are not taken over; the form tells their names."""
    import io

    import python_multipart  # for forms of this kind only
    from python_multipart.exceptions import FormParserError

    found: list[tuple[str, str]] = []

    def on_field(field: python_multipart.multipart.Field) -> None:
        if len(found) >= MOST_FIELDS:
            raise ValueError("too many fields")
        found.append(((field.field_name or b"").decode(), (field.value or b"").decode()))

    def on_file(file: python_multipart.multipart.File) -> None:
        if file.file_name:
            found.append(((file.field_name or b"").decode(), f"[{file.file_name.decode(errors='replace')}]"))

    headers = {"Content-Type": (request.headers.get("Content-Type") or "").encode()}
    try:
        python_multipart.parse_form(headers, io.BytesIO(request.body), on_field, on_file)
    except FormParserError as error:
        raise ValueError(str(error)) from None
    return found
