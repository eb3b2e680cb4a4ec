"""Whose code is it? amoCRM comes with our state, with a foreign one, or with none; with the client's id, or without.

1. **Our state**: it stands for one integration. A client id that contradicts it is nobody's.
2. **The state of a button**: an integration that amoCRM has made a moment ago; its secret came before.
3. **Any other state, or none**: an installation from inside amoCRM. The client id tells; else the account's host, where
   one row waits for a consent or there is one row at all; else the only client that we have.

Two connections are never tried one after the other: the person is told what to do. (A wrong client would not use the
code up, but a page that guesses connects what nobody asked for.) Installations that one public key has begun are, where
amoCRM does not name the client: a code is good for the client that it was given to, and for no other. So
are the secrets that one client has at several accounts, where the first is refused.

Nothing here changes a connection. What a request says chooses the client that the code is tried with; whose row the
tokens go to is asked of the account that has given them (:mod:`shared.connections.client_resolution`).
"""

from contextlib import suppress

from msgspec import Struct, structs

from shared.connections import installations, integrations
from shared.connections.authorization import Consent
from shared.connections.client_resolution import CodeClient, Row
from shared.connections.integrations import Integration
from shared.platform.http import Request
from shared.runtime import Runtime
from shared.storage.encryption import DecryptionError

_LONGEST = 4096


class Owner(Struct, frozen=True):
    clients: tuple[CodeClient, ...]
    consent: Consent | None  # None: installed from inside amoCRM
    counted_as: str | None = None  # by whom it is throttled; None: by a state of ours, which nobody makes up


class Nobody(Struct, frozen=True):
    reason: str  # a text of the callback's pages
    consent: Consent | None = None


def given(request: Request, name: str) -> str | None:
    """A query parameter; None for an empty one, and for one that is too long to be amoCRM's."""
    value = request.parameter(name)
    return value if value and len(value) <= _LONGEST else None


def owner(runtime: Runtime, request: Request, code: str, host: str) -> Owner | Nobody:
    state, client_id = given(request, "state"), given(request, "client_id")
    if state is not None:
        consent = runtime.authorization.use_state(state, used_by=code)
        if consent is not None:
            return _of_state(runtime, consent, client_id)
        made = _of_button(runtime, state, client_id)
        if made is not None:
            return made
    return _of_installation(runtime, client_id, host)


def _of_state(runtime: Runtime, consent: Consent, client_id: str | None) -> Owner | Nobody:
    assert consent.integration_id is not None  # a state is begun for a connection
    integration = integrations.by_id(runtime.database, consent.integration_id)
    if integration is None or client_id not in (None, integration.client_id):
        return Nobody("client_unknown", consent)
    return Owner((CodeClient.of(integration, runtime.keyring, Row.OWN),), consent)


def _of_button(runtime: Runtime, state: str, client_id: str | None) -> Owner | Nobody | None:
    found = installations.find(runtime.database, state, client_id)
    if not found:
        return None
    uri = runtime.settings.redirect_uri
    clients = [installations.client_of(runtime.keyring, one, uri) for one in found]
    ready = tuple(client for client in clients if client is not None)
    if not ready:
        return Nobody("secret_missing")
    first = found[0]
    counted_as = f"link:{first.link_id}" if first.link_id else None
    return Owner(ready, Consent(None, first.language, first.return_to), counted_as)


def _of_installation(runtime: Runtime, client_id: str | None, host: str) -> Owner | Nobody:
    # vendor: callback.installation (page) Installing from inside amoCRM sends code, referer and from_widget: perhaps
    # without client_id, and never with a state of ours; the constant `state=state` was seen.
    # source: amoCRM's documentation, "Authorization in public integrations"; amocrm-api-php issue 377
    database = runtime.database
    if client_id is not None:
        known = integrations.of_client(database, client_id, host)
        return _installed(runtime, known) if known else Nobody("client_unknown")
    here = integrations.at_host(database, host)
    waiting = [one for one in here if one.status != "connected"]
    if len(waiting) == 1 or len(here) == 1:
        first = here[0]
        return _installed(runtime, [first, *integrations.of_client(database, first.client_id, host)])
    if here:
        return Nobody("several_integrations")
    only = integrations.of_only_client(database)
    if only:
        return _installed(runtime, only)
    has_none = not integrations.page(database, None, 1)
    return Nobody("client_unknown" if has_none else "several_integrations")


def _installed(runtime: Runtime, lenders: list[Integration]) -> Owner:
    """The first lends its client; the others their secrets only, of which one may be newer."""
    client = CodeClient.of(lenders[0], runtime.keyring, Row.OF_CLIENT)
    known = {client.client_secret: client}
    for other in lenders[1:]:
        with suppress(DecryptionError):  # that one has its own trouble
            secret = other.secret(runtime.keyring)
            known.setdefault(secret, structs.replace(client, client_secret=secret))
    return Owner(tuple(known.values()), None, f"client:{client.client_id}")
