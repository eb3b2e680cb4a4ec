"""Connecting without typing (row X5): amoCRM's own button makes the integration, and delivers its secret to us.

Source: amoCRM's documentation, "Button on a site". The state, 256 random bits, is what makes the delivery genuine. On a
company's page the button carries the key of an install link instead: there the new client id tells installations apart.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from shared.amocrm import oauth
from shared.connections import install_links
from shared.connections.client_resolution import CodeClient, Row
from shared.platform import widgets
from shared.platform.config import Settings
from shared.platform.messages import say, translated
from shared.platform.secret import Guarded
from shared.storage.database import Database
from shared.storage.encryption import Keyring

LIFETIME: Final = timedelta(minutes=15)
_DESCRIPTION: Final = say("Calculations, forms and orders: in deals")
_OF_SITES: Final = say("Site: forms and orders")

_BEGIN = """
INSERT INTO amocrm_installations (state_hash, id, widget_type, language, return_to, link_id, expires_at)
VALUES (%(state_hash)s, %(id)s, %(widget_type)s, %(language)s, %(return_to)s, %(link_id)s, amocrm_now() + %(lifetime)s)
ON CONFLICT (state_hash) DO UPDATE SET
    expires_at = EXCLUDED.expires_at, created_at = EXCLUDED.created_at, client_id = NULL, client_secret = NULL
WHERE amocrm_installations.expires_at <= amocrm_now()
"""

# The first delivery counts, its secret too: amoCRM may repeat it, and who reads a public key may send another one. From
# now on it waits for the code, which lives 20 minutes.
_RECEIVE = """
UPDATE amocrm_installations SET
    expires_at = CASE WHEN client_id IS NULL THEN amocrm_now() + interval '20 minutes' ELSE expires_at END,
    client_id = %(client_id)s, client_secret = coalesce(client_secret, %(client_secret)s)
WHERE state_hash = %(state_hash)s AND expires_at > amocrm_now() AND (client_id IS NULL OR client_id = %(client_id)s)
"""

# Without the client's id: the newest installations under way by that link. amoCRM delivers the secret seconds before it
# sends the person on, so what strangers deliver under a public key does not push the right one out.
_OF_LINK = """
SELECT * FROM amocrm_installations WHERE link_id = %(link_id)s AND expires_at > amocrm_now()
ORDER BY created_at DESC LIMIT 5
"""

_FIND = """
SELECT * FROM amocrm_installations WHERE state_hash = ANY(%(hashes)s) AND expires_at > amocrm_now()
ORDER BY expires_at DESC LIMIT 1
"""


def name_of(widget_type: str, language: str) -> str:
    """What a person reads in amoCRM's list of integrations."""
    return translated(_OF_SITES, language) if widget_type == "site" else widgets.title(widget_type, language)


def description(language: str) -> str:
    return translated(_DESCRIPTION, language)


class Installation(Guarded, frozen=True):
    """An integration that amoCRM is making for us: its secret waits here for the code that follows."""

    HIDDEN = ("client_secret",)

    id: UUID
    widget_type: str
    language: str
    return_to: str | None
    client_id: str | None
    client_secret: bytes | None
    link_id: UUID | None  # by whose public key it was begun; None: by a state that nobody else knows


def begin(database: Database, widget_type: str, language: str, return_to: str | None = None) -> str:
    """A state for an installation that starts now; stored as a hash only."""
    state = secrets.token_urlsafe(32)
    _insert(database, _hash(state), widget_type, language, return_to=return_to)
    return state


def address(
    settings: Settings,
    *,
    platform: str,
    name: str,
    language: str,
    state: str,
    origin: str | None,
    mode: str = "post_message",
) -> str:
    """amoCRM's page that makes the integration in the account which the person chooses there.

    `origin`: the page with the button, where it is known. `mode`: who is sent back, see :func:`oauth.install_url`.
    """
    return oauth.install_url(
        settings.amocrm_gateway,
        kommo=platform == "kommo",
        name=name,
        description=description(language),
        redirect_uri=settings.redirect_uri,
        logo=f"{settings.crm_api_url}/ui/logo.png",
        origin=origin or settings.crm_api_url,
        state=state,
        mode=mode,
    )


def find(database: Database, state: str, client_id: str | None) -> list[Installation]:
    """Empty for a state that is unknown, or too old; several for a public key whose code names no client."""
    found = database.one(Installation, _FIND, {"hashes": [_hash(state), _hash(state, client_id or "")]})
    if found is not None:
        return [found]
    link = install_links.find(database, state) if client_id is None else None
    return database.all(Installation, _OF_LINK, {"link_id": link.id}) if link else []


def waits(database: Database, state: str) -> bool:
    """Whether an installation was begun with this state, which nobody else knows."""
    return database.one(Installation, _FIND, {"hashes": [_hash(state)]}) is not None


def receive(database: Database, keyring: Keyring, state: str, client_id: str, client_secret: str) -> bool:
    """amoCRM's delivery of the secret. False for a state that is not waiting for this one."""
    place = _hash(state)
    found = database.one(Installation, _FIND, {"hashes": [place]})
    if found is None:
        link = install_links.find(database, state)
        if link is None:
            return False
        place = _hash(state, client_id)
        _insert(database, place, link.widget_type, link.language, link_id=link.id)
        found = database.one(Installation, _FIND, {"hashes": [place]})
    if found is None:
        return False
    sealed = keyring.encrypt(client_secret, found.id, "client_secret")
    parameters = {"state_hash": place, "client_id": client_id, "client_secret": sealed}
    return database.execute(_RECEIVE, parameters) > 0


def _insert(
    database: Database,
    state_hash: bytes,
    widget_type: str,
    language: str,
    *,
    return_to: str | None = None,
    link_id: UUID | None = None,
) -> None:
    facts = {"id": uuid4(), "widget_type": widget_type, "language": language, "return_to": return_to}
    database.execute(_BEGIN, facts | {"state_hash": state_hash, "link_id": link_id, "lifetime": LIFETIME})


def client_of(keyring: Keyring, found: Installation, redirect_uri: str) -> CodeClient | None:
    """What the code is exchanged with. None while the secret has not arrived."""
    if found.client_id is None or found.client_secret is None:
        return None
    secret = keyring.decrypt(found.client_secret, found.id, "client_secret")
    return CodeClient(found.client_id, secret, found.widget_type, redirect_uri, Row.OF_WIDGET_TYPE)


def _hash(state: str, client_id: str | None = None) -> bytes:
    text = state if client_id is None else f"{state}\n{client_id}"
    return hashlib.sha256(text.encode()).digest()
