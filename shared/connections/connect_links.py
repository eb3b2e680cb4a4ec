"""Connect links: an address that begins a consent for one integration, and can be clicked, mailed or opened in a popup.

The link carries its facts encrypted, so nothing is stored until somebody clicks it. It gives no right but to begin a
consent, which only an administrator of that account can finish.
"""

import json
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from msgspec import Struct

from shared.platform.clock import Clock
from shared.platform.config import Settings
from shared.platform.messages import say
from shared.platform.problems import invalid_input
from shared.storage.encryption import Keyring

LIFETIME: Final = timedelta(hours=24)
NOTICE_LIFETIME: Final = timedelta(days=14)  # of the link in a notice, which may be read late
_PURPOSE: Final = "connect_link"


class ConnectLink(Struct, frozen=True):
    """What a link that begins a consent says; it is encrypted, so it can be handed out."""

    integration_id: UUID
    language: str
    return_to: str | None


class LinkExpiredError(Exception):
    pass


class ConnectLinks(Struct, frozen=True):
    keyring: Keyring
    clock: Clock
    redirect_uri: str

    def make(self, link: ConnectLink, lifetime: timedelta = LIFETIME) -> str:
        """The whole address. It works as long as `lifetime`, as often as somebody clicks it."""
        expires = int((self.clock.now() + lifetime).timestamp())
        facts = json.dumps([str(link.integration_id), link.language, link.return_to, expires])
        return f"{self.redirect_uri}?connect={self.keyring.sealed(facts, _PURPOSE)}"

    def read(self, text: str) -> ConnectLink | None:
        """The link's facts; None for one we did not make. Raises :class:`LinkExpiredError`."""
        facts = self.keyring.opened(text, _PURPOSE)
        if facts is None:
            return None
        integration_id, language, return_to, expires = json.loads(facts)
        if expires <= self.clock.now().timestamp():
            raise LinkExpiredError
        return ConnectLink(UUID(integration_id), language, return_to)


def check_return_link(settings: Settings, link: str | None) -> str | None:
    """A deep link or address that a finished consent may offer: scheme and host must be on the allow-list (row D3).

    Pages of this installation, such as the panel, are always on it.
    """
    if link is None:
        return None
    try:
        parts = urlsplit(link)
        own = urlsplit(settings.crm_api_url)
        place = f"{parts.scheme}://{parts.netloc}".lower()
        allowed = place in {*settings.return_links, f"{own.scheme}://{own.netloc}".lower()}
    except ValueError:
        allowed = False
    if not allowed or any(ord(letter) < 33 for letter in link):
        raise invalid_input(say("is not on the list of allowed return links (RETURN_LINKS)"), "return_to")
    return link
