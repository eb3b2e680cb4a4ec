"""What builders, quizzes and form services send, as the recorded bodies have it, of one of the campaign's people."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from features.submissions import site_builders
from features.submissions.model import SubmitOrder
from tests.submissions.recorded import NAMES, body_of, record, request_of

# Phones of Yampi, Hotmart, Grupo OLX, Cakto and Ticto are of Brazil, Horoshop's of Ukraine; the campaign's people are
# of Russia. An exchange of leads tells two phones of a person. A call tells no name, a ticket of tawk.to no phone, by
# which the campaign knows people; what LiqPay packs in base64, and Formstack in lines, is not changed here; WhatsApp
# and its relays say whole numbers only, or name chats by them.
_LEFT_OUT: Final = (
    "yampi", "hotmart", "lead_exchange", "liqpay", "formstack",
    "whatsapp_cloud", "evolution_api", "green_api", "wazzup", "z_api", "sendpulse", "horoshop", "grupo_olx",
    "cakto", "ticto",
)  # fmt: skip
_ABROAD: Final = ("shopify",)  # their buyer's address is in Brazil, where "(916) 555 06 07" is a number as well
KINDS: Final = [
    name
    for name in NAMES
    if name not in _LEFT_OUT
    and "phone" in record(name)["becomes"]["contact"]
    and any(map(str.isalpha, record(name)["becomes"]["contact"]["name"]))
]
MESSAGE: Final = "Сообщение"

Leaf = Callable[[str], str]


def kind_of(number: int) -> str:
    """Of four numbers the first is no builder's."""
    return KINDS[(number - number // 4 - 1) % len(KINDS)]


def sent(number: int, person: str, phone: str) -> tuple[dict[str, str], bytes]:
    """Headers and body. The builder's ids and numbers are those of this submission; what comes without any is given
    one, because nobody tells its repetition in an hour from another of the same words."""
    one = _record(kind_of(number))
    phone = phone.removeprefix("тел. ")  # some are known by their look only
    phone = f"+7{_national(phone)}" if kind_of(number) in _ABROAD else phone
    known = one["becomes"]["contact"]
    first, _, last = known["name"].partition(" ")
    own_first, _, own_last = person.partition(" ")
    texts = {known["name"]: person, first: own_first if last else person, last: own_last}
    digits = _national(known["phone"])

    def leaf(text: str) -> str:
        if text in texts and text:
            return texts[text]
        if "@" in text and " " not in text:
            return f"{own_last}@example.org"
        if len(text) < 40 and _national(text) == digits:
            return phone
        return re.sub(
            r"(?<!\d)(?:20000\d\d|2000151|e0cafe0+e151|8\d{17}|596792978|727|1034|1035|1036|35|57|81)(?!\d)",
            str(9_000_000 + number),
            text,
        )

    kind = next(name for name in ("json", "form", "multipart") if name in one)
    body = {**_changed(one[kind], leaf), MESSAGE: f"{MESSAGE} {number}."}
    if not _has_id(kind_of(number)):
        body["submission_id"] = str(number)
    if kind != "json":
        body = {name: _inner(value, leaf) for name, value in body.items()}
    headers = {"Content-Type": one["content_type"], **{n: leaf(value) for n, value in one.get("headers", {}).items()}}
    return headers, body_of({**one, kind: body})


@cache
def _record(name: str) -> dict[str, Any]:
    return record(name)


@cache
def _has_id(name: str) -> bool:
    made = site_builders.sent(request_of("", record(name)))
    return made.key is not None or isinstance(made.body, SubmitOrder)


def _changed(value: Any, leaf: Leaf) -> Any:
    if isinstance(value, dict):
        return {name: _changed(one, leaf) for name, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, leaf) for one in value]
    if isinstance(value, int) and not isinstance(value, bool):
        text = leaf(str(value))
        return int(text) if text.isdecimal() else value
    return leaf(value) if isinstance(value, str) and not value.startswith("{") else value


def _inner(value: Any, leaf: Leaf) -> Any:
    """JSON within a field."""
    if not isinstance(value, str) or not value.startswith("{"):
        return value
    return json.dumps(_changed(json.loads(value), leaf), ensure_ascii=False)


def _national(text: str) -> str:
    return re.sub(r"\D", "", text)[-10:]
