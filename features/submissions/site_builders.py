"""Forms as site builders send them, from their own servers: Tilda, Elementor, quizzes, a script beside a Google form.

Any JSON and any form: what a value is, is understood from what it is called, see
:mod:`features.submissions.field_recognition`; every other one is a field of the form. Builders name what they sent
(`tranid`), so that a repetition is the same submission. What has goods is an order, known by its number.
"""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from features.submissions import (
    amocrm_hooks,
    builder_adapters,
    carts,
    html_form,
    mailings,
    person_identity,
    sender_answers,
)
from features.submissions.booking_news import BookingNews
from features.submissions.field_recognition import IDS, plain_id, understood
from features.submissions.flattening import NamedValue, named_values
from features.submissions.model import SUBMIT_FORM, Contact, Decision, SubmitForm, SubmitOrder
from features.submissions.sender_answers import OF_ADDRESS, OK, Answer
from features.submissions.settings import USUAL, Submissions
from features.submissions.settings import of as settings_of
from shared.access.credentials import site_key
from shared.access.permissions import Caller
from shared.platform.http import Headers, Request, Response
from shared.platform.messages import Message, say
from shared.platform.nested import OWN
from shared.platform.problems import Problem
from shared.runtime import Runtime
from shared.storage import event_log

_TRIALS: Final[tuple[dict[str, object], ...]] = ({"test": "test"}, {})
_TOLD_AGAIN: Final = timedelta(days=1)
_NO_BODY: Final = re.compile(rb"\s*(?:\{\}|\[\])?\s*")
_PING: Final = "webhook_id"  # WooCommerce's first delivery, before any order
_TRIED: Final = say("The site builder has tried the address; there is nothing to write.")
_OWN: Final = say(
    "It tells of the company's own messages, of its account with a messenger, or of the beginning of a call: nobody "
    "has written, and there is nothing to bring into amoCRM."
)
_OF_AMOCRM: Final = say(
    "It is a webhook of amoCRM's own, which tells of deals, contacts or messages there. Nothing is made of it: amoCRM "
    "would tell of that as well, without an end. What happens there is brought by events."
)
_OF_MAILING: Final = say(
    "It tells what became of a mailing: a mail was delivered, opened or returned, or somebody has unsubscribed. Nobody "
    "has asked for anything, and there is nothing to bring into amoCRM."
)
_OF_VISIT: Final = say(
    "It confirms a visit, or says whether somebody has come: nobody has asked for anything by that. Where the visit "
    "has a deal, it is noted there."
)
_NOT_PLACED: Final = say(
    "The buyer has not placed this order yet. WooCommerce tells of it again when it is placed; older versions do so by "
    "the webhook Order updated only."
)


class ReceivedForm(Struct, frozen=True):
    body: SubmitForm | SubmitOrder
    key: str | None  # of the form and what the builder calls this submission; the site is not in it
    is_test: bool  # nothing is written
    decisions: list[Decision] = []
    values: list[NamedValue] = []  # of which the decisions are
    made_at: datetime | None = None  # of an order, where its shop says so
    answer: Answer = OK  # what its sender wants to hear
    reason: Message = _TRIED  # why nothing is written
    writer_id: str = ""  # of a message: who wrote it, as `external_id` has it
    news: BookingNews | None = None  # of a visit that may have a deal; its ids are keys, as `key` is


def sent(request: Request, settings: Submissions = USUAL) -> ReceivedForm:
    """What came. Raises 400 and 413."""
    tree = html_form.read(request) if request.body.strip() else {}
    listed = tree[OWN] if tree.keys() == {OWN} else None
    if isinstance(listed, list) and len(listed) == 1 and isinstance(listed[0], dict):
        tree = listed[0]  # of several each comes by itself, see batches.py
    if {name.lower(): one for name, one in tree.items()} in _TRIALS or list(tree) == [_PING]:
        return ReceivedForm(SubmitForm(), None, is_test=True)
    if amocrm_hooks.is_one(tree):
        return ReceivedForm(SubmitForm(), None, is_test=True, reason=_OF_AMOCRM)
    if mailings.is_news(tree):
        return ReceivedForm(SubmitForm(), None, is_test=True, reason=_OF_MAILING)
    asked = sender_answers.to_trial(tree, request)
    if asked is not None:
        return ReceivedForm(SubmitForm(), None, is_test=True, answer=asked)
    answer = sender_answers.to_body(tree)  # adapters take out what it is known by
    known = builder_adapters.adapted(tree, request)
    if known.is_own:
        return ReceivedForm(SubmitForm(), None, is_test=True, answer=answer, reason=_OWN)
    if known.cart is not None and not known.cart.is_placed:
        return ReceivedForm(SubmitForm(), None, is_test=True, answer=answer, reason=_NOT_PLACED)
    values = named_values(tree)
    if not values and known.cart is None:
        return ReceivedForm(SubmitForm(), None, is_test=True)
    made = understood(values, settings)
    ids = _ids(values)
    form_id = ids.get("formid", "")
    if known.cart is not None:
        own = known.id or _id(ids) or hashlib.sha256(request.body).hexdigest()[:12]
        cart = known.cart if known.cart.number.strip() else replace(known.cart, number=own)
        order = carts.submitted(cart, made.body)
        return ReceivedForm(
            order, None, is_test=False, decisions=made.decisions, values=values, made_at=cart.made_at, answer=answer
        )
    body = made.body
    if not body.form.name and form_id:
        body = replace(body, form=replace(body.form, name=form_id[:1000]))
    if known.writer_id:
        body = replace(body, contact=replace(body.contact, external_id=known.writer_id))
    # Telegram counts for each bot, and others for each chat, from one.
    key = _key(known.id or _id(ids), form_id or body.form.name or known.writer_id)
    read = ReceivedForm(
        body, key, is_test=False, decisions=made.decisions, values=values, answer=answer, writer_id=known.writer_id
    )
    if known.news is None:
        return read
    own, form, *of = [str(_key(one, "")) for one in (known.news.id, known.news.form, *known.news.of)]
    news = replace(known.news, id=own, form=form, of=tuple(of))
    return replace(read, key=form, news=news, reason=_OF_VISIT if news.is_minor else read.reason)


def _ids(values: list[NamedValue]) -> dict[str, str]:
    """What names the submission and its form, by the names of IDS and `formid`: the first of each that is not empty."""
    found: dict[str, str] = {}
    for one in values:
        if not one.values[0]:
            continue
        name = plain_id(one.name)
        if name == "formid" or (name in IDS and not one.label and (name != "token" or "form_response" in one.path)):
            found.setdefault(name, one.values[0])
    return found


def _id(ids: dict[str, str]) -> str:
    return next((ids[name] for name in IDS if name in ids), "")


def _key(id_: str, form: str) -> str | None:
    return hashlib.sha256(f"{form}\0{id_}".encode()).hexdigest() if id_ else None


def is_ours(request: Request) -> bool:
    """A body as `submit_form` has it, from whoever has read docs/forms.md: a value that is not right is refused there.

    With a member that `submit_form` does not have, it is somebody else's document that has a person, too.
    """
    try:
        document = msgspec.json.decode(request.body, type=dict[str, msgspec.Raw])
        contact = msgspec.json.decode(document["contact"], type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError, KeyError):
        return False
    if document.keys() - set(SubmitForm.__struct_fields__) or contact.keys() - set(Contact.__struct_fields__):
        return False
    return not any(isinstance(one, dict) for one in contact.values())


# source: GetCourse's help page on its operation "Call URL": it calls by GET or by POST, and all data are in the address
def of_address(request: Request, caller: Caller) -> Request:
    """With the values of its address as its body, where they name a person, an order or a call and nothing else does;
    else as it is: an address may have a mark of its own, and checks of it have others. Nothing signs an address."""
    given = [(name, value) for name, value in request.query if name not in OF_ADDRESS]
    if not given or not _NO_BODY.fullmatch(request.body) or site_key.is_signed(caller):
        return request
    own = tuple(one for one in request.query if one not in given)
    kept = [one for one in request.headers.items() if not one[0].startswith("content-")]
    headers = Headers([*kept, ("Content-Type", "application/x-www-form-urlencoded")])
    made = replace(request, method="POST", query=own, headers=headers, body=urlencode(given).encode())
    settings = settings_of(caller.require_integration())
    told = sent(made, settings)
    found = told.body
    phones = (person_identity.phone(one, settings.phone_country) for one in found.contact.phones)
    is_person = any(phones) or bool(person_identity.emails(found.contact.emails))
    # Of somebody who hides their number: its service wants to hear its own word, and calls it something.
    is_call = told.answer is not OK and told.key is not None
    is_known = is_person or is_call or isinstance(found, SubmitOrder) or told.reason in (_OWN, _OF_MAILING)
    return made if is_known else request


def caller_of(runtime: Runtime, request: Request) -> Caller:
    """Who looks at the address, or sends by GET. Raises 401 and 405."""
    key = request.parameter("site_key") or ""
    if not key.startswith(site_key.SERVER_PREFIX):
        detail = say("{name} is called with {method}.", name=SUBMIT_FORM, method="POST")
        raise Problem(405, "method_not_allowed", detail, headers=(("Allow", "POST, OPTIONS"),))
    return site_key.identify(runtime, request, key)


def tried(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """A builder tries its address before it saves it. One that sends its forms so is told of."""
    if request.method == "GET" and any(name not in OF_ADDRESS and value for name, value in request.query):
        told = say(
            "Something is sent to the server's key by GET, and its address holds neither a phone, an e-mail nor an "
            "order, or the key wants a signature: nothing of it is taken or kept. Choose POST there."
        )
        id_, kind = caller.require_integration().id, "submission.by_get"
        event_log.add_rarely(runtime.database, kind, told, level="warning", integration_id=id_, every=_TOLD_AGAIN)
    return sender_answers.given(runtime, caller, sender_answers.to_what_is_not_kept(request))
