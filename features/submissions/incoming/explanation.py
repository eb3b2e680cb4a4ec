"""A kept body, read by today's rules: what each value is taken for and why, and where it goes."""

from typing import Any, Final

from msgspec import Struct

from features.submissions import batches, model, site_builders
from features.submissions.field_recognition import with_person
from features.submissions.flattening import NamedValue
from features.submissions.model import SUBMIT_FORM, Body, Contact, Decision, SubmitForm, SubmitOrder, sources
from features.submissions.settings import FieldRule, Submissions
from shared.actions import body as bodies
from shared.platform.http import Request
from shared.platform.messages import Message
from shared.platform.problems import Problem

_LONGEST_SOURCE: Final = 120  # that settings may name
_MEMBERS: Final = ("name", "phone", "email", "comment", "form", "page", "referrer")


class Value(Struct, frozen=True):
    """One value of a body. `source`: as settings call it; None where it has no name that they could hold."""

    name: str
    source: str | None
    values: tuple[str, ...]
    meaning: str
    reason: str
    rules: tuple[FieldRule, ...] = ()  # where it goes beside
    named: tuple[str, ...] = ()  # how the settings call it already

    def view(self, *, shows_values: bool) -> dict[str, Any]:
        return {
            "name": self.name,
            "source": self.source,
            "named": list(self.named),
            "values": list(self.values) if shows_values else None,
            "meaning": self.meaning,
            "reason": self.reason,
            "goes_to": [{"entity": one.entity, "field_id": one.field_id, "field": one.field} for one in self.rules],
        }


class Reading(Struct, frozen=True):
    """`body` None: nothing is to be made of it, since it holds several, cannot be read (`problem`), or brings nothing,
    as a trial does (`nothing` says why)."""

    body: Body | None
    key: str | None  # by which the builder calls it
    values: list[Value]
    decisions: list[Decision] | None = None
    nothing: Message | None = None
    problem: Problem | None = None
    writer_id: str = ""  # of a message, as its adapter has told it
    parts: tuple[Request, ...] = ()  # it holds several submissions, and is none itself

    @property
    def contact(self) -> Contact:
        return Contact() if self.body is None else self.body.contact

    @property
    def has_person(self) -> bool:
        return bool(self.contact.phones or self.contact.emails or self.writer_id)


def read(request: Request, action: str, settings: Submissions) -> Reading:
    """Never raises for what came: what cannot be read is told."""
    try:
        several = batches.requests(request, settings) if action == SUBMIT_FORM else []
        if several:
            return Reading(None, None, [], parts=tuple(several))
        if action != SUBMIT_FORM or site_builders.is_ours(request):
            told = bodies.decode(request.with_nulls_shown(), model.BODIES[action])
            body = model.whole(with_person(told, settings) if isinstance(told, SubmitForm) else told)
            return Reading(body, None, _members(body, settings))
        sent = site_builders.sent(request, settings)
    except Problem as problem:
        return Reading(None, None, [], problem=problem)
    if sent.is_test or (sent.news is not None and sent.news.is_minor):
        return Reading(None, None, [], nothing=sent.reason)
    values = [_value(one, decided, settings) for one, decided in zip(sent.values, sent.decisions, strict=False)]
    values += _of_order(sent.body) if isinstance(sent.body, SubmitOrder) else []
    return Reading(model.whole(sent.body), sent.key, values, sent.decisions, writer_id=sent.writer_id)


def _value(value: NamedValue, decided: Decision, settings: Submissions) -> Value:
    spellings = value.spellings
    usual = decided.meaning if decided.meaning in _MEMBERS else ""
    rules = tuple(one for one in settings.mapping if one.source in spellings or one.source == usual)
    reason = "mapping" if rules and decided.reason == "note" else decided.reason
    source = next((one for one in sorted(spellings, key=lambda one: one != value.shown) if _is_source(one)), None)
    named = dict.fromkeys(one for one in (*settings.meanings, *(rule.source for rule in rules)) if one in spellings)
    return Value(value.shown, source, value.values, decided.meaning, reason, rules, tuple(named))


def _is_source(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_SOURCE


def _of_order(body: SubmitOrder) -> list[Value]:
    """What a cart holds beside its named values."""
    order = body.order
    found = [("number", order.number), ("total", f"{order.rounded_total:f} {order.currency}")]
    found += [(one.name, f"{one.quantity:f} × {one.unit_price:f}") for one in order.items]
    return [Value(name, None, (text,), "order", "type") for name, text in found]


def _members(body: Body, settings: Submissions) -> list[Value]:
    """Of a body as it is described: its members say what they are."""
    found = []
    for name, texts in sources(body).items():
        rules = tuple(one for one in settings.mapping if one.source == name)
        meaning = name if name in _MEMBERS else "field"
        reason = "mapping" if rules else "note" if name in body.fields else "type"
        if texts:
            found.append(Value(name, name if _is_source(name) else None, tuple(texts), meaning, reason, rules, (name,)))
    return found + (_of_order(body) if isinstance(body, SubmitOrder) else [])
