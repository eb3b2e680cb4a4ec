"""Notices: somebody is told, once for each event, that a connection needs a person (row X11).

A notice is a delivery: it is accepted by the statement of the event itself, signed, and retried until the webhook takes
it.
"""

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from shared import webhooks
from shared.encryption import Keyring
from shared.words import LANGUAGES

if TYPE_CHECKING:
    from shared.deliveries import Delivery
    from shared.delivering import Step
    from shared.integrations import Integration
    from shared.runtime import Runtime

ACTION: Final = "notify"


def columns(keyring: Keyring, notify: bool, event: str, version: int, detail: str) -> dict[str, object]:
    """The notice as parameters of the statement that makes the event true; `notice` is None when nobody listens.

    `version` is the token's: the same event of the same token is told once.
    """
    new_id, request = uuid4(), json.dumps({"event": event, "detail": detail})
    return {
        "notice_id": new_id,
        "notice_action": ACTION,
        "notice_key": f"{event}:{version}",
        "notice_hash": hashlib.sha256(request.encode()).digest(),
        "notice": keyring.encrypt(request, new_id, "request") if notify else None,
    }


def step(runtime: "Runtime", claimed: "Delivery", integration: "Integration", request: str) -> "Step":
    """The one step of a notice. The webhook may get it twice, with the same id, when its answer is lost."""
    from shared.delivering import Step

    def write(_: None) -> dict[str, Any]:
        settings = runtime.settings
        if settings.notice_webhook_url is None or settings.notice_secret is None:
            raise webhooks.WebhookError("NOTICE_WEBHOOK_URL is not set any more")
        document = _document(runtime, integration, json.loads(request))
        timestamp = int(runtime.clock.now().timestamp())
        webhooks.call(settings.notice_webhook_url, settings.notice_secret, str(claimed.id), timestamp, document)
        return {"told": document["event"]}

    return Step("webhook", write, lambda _: None)


def _document(runtime: "Runtime", integration: "Integration", facts: dict[str, str]) -> dict[str, Any]:
    from shared import links

    link = links.make(runtime, links.ConnectLink(integration.id, LANGUAGES[0], None), links.NOTICE_LIFETIME)
    name = f"{integration.account_domain} ({integration.widget_type})"
    return {
        "event": facts["event"],
        "text": f"{name}: {facts['detail']} {link}",  # chat services show this member
        "detail": facts["detail"],
        "integration_id": str(integration.id),
        "account_domain": integration.account_domain,
        "widget_type": integration.widget_type,
        "status": integration.status,
        "connect_url": link,
    }
