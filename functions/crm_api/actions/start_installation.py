"""`POST start_installation`: where amoCRM makes the integration itself, so that nobody types (row X5)."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.connections import connect_links as links
from shared.connections import installations
from shared.platform.http import Request, Response
from shared.platform.i18n import LANGUAGE_OF, LANGUAGES
from shared.platform.middleware import json_response
from shared.runtime import Runtime


class StartInstallation(Struct, forbid_unknown_fields=True, frozen=True):
    widget_type: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    platform: Literal["amocrm", "kommo"] = "amocrm"
    mode: Literal["post_message", "popup"] = (
        "post_message"  # who is sent back: amoCRM's window, or the one that opened it
    )
    origin: Annotated[str, Meta(pattern=r"^https?://[\x21-\x7e]+$", max_length=1000)] | None = None  # the asking page
    name: Annotated[str, Meta(min_length=1, max_length=80, pattern=r"\S")] | None = None
    language: str | None = None
    return_to: str | None = None  # where the finished page's button leads; of this installation, or from RETURN_LINKS
    action: str | None = None


def _run(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{install_url, redirect_uri}`; it works for 15 minutes, once. In mode `popup` the page that opens it must go to
    the address that amoCRM's window posts to it as `{url}`, if that begins with `redirect_uri`."""
    body = bodies.decode(request, StartInstallation)
    language = body.language if body.language in LANGUAGES else LANGUAGE_OF[body.platform]
    return_to = links.check_return_link(runtime.settings, body.return_to)
    state = installations.begin(runtime.database, body.widget_type, language, return_to)
    address = installations.address(
        runtime.settings,
        platform=body.platform,
        name=body.name or installations.name_of(body.widget_type, language),
        language=language,
        state=state,
        origin=body.origin,
        mode=body.mode,
    )
    return json_response({"install_url": address, "redirect_uri": runtime.settings.redirect_uri})


ACTION = Action("start_installation", "POST", Right.MANAGE, _run, body=StartInstallation, is_change=False)
