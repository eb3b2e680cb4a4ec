"""Calling a webhook, signed as the Standard Webhooks specification has it (standardwebhooks.com).

The receiver checks ``webhook-signature`` and knows a repetition by ``webhook-id``.
"""

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any, Final

import httpx
import msgspec

from shared.platform.problems import ForeseenError, Kind, Problem
from shared.platform.secret import Secret

_TIMEOUT_SECONDS: Final = 10.0


class WebhookError(ForeseenError):
    """It did not answer, or not with 2xx. The message holds neither the address nor the answer."""

    kind = Kind(502, "webhook_failed", "The webhook did not take the notice", retry_after=30)

    def problem(self) -> Problem:
        return replace(super().problem(), detail=f"{self.kind.detail}: {self}.")


def call(url: str, secret: Secret, message_id: str, timestamp: int, document: dict[str, Any]) -> None:
    """Posts the document. Raises :class:`WebhookError`."""
    body = msgspec.json.encode(document)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    try:
        answer = httpx.post(url, content=body, headers=headers, timeout=_TIMEOUT_SECONDS, follow_redirects=False)
    except httpx.HTTPError as error:
        raise WebhookError(type(error).__name__) from None
    if not answer.is_success:
        raise WebhookError(f"status {answer.status_code}")


def signature(secret: Secret, message_id: str, timestamp: int, body: bytes) -> str:
    """`sha256=…` over the timestamp and the body, with the shared secret."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    digest = hmac.new(secret.reveal().encode(), signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
