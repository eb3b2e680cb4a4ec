"""The note of a submission: what a person wrote, and every value that found no field of its own."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from features.submissions.carts import FORM_NAME, GOODS, IS_SO, PAID, PROMO_CODE, STATE, TRANSACTION
from features.submissions.flattening import named_values
from features.submissions.mapping import Unplaced
from features.submissions.model import Order
from shared.platform import i18n, nested
from shared.platform.money import money, quantity, sign_after

# Written in the note by name, also where a field has taken them: people read the feed, not the card.
_SAID: Final = ("page", "referrer", "address", "delivery_method", "payment", "weight", "comment")
# Said elsewhere: in the contact, in the title, or among the items of an order.
_SAID_ELSEWHERE: Final = {
    "form": frozenset({"name", "phone", "email", "form"}),
    "order": frozenset({"name", "phone", "email", "number", "delivery_cost", "discount"}),
    "profile": frozenset({"name", "phone", "email", "external_id"}),  # a note of each call would tell nothing new
}

# What an order may say beside its own members.
_OF_ORDERS: Final = (PROMO_CODE, STATE, PAID, TRANSACTION, GOODS, FORM_NAME)


def spoken_for(kind: str, fields: Collection[str]) -> frozenset[str]:
    """The sources that need no line of their own in the note of a form, order or profile.

    A field of such a name says something of its own: an order's field `discount` may be a promo code.
    """
    return (_SAID_ELSEWHERE[kind] - frozenset(fields)) | frozenset(_SAID)


def text(
    kind: str,
    heading: str,
    given: Mapping[str, Sequence[str]],
    order: Order | None,
    unmapped: Iterable[str],
    unplaced: Sequence[Unplaced],
    language: str,
) -> str | None:
    """What there is to say; None where that is nothing. `kind` is form, order or profile."""
    terms = i18n.words(language, "document.submission")
    lines = [line for name in _SAID if given.get(name) for line in _lines(terms[name], given[name])]
    own_names = (*_SAID, "name", "phone", "email", *(_OF_ORDERS if kind == "order" else ()))
    named = {name: terms[name] for name in own_names}
    own = [line for name in unmapped if given.get(name) for line in _told(name, given[name], named)]
    kept = [line for one in unplaced for line in _lines(named.get(one.source, one.source), one.values)]
    parts = [_items(order, language, terms) if order is not None else [], lines, own]
    parts.append([f"{terms['kept']}:", *kept] if kept else [])
    if not any(parts):
        return None
    return _blocks([_heading(kind, heading, terms)], *parts)


def of_news(kind: str, heading: str, given: Mapping[str, Sequence[str]], order: Order, language: str) -> str:
    """What a shop has told of an order that was there: that it is `paid`, its `state`, or what it is now, as a whole
    (`content`)."""
    terms = i18n.words(language, "document.submission")
    title = _heading("order", heading, terms)
    if kind == "content":
        own = [name for name in given if name not in spoken_for("order", ()) and name not in (STATE, PAID, TRANSACTION)]
        whole = text("order", heading, given, order, [*own, "name", "phone", "email"], (), language) or title
        return whole.replace(title, f"{title}\n{terms['order_changed']}", 1)
    names = (PAID, TRANSACTION, "payment") if kind == "paid" else (STATE,)
    lines = [line for name in names if given.get(name) for line in _told(name, given[name], terms)]
    if kind == "paid":
        lines.append(f"{terms['total']}: {money(order.rounded_total, language)}{sign_after(order.currency)}")
    return _blocks([title], lines)


def _heading(kind: str, heading: str, terms: Mapping[str, str]) -> str:
    return f"{terms[kind]}: {heading}" if heading else terms[kind]


def _blocks(*parts: Sequence[str]) -> str:
    return "\n\n".join("\n".join(part) for part in parts if part)


def _told(name: str, texts: Sequence[str], named: Mapping[str, str]) -> list[str]:
    """That an order is paid is said by the word alone, where nobody knows more of it."""
    shown = named.get(name, name)
    return [shown] if name == PAID and list(texts) == [IS_SO] else _lines(shown, texts)


def _lines(name: str, texts: Sequence[str]) -> list[str]:
    """A name with its values; JSON within a text is one line for each of its own."""
    opened = [nested.opened(text) for text in texts]
    plain = [text for text, one in zip(texts, opened, strict=True) if one is None]
    lines = [f"{name}: {', '.join(plain)}"] if plain else []
    for one in opened:
        inner = [] if one is None else named_values(nested.bounded({name: one}))
        lines += [f"{value.shown}: {', '.join(value.values)}" for value in inner]
    return lines


def title(kind: str, template: str | None, heading: str, name: str, mark: str, language: str) -> str:
    """The deal's name. It carries the mark, by which a retry finds the deal."""
    if template:
        made = template.replace("{form}", heading).replace("{number}", heading).replace("{name}", name)
    else:
        of_kind = i18n.words(language, "document.submission")[kind]
        made = f"{of_kind}: {heading}" if heading else of_kind
    return f"{made.strip()[:200]} ({mark})"


def _items(order: Order, language: str, terms: Mapping[str, str]) -> list[str]:
    sign = sign_after(order.currency)
    lines = []
    for position, one in enumerate(order.items, 1):
        count, price = quantity(one.quantity, language), money(one.unit_price, language)
        unit = one.unit_in(language)
        name = f"{one.name} ({one.sku})" if one.sku and one.sku not in one.name else one.name
        line = f"{position}. {name} — {count} {unit} × {price}{sign} = {money(one.item.amount, language)}{sign}"
        off = f" ({terms['discount'].lower()} {money(one.discount, language)}{sign})" if one.discount else ""
        lines.append(line + off)
    if order.discount:
        lines.append(f"{terms['discount']}: −{money(order.discount, language)}{sign}")
    if order.delivery.cost:
        lines.append(f"{terms['delivery']}: {money(order.delivery.cost, language)}{sign}")
    lines.append(f"{terms['total']}: {money(order.rounded_total, language)}{sign}")
    difference = order.rounded_total - order.expected_total
    if difference and order.items:  # what a shop's own server tells is taken as it is
        lines.append(f"{terms['difference']}: {'−' if difference < 0 else ''}{money(abs(difference), language)}{sign}")
    return lines
