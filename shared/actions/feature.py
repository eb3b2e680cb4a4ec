"""A feature: something that can be delivered into a deal, with all that it adds to the product.

Everything is named as `module:NAME`, in words, and imported when it is first needed: a cold start pays for nothing
that its request does not ask for.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from typing import Any, Generic, TypeVar

from msgspec import Struct

from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries.rows import Delivery
from shared.deliveries.runner import Plan
from shared.platform.http import Request, Response
from shared.runtime import Runtime

Content = TypeVar("Content")

# What is to be done every minute, in so many seconds; returns figures for the log. `is_done` False: something that is
# due was left.
ScheduledTask = Callable[[Runtime, float], dict[str, Any]]
# A request that is not told apart by a proof of identity in its headers: whoever takes it finds out whose it is.
Hook = Callable[[Runtime, Request], Response]
# Whether the cards of a connection show a page.
CardPage = Callable[[Integration], bool]
# What a document is called; it may read the deal.
Title = Callable[[AccountApi], str]
# The plan of a quotation of what stands in a deal; the title is the document's, None the settings' own.
QuotationSource = Callable[[Runtime, Delivery, Integration, int, Title | None], Plan]
# The steps that find or make a person's contact and deal. The last one that others wait for is named `lead`, and its
# result has `lead_id` and `contact_id`.
Submitter = Callable[[Runtime, Delivery, Integration, "PersonSubmission"], Plan]
# Before a connection is ended here, while its tokens live. It may fail, and the connection ends all the same.
OnDisconnect = Callable[[Runtime, Integration], None]


class PersonSubmission(Struct, frozen=True):
    """What a feature knows of a person, for another one that brings people into amoCRM."""

    name: str = ""
    phone: str = ""
    email: str = ""
    heading: str = ""  # of the deal
    # For the mapping of the settings, by the name of the source. What has no rule is not told: the caller tells it.
    fields: Mapping[str, str] = {}
    price: Decimal = Decimal()  # of a new deal
    currency: str | None = None  # of the price, ISO 4217; None is the account's own
    lead_id: int | None = None  # a deal that is there: only its stage is set (unless won), its fields and its contact's
    pipeline_id: int | None = None  # null: as the settings say
    status_id: int | None = None
    is_change: bool = False  # of what was submitted before: `fields` alone, also empty ones, in deal and contact
    renamed: tuple[str, str] | None = None  # in the name of a deal that is there: the second text for the first
    moments: Mapping[str, datetime] = {}  # those of `fields` that are one, with its zone: for fields of dates and times


class Planner(Struct, Generic[Content], frozen=True):
    """How deliveries of one action are read and carried out: by whoever accepts one, and by whoever takes it up later.

    A write is accepted only when `read` reads what is going to be stored, so what is stored can be read again.
    """

    action: str
    read: Callable[[str], Content]  # the request as it is stored; raises msgspec.ValidationError
    plan: Callable[[Runtime, Delivery, Integration, Content], Plan]


class Feature(Struct, frozen=True):
    actions: Mapping[str, str]  # of `crm_api`: name -> an Action
    planners: Mapping[str, str]  # of deliveries: the name of the action that accepted them -> a Planner
    settings: str | None = None  # a SettingsPart
    webhooks: str | None = None  # what it tells others: kind -> the Struct of a message's `data`
    examples: str | None = None  # of them: kind -> `headers`, and the `body` that they sign
    scheduled_task: str | None = None  # a ScheduledTask
    backlog: str | None = None  # queue -> a statement for the moment since which its oldest is due
    on_disconnect: str | None = None  # an OnDisconnect
    hooks: Mapping[str, str] = {}  # of `crm_api`, for senders without a proof of ours: name -> a Hook
    reads: Mapping[str, str] = {}  # the same by GET: the address holds the secret
    pages: Mapping[str, str] = {}  # of a deal card: name -> a CardPage
    quotation: str | None = None  # a QuotationSource
    submission: str | None = None  # a Submitter


class SettingsPart(Struct, frozen=True):
    """What a feature adds to the settings of an integration."""

    document: type[Struct]  # its members are members of the whole document; it ignores those of others
    check: Callable[[Runtime, Integration, Any], None]  # raises 422; Any: an instance of `document`
    saved: Callable[[Runtime, Integration], None]  # after it was saved
    is_of_account: bool = False  # it names what one account has, so no other inherits it


def found(home: str) -> Any:
    """What stands at `module:NAME`."""
    module, _, name = home.partition(":")
    return getattr(import_module(module), name)
