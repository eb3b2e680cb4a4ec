"""What amoCRM's hosts answer to programs: the token endpoint, the look-up of an account, and the API of an account."""

import json
import time
from urllib.parse import parse_qsl

from simulator import drive, interface, resources, rights
from simulator.answers import BLOCKED, Answer, ApiError, document, escaped, html, oauth_problem, problem
from simulator.call import Call
from simulator.request import Request
from simulator.simulation import Simulation
from simulator.state import Account
from simulator.tokens import INVALID_REQUEST, GrantError

_NO_ACCOUNT = "<!doctype html><title>404</title><h1>Аккаунт не найден</h1>"


def answer(simulation: Simulation, request: Request) -> tuple[Answer, str | None]:
    """The answer, and the client id of who asked where that is known."""
    host, path = request.host, request.path
    if host.startswith("api-") and path == "/oauth2/account/current/subdomain":
        return _current_subdomain(simulation, request.header("x-refresh-token")), None
    if host.startswith(("drive-", "drive.")):
        return drive.answer(simulation, request), None
    if host.startswith("www.") and path == "/oauth2/account/subdomain":
        return _subdomain(simulation, request.header("authorization")), None
    if host.startswith("www.") and path == "/oauth2/access_token":
        # A client of others refreshes here, in production; whose grant it is says the grant.
        return _token(simulation, None, request)
    account = simulation.world.accounts.get(host)
    if account is None:
        return html(_NO_ACCOUNT, 404), None
    if path == "/oauth2/access_token":
        return _token(simulation, account, request)
    return _api(simulation, account, request)


def _token(simulation: Simulation, account: Account | None, request: Request) -> tuple[Answer, str | None]:
    if request.method != "POST":
        return problem(405, "Method Not Allowed", "This method is not allowed here"), None
    given = _token_request(request.body, request.header("content-type"))
    if given is None:
        hint = "Check that all required parameters have been provided"
        return oauth_problem(400, INVALID_REQUEST, hint), None
    client_id = str(given.get("client_id"))
    try:
        pair = json.dumps(simulation.tokens.exchange(account, given)).encode()
        return Answer(200, pair, "application/json"), client_id
    except GrantError as error:
        return oauth_problem(error.status, error.detail, error.hint), client_id


def _token_request(body: bytes, content_type: str) -> dict[str, object] | None:
    """The parameters, as JSON or as a form."""
    if content_type.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        given = json.loads(body)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _current_subdomain(simulation: Simulation, refresh_token: str) -> Answer:
    account = simulation.tokens.account_of_refresh_token(refresh_token)
    if account is None:
        return oauth_problem(401, "The refresh token is invalid", "Token has been revoked")
    return _address(account)


def _subdomain(simulation: Simulation, authorization: str) -> Answer:
    # vendor: oauth.rename_by_access_token
    account = simulation.tokens.account_of_access_token(authorization.removeprefix("Bearer "))
    if account is None:
        return problem(401, "Unauthorized", "Токен не действителен")
    return _address(account)


def _address(account: Account) -> Answer:
    return document(
        {
            "id": account.id,
            "subdomain": account.subdomain,
            "domain": account.domain,
            "top_level_domain": account.top_level_domain.rpartition(".")[2],
        }
    )


def _api(simulation: Simulation, account: Account, request: Request) -> tuple[Answer, str | None]:
    holder = simulation.tokens.holder(request.bearer, account)
    if holder is None:
        return problem(401, "Unauthorized", "Invalid credentials provided"), None
    now = time.monotonic() + simulation.world.clock.offset
    if simulation.limits.is_blocked(now, account.id, holder.client_id):
        return BLOCKED, holder.client_id
    if not simulation.limits.admits(now, account.id, holder.client_id):
        return Answer(429, b"Too Many Requests", "text/plain"), holder.client_id
    if "crm" not in holder.scopes:
        return problem(403, "Forbidden", "The integration has no access to the scope crm"), holder.client_id
    if not account.paid and not account.shows_unpaid:
        return problem(402, "Payment Required", "The account is not paid"), holder.client_id
    if not rights.may_still_call(account, holder.user_id):
        return problem(401, "Unauthorized", "Invalid credentials provided"), holder.client_id
    call = Call(
        simulation.world,
        simulation.truth,
        simulation.journal,
        account,
        holder.client_id,
        holder.user_id,
        request.method,
        request.path.removeprefix("/api/v4").rstrip("/"),
        request.query,
        request.body,
    )
    rules = interface if call.path.startswith("/ajax/") else resources
    try:
        answered = rules.answer(call)
        return escaped(answered) if account.escapes_texts else answered, holder.client_id
    except ApiError as error:
        return error.answer, holder.client_id
