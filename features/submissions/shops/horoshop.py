"""Horoshop: `order_created`, `order_paid`, `order_update`."""

from typing import Final

from features.submissions import carts
from features.submissions.carts import PAID, PROMO_CODE, STATE, Cart, branches, drop, moment, text
from features.submissions.shops import other
from features.submissions.shops.common import branch_of, put_first, rest_of, sum_of, taken, unread
from shared.platform.http import Request
from shared.platform.nested import Tree

_ITS: Final = frozenset({"order_id", "delivery_name", "delivery_phone"})
_FURNITURE: Final = (
    "user", "payed", "total_default", "total_quantity", "discount_percent", "coupon_percent", "coupon_type",
    "stat_created",
)  # fmt: skip
_OF_GOODS: Final = ("total_price", "discount_marker", "url", "photo_url")
_NEW: Final = "1"  # of its states, which shops name themselves; it tells their numbers


# source: Horoshop's reference of its API, "Order placement" and "Payment status change". That a change of the state
# tells `stat_status` beside the same members is a guess.
def read(tree: Tree, _: Request) -> Cart | None:
    if not tree.keys() >= _ITS or tree.keys().isdisjoint(("payed", "stat_status")):
        return None
    lines = branches(tree.pop("products", None))
    goods = [other.good(one) for one in lines]
    state, delivery, payment = (tree.pop(name, None) for name in ("stat_status", "delivery_type", "payment_type"))
    discount = sum_of(tree.pop("discount_value", None), tree.pop("coupon_discount_value", None))
    cost = taken(tree, "delivery_price")
    address = (text(tree, "delivery_city"), text(tree, "delivery_address").replace("@", ", "))
    found = Cart(
        made_at=moment(tree.get("stat_created")),
        number=text(tree, "order_id"),
        items=list(filter(None, goods)),
        texts=unread(lines, goods),
        total=taken(tree, "total_sum"),
        currency=text(tree, "currency"),
        discount=discount,
        delivery_method=text(branch_of(delivery), "title"),
        delivery_cost=cost if cost is not None and cost > 0 else None,  # -1: by the carrier's own rates
        payment=text(branch_of(payment), "title"),
        address=", ".join(filter(None, address)),
        comment=text(tree, "comment"),
        values={
            PROMO_CODE: text(tree, "coupon_code"),
            STATE: "" if str(state) in (_NEW, "None") else str(state),
            PAID: carts.IS_SO if str(tree.get("payed")) == carts.IS_SO else "",
            **rest_of(lines, goods, _OF_GOODS),
        },
    )
    drop(tree, *_FURNITURE)
    put_first(tree, {name: text(tree, f"delivery_{name}") for name in ("name", "phone", "email")})
    return found
