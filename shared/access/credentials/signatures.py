"""Signatures of site builders, form services and shops: an HMAC of the body, in a header of their own.

Each signs in its own way, told apart by the header. They sign what they send, byte for byte.
"""

import base64
import hmac
import re
from collections.abc import Callable
from typing import Final

import msgspec
from msgspec import Struct

from shared.platform.decoding import decode
from shared.platform.http import Request


class _Way(Struct, frozen=True):
    is_hex: bool = False  # else base64
    prefix: str = ""
    digest: str = "sha256"
    signed: Callable[[Request], bytes] = lambda request: request.body


def _with_its_id(request: Request) -> bytes:
    return request.body + (request.headers.get("Framer-Webhook-Submission-Id") or "").encode()


def _with_time(header: str, before: bytes = b"") -> Callable[[Request], bytes]:
    return lambda request: before + (request.headers.get(header) or "").encode() + b":" + request.body


# Sources: the webhook references of Typeform, Tally, WooCommerce, Shopify, Yampi, Webflow, Framer, Taplink, Meta, Zoom
# and CloudPayments, and what public receivers of each check.
_WAYS: Final = {
    "Typeform-Signature": _Way(prefix="sha256="),
    "Tally-Signature": _Way(),
    "X-WC-Webhook-Signature": _Way(),
    "X-Shopify-Hmac-Sha256": _Way(),
    "X-Yampi-Hmac-Sha256": _Way(),
    "X-Webflow-Signature": _Way(is_hex=True, signed=_with_time("X-Webflow-Timestamp")),
    "Framer-Signature": _Way(is_hex=True, prefix="sha256=", signed=_with_its_id),
    "taplink-signature": _Way(is_hex=True, digest="sha1"),
    "X-Hub-Signature-256": _Way(is_hex=True, prefix="sha256="),
    "x-zm-signature": _Way(is_hex=True, prefix="v0=", signed=_with_time("x-zm-request-timestamp", b"v0:")),
    "Content-HMAC": _Way(),
}
# What builders try an address with, unsigned: Tilda's, WooCommerce's, VK's, and nothing at all. It writes nothing.
_TRIAL: Final = re.compile(
    rb"(?:test=test|webhook_id=\d{1,20}|\s*|\{\}"
    rb'|\{\s*"type"\s*:\s*"confirmation"\s*,\s*"group_id"\s*:\s*\d{1,20}\s*\})'
)


class _Event(Struct, frozen=True):
    type: str
    group_id: int
    secret: str


def _says_it(request: Request, secret: str) -> bool:
    """VK signs nothing: each event of a community holds the secret itself."""
    try:
        event = decode(request.body, _Event)
    except msgspec.DecodeError:
        return False
    return hmac.compare_digest(event.secret.encode(), secret.encode())


def is_signed(request: Request, secret: str) -> bool:
    """Whether it carries a signature of this secret, in any of the ways that we know, or VK's secret."""
    return _says_it(request, secret) or any(
        hmac.compare_digest(made(name, request, secret).encode(), sent.strip().encode())
        for name in _WAYS
        if (sent := request.headers.get(name)) is not None
    )


def made(name: str, request: Request, secret: str) -> str:
    """What the header of this name holds when the sender has this secret."""
    way = _WAYS[name]
    digest = hmac.digest(secret.encode(), way.signed(request), way.digest)
    return way.prefix + (digest.hex() if way.is_hex else base64.b64encode(digest).decode())


def is_trial(request: Request) -> bool:
    return bool(_TRIAL.fullmatch(request.body))
