"""A plain HTML form, without any script: `<form method="post" action="…?action=submit_form&site_key=site_…">`.

Fields with these names are understood: `name`, `first_name`, `last_name`, `phone`, `email`, `comment`, `form`, `page`,
`utm_…` and other visit data; every other one is a field of the form. Those that begin with an underscore are for us:
`_redirect` (where to go afterwards), `_trap` (hide it from people), `_opened_at` and `_sent_at` (Unix
milliseconds, by the visitor's clock).
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec

from shared.access.proofs import site_key
from shared.access.rights import Caller
from shared.actions import html_page
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.submissions.mapping import TRACKING_CODES
from shared.submissions.model import LONGEST_TEXT, MOST_FIELDS, MOST_LINES, Contact, Form, SubmitForm

_URLENCODED: Final = "application/x-www-form-urlencoded"
_OLD: Final = "cp1251"
# What an address may hold as it is (RFC 3986); the rest is escaped in a header. A per cent sign is part of an escape.
_OF_ADDRESSES: Final = "%:/?#[]@!$&'()*+,;=~"
# Names with a meaning of their own, and how many values of that meaning are taken.
_MOST_VALUES: Final = {
    **dict.fromkeys(("name", "first_name", "last_name", "form", "page"), 1),
    **dict.fromkeys(("phone", "email"), MOST_LINES),
    "comment": MOST_FIELDS,
}
_VISIT: Final = frozenset({*TRACKING_CODES, "gclid", "yclid", "fbclid", "roistat", "openstat", "from"} - {"referrer"})
UNREADABLE: Final = say("The form cannot be read: is it UTF-8, with at most 150 fields?")


def submission(request: Request) -> SubmitForm:
    """The form as a body of `submit_form`. Raises 400 and 422."""
    return of(pairs(request))


def of(pairs: list[tuple[str, str]], meaning: Callable[[str], str] = lambda name: name) -> SubmitForm:
    """Named values as a body of `submit_form`. `meaning`: which of our names a name stands for, else the name itself.

    Where several mean the same, empty ones count for nothing: all phones and e-mails are the person's, comments follow
    each other, and of the rest the first counts; what is left over is a field of the form.
    """
    fields: dict[str, list[str]] = {}
    tracking: dict[str, str] = {}
    own: dict[str, list[tuple[str, str]]] = {}  # by meaning: names and values
    for name, value in pairs:
        visit = name.lower()
        if visit.startswith("utm_") or visit in _VISIT:
            if tracking.setdefault(visit, "") in ("", value[:1000]):
                tracking[visit] = value[:1000]
            elif value:
                _keep(fields, name, value)
        elif (meant := meaning(name)) in _MOST_VALUES:
            before = own.setdefault(meant, [])
            if value.strip() and value not in (known for _, known in before):
                before.append((name, value))
        elif not name.startswith("_") and name != "action":
            _keep(fields, name, value)
    taken: dict[str, list[str]] = {}
    for meant, most in _MOST_VALUES.items():
        given = own.get(meant, [])
        taken[meant] = [value[:1000] if meant != "comment" else value for _, value in given[:most]]
        for name, value in given[most:]:
            _keep(fields, f"{name} (2)" if name in _MOST_VALUES else name, value)
    comment = "\n".join(taken["comment"])
    if len(comment) > LONGEST_TEXT:
        _keep(fields, "comment (2)", comment[LONGEST_TEXT:])
    one = {meant: next(iter(taken[meant]), "") for meant in _MOST_VALUES}
    phones, emails = taken["phone"], taken["email"]
    return SubmitForm(
        contact=Contact(
            name=one["name"],
            first_name=one["first_name"],
            last_name=one["last_name"],
            phone=phones if len(phones) > 1 else one["phone"],
            email=emails if len(emails) > 1 else one["email"],
        ),
        form=Form(name=one["form"], page=one["page"]),
        fields={name: [*values] for name, values in fields.items()},
        comment=comment[:LONGEST_TEXT],
        tracking=tracking,
        opened_at=_moment(pairs, "_opened_at"),
        sent_at=msgspec.UNSET if (sent := _moment(pairs, "_sent_at")) is None else sent,
        trap=_first(pairs, "_trap")[:1000],
    )


def _moment(pairs: list[tuple[str, str]], name: str) -> int | None:
    text = _first(pairs, name)
    return int(text) if text.isdecimal() and len(text) < 16 else None


def _keep(fields: dict[str, list[str]], name: str, value: str) -> None:
    """A text of any length: what is longer than one value may be goes on in the next."""
    parts = [value[begin : begin + LONGEST_TEXT] for begin in range(0, len(value), LONGEST_TEXT)]
    fields.setdefault(name.removesuffix("[]") or name, []).extend(parts or [value])


def _first(pairs: list[tuple[str, str]], wanted: str) -> str:
    """The first value of this name that is not empty."""
    return next((value for name, value in pairs if name == wanted and value), "")


def thanks(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """To the page that the form names, where that is one of the site's own; else a page that says thank you."""
    wanted = _first(pairs(request), "_redirect")
    if wanted and _is_own(runtime, caller, wanted):
        return Response(303, headers=(("Location", quote(wanted, safe=_OF_ADDRESSES)),))
    title, text = html_page.words(request, "thanks", "received")
    return html_page.page(request, 200, title, text)


def _is_own(runtime: Runtime, caller: Caller, address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    origin = f"{parts.scheme}://{parts.netloc}"
    allowed = {*runtime.settings.allowed_origins, *site_key.origins_of(caller)}
    return parts.scheme in ("http", "https") and origin in allowed and address.isprintable()


def pairs(request: Request) -> list[tuple[str, str]]:
    """The names and values of a form in their order. Raises 400."""
    try:
        if request.content_type == _URLENCODED:
            # A byte is a letter of latin-1, so whatever was escaped comes back as the bytes that it was.
            given = parse_qsl(request.body.decode("latin-1"), True, encoding="latin-1", max_num_fields=MOST_FIELDS)
            found = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]
        else:
            found = _multipart(request)
    except ValueError:
        raise Problem(400, "invalid_form", UNREADABLE) from None
    return [(name[:120], value.replace("\0", "")) for name, value in _texts(found) if name]


def _texts(found: list[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """In UTF-8, or in windows-1251, as an old page sends them. Of UTF-8, a text that was cut breaks a letter or two; of
    another encoding, most are broken."""
    letters = b" ".join(part for pair in found for part in pair).decode("utf-8", "replace")
    broken = letters.count("\ufffd")
    encoding = _OLD if 2 * broken > sum(letter > "\x7f" for letter in letters) else "utf-8"
    return [(name.decode(encoding, "replace"), value.decode(encoding, "replace")) for name, value in found]


def _multipart(request: Request) -> list[tuple[bytes, bytes]]:
    """Files are not taken over; the form tells their names."""
    import io

    import python_multipart  # for forms of this kind only
    from python_multipart.exceptions import FormParserError

    found: list[tuple[bytes, bytes]] = []

    def on_field(field: python_multipart.multipart.Field) -> None:
        if len(found) >= MOST_FIELDS:
            raise ValueError("too many fields")
        found.append((field.field_name or b"", field.value or b""))

    def on_file(file: python_multipart.multipart.File) -> None:
        if file.file_name:
            found.append((file.field_name or b"", b"[" + file.file_name + b"]"))

    headers = {"Content-Type": (request.headers.get("Content-Type") or "").encode()}
    try:
        python_multipart.parse_form(headers, io.BytesIO(request.body), on_field, on_file)
    except FormParserError as error:
        raise ValueError(str(error)) from None
    return found
