"""The items of a calculation or an order, as a caller sends them, and whether they can be reckoned with."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import force_setattr

from shared.platform.messages import say
from shared.platform.money import LARGEST, is_amount, line_amount, shortened
from shared.platform.problems import InputError

Text = Annotated[str, Meta(min_length=1, max_length=250)]
LongText = Annotated[str, Meta(max_length=4000)]


class Amounts(Struct, frozen=True):
    """What has decimals, which are shortened when it is decoded."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if isinstance(amount := getattr(self, name), Decimal):
                force_setattr(self, name, shortened(amount))


class Item(Amounts, forbid_unknown_fields=True, frozen=True):
    name: Text
    quantity: Decimal
    unit: Annotated[str, Meta(min_length=1, max_length=20)]
    unit_price: Decimal
    sku: Text | None = None
    discount: Decimal | None = None
    category: Text | None = None

    @property
    def amount(self) -> Decimal:
        return line_amount(self.quantity, self.unit_price, self.discount)


def amount_problems(amounts: Mapping[str, Decimal | None]) -> list[InputError]:
    """`amounts`: by their paths. What is no amount at all."""
    detail = say("must be a number from 0 to 1,000,000,000,000 with at most 6 digits after the point")
    return [InputError(path, detail) for path, one in amounts.items() if one is not None and not is_amount(one)]


def item_problems(path: str, item: Item) -> list[InputError]:
    """What is not right with an item's figures, each by itself, and with what they make."""
    own = {f"{path}.{name}": getattr(item, name) for name in ("quantity", "unit_price", "discount")}
    found = amount_problems(own)
    if not found and item.amount > LARGEST:
        found.append(InputError(path, say("costs more than 1,000,000,000,000")))
    return found
