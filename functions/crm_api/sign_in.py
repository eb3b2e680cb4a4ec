"""Signing in to the panel by an OpenID Connect issuer, without any other proof: `get_sign_in` says whether there is
one, `begin_sign_in` leads there, `finish_sign_in` is where it sends the browser back to.

Both ways out of the last one lead to the panel: with a code that makes a token, once and within two minutes, or with
the reason why not. They stand in the fragment, which no server and no log sees.
"""

from typing import Final
from urllib.parse import urlsplit

from functions.crm_api.actions import administrators
from shared.access import openid, throttle
from shared.access.credentials import named_administrator
from shared.platform import logs
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem
from shared.runtime import Runtime

_PER_MINUTE: Final = 30  # of one address, begun and finished each


def answer(runtime: Runtime, request: Request, name: str) -> Response:
    """The answer to one of the three; raises the problems that have no page."""
    if name == "get_sign_in":
        return json_response({"issuer": _offered(runtime)})
    if runtime.settings.oidc_issuer is None:
        raise Problem(
            404, "sign_in_not_offered", say("No issuer is set (OIDC_ISSUER). Sign in with a token or a link.")
        )
    # Each may ask the issuer, and nobody has said yet who they are.
    throttle.pass_or_refuse(runtime.database, f"{name}:{request.network}", _PER_MINUTE)
    try:
        return _begun(runtime) if name == "begin_sign_in" else _finished(runtime, request)
    except openid.Refusal as refusal:
        logs.warning("sign_in.refused", reason=refusal.reason, detail=str(refusal))
        return _to_panel(runtime, f"refused={refusal.reason}")


def _offered(runtime: Runtime) -> dict[str, str] | None:
    issuer = runtime.settings.oidc_issuer
    if issuer is None:
        return None
    return {"name": urlsplit(issuer).netloc, "redirect_uri": openid.redirect_uri(runtime)}


def _begun(runtime: Runtime) -> Response:
    begun = openid.begin(runtime)
    age = int(openid.LIFETIME.total_seconds())
    return _redirect(begun.location, _cookie(runtime, begun.browser, age))


def _finished(runtime: Runtime, request: Request) -> Response:
    identity = openid.finish(runtime, dict(reversed(request.query)), _browser(runtime, request))
    code = named_administrator.vouched_for(runtime.database, identity.email, identity.subject)
    if code is None:
        raise openid.Refusal("unknown")
    return _redirect(administrators.link(runtime, code), _cookie(runtime, "", 0))


def _to_panel(runtime: Runtime, fragment: str) -> Response:
    return _redirect(f"{runtime.settings.crm_api_url}/admin/#{fragment}", _cookie(runtime, "", 0))


def _redirect(location: str, cookie: str) -> Response:
    headers = (
        ("Location", location),
        ("Set-Cookie", cookie),
        ("Cache-Control", "no-store"),
        ("Referrer-Policy", "no-referrer"),
    )
    return Response(302, b"", headers)


def _cookie(runtime: Runtime, value: str, age: int) -> str:
    """Lax: it comes back with the browser that the issuer sends; no page and no subdomain can set or read it."""
    secure = "; Secure" if _is_https(runtime) else ""
    return f"{_name(runtime)}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"


def _browser(runtime: Runtime, request: Request) -> str | None:
    for field in request.headers.all("Cookie"):
        # By hand: `http.cookies` drops what follows a cookie that it cannot read, and anybody's page may have set one.
        for pair in field.split(";"):
            name, _, value = pair.strip().partition("=")
            if name == _name(runtime) and value:
                return value
    return None


def _name(runtime: Runtime) -> str:
    return "__Host-sign-in" if _is_https(runtime) else "sign-in"


def _is_https(runtime: Runtime) -> bool:
    return runtime.settings.crm_api_url.startswith("https:")
