"""Orders as shops send them by their own webhooks, and carts of site builders: who sends them is seen from the body.

Each adapter takes out of the tree what it understands, and what is the shop's own furniture (stated beside it); what is
left is read like the values of any form.
"""

from features.submissions.carts import Cart
from features.submissions.shops import (
    courses,
    horoshop,
    insales,
    other,
    payments,
    shopify,
    taplink,
    tilda,
    woocommerce,
    yampi,
)
from shared.platform.http import Request
from shared.platform.nested import Tree


def cart(tree: Tree, request: Request) -> Cart | None:
    """The cart of a body, taken out of its tree; None for a body without one."""
    adapters = (tilda, woocommerce, shopify, insales, horoshop, yampi, taplink, courses, payments, other)
    return next((found for one in adapters if (found := one.read(tree, request)) is not None), None)
