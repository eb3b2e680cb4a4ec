"""Buttons for a company's pages: `POST create_install_link`, `GET get_install_links`, `POST revoke_install_link`."""

import html
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct
from msgspec.structs import asdict

from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections import install_links, installations
from shared.platform.http import Request, Response
from shared.platform.i18n import LANGUAGE_OF, LANGUAGES
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem
from shared.runtime import Runtime


class CreateInstallLink(Struct, forbid_unknown_fields=True, frozen=True):
    widget_type: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    platform: Literal["amocrm", "kommo"] = "amocrm"
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")] | None = None
    language: str | None = None
    action: str | None = None


class RevokeInstallLink(Struct, forbid_unknown_fields=True, frozen=True):
    id: UUID
    action: str | None = None


def _create(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{id, key, link, button, name, platform}`: our link, and amoCRM's button as HTML. The key is shown this once."""
    body = bodies.decode(request, CreateInstallLink)
    language = body.language if body.language in LANGUAGES else LANGUAGE_OF[body.platform]
    name = body.name or installations.name_of(body.widget_type, language)
    link_id, key = install_links.create(
        runtime.database, widget_type=body.widget_type, platform=body.platform, name=name, language=language
    )
    link = f"{runtime.settings.redirect_uri}?install={key}"
    button = _button(runtime, body.platform, name, language, key)
    made = {"id": link_id, "key": key, "link": link, "button": button, "name": name, "platform": body.platform}
    return json_response(made, 201)


def _list(runtime: Runtime, _caller: Caller, _request: Request) -> Response:
    """`{install_links: [{id, widget_type, platform, name, language, created_at, revoked_at}]}`, the newest first, those
    that are revoked last."""
    return json_response({"install_links": [asdict(one) for one in install_links.every(runtime.database)]})


def _revoke(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{id, revoked: true}`; accounts that were connected through it stay connected."""
    body = bodies.decode(request, RevokeInstallLink)
    if not install_links.revoke(runtime.database, body.id):
        raise Problem(404, "unknown_install_link", say("There is no such link."))
    return json_response({"id": body.id, "revoked": True})


def _button(runtime: Runtime, platform: str, name: str, language: str, key: str) -> str:
    """The tag of amoCRM's own button. Source: amoCRM's documentation, "Button on a site"."""
    settings = runtime.settings
    kommo = platform == "kommo"
    attributes = {
        "class": "kommo_oauth" if kommo else "amocrm_oauth",
        "charset": "utf-8",
        "data-name": name,
        "data-description": installations.description(language),
        "data-redirect_uri": settings.redirect_uri,
        "data-secrets_uri": settings.redirect_uri,
        "data-logo": f"{settings.crm_api_url}/ui/logo.png",
        "data-scopes": "crm,files",
        "data-title": name,
        "data-state": key,
        "data-mode": "popup",
        "src": f"https://www.{'kommo.com' if kommo else 'amocrm.ru'}/auth/button.min.js",
    }
    shown = " ".join(f'{attribute}="{html.escape(value)}"' for attribute, value in attributes.items())
    return f"<script {shown}></script>"


CREATE = Action("create_install_link", "POST", Right.MANAGE, _create, body=CreateInstallLink)
LIST = Action("get_install_links", "GET", Right.SEE, _list)
REVOKE = Action("revoke_install_link", "POST", Right.MANAGE, _revoke, body=RevokeInstallLink)
