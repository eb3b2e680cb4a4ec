"""Taplink: `payments.created`."""

from typing import Final

from features.submissions import carts
from features.submissions.carts import PAID, STATE, Cart, branches, drop, text
from features.submissions.shops import other
from features.submissions.shops.common import rest_of, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_FURNITURE: Final = (
    "profile_id", "username", "order_id", "currency_title", "tms_modify", "tms_created", "lead_id",
    "lead_number", "ip", "block_id", "contact_id", "status_id",
)  # fmt: skip


# source: Taplink's page on webhooks, which names the members and not those of `offers` (a guess)
def read(tree: Tree, _: Request) -> Cart | None:
    order = tree.get("data")
    if tree.get("action") != "payments.created" or not isinstance(order, dict):
        return None
    lines = branches(order.pop("offers", None))
    goods = [other.good(one, ("quantity", "count", "amount")) for one in lines]
    status = text(order, "order_status_id")
    found = Cart(
        number=text(order, "order_number", "order_id"),
        items=list(filter(None, goods)),
        texts=unread(lines, goods),
        total=taken(order, "budget"),
        currency=text(order, "currency_code"),
        comment=text(order, "purpose"),
        values={
            PAID: carts.IS_SO if status == "2" else "",
            STATE: _OF_TAPLINK.get(status, ""),
            **rest_of(lines, goods, ("id",)),
        },
    )
    drop(tree, "action")
    drop(order, *_FURNITURE)
    return found


_OF_TAPLINK: Final = {"1": "not paid", "3": "canceled", "4": "in progress", "5": "refund", "6": "pre-authorization"}
