"""Who is asking. Each proof of identity has a module in `shared/access/credentials/`; here they are told apart.

`X-Account-Domain` and `X-Widget-Type` are only a claim: the account and widget type come from the proof, and a header
that disagrees is refused. Only the administrator, who may act for every account, chooses by them.
"""

from shared.access.credentials import administrator, named_administrator, session, site_key
from shared.access.credentials.claimed_account import claimed_account
from shared.access.permissions import Caller
from shared.platform import logs
from shared.platform.http import Request
from shared.platform.messages import say
from shared.platform.problems import forbidden, unauthenticated
from shared.runtime import Runtime
from shared.storage.database import moving_error


def authenticate(runtime: Runtime, request: Request, calls: int = 0) -> Caller:
    """Raises 401 for a missing or wrong proof, 403 for headers that disagree with it.

    `calls`: how many calls to amoCRM the action will make. Where the proof is known to be good before the integration
    is read, they are reserved in the same round trip.
    """
    caller = _identified(runtime, request, calls)
    if caller.integration is not None:
        logs.integration_id.set(str(caller.integration.id))
        _refuse_moving(request, caller)
    if not caller.is_administrator and not caller.is_of_no_account:
        _refuse_other_account(request, caller)
    return caller


def spend(runtime: Runtime, caller: Caller, request: Request) -> None:
    """A one-time token pays for one write; raises 401 when it has paid before."""
    if caller.jti is not None:
        from shared.access.credentials import one_time_token

        one_time_token.spend(runtime.database, caller, request.id)


def _identified(runtime: Runtime, request: Request, calls: int) -> Caller:
    key = request.parameter("site_key") or ""
    if key.startswith(site_key.SERVER_PREFIX):  # what its sender's headers prove, they prove to somebody else
        return site_key.identify(runtime, request, key)
    token = request.headers.get("X-Auth-Token")
    if token:
        from shared.access.credentials import one_time_token  # brings PyJWT and its cryptography

        return one_time_token.identify(runtime, token, calls)
    scheme, _, credential = (request.headers.get("Authorization") or "").partition(" ")
    if not credential and key:
        scheme, credential = "bearer", key  # a plain HTML form sets no headers; the key is no secret
        if not key.startswith(site_key.PREFIX):
            raise unauthenticated(say("site_key takes a site key only. Send other proofs in a header."))
    if scheme.lower() != "bearer" or not credential:
        raise unauthenticated(say("Send X-Auth-Token (amoCRM's one-time token) or Authorization: Bearer."))
    if credential.startswith(session.PREFIX):
        return session.identify(runtime, credential, calls)
    if credential.startswith((site_key.PREFIX, site_key.SERVER_PREFIX)):
        return site_key.identify(runtime, request, credential)
    if credential.startswith((named_administrator.PREFIX, named_administrator.LINK_PREFIX)):
        if credential.startswith(named_administrator.LINK_PREFIX):
            return named_administrator.identify_invited(runtime, credential)
        return named_administrator.identify(runtime, request, credential, calls)
    if credential.count(".") == 2:
        from shared.access.credentials import application  # likewise

        return application.identify(runtime, credential, calls)
    return administrator.identify(runtime, request, credential, calls)


def _refuse_moving(request: Request, caller: Caller) -> None:
    """Before anything is done for it: what an account gets while it moves could not be written down. People who look
    after the installation may look at it wherever it stands."""
    integration = caller.require_integration()
    move = integration.move
    if move is None and integration.has_left and not caller.is_administrator:
        raise moving_error("left")
    is_only_looked_at = request.method == "GET" and (caller.is_administrator or move not in ("left", "arriving"))
    if move not in (None, "closing") and not is_only_looked_at:
        raise moving_error(move)


def _refuse_other_account(request: Request, caller: Caller) -> None:
    integration = caller.require_integration()
    domain, widget_type = claimed_account(request)
    if domain not in (None, integration.account_domain):
        raise forbidden(say("X-Account-Domain names another account than the proof of identity."))
    if widget_type not in (None, integration.widget_type):
        raise forbidden(say("X-Widget-Type names another widget type than the proof of identity."))
