"""What a site sends: a form, an order, or a person's profile. Money is a decimal, as in a calculation."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import force_setattr, replace

from features.submissions.field_vocabulary import Meaning
from features.submissions.settings import Id, Name
from shared.deliveries.items import Amounts, Item, amount_problems, item_problems
from shared.platform import i18n
from shared.platform.decoding import decode
from shared.platform.messages import say
from shared.platform.money import MOST_DIGITS, is_amount, rounded
from shared.platform.problems import InputError, Problem

SUBMIT_FORM: Final = "submit_form"
SUBMIT_ORDER: Final = "submit_order"
SYNC_CONTACT: Final = "sync_contact"
NEWS: Final = "order_news"  # what is told of an order, or of a visit, later

LONGEST_LINE: Final = 1000
Line = Annotated[str, Meta(max_length=LONGEST_LINE)]
MOST_LINES: Final = 20  # phones, and e-mails, of a person
Lines = Line | Annotated[list[Line], Meta(max_length=MOST_LINES)]
Scalar = str | bool | int | float | None
# What a visitor has written, and what its form calls it, has no bound but the bytes of a body.
FieldName = Annotated[str, Meta(min_length=1)]
Fields = dict[FieldName, Scalar | list[Scalar]]
Tracking = dict[FieldName, str]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$")]  # ISO 4217
# Where it is unset it is in no stored body, so that what was accepted before this member was there is still the same.
Moment = int | UnsetType | None


class Contact(Struct, forbid_unknown_fields=True, frozen=True):
    """The person. Several phones and e-mails are lists."""

    name: Line = ""
    first_name: Line = ""
    last_name: Line = ""
    phone: Lines = ""
    email: Lines = ""
    external_id: Line = ""  # the site's own id of its user

    @property
    def phones(self) -> list[str]:
        return _listed(self.phone)

    @property
    def emails(self) -> list[str]:
        return _listed(self.email)


class Form(Struct, forbid_unknown_fields=True, frozen=True):
    id: Line = ""
    name: Line = ""
    page: Line = ""  # its address
    referrer: Line = ""


class SubmitForm(Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `submit_form`."""

    contact: Contact = Contact()
    form: Form = Form()
    fields: Fields = {}
    comment: str = ""
    price: Annotated[int, Meta(ge=0, le=10**12)] | Annotated[float, Meta(ge=0, le=1e12)] | None = None
    currency: Currency | UnsetType = UNSET  # of the price; unset is the account's own
    tags: Annotated[list[Name], Meta(max_length=20)] = []
    tracking: Tracking = {}  # utm_source, gclid, yclid, …
    opened_at: int | None = None  # when the page was opened, in Unix milliseconds
    sent_at: Moment = UNSET  # and when it was sent, by the same clock: the visitor's may be wrong
    trap: Line = ""  # a field that people do not see: whoever fills it in is no person
    action: str | None = None

    def __post_init__(self) -> None:
        if self.price is not None:
            force_setattr(self, "price", round(self.price, MOST_DIGITS))


class OrderItem(Amounts, forbid_unknown_fields=True, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=250)]
    quantity: Decimal
    unit_price: Decimal
    unit: Annotated[str, Meta(min_length=1, max_length=20)] | UnsetType = UNSET  # unset is a piece, as accounts call it
    sku: Annotated[str, Meta(min_length=1, max_length=250)] | None = None
    discount: Decimal | None = None
    category: Name | Annotated[list[Name], Meta(max_length=20)] | None = None  # or its path, the outermost first

    def unit_in(self, language: str) -> str:
        return i18n.catalogue(language)["unit.piece"] if self.unit is UNSET else self.unit

    @property
    def item(self) -> Item:
        unit = "" if self.unit is UNSET else self.unit
        return Item(self.name, self.quantity, unit, self.unit_price, self.sku, self.discount)

    @property
    def categories(self) -> list[str]:
        """The innermost first."""
        return [self.category] if isinstance(self.category, str) else list(reversed(self.category or []))


class OrderDelivery(Amounts, forbid_unknown_fields=True, frozen=True):
    method: Line = ""
    cost: Decimal = Decimal()


class Address(Struct, forbid_unknown_fields=True, frozen=True):
    country: Line = ""
    region: Line = ""
    city: Line = ""
    street: Line = ""
    building: Line = ""
    room: Line = ""
    postcode: Line = ""

    @property
    def parts(self) -> dict[str, str]:
        return {name: str(value) for name, value in msgspec.structs.asdict(self).items() if value}


class Order(Amounts, forbid_unknown_fields=True, frozen=True):
    number: Annotated[str, Meta(min_length=1, max_length=60)]  # the shop's own; sent twice it is one deal
    items: Annotated[list[OrderItem], Meta(max_length=250)]  # at least one, but in what a shop's own server tells
    total: Decimal
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")] = ""  # empty is the account's own
    discount: Decimal | None = None
    delivery: OrderDelivery = OrderDelivery()
    weight: Line | int | float = ""
    payment: Line = ""
    address: Address | Line = ""
    comment: str = ""
    pipeline_id: Id | None = None  # these three are for this order only
    status_id: Id | None = None
    responsible_user_id: Id | None = None

    @property
    def as_before(self) -> "Order":
        """As it was stored while an item without a unit was one in "шт": by this it is known when it is sent again."""
        return replace(self, items=[replace(one, unit="шт") if one.unit is UNSET else one for one in self.items])

    @property
    def rounded_total(self) -> Decimal:
        """What is shown and written."""
        return rounded(self.total)

    @property
    def expected_total(self) -> Decimal:
        amounts = sum((item.item.amount for item in self.items), Decimal())
        return rounded(amounts - (self.discount or 0) + self.delivery.cost)


class SubmitOrder(Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `submit_order`."""

    order: Order
    contact: Contact = Contact()
    fields: Fields = {}
    tags: Annotated[list[Name], Meta(max_length=20)] = []
    tracking: Tracking = {}
    opened_at: int | None = None
    sent_at: Moment = UNSET
    trap: Line = ""
    action: str | None = None


class SyncContact(Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `sync_contact`: a person as the site knows them now."""

    contact: Contact
    fields: Fields = {}
    action: str | None = None


Body = SubmitForm | SubmitOrder | SyncContact

BODIES: Final[dict[str, type[SubmitForm] | type[SubmitOrder] | type[SyncContact]]] = {
    SUBMIT_FORM: SubmitForm,
    SUBMIT_ORDER: SubmitOrder,
    SYNC_CONTACT: SyncContact,
}


Reason = Literal["mapping", "type", "word", "shape", "visit", "furniture", "note"]


class Decision(Struct, frozen=True, gc=False):
    """What a value of a builder's body was taken for, and why. It holds no value."""

    name: str  # as it is shown; a mapping may name it so
    meaning: Meaning
    reason: Reason  # the settings, its declared type, words in its name, how it looks, …; note: it was left


class Accepted(Struct, frozen=True):
    """A submission as it is stored. The mode is that of the moment it was accepted: its steps must not change."""

    mode: Literal["lead", "incoming_lead", "contact"]
    body: msgspec.Raw
    address: str = ""  # the visitor's, for amoCRM's incoming leads
    decisions: list[Decision] | UnsetType = UNSET  # of what was read word by word
    # Whoever wrote in a messenger, by their id there and the key at whose address it came: `UUID:telegram:441000201`.
    # Only a messenger's adapter says so: what else is called `external_id`, anybody may have typed.
    writer_id: str = ""

    def decoded(self, action: str) -> Body:
        return decode(self.body, BODIES[action])


def whole(body: Body) -> Body:
    """With the fields that are named as a member of the person, or of the form, in that member.

    What finds no room there stays a field, under a name that is no member's, as in `html_form`.
    """
    contact, fields = body.contact, dict(body.fields)
    for name in ("phone", "email"):
        before = _listed(getattr(contact, name))
        both = list(dict.fromkeys([*before, *_taken(fields, name)]))
        if both != before:
            fitting = [one for one in both if len(one) <= LONGEST_LINE]
            contact = replace(contact, **{name: fitting[:MOST_LINES]})
            _keep(fields, name, [*fitting[MOST_LINES:], *(one for one in both if len(one) > LONGEST_LINE)])
    for name, is_free in (("name", not full_name(contact)), ("external_id", not contact.external_id.strip())):
        given = _taken(fields, name)
        if is_free and _is_line(given):
            contact = replace(contact, **{name: given[0]})
        elif given != _listed(getattr(contact, name)):
            _keep(fields, name, given)
    if isinstance(body, SubmitForm) and "form" in fields:
        given, form = _taken(fields, "form"), body.form
        if _is_line(given) and not form.name:
            body = replace(body, form=replace(form, name=given[0]))
        elif given != _listed(form.name):
            _keep(fields, "form", given)
    return replace(body, contact=contact, fields=fields)


def _is_line(given: list[str]) -> bool:
    return len(given) == 1 and len(given[0]) <= LONGEST_LINE


def _taken(fields: dict[str, Any], name: str) -> list[str]:
    value = fields.pop(name, None)
    return list(filter(None, map(_text, value if isinstance(value, list) else [value])))


def _keep(fields: dict[str, Any], name: str, texts: list[str]) -> None:
    if texts:
        other = f"{name} (2)"
        fields[other] = [*_taken(fields, other), *texts]


def sources(body: Body) -> dict[str, list[str]]:
    """Every value that came, by the name that mappings and `required` use. Empty ones are there, as empty lists."""
    contact = body.contact
    found: dict[str, list[str]] = {
        "name": _listed(full_name(contact)),
        "phone": contact.phones,
        "email": contact.emails,
        "external_id": _listed(contact.external_id),
    }
    if isinstance(body, SubmitForm):
        found |= {"comment": _listed(body.comment), "page": _listed(body.form.page)}
        found |= {"form": _listed(body.form.name or body.form.id), "referrer": _listed(body.form.referrer)}
    if isinstance(body, SubmitOrder):
        found |= _order_sources(body.order)
    for name, value in body.fields.items():
        given = value if isinstance(value, list) else [value]
        before = found.get(name, [])  # of our own member of that name, which an empty field does not erase
        found[name] = list(dict.fromkeys([*before, *filter(None, map(_text, given))]))
    return found


def full_name(contact: Contact) -> str:
    """First and last name follow a name that does not hold their words already."""
    name = contact.name.strip()
    for part in (contact.first_name.strip(), contact.last_name.strip()):
        name = name if _words(part) <= _words(name) else f"{name} {part}".strip()
    return name


def _words(name: str) -> set[str]:
    return set(re.findall(r"[^\s,.\-]+", name.casefold()))


def _order_sources(order: Order) -> dict[str, list[str]]:
    address = order.address
    parts = address.parts if isinstance(address, Address) else {}
    joined = ", ".join(parts.values()) if isinstance(address, Address) else address
    found = {
        "number": order.number,
        "comment": order.comment,
        "weight": _text(order.weight),
        "payment": order.payment,
        "delivery_method": order.delivery.method,
        "delivery_cost": _figure(order.delivery.cost),
        "discount": _figure(order.discount or Decimal()),
        "address": joined,
    }
    found |= {f"address.{name}": value for name, value in parts.items()}
    return {name: _listed(value) for name, value in found.items()}


def _figure(amount: Decimal) -> str:
    """What is no amount at all is refused, and not written out: twenty signs may say a thousand million digits."""
    return f"{amount:f}" if is_amount(amount) and amount else ""


def check(body: Body, required: list[str], *, as_told: bool = False) -> None:
    """Raises 422 with everything that is missing or does not add up. `as_told`: an order as a shop's own server tells
    it. Nobody would read why it is refused: what is wrong with its sums is in the note."""
    given = sources(body)
    found = [
        InputError(_path(name), say("is required"))
        for name in required
        if not any(given.get(one.strip()) for one in name.split("|"))
    ]
    if isinstance(body, SyncContact) and not (body.contact.phones or body.contact.emails):
        found.append(InputError("contact", say("give a phone or an e-mail, by which the person is found")))
    if isinstance(body, SubmitForm) and body.price is not None:
        found += amount_problems({"price": Decimal(str(body.price))})
    if isinstance(body, SubmitOrder):
        found += [] if as_told else _order_problems(body.order)
    elif not any(values for name, values in given.items() if name not in ("form", "page", "referrer")):
        found.append(InputError("", say("has no values")))
    if found:
        raise Problem(
            422, "invalid_input", say("The submission was not accepted; nothing was saved."), errors=tuple(found)
        )


def _order_problems(order: Order) -> list[InputError]:
    found = [] if order.items else [InputError("order.items", say("is required"))]
    found += amount_problems(
        {
            "order.total": order.total,
            "order.discount": order.discount,
            "order.delivery.cost": order.delivery.cost,
        }
    )
    for index, item in enumerate(order.items):
        found += item_problems(f"order.items[{index}]", item.item)
    if not found and order.rounded_total != order.expected_total:
        detail = say(
            "does not add up: the items, discount and delivery make {expected}",
            expected=f"{order.expected_total:f}",
        )
        found.append(InputError("order.total", detail))
    return found


def _path(name: str) -> str:
    own: Mapping[str, str] = {"name": "contact.name", "phone": "contact.phone", "email": "contact.email"}
    return own.get(name, name)


def _listed(value: str | list[str]) -> list[str]:
    given = value if isinstance(value, list) else [value]
    return [text.strip() for text in given if text.strip()]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value).strip()
