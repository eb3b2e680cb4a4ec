"""What a shop tells of an order after it was made: that it is paid, what state it is in, what else has changed; and
what a service of bookings tells of a visit.

Each of these is a delivery of its own, named by what it says: however often, and by however many hooks at the same
instant, the shop tells it, the order's deal has one note of it. What the order's own first body has said is no news.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from features.submissions import mapping, note
from features.submissions.carts import GOODS, IS_SO, PAID, STATE, TRANSACTION, moment
from features.submissions.model import NEWS, SUBMIT_FORM, SUBMIT_ORDER, Accepted, SubmitForm, SubmitOrder
from features.submissions.plan import noted, tell_unplaced
from features.submissions.settings import of as settings_of
from features.submissions.writer import Submission
from shared.actions.feature import Planner
from shared.actions.idempotency import IdempotentWrite
from shared.amocrm.directory import Directory
from shared.amocrm.errors import BadRequestError
from shared.amocrm.leads import AccountApi
from shared.connections.integrations import Integration
from shared.deliveries import rows as deliveries
from shared.deliveries.echo_marking import noting
from shared.deliveries.rows import Delivery, reference
from shared.deliveries.runner import EarlierFirstError, Plan, Result, Step
from shared.platform.decoding import decode
from shared.platform.i18n import document_language
from shared.runtime import Runtime
from shared.storage.encryption import Keyring

ACTION: Final = NEWS
_MADE_BY: Final = ("lead", "incoming_lead", "contact")

Kind = Literal["paid", "state", "content", "visit", "moved"]
_KINDS: Final[tuple[Kind, ...]] = ("paid", "state", "content")


class OrderUpdate(Struct, frozen=True):
    """As it is stored. `of`: the key under which the order, or the visit's form, was accepted."""

    of: str
    kind: Kind
    body: msgspec.Raw  # a SubmitOrder; of a visit a SubmitForm
    unless_made: bool = False  # the deal has it already, where this very body has made it

    @property
    def action(self) -> str:
        """By which what it tells of was accepted."""
        return SUBMIT_FORM if self.kind in ("visit", "moved") else SUBMIT_ORDER

    @property
    def content(self) -> SubmitForm | SubmitOrder:
        return decode(self.body, SubmitForm) if self.action == SUBMIT_FORM else decode(self.body, SubmitOrder)


def told(keyring: Keyring, integration_id: UUID, body: SubmitOrder) -> list[dict[str, str]]:
    """What an order has said, for the summary of its delivery: `{paid?, state?, payment?, content}`, with the digests
    of each key; the first is kept. How it is paid is often another thing once it is: the note of its payment says that.
    """
    state, is_paid = _first(body, STATE), bool(_first(body, PAID))
    still = {name: value for name, value in body.fields.items() if name not in (STATE, PAID, TRANSACTION)}
    bare = replace(
        body, order=replace(body.order.as_before, payment=""), fields=still, action=None, sent_at=msgspec.UNSET
    )
    plain = ({"state": state[:100]} if state else {}) | ({"paid": IS_SO} if is_paid else {})
    payments = keyring.digests(body.order.payment.encode(), integration_id)
    return [
        {"content": content[:32]} | ({"payment": payment[:32]} if body.order.payment else {}) | plain
        for content, payment in zip(
            keyring.digests(msgspec.json.encode(bare, order="deterministic"), integration_id), payments, strict=True
        )
    ]


def is_empty(body: SubmitOrder) -> bool:
    """It names an order and says nothing of what is in it, as that it was deleted."""
    return not (body.order.items or body.order.total or body.fields.get(GOODS))


def writes(first: Delivery, key: str, body: SubmitOrder, said: Sequence[dict[str, str]]) -> Iterator[IdempotentWrite]:
    """What this body says that the order's own has not. `key`: the order's. `said`: what :func:`told` says of it."""
    before = first.summary.get("told")
    # Accepted by a version that kept no account of it: what it holds cannot be compared.
    skipped = {"content"} if before is None or is_empty(body) else set[str]()
    found = [_compared(one, "paid" not in one) for one in said]
    known = _compared(before or {}, "paid" not in said[0])
    news = [kind for kind in _KINDS if kind not in skipped and _is_news(kind, found, known)]
    yield from _of_kinds(key, body, {kind: [one[kind] for one in found] for kind in news})


def _compared(said: Mapping[str, str], with_payment: bool) -> dict[str, str]:
    return {**said, "content": f"{said.get('content')}{said.get('payment')}"} if with_payment else dict(said)


def of_unknown(
    first: Delivery, key: str, body: SubmitOrder, said: Sequence[dict[str, str]]
) -> Iterator[IdempotentWrite]:
    """The order was not known any more when this came, since the database was restored from a backup, or since it is
    older than what is kept: where its deal is there, it was made of another body, which may not have said that it is
    paid, or what state it is in."""
    if first.looks_since is not None:
        now = {kind: [value] for kind, value in said[0].items() if kind in ("paid", "state")}
        yield from _of_kinds(key, body, now, unless_made=True)


def _is_news(kind: str, found: Sequence[Mapping[str, str]], before: Mapping[str, str]) -> bool:
    return kind in found[0] and before.get(kind) not in [one[kind] for one in found]


def _of_kinds(
    key: str, body: SubmitOrder, now: Mapping[str, list[str]], *, unless_made: bool = False
) -> Iterator[IdempotentWrite]:
    """`now`: of each kind what is said, with the digests of each key."""
    for kind in _KINDS:
        if kind not in now:
            continue
        name, *also = (hashlib.sha256(f"{key}\0{kind}\0{one}".encode()).hexdigest() for one in dict.fromkeys(now[kind]))
        news = OrderUpdate(key, kind, msgspec.Raw(msgspec.json.encode(body)), unless_made)
        stored = msgspec.json.encode(news, order="deterministic")
        yield IdempotentWrite(
            PLANNER,
            stored,
            f"news:{name}",
            ["lead"],
            identity=f"{key}\0{kind}".encode(),  # two bodies may say it in different words; the first one counts
            at_once=False,
            summary={"by": "server"},
            also=[f"news:{one}" for one in also],
        )


def of_visit(first: str, keys: Sequence[str], body: SubmitForm, *, is_moved: bool) -> IdempotentWrite:
    """What is told of a visit. `first`: the key of its form; `keys`: of this event, by which later ones may know it."""
    news = OrderUpdate(first, "moved" if is_moved else "visit", msgspec.Raw(msgspec.json.encode(body)))
    stored = msgspec.json.encode(news, order="deterministic")
    told: dict[str, object] = {"by": "server", "of": first}
    key, *also = (f"news:{one}" for one in keys)
    identity = f"{first}\0{keys[0]}".encode()
    return IdempotentWrite(PLANNER, stored, key, ["lead"], identity=identity, at_once=False, summary=told, also=also)


def _read(request: str) -> OrderUpdate:
    return decode(request, OrderUpdate)


def _planned(runtime: Runtime, delivery: Delivery, integration: Integration, news: OrderUpdate) -> Plan:
    body = news.content
    first = deliveries.by_key(runtime.database, integration.id, news.action, news.of)
    place = None if first is None else next((one for step in _MADE_BY if (one := first.result_of(step))), None)
    language = document_language(integration.settings, integration.account_domain)
    settings = settings_of(integration)
    sources = _times(body) if isinstance(body, SubmitForm) and news.kind == "moved" else _SOURCES.get(news.kind, ())
    rules = [rule for rule in settings.mapping if rule.source in sources and rule.entity == "leads"]
    settings = replace(settings, mapping=rules)
    accepted = Accepted("lead", news.body)
    parts = (runtime.database, runtime.keyring, runtime.locks, delivery, integration.id, accepted, body)
    made = Submission(*parts, settings, language)

    def find_deal(*_: object) -> Result:
        if first is None:  # nobody knows any more which was its
            return {"lead_id": None, "contact_id": None}
        if place is None:
            raise EarlierFirstError
        if news.unless_made and not place.get("was_there"):
            return {"lead_id": None, "contact_id": None}
        return {name: place.get(name) for name in ("lead_id", "contact_id")}

    def change(api: AccountApi, deal: Result) -> Result:
        """The fields of the deal that the settings name for it."""
        lead_id, account = deal["lead_id"], Directory(api, integration.id)
        if lead_id is None:
            return {"nothing_to_do": True}
        fields, zone, country = account.fields("leads"), made.zone(api), settings.phone_country
        placed = mapping.place(rules, made.values()[0], fields, skip_empty=True, zone=zone, country=country)
        tell_unplaced(made, placed.unplaced)
        wanted: dict[str, object] = {"custom_fields_values": placed.fields}
        if not placed.fields:
            return {"nothing_to_do": True}
        try:
            with noting(runtime.database, runtime.keyring, integration.id, "lead", lead_id, wanted):
                api.change_lead(lead_id, wanted)
        except BadRequestError as error:
            made.tell_refused(error)
        return {"lead_id": lead_id}

    def text(api: AccountApi, _: Result) -> str | None:
        if isinstance(body, SubmitForm):
            values = made.values()[0]
            own = [name for name in values if name not in note.spoken_for("form", ())]
            return note.text("form", made.heading, values, None, own, (), language)
        order = body.order
        if not order.currency:
            order = replace(order, currency=made.budget.own_currency(api))
        return note.of_news(news.kind, made.heading, made.values()[0], order, language)

    steps = [Step("lead", find_deal, lambda *_: None)]
    steps += [Step("deal", change, lambda *_: None, after="lead")] if rules else []
    return [*steps, noted(made, "note", "lead", reference(delivery.id), text)], 1 + 2 * bool(rules)


_SOURCES: Final[dict[str, tuple[str, ...]]] = {"paid": (PAID, TRANSACTION), "state": (STATE,)}

PLANNER: Final = Planner(ACTION, _read, _planned)


def _times(body: SubmitForm) -> list[str]:
    """The sources that are moments, of which a visit that is moved has others."""
    told = {name: value if isinstance(value, list) else [value] for name, value in body.fields.items()}
    return [name for name, texts in told.items() if texts and all(map(moment, texts))]


def _first(body: SubmitOrder, name: str) -> str:
    value = body.fields.get(name)
    found = value[0] if isinstance(value, list) and value else value
    return str(found).strip() if found not in (None, [], False) else ""
