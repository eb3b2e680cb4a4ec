"""`GET get_calculator`: what the calculator of this connection asks, and how it reckons."""

from shared.access.rights import Caller, Right
from shared.actions.action import Action
from shared.calculations import calculator, settings
from shared.platform.endpoint import json_response
from shared.platform.http import Request, Response
from shared.platform.problems import Problem
from shared.runtime import Runtime


def _run(_runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{calculator, widget_type, lead_id}`: of the settings, else the widget type's own. 404 for a type without one."""
    integration = caller.require_integration()
    chosen = settings.of(integration.settings).calculator or calculator.usual(integration.widget_type)
    if chosen is None:
        detail = "This widget type has no calculator of its own; put one into the settings."
        raise Problem(404, "no_calculator", detail)
    return json_response({"calculator": chosen, "widget_type": integration.widget_type, "lead_id": caller.lead_id})


ACTION = Action("get_calculator", "GET", Right.READ_DEAL, _run)
