"""`GET get_calculator`: what the calculator of this connection asks, and how it reckons."""

from typing import Any, TypedDict

from features.calculations import verification
from shared.access.permissions import Caller, Right
from shared.actions import currency
from shared.actions.action import Action
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import Problem
from shared.runtime import Runtime


class CalculatorAnswer(TypedDict):
    """The calculator in force, with formulas as trees."""

    calculator: dict[str, Any]
    revision: str
    account_currency: str | None  # ISO 4217; null where nobody can say now
    widget_type: str
    lead_id: int | None


def _run(runtime: Runtime, caller: Caller, _request: Request) -> Response:
    """`{calculator, revision, account_currency, widget_type, lead_id}`: the one in force, with formulas ready to be
    reckoned (trees; see docs/calculators.md). `revision` changes with it. A sum in another currency than
    `account_currency` (null: nobody can say now) becomes no budget. 404 for a widget type without one."""
    integration = caller.require_integration()
    found = verification.in_account(runtime, integration)
    if found is None:
        detail = say("This widget type has no calculator yet; make one in the panel.")
        raise Problem(404, "no_calculator", detail)
    answer = {"calculator": found.document, "revision": found.revision, "widget_type": integration.widget_type}
    own = currency.of_account(runtime, integration)
    return json_response(answer | {"account_currency": own, "lead_id": caller.lead_id})


ACTION = Action("get_calculator", "GET", Right.READ_DEAL, _run, answer=CalculatorAnswer)
