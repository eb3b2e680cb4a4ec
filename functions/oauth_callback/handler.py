"""What happens when a browser, or amoCRM itself, comes to the redirect URI.

==========================================  ==========================================================================
the request has                             then
==========================================  ==========================================================================
`connect`                                   a person clicked a connect link: a state is made, they are sent to amoCRM
`install`                                   a person pressed a button on a company's page: for a new integration
`client_uuid`, `account_id`, `signature`    amoCRM: the integration was switched off in that account
`error`, `state`                            the person denied: they are told, and can begin again
`code`, `referer`                           the person allowed: whose code it is (`code_owner.py`), exchanged, and
                                            the tokens stored; *then* they are told
POST `{client_id, client_secret, state}`    amoCRM delivers the secret of an integration that its button has made
nothing of this                             a page that says that there is nothing to do here
==========================================  ==========================================================================

Every failure ends in a page in plain words (`texts.py`), and in the event log where it concerns an integration.
"""

import re
from typing import Annotated, Final

import msgspec

from functions.oauth_callback import code_owner, pages
from functions.oauth_callback.code_owner import Nobody, Owner, given
from shared.access import throttle
from shared.amocrm import errors, oauth
from shared.amocrm.hosts import UntrustedHostError, require_account_host
from shared.connections import connect_links as links
from shared.connections import install_links, installations, integrations, token_persistence
from shared.connections.api_session import Connections
from shared.connections.authorization import AuthorizationFailedError, Consent
from shared.connections.integrations import Integration
from shared.connections.rotation import ReauthRequiredError, RefreshDelayedError
from shared.platform import logs, proxies
from shared.platform.decoding import decode
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem, forbidden, null_character
from shared.runtime import Runtime
from shared.storage import event_log
from shared.storage.database import DatabaseUnavailableError

# What costs a call to amoCRM, or a row, and can be asked for by anybody: so often in a minute from one address, and so
# often for one client, or one link with a public key. For these two, what brings a state of ours is not counted: nobody
# makes one up, and strangers cannot keep a consent from its end.
_PER_ADDRESS: Final = 60
_SECRETS_PER_ADDRESS: Final = 240  # they come from amoCRM's own addresses; of one link no more than _PER_ADDRESS
_PER_OWNER: Final = 120
_WAIT_FOR_DATABASE: Final = 8.0  # seconds; how long amoCRM waits for the answer to a secret it does not say
_HOOKS: Final = 6  # each costs a call to amoCRM, and its signature never changes
_STATUS: Final = {"several_integrations": 409, "secret_missing": 400, "address_blocked": 502, "account_unreadable": 502}


class _Delivered(msgspec.Struct):
    client_id: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    client_secret: Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
    state: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]


def handle(runtime: Runtime, request: Request) -> Response:
    """The answer to any visit of the redirect URI; the table above tells the cases apart."""
    request = proxies.of_visitor(runtime.settings, request)
    if request.method == "POST":
        return _secret_delivered(runtime, request)
    if request.method == "HEAD":
        return Response(200)  # whoever looks whether this address is alive must not use a code up
    if request.method != "GET":
        raise Problem(
            405, "method_not_allowed", say("This address is visited with GET."), headers=(("Allow", "GET, POST"),)
        )
    if request.parameter("signature") is not None:
        return _switched_off(runtime, request)
    try:
        if given(request, "connect"):
            return _begin(runtime, request)
        if given(request, "install"):
            return _begin_installation(runtime, request)
        if given(request, "error"):
            return _denied(runtime, request)
        if given(request, "code"):
            return _allowed(runtime, request)
        return pages.failure(request, "nothing_here", status=400)
    except DatabaseUnavailableError:
        # The code, if there is one, is untouched or safe in its claim: reloading this page goes on.
        return pages.failure(request, "try_again", status=503)


def _begin(runtime: Runtime, request: Request) -> Response:
    """A connect link was clicked: on to amoCRM's consent page, with a new state."""
    try:
        link = runtime.connect_links.read(request.parameter("connect") or "")
    except links.LinkExpiredError:
        return pages.failure(request, "link_expired", status=410)
    integration = integrations.by_id(runtime.database, link.integration_id) if link else None
    if link is None or integration is None:
        return pages.failure(request, "link_unknown", status=404)
    state = runtime.authorization.begin(integration.id, link.language, link.return_to)
    target = oauth.consent_url(
        runtime.settings.amocrm_gateway, integration.account_domain, integration.client_id, state
    )
    return Response(302, headers=(("Location", target),))


def _begin_installation(runtime: Runtime, request: Request) -> Response:
    """Our own link on a company's page: on to amoCRM, which makes an integration in the chosen account."""
    try:
        throttle.pass_or_refuse(runtime.database, f"install:{request.network}", _PER_ADDRESS)
    except Problem:
        return pages.failure(request, "try_again", status=429)
    link = install_links.find(runtime.database, request.parameter("install") or "")
    if link is None:
        return pages.failure(request, "link_unknown", status=404)
    state = installations.begin(runtime.database, link.widget_type, link.language)
    target = installations.address(
        runtime.settings,
        platform=link.platform,
        name=link.name,
        language=link.language,
        state=state,
        origin=request.headers.get("Referer"),
    )
    return Response(302, headers=(("Location", target),))


def _denied(runtime: Runtime, request: Request) -> Response:
    """The person pressed "deny", or amoCRM refused to ask them."""
    state = given(request, "state")
    consent = runtime.authorization.use_state(state, used_by="denied") if state else None
    if consent is None and state and _is_of_a_button(runtime, state):
        return pages.failure(request, "access_denied", status=403)
    if consent is None:
        return pages.failure(request, "state_unknown", status=400)
    reason = "access_denied" if request.parameter("error") == "access_denied" else "consent_failed"
    message = (
        say("The consent was denied in amoCRM.")
        if reason == "access_denied"
        else say("amoCRM could not ask for consent.")
    )
    event_log.add(
        runtime.database,
        "authorization.denied",
        message,
        level="warning",
        integration_id=consent.integration_id,
        request_id=request.id,
    )
    return pages.failure(request, reason, status=403, consent=consent, again=_link_again(runtime, consent))


def _is_of_a_button(runtime: Runtime, state: str) -> bool:
    database = runtime.database
    return installations.waits(database, state) or install_links.find(database, state) is not None


def _allowed(runtime: Runtime, request: Request) -> Response:
    """The person pressed "allow": the tokens are stored before they see anything (row D1)."""
    code = given(request, "code") or ""
    try:
        host = require_account_host((request.parameter("referer") or "").lower())
    except UntrustedHostError:
        logs.warning("callback.untrusted_referer")
        return pages.failure(request, "untrusted_host", status=400)
    try:
        throttle.pass_or_refuse(runtime.database, f"callback:{request.network}", _PER_ADDRESS)
        owner = code_owner.owner(runtime, request, code, host)
        if isinstance(owner, Owner) and owner.counted_as:
            throttle.pass_or_refuse(runtime.database, f"callback:{owner.counted_as}", _PER_OWNER)
    except Problem:
        return pages.failure(request, "try_again", status=429)
    consent = owner.consent
    again = _link_again(runtime, consent) if consent else None
    if isinstance(owner, Nobody):
        return pages.failure(request, owner.reason, status=_STATUS.get(owner.reason, 404), consent=consent, again=again)
    logged = owner.clients[0].concerns(host)
    try:
        connected = runtime.authorization.redeem(owner.clients, host, code, request_id=request.id)
    except AuthorizationFailedError as failure:
        logs.warning("authorization.failed", code=failure.code, integration_id=logged)
        status = _STATUS.get(failure.code, 422)
        return pages.failure(request, failure.code, status=status, consent=consent, again=again, detail=failure.detail)
    except errors.UnknownOutcomeError:
        return pages.failure(request, "try_again", status=504, consent=consent, again=again)
    except errors.AmocrmError as error:
        logs.warning("authorization.delayed", reason=str(error), integration_id=logged)
        return pages.failure(request, "try_again", status=502, consent=consent, again=again)
    return pages.success(runtime, request, consent, connected, host)


def _secret_delivered(runtime: Runtime, request: Request) -> Response:
    """The body is amoCRM's; the state in it is what nobody else knows."""
    # vendor: button.secret_answer (production) The delivery of the secret is answered with exactly 200 and JSON: with
    # 204 amoCRM shows an error of creation and never sends the code. Members that are not documented are sent too.
    # source: a comment in a production integration; the newest example of amocrm-api-php speaks of the two hooks
    if request.has_null_in_body:
        raise null_character()
    try:
        body = decode(request.body, _Delivered)
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Problem(400, "invalid_json", say("Expected client_id, client_secret and state.")) from None

    def receive(_left: float) -> bool:
        if not installations.waits(runtime.database, body.state):
            _count_public_delivery(runtime, request, body.state)
        secret = (body.client_id, body.client_secret)
        return installations.receive(runtime.database, runtime.keyring, body.state, *secret)

    # It comes once. Whoever pressed the button is shown amoCRM's error otherwise, and presses it again.
    if not token_persistence.tried_again(runtime.clock, receive, _WAIT_FOR_DATABASE):
        raise forbidden(say("No installation waits for this secret."))
    return json_response({"received": True})


def _count_public_delivery(runtime: Runtime, request: Request, state: str) -> None:
    """Under the key of an install link, which stands in a public page. Raises 403 for a key that is none, and 429."""
    throttle.pass_or_refuse(runtime.database, f"secret:{request.network}", _SECRETS_PER_ADDRESS)
    link = install_links.find(runtime.database, state)
    if link is None:
        raise forbidden(say("No installation waits for this secret."))
    # First by address, so that one stranger does not use up what the link may.
    throttle.pass_or_refuse(runtime.database, f"secret:link:{link.id}:{request.network}", _PER_ADDRESS)
    throttle.pass_or_refuse(runtime.database, f"secret:link:{link.id}", _PER_OWNER)


def _link_again(runtime: Runtime, consent: Consent) -> str | None:
    if consent.integration_id is None:
        return None  # whoever pressed a button presses it again
    return runtime.connect_links.make(links.ConnectLink(consent.integration_id, consent.language, consent.return_to))


def _switched_off(runtime: Runtime, request: Request) -> Response:
    """amoCRM's hook: the integration was switched off in an account (row A1).

    The signature never changes for an account, so an old one, seen in somebody's log, could be sent again. Therefore
    amoCRM is asked, and only its definite no ends the connection. What works is left alone; where it cannot be asked
    now, the answer is 503, and a refresh, which tells for certain, is due at once.
    """
    client_id, account_id = request.parameter("client_uuid") or "", request.parameter("account_id") or ""
    integration = None
    if re.fullmatch("[0-9]{1,19}", account_id) and 0 < int(account_id) < 2**63:
        integration = integrations.by_client(runtime.database, client_id, int(account_id))
    if integration is None or not oauth.is_genuine_switch_off(
        integration.secret(runtime.keyring), client_id, account_id, request.parameter("signature") or ""
    ):
        raise forbidden(say("The signature is not right for this integration and account."))
    throttle.pass_or_refuse(runtime.database, f"hook:{integration.id}", _HOOKS)
    try:
        is_on = _still_works(runtime.connections, integration)
    except (errors.AmocrmError, RefreshDelayedError):
        integrations.look_soon(runtime.database, integration)
        unknown = say("Whether the integration was switched off cannot be asked at the moment; it is looked at again.")
        raise Problem(503, "amocrm_unavailable", unknown, retry_after=60) from None
    if not is_on:
        detail = say("The integration was switched off in amoCRM.")
        ended = integrations.disconnect(runtime.database, integration, "switched_off", detail, request.id)
        return json_response({"disconnected": ended})
    message = say(
        "amoCRM reported that the integration was switched off, but the connection works; nothing was changed."
    )
    level, kind = "warning", "connection.switch_off_doubted"
    event_log.add(runtime.database, kind, message, level=level, integration_id=integration.id, request_id=request.id)
    return json_response({"disconnected": False})


def _still_works(connections: Connections, integration: Integration) -> bool:
    """False for amoCRM's definite no alone. Raises AmocrmError and RefreshDelayedError for everything else."""
    if integration.access_token is None:
        return False
    try:
        connections.call(integration, lambda api: api.account())
    except ReauthRequiredError:
        return False
    except RefreshDelayedError as delay:
        if delay.code != "access_refused":
            raise
        return False  # the hook and the API say the same
    return True
