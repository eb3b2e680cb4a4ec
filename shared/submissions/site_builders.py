"""Forms as site builders send them, from their own servers: Tilda, Contact Form 7, a script beside a Google form.

A flat form or a flat JSON object, whose fields have the names that its maker gave them. The usual ones are understood,
in the languages of our users; every other one is a field of the form, as in `html_form`. They name what they sent
(`tranid`), so that a repetition is the same submission.
"""

import hashlib
import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.problems import Problem
from shared.submissions import html_form
from shared.submissions.mapping import TRACKING_CODES
from shared.submissions.model import MOST_FIELDS, SubmitForm

_MEANT: Final = {
    "name": "name your-name fullname fio ваше-имя имя фио имʼя ім'я ім’я nombre nome ism",
    "first_name": "first_name first-name firstname",
    "last_name": "last_name last-name lastname surname фамилия прізвище apellido sobrenome familiya",
    "phone": "phone your-phone your-tel tel telephone телефон номер-телефона teléfono telefono telefone telefon mobile",
    "email": "email e-mail your-email mail почта e-mail-адрес пошта correo pochta",
    "comment": "comment comments message your-message textarea"
    " сообщение комментарий повідомлення коментар mensaje mensagem xabar",
    "form": "formname form_name form-name",
    "page": "page page_url page-url referer url",
}
_MEANING: Final = {word: meaning for meaning, words in _MEANT.items() for word in words.split()}
# What names the submission itself; it is no field of the form.
_KEYS: Final = ("tranid", "submission_id", "entry_id", "response_id")
_FORMS: Final = ("formid", "form_id")
_LEFT_OUT: Final = frozenset({*_KEYS, *_FORMS, "cookies"})
_TEST: Final = ("test", "test")
_NAMELESS: Final = "?"


class Sent(Struct, frozen=True):
    body: SubmitForm
    key: str | None  # of the form and what the builder calls this submission; the site is not in it
    is_test: bool  # the address is tried out: nothing is written


def sent(request: Request) -> Sent:
    """What came. Raises 400 and 422."""
    pairs = html_form.pairs(request) if request.is_html_form else _flat(request)
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name.lower()] = values.get(name.lower()) or value
    named = [(name, value) for name, value in pairs if _is_of_the_form(name, value)]
    if not any(_meaning(name) == "form" and value for name, value in named):
        named.append(("form", values.get("formid", "")))
    id_ = next((values[name] for name in _KEYS if values.get(name)), None)
    body = html_form.of(named, _meaning)
    form = next((values[name] for name in _FORMS if values.get(name)), body.form.name)
    key = None if id_ is None else hashlib.sha256(f"{form}\0{id_}".encode()).hexdigest()
    return Sent(body, key, is_test=[(name.lower(), value) for name, value in pairs] == [_TEST])


def is_ours(request: Request) -> bool:
    """A body as `submit_form` has it, from whoever has read docs/forms.md."""
    try:
        contact = msgspec.json.decode(request.body, type=dict[str, msgspec.Raw]).get("contact")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return False
    return contact is not None and bytes(contact).lstrip().startswith(b"{")  # else it is a field of that name


def ok() -> Response:
    """What every builder takes for done."""
    return Response(200, b"ok", (("Content-Type", "text/plain; charset=utf-8"),))


def _meaning(name: str) -> str:
    return _MEANING.get(_plain(name), name)


def _plain(name: str) -> str:
    return re.sub(r"[\s]+", "-", name.strip().lower().rstrip("*:").strip())


def _is_of_the_form(name: str, value: str) -> bool:
    lower = name.lower()
    if lower in _LEFT_OUT or (lower, value) == _TEST:
        return False
    # What else begins with an underscore is the builder's own, such as _wpcf7_version.
    return lower in TRACKING_CODES or not name.startswith("_")


def _flat(request: Request) -> list[tuple[str, str]]:
    try:
        document = msgspec.json.decode(request.body, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        raise Problem(400, "invalid_json", say("The body must be a JSON object in UTF-8.")) from None
    found: list[tuple[str, str]] = []
    for name, value in document.items():
        several = value if isinstance(value, list) else [value]
        found += [(name[:120] or _NAMELESS, _text(one)) for one in several if one is not None]
        if len(found) > MOST_FIELDS:
            raise Problem(400, "invalid_form", html_form.UNREADABLE)
    return found


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text.replace("\0", "")
