"""A connection as the panel and applications see it. No secret and no token is in it."""

from datetime import datetime
from typing import Any, Literal, TypedDict
from uuid import UUID

from shared.connections import connect_links as links
from shared.connections.connect_links import ConnectLink
from shared.connections.integrations import Integration
from shared.platform.i18n import LANGUAGES, home_language
from shared.platform.messages import translated
from shared.runtime import Runtime


class ConnectionTrouble(TypedDict):
    """What is wrong with a connection, and since when."""

    code: str
    detail: str
    at: datetime | None


class Connection(TypedDict):
    """A customer's account and a widget type. No secret and no token is in it."""

    id: UUID
    widget_type: str
    account_domain: str
    account_id: int | None
    client_id: str
    status: Literal["pending", "connected", "reauth_required", "disconnected"]
    token_expires_at: datetime | None
    connected_at: datetime | None
    created_at: datetime
    problem: ConnectionTrouble | None


class ConnectionAnswer(TypedDict):
    """The connection as it is now."""

    connection: Connection


class Addresses(TypedDict):
    """What is to be copied into amoCRM's form of an integration."""

    redirect_uri: str
    hook_url: str
    widget_url: str


def connection_view(integration: Integration, language: str) -> dict[str, Any]:
    problem, detail = None, integration.problem_detail
    if integration.problem_code:
        problem = {
            "code": integration.problem_code,
            "detail": "" if detail is None else translated(detail, language),
            "at": integration.problem_at,
        }
    return {
        "id": integration.id,
        "widget_type": integration.widget_type,
        "account_domain": integration.account_domain,
        "account_id": integration.account_id,
        "client_id": integration.client_id,
        "status": integration.status,
        "token_expires_at": integration.access_expires_at,
        "connected_at": integration.connected_at,
        "created_at": integration.created_at,
        "problem": problem,
    }


def connect_link(
    runtime: Runtime, integration: Integration, language: str | None = None, return_to: str | None = None
) -> str:
    """The address that begins the consent for this connection."""
    return_to = links.check_return_link(runtime.settings, return_to)
    chosen = language if language in LANGUAGES else home_language(integration.account_domain)
    return runtime.connect_links.make(ConnectLink(integration.id, str(chosen), return_to))


def addresses(runtime: Runtime) -> dict[str, str]:
    """What is to be copied into amoCRM's form of an integration (row B6)."""
    redirect_uri = runtime.settings.redirect_uri
    return {
        "redirect_uri": redirect_uri,
        "hook_url": redirect_uri,
        "widget_url": f"{runtime.settings.crm_api_url}/widget/",
    }
