"""The panel's search: `POST search` by an id or a number, over all connections; `POST find_contacts` by a phone, in an
account, by amoCRM's own search. What was typed may be a phone, and addresses are kept by proxies and access logs: so it
stands in the body."""

import re
from typing import Annotated, Any, Final, TypedDict
from uuid import UUID

from msgspec import Meta, Struct

from functions.crm_api import search
from functions.crm_api.leads import contact_view
from functions.crm_api.search import SearchResult
from shared.access.permissions import Caller, Right
from shared.actions import body as bodies
from shared.actions.action import Action
from shared.amocrm.contacts import ContactsApi
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import account_page
from shared.platform.http import Request, Response
from shared.platform.messages import say
from shared.platform.middleware import json_response
from shared.platform.problems import invalid_input
from shared.runtime import Runtime

_ID: Final = re.compile(r"(?:ref:)?([0-9a-f]{26}(?:[0-9a-f]{6})?)")
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_COMPARED: Final = 10  # digits of a phone, from its end: what stands before is written in many ways
_FEWEST: Final = 5


class Search(Struct, forbid_unknown_fields=True, frozen=True):
    """What was typed."""

    q: Annotated[str, Meta(max_length=200)]
    action: str | None = None


class Phone(Struct, forbid_unknown_fields=True, frozen=True):
    """As it was typed."""

    phone: Annotated[str, Meta(max_length=200)]
    action: str | None = None


class FoundAnswer(TypedDict):
    """What stands behind an id or a number."""

    found: list[SearchResult]


class FoundDeal(TypedDict):
    """A deal of a contact."""

    id: int
    link: str


class FoundContact(TypedDict):
    """A contact of the account."""

    id: int
    name: str
    link: str
    leads: list[FoundDeal]


class ContactsAnswer(TypedDict):
    """Contacts with a phone."""

    contacts: list[FoundContact]


def _search(runtime: Runtime, _caller: Caller, request: Request) -> Response:
    """`q`: an id as it stands in a list or an answer, a mark (`ref:…`) as it stands in a note or a task, or a
    number of a deal or of a line of the log. `{found: [{kind, id, account_domain, widget_type, created_at}]}`, `kind`
    delivery, incoming, change, booking, deal (something was written into it), event; nothing for anything else."""
    text = bodies.decode(request, Search).q.strip().lower()
    mark, number = _ID.fullmatch(text.replace("-", "")), _NUMBER.fullmatch(text)
    if number:
        return json_response({"found": search.by_number(runtime.database, int(text))})
    if not mark:
        return json_response({"found": []})
    first, last = (UUID(hex=mark[1].ljust(32, sign)) for sign in "0f")
    return json_response({"found": search.by_id(runtime.database, first, last)})


def _contacts(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`phone`, as it was typed. `{contacts: [{id, name, link, leads: [{id, link}]}]}`: those of the account with
    this phone, by amoCRM's own search; nothing of it is kept here."""
    integration, text = caller.require_integration(), bodies.decode(request, Phone).phone
    wanted = _digits(text)[-_COMPARED:]
    if len(wanted) < _FEWEST:
        raise invalid_input(say("must have at least {count} digits", count=_FEWEST), "phone")
    page = account_page(runtime.settings, integration.account_domain)

    def read(api: AccountApi) -> list[dict[str, Any]]:
        return ContactsApi(api).search_contacts(text)

    found = [one for one in runtime.connections.call(integration, read, calls=1) if _has(one, wanted)]
    return json_response({"contacts": [_view(one, page) for one in found[: search.MOST]]})


def _has(contact: dict[str, Any], wanted: str) -> bool:
    phones = contact_view(contact, is_main=False)["phones"]
    return any(wanted in _digits(one["value"]) for one in phones)


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdecimal())


def _view(contact: dict[str, Any], page: str) -> FoundContact:
    leads = [int(one["id"]) for one in (contact.get("_embedded") or {}).get("leads") or []]
    return {
        "id": int(contact["id"]),
        "name": contact.get("name") or "",
        "link": f"{page}/contacts/detail/{contact['id']}",
        "leads": [{"id": one, "link": f"{page}/leads/detail/{one}"} for one in sorted(leads, reverse=True)],
    }


SEARCH = Action("search", "POST", Right.SEE, _search, body=Search, answer=FoundAnswer, is_change=False)
CONTACTS = Action("find_contacts", "POST", Right.MANAGE, _contacts, body=Phone, answer=ContactsAnswer, is_change=False)
