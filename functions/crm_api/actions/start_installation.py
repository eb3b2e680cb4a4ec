"""`POST start_installation`: where amoCRM makes the integration itself, so that nobody types (row X5)."""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from functions.crm_api import body as bodies
from functions.crm_api.actions.action import Action
from shared import installations
from shared.amocrm import oauth
from shared.endpoint import json_response
from shared.http import Request, Response
from shared.rights import Caller, Right
from shared.runtime import Runtime
from shared.words import LANGUAGES

# What a person reads in amoCRM's list of integrations.
_NAMES: Final = {
    "glass": "Калькулятор стекла",
    "countertop": "Калькулятор столешниц",
    "clinic": "Запись в клинику",
    "site": "Формы и заказы с сайта",
}
_DESCRIPTION: Final = "Расчёты, формы и заказы попадают в сделки"


class StartInstallation(Struct, forbid_unknown_fields=True, frozen=True):
    widget_type: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]{0,31}$")]
    platform: Literal["amocrm", "kommo"] = "amocrm"
    name: Annotated[str, Meta(min_length=1, max_length=80)] | None = None
    language: str | None = None
    action: str | None = None


def _run(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`{install_url}`; it works for 15 minutes, once."""
    body = bodies.decode(request, StartInstallation)
    language = body.language if body.language in LANGUAGES else LANGUAGES[0]
    state = installations.begin(runtime.database, body.widget_type, language)
    address = oauth.install_url(
        runtime.settings.amocrm_gateway,
        kommo=body.platform == "kommo",
        name=body.name or _NAMES.get(body.widget_type, body.widget_type),
        description=_DESCRIPTION,
        redirect_uri=runtime.settings.redirect_uri,
        state=state,
    )
    return json_response({"install_url": address})


ACTION = Action("start_installation", "POST", Right.MANAGE, _run, body=StartInstallation)
