"""What senders want to hear: those that repeat what they send, or take its address for broken, until they hear it.

A table for bodies (`_BY_MEMBERS`), one for bodies that only try the address (`_TRIALS`), and one for looks at it
(`_LOOKS`). Who is in none of them hears `ok`. An own answer is given for what was taken; what is refused has its usual
status, so that it comes again.

Of what came, only a word is said back (`_WORD`), and never as a page.
"""

import hmac
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from msgspec import Struct

from shared.access.credentials import site_key
from shared.access.permissions import Caller
from shared.platform.http import Request, Response
from shared.platform.messages import Message, say
from shared.platform.middleware import json_response
from shared.platform.nested import Tree
from shared.platform.problems import forbidden
from shared.runtime import Runtime
from shared.storage import event_log

_CONFIRMATION: Final = "confirmation"  # of the address, by hand, and of the body that asks for it
OF_ADDRESS: Final = ("action", "site_key", _CONFIRMATION)  # as the panel shows it, and VK's string
# A challenge, an order's number: nothing that anybody reads as markup, or as a line of its own.
_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TOLD_AGAIN: Final = timedelta(minutes=1)  # somebody is at it


class Answer(Struct, frozen=True):
    response: Response | None  # None: a no, whose reason is `lacks`
    lacks: Message | None = None  # what a person has to do before the sender is content
    to_seal: str = ""  # said with its HMAC, by the secret that the key has


def given(runtime: Runtime, caller: Caller, answer: Answer) -> Response:
    """What is said; raises 403 for a no."""
    secret = site_key.secret_of(runtime, caller) if answer.to_seal else None
    if secret is not None:
        seal = hmac.digest(secret.encode(), answer.to_seal.encode(), "sha256").hex()
        return json_response({"plainToken": answer.to_seal, "encryptedToken": seal})
    if answer.lacks is not None:
        kind, id_ = "submission.not_confirmed", caller.require_integration().id
        told = answer.lacks
        event_log.add_rarely(runtime.database, kind, told, level="warning", integration_id=id_, every=_TOLD_AGAIN)
        if answer.response is None:
            raise forbidden(told)
    assert answer.response is not None
    return answer.response


def _text(text: str) -> Answer:
    return Answer(Response(200, text.encode(), (("Content-Type", "text/plain; charset=utf-8"),)))


def _json(document: Any) -> Answer:
    return Answer(json_response(document))


def _is_word(value: object) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


OK: Final = _text("ok")  # what every other one takes for done


# source: CloudPayments' reference, "Check" and "Pay"; its own plugins. Any other answer is a failure. A check, which
# comes before the money, hears the same: nothing is compared here.
def _cloudpayments(_: Tree) -> Answer:
    return _json({"code": 0})


# source: Robokassa's reference, "ResultURL"; public handlers
def _robokassa(tree: Tree) -> Answer:
    number = next(value for name, value in tree.items() if name.lower() == "invid")
    return _text(f"OK{number}") if _is_word(number) else OK


# source: T-Bank's reference of its acquiring, "Уведомления"; public handlers
def _tbank(_: Tree) -> Answer:
    return _text("OK")


# source: Moneta's reference, "Payment notification", and its library for PHP
def _payanyway(_: Tree) -> Answer:
    return _text("SUCCESS")


# source: Unitpay's library for PHP; public handlers. A check, before the money, hears the same.
def _unitpay(tree: Tree) -> Answer:
    params = tree.get("params")
    is_its = isinstance(params, dict) and "unitpayId" in params
    return _json({"result": {"message": "ok"}}) if is_its else OK


# source: Prodamus' example of a handler
def _prodamus(_: Tree) -> Answer:
    return _text("success")


# source: public handlers of Binotel's `apiCallCompleted`
def _binotel(_: Tree) -> Answer:
    return _json({"status": "success"})


# source: Sipuni's page on the events that it sends by HTTP: without this it may stop sending
def _sipuni(_: Tree) -> Answer:
    return _json({"success": True})


# source: Twilio's reference, "Your Response": a text is sent to the writer as a message
def _twilio(_: Tree) -> Answer:
    return Answer(Response(200, b"<Response/>", (("Content-Type", "application/xml; charset=utf-8"),)))


_OF_TWILIO: Final = "accountsid from to"
_BY_MEMBERS: Final[tuple[tuple[frozenset[str], Callable[[Tree], Answer]], ...]] = tuple(
    (frozenset(members.split()), answer)
    for members, answer in (  # in lower case
        ("transactionid amount operationtype", _cloudpayments),
        ("outsum invid signaturevalue", _robokassa),
        ("terminalkey token status", _tbank),
        ("mnt_id mnt_transaction_id mnt_signature", _payanyway),
        ("method params", _unitpay),
        ("order_num payment_status payment_init", _prodamus),
        ("requesttype calldetails", _binotel),
        ("event call_id src_num", _sipuni),
        (_OF_TWILIO, _twilio),
    )
)


def to_body(tree: Tree) -> Answer:
    """Once it is taken."""
    names = {name.lower() for name in tree}
    return next((answer(tree) for members, answer in _BY_MEMBERS if members <= names), OK)


def to_trial(tree: Tree, request: Request) -> Answer | None:
    """None for a body that does not only try the address."""
    return next((answer for asked in _TRIALS if (answer := asked(tree, request)) is not None), None)


# vendor: vk.confirmation (page) Before VK's Callback API sends anything to an address, it sends `{"type":
# "confirmation", "group_id": …}`, and wants to hear the string that it shows in the community's settings.
# source: VK's reference, "Callback API"
def _vk(tree: Tree, request: Request) -> Answer | None:
    if tree.get("type") != _CONFIRMATION or "group_id" not in tree or "object" in tree:
        return None
    wanted = (request.parameter(_CONFIRMATION) or "").strip()
    if _is_word(wanted):
        return _text(wanted)
    told = say(
        "VK asks for the string that confirms the address, and the address has none. Put &{name}=… at its end, with "
        "the string that VK shows, and confirm it there once more.",
        name=_CONFIRMATION,
    )
    return Answer(OK.response, told)


# source: Slack's reference, "url_verification", Lark's of the same, monday.com's, "Webhooks"; public handlers
def _challenge(tree: Tree, request: Request) -> Answer | None:
    is_asked = tree.get("type", "url_verification") == "url_verification" and "challenge" in tree
    if not is_asked or tree.keys() - {"challenge", "type", "token"} or request.is_html_form:
        return None
    return _json({"challenge": tree["challenge"]}) if _is_word(tree["challenge"]) else None


# source: Zoom's reference, "Validate your webhook endpoint": first by hand, then every three days
def _zoom(tree: Tree, _: Request) -> Answer | None:
    if tree.get("event") != "endpoint.url_validation":
        return None
    payload = tree.get("payload")
    token = payload.get("plainToken") if isinstance(payload, dict) else None
    told = say(
        "Zoom asks for an answer that is made with its secret token, and this key has no secret. Enter the token as "
        "the secret of the key, and validate the address there once more."
    )
    # What it signs itself has colons and braces: no such thing is sealed here.
    return Answer(OK.response, told, to_seal=str(token)) if _is_word(token) else OK


_TRIALS: Final = (_vk, _challenge, _zoom)


def to_look(request: Request) -> Answer | None:
    """To a request without a body; None for one that asks nothing."""
    return next((answer for asked in _LOOKS if (answer := asked(request)) is not None), None)


# source: Meta's reference, "Webhooks: verification requests", as WhatsApp, Messenger, Instagram and lead ads use it.
# Whoever knows the address has the key; that the token is the key, too, is one thing less to make and to keep.
def _meta(request: Request) -> Answer | None:
    challenge, key = request.parameter("hub.challenge"), request.parameter("site_key") or ""
    if request.parameter("hub.mode") != "subscribe" or challenge is None:
        return None
    token = request.parameter("hub.verify_token") or ""
    if hmac.compare_digest(token.encode(), key.encode()):
        return _text(challenge) if _is_word(challenge) else OK
    told = say(
        "Somebody subscribes to a server's key with another verify token than the key. Where Meta asks for the "
        "token, enter the key itself: what stands after {name}= in the address.",
        name="site_key",
    )
    return Answer(None, told)


# source: Zadarma's reference of notifications, and Novofon's (`zd_echo`); Dropbox' and Nylas' of webhooks (`challenge`)
def _echo(request: Request) -> Answer | None:
    asked = [(name, value) for name, value in request.query if name not in OF_ADDRESS]
    if len(asked) != 1 or asked[0][0] not in ("zd_echo", "challenge"):
        return None
    return _text(asked[0][1]) if _is_word(asked[0][1]) else None


_LOOKS: Final = (_meta, _echo)


def to_what_is_not_kept(request: Request) -> Answer:
    """To a form that comes by GET: nobody's yes, and nothing that reaches a visitor."""
    names = {name.lower() for name, _ in request.query}
    return _twilio({}) if set(_OF_TWILIO.split()) <= names else OK
