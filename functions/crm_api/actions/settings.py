"""`GET get_settings`, `POST save_settings`: an integration's settings, checked against its account."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from functions.crm_api import body as bodies
from functions.crm_api.actions.action import Action
from shared import settings
from shared.access.rights import Caller, Right
from shared.amocrm import directory
from shared.amocrm.directory import Directory
from shared.amocrm.leads import AccountApi
from shared.calculations import calculator
from shared.calculations.settings import check_logo
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import InputError, Problem
from shared.runtime import Runtime
from shared.submissions import plan
from shared.submissions.settings_check import names_something_of_the_account, problems

_SAVE = """
WITH saved AS (
    UPDATE amocrm_integrations SET settings = %(settings)s, updated_at = amocrm_now() WHERE id = %(id)s RETURNING id
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'settings.saved', 'The settings were saved.', %(request_id)s FROM saved
)
SELECT id FROM saved
"""


@dataclass(frozen=True, slots=True)
class _Id:
    id: UUID


class SaveSettings(settings.Settings, forbid_unknown_fields=True, frozen=True):
    """The whole document; what is left out has its default."""

    action: str | None = None


def _get(_runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{settings}`: the document of :mod:`shared.settings`, with its defaults."""
    return json_response({"settings": settings.of(caller.require_integration().settings)})


def _save(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """As `get_settings` answers. 422 names what the account does not have, and what it has instead."""
    integration = caller.require_integration()
    given = bodies.decode(request, SaveSettings)
    check_logo(given.company.logo)
    if given.calculator is not None:
        _refuse(calculator.problems(given.calculator), "The calculator does not fit together; nothing was saved.")
    submissions = given.submissions

    def check(api: AccountApi) -> None:
        directory.forget(integration.id)
        found = problems(submissions, Directory(api, integration.id))
        _refuse(found, "The settings do not fit the account; nothing was saved.")

    if names_something_of_the_account(submissions):
        runtime.connections.call(integration, check, calls=4)
    document: dict[str, Any] = msgspec.to_builtins(given)
    del document["action"]
    runtime.database.one(_Id, _SAVE, {"id": integration.id, "settings": Jsonb(document), "request_id": request.id})
    runtime.locks.forget(integration.id, plan.refusal_names())
    return json_response({"settings": document})


def _refuse(found: list[InputError], detail: str) -> None:
    if found:
        raise Problem(422, "invalid_input", detail, errors=tuple(found))


GET = Action("get_settings", "GET", Right.MANAGE, _get)
SAVE = Action("save_settings", "POST", Right.MANAGE, _save, body=SaveSettings)
