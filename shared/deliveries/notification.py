"""Carrying a notice out: signed, and retried until the webhook takes it."""

import json
from typing import Any
from uuid import UUID

from msgspec import Struct

from shared.connections.connect_links import NOTICE_LIFETIME, ConnectLink, ConnectLinks
from shared.connections.integrations import Integration
from shared.deliveries import webhooks
from shared.deliveries.runner import Step
from shared.platform.clock import Clock
from shared.platform.config import Settings
from shared.platform.i18n import document_language, home_language
from shared.platform.messages import english, stored, translated


class Notifying(Struct, frozen=True):
    settings: Settings
    clock: Clock
    links: ConnectLinks

    def step(self, notice_id: UUID, integration: Integration, request: str) -> Step:
        """The one step of a notice. The webhook may get it twice, with the same id, when its answer is lost."""

        def write(_: None) -> dict[str, Any]:
            url, secret = self.settings.notice_webhook_url, self.settings.notice_secret
            if url is None or secret is None:
                raise webhooks.WebhookError("NOTICE_WEBHOOK_URL is not set any more")
            document = self._document(integration, json.loads(request))
            webhooks.call(url, secret, str(notice_id), int(self.clock.now().timestamp()), document)
            return {"told": document["event"]}

        return Step("webhook", write, lambda _: None)

    def _document(self, integration: Integration, facts: dict[str, Any]) -> dict[str, Any]:
        link = self.links.make(
            ConnectLink(integration.id, home_language(integration.account_domain), None), NOTICE_LIFETIME
        )
        name = f"{integration.account_domain} ({integration.widget_type})"
        detail = stored(facts["detail"])
        language = document_language(integration.settings, integration.account_domain)
        return {
            "event": facts["event"],
            # Chat services show this member, so it is for people.
            "text": f"{name}: {translated(detail, language)} {link}",
            "detail": english(detail),
            "integration_id": str(integration.id),
            "account_domain": integration.account_domain,
            "widget_type": integration.widget_type,
            "status": integration.status,
            "connect_url": link,
        }
