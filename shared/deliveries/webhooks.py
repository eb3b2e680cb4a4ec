"""Calling a webhook, signed as the Standard Webhooks specification has it (standardwebhooks.com).

The receiver checks ``webhook-signature`` and knows a repetition by ``webhook-id``.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import httpx
import msgspec

from shared.platform import egress
from shared.platform.messages import say
from shared.platform.problems import ForeseenError, Kind, Problem
from shared.platform.secret import Secret

_PREFIX: Final = "whsec_"
# Signs the examples in documents, and nothing else: a receiver can be checked against them.
EXAMPLE_SECRET: Final = "whsec_RXhhbXBsZXMgYXJlIHNpZ25lZCB3aXRo"  # noqa: S105 - public


class WebhookError(ForeseenError):
    """It did not answer, or not with 2xx. The message holds neither the address nor the answer."""

    kind = Kind(502, "webhook_failed", say("The webhook did not take the notice."), retry_after=30)

    def problem(self) -> Problem:
        return replace(super().problem(), detail=say("The webhook did not take the notice: {answer}.", answer=self))


def call(url: str, secret: Secret, message_id: str, timestamp: int, document: dict[str, Any]) -> None:
    """Posts the document to an address that the operator has chosen. Raises :class:`WebhookError`."""
    body = msgspec.json.encode(document)
    headers = signed([secret.reveal().encode()], message_id, timestamp, body)
    address = str(httpx.URL(url))  # letters that are not ASCII as the wire has them
    try:
        # It may well be in the operator's own network. Who answers a letter at a time would hold up the run.
        answer = egress.post(address, body, headers, private_hosts=frozenset({egress.place(address)}))
    except egress.EgressError as error:
        raise WebhookError(str(error)) from None
    if not answer.is_taken:
        raise WebhookError(f"status {answer.status}")


def signed(keys: Sequence[bytes], message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """The headers of a message; while a secret is replaced there are two signatures, and either is good."""
    return {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(key, message_id, timestamp, body) for key in keys),
    }


def signature(key: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    """`v1,…` over the id, the timestamp and the body."""
    digest = hmac.new(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def new_secret() -> str:
    """A secret as the specification writes it: `whsec_` and base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()


def key_of(secret: str) -> bytes:
    """What a secret of :func:`new_secret` signs with."""
    return base64.b64decode(secret.removeprefix(_PREFIX))
