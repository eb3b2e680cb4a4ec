"""The items of a calculation or an order, as a caller sends them."""

from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from shared.platform.money import rounded

Text = Annotated[str, Meta(min_length=1, max_length=250)]
LongText = Annotated[str, Meta(max_length=4000)]


class Item(Struct, forbid_unknown_fields=True, frozen=True):
    name: Text
    quantity: Decimal
    unit: Annotated[str, Meta(min_length=1, max_length=20)]
    unit_price: Decimal
    sku: Text | None = None
    discount: Decimal | None = None
    category: Text | None = None

    @property
    def amount(self) -> Decimal:
        return rounded(self.quantity * self.unit_price - (self.discount or 0))
