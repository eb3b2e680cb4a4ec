"""`GET get_lead`: the open deal and the people in it, for filling in a calculator (row A4).

Costs one database round trip and two calls to amoCRM: the deal, and its contacts together (a hundred at a time).
"""

from typing import TypedDict

from functions.crm_api.leads import Deal, Person, contact_ids, contact_view, contacts_of, lead_view
from shared.access.permissions import Caller, Right
from shared.actions.action import Action
from shared.actions.body import lead_id
from shared.amocrm.leads import AccountApi
from shared.platform.http import Request, Response
from shared.platform.middleware import json_response
from shared.runtime import Runtime


class LeadAnswer(TypedDict):
    """A deal and the people in it; `client` is the main contact."""

    lead: Deal
    client: Person | None
    contacts: list[Person]


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`{lead: {id, name, price, …}, client: {…} | null, contacts: [{id, name, is_main, phones[], emails[]}]}`"""
    wanted = caller.require_lead(lead_id(request))

    def read(api: AccountApi) -> Response:
        lead = api.lead(wanted)
        main_ids = contact_ids(lead)
        found = contacts_of(api, list(main_ids))
        contacts = [contact_view(found[id_], is_main=main) for id_, main in main_ids.items() if id_ in found]
        client = next((contact for contact in contacts if contact["is_main"]), contacts[0] if contacts else None)
        return json_response({"lead": lead_view(lead), "client": client, "contacts": contacts})

    return runtime.connections.call(caller.require_integration(), read, calls=2)


ACTION = Action("get_lead", "GET", Right.READ_PEOPLE, _run, calls=2, answer=LeadAnswer, is_for_a_deal=True)
