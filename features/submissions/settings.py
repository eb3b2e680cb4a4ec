"""Where the forms and orders of a site go, and how: a part of the settings of one integration."""

import re
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.structs import replace

from features.submissions.field_vocabulary import Meaning
from shared.connections.integrations import Integration
from shared.platform.decoding import convert

Id = Annotated[int, Meta(gt=0, le=2**63 - 1)]
Name = Annotated[str, Meta(min_length=1, max_length=120)]


class Destination(Struct, forbid_unknown_fields=True, frozen=True):
    """Where forms, or orders, go."""

    mode: Literal["lead", "incoming_lead", "contact"] = "lead"
    pipeline_id: Id | None = None  # null: the account's main pipeline
    status_id: Id | None = None  # null: the pipeline's first status
    required: Annotated[list[Name], Meta(max_length=50)] = []  # source fields; `phone|email` is either
    tags: Annotated[list[Name], Meta(max_length=20)] = []
    title: Annotated[str, Meta(max_length=200)] | None = None  # with {form}, {number}, {name}


FieldType = Literal["text", "textarea", "numeric", "checkbox", "date", "url", "select", "multiselect"]


class FieldRule(Struct, forbid_unknown_fields=True, frozen=True):
    """A source field and the field of the deal or contact that it goes to, by id, or by code or name."""

    source: Name
    entity: Literal["leads", "contacts"]
    field_id: Id | None = None
    field: Name | None = None
    type: FieldType = "text"  # as which it is created when it is missing
    enum: Name | None = None  # of a field with several kinds of values: WORK, MOB


class Route(Struct, forbid_unknown_fields=True, frozen=True):
    """Where an order goes that holds goods of this category, or of one below it."""

    category: Name
    pipeline_id: Id | None = None
    status_id: Id | None = None
    responsible_user_id: Id | None = None


class Submissions(Struct, forbid_unknown_fields=True, frozen=True):
    """Forms, orders and contacts of a site (rows C2-C9)."""

    forms: Destination = Destination()
    orders: Destination = Destination()
    # Of numbers without a country code; empty: the account's own, which `of` fills in.
    phone_country: Annotated[str, Meta(pattern="^([A-Z]{2})?$")] = ""
    responsible_user_ids: Annotated[list[Id], Meta(max_length=50)] = []  # several take turns
    mapping: Annotated[list[FieldRule], Meta(max_length=100)] = []
    meanings: dict[Name, Meaning] = {}  # of a source that a builder sends; goes before what its name says
    phone_enum: Literal["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"] = "WORK"
    email_enum: Literal["WORK", "PRIV", "OTHER"] = "WORK"
    # Of a known contact: `name`, or a field by its id, code or name.
    read_only: Annotated[list[Name], Meta(max_length=100)] = []
    skip_empty: bool = True  # false: an empty value clears the field of a known contact
    create_fields: bool = True  # those of the mapping that the account does not have
    routes: Annotated[list[Route], Meta(max_length=200)] = []  # the first that fits counts
    category_parents: dict[Name, Name] = {}  # for shops that send a category without its parents
    routing_beats_order: bool = True  # also over a responsible user given in the order
    queue: bool = False  # accept at once, deliver in the background
    time_trap_seconds: Annotated[int, Meta(ge=0, le=60)] = 2  # nobody fills in a form faster than this


USUAL: Final = Submissions(phone_country="RU")


def of(integration: Integration) -> Submissions:
    """This part of a row's settings, with its defaults. `phone_country` is empty where nobody has said it."""
    own = convert(integration.settings.get("submissions") or {}, Submissions)
    return replace(own, phone_country=own.phone_country or _account_country(integration))


def _account_country(integration: Integration) -> str:
    """As amoCRM has told when the account was connected; where it has not, Russia at amocrm.ru, and nothing else."""
    said = str(integration.settings.get("account_country") or "").upper()
    if re.fullmatch("[A-Z]{2}", said):
        return said
    return "RU" if integration.account_domain.endswith(".amocrm.ru") else ""


def creation_refused(entity: str) -> str:
    """Under this name it is remembered that the account lets nobody create fields of leads, or of contacts."""
    return f"fields_refused_{entity}"
