"""Whose code is it? amoCRM comes with our state, with a foreign one, or with none; with the client's id, or without.

1. **Our state**: it stands for one integration. A client id that contradicts it is nobody's.
2. **The state of a button**: an integration that amoCRM has made a moment ago; its secret came before.
3. **Any other state, or none**: an installation from inside amoCRM. The client id tells; else the account's host, where
   one row waits for a consent or there is one row at all; else the only client that we have.

Two candidates are never tried one after the other: the person is told what to do. A wrong client would not use the code
up, but a page that guesses connects what nobody asked for.
"""

from msgspec import Struct

from shared.connections import installations, integrations
from shared.connections.authorization import Consent
from shared.connections.integrations import Integration
from shared.platform.http import Request
from shared.runtime import Runtime

_LONGEST = 4096


class Owner(Struct, frozen=True):
    integration: Integration
    consent: Consent | None  # None: installed from inside amoCRM, so each account gets a row of its own


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
        made = _of_button(runtime, request, state, client_id, host)
        if made is not None:
            return made
    return _of_installation(runtime, client_id, host)


def _of_state(runtime: Runtime, consent: Consent, client_id: str | None) -> Owner | Nobody:
    integration = integrations.by_id(runtime.database, consent.integration_id)
    if integration is None or client_id not in (None, integration.client_id):
        return Nobody("client_unknown", consent)
    return Owner(integration, consent)


def _of_button(
    runtime: Runtime, request: Request, state: str, client_id: str | None, host: str
) -> Owner | Nobody | None:
    found = installations.find(runtime.database, state, client_id)
    if found is None:
        return None
    if found.client_id is None:
        return Nobody("secret_missing")
    uri = runtime.settings.redirect_uri
    integration = installations.integration_of(runtime.database, runtime.keyring, found, host, uri, request.id)
    assert integration is not None  # its secret is there
    return Owner(integration, Consent(integration.id, found.language, found.return_to))


def _of_installation(runtime: Runtime, client_id: str | None, host: str) -> Owner | Nobody:
    # vendor: callback.installation (page) Installing from inside amoCRM sends code, referer and from_widget: perhaps
    # without client_id, and never with a state of ours; the constant `state=state` was seen.
    # source: amoCRM's documentation, "Authorization in public integrations"; amocrm-api-php issue 377
    database = runtime.database
    if client_id is not None:
        known = integrations.of_client(database, client_id, host)
        return Owner(known, None) if known else Nobody("client_unknown")
    here = integrations.at_host(database, host)
    waiting = [one for one in here if one.status != "connected"]
    if len(waiting) == 1 or len(here) == 1:
        return Owner(here[0], None)
    if here:
        return Nobody("several_integrations")
    only = integrations.of_only_client(database)
    if only is not None:
        return Owner(only, None)
    has_none = not integrations.page(database, None, 1)
    return Nobody("client_unknown" if has_none else "several_integrations")
