"""`POST find_contacts`: people by a phone, in an account, by amoCRM's own search. Addresses are kept by proxies and
access logs: so the phone stands in the body."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, TypedDict

from msgspec import Meta, Struct

from features.submissions import person_identity, settings
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

_COMPARED: Final = 10  # digits of a phone, from its end: what stands before is written in many ways
_FEWEST: Final = 5
_MOST: Final = 20


class Phone(Struct, forbid_unknown_fields=True, frozen=True):
    """As it was typed."""

    phone: Annotated[str, Meta(max_length=200)]
    action: str | None = None


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


def _run(runtime: Runtime, caller: Caller, request: Request) -> Response:
    """`phone`, as it was typed. `{contacts: [{id, name, link, leads: [{id, link}]}]}`: those of the account with
    this phone, by amoCRM's own search; nothing of it is kept here."""
    integration, typed = caller.require_integration(), bodies.decode(request, Phone).phone
    if len(_digits(typed)) < _FEWEST:
        raise invalid_input(say("must have at least {count} digits", count=_FEWEST), "phone")
    page = account_page(runtime.settings, integration.account_domain)
    phone = person_identity.phone(typed, settings.of(integration).phone_country)
    # A whole number is looked for in each of its spellings, a part of one as it is.
    queries = phone.searches if phone is not None and phone.searches else [typed]
    wanted = [_digits(one)[-_COMPARED:] for one in (typed, *queries)]

    def read(api: AccountApi) -> list[dict[str, Any]]:
        found = (one for query in queries for one in ContactsApi(api).search_contacts(query))
        return list({one["id"]: one for one in found if _has(one, wanted)}.values())

    found = runtime.connections.call(integration, read, calls=len(queries))
    return json_response({"contacts": [_view(one, page) for one in found[:_MOST]]})


def _has(contact: dict[str, Any], wanted: Sequence[str]) -> bool:
    phones = [_digits(one) for one in person_identity.values(contact, "PHONE")]
    return any(one in phone for phone in phones for one in wanted)


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


ACTION = Action("find_contacts", "POST", Right.MANAGE, _run, body=Phone, answer=ContactsAnswer, is_change=False)
