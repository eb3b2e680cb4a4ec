"""A calculation as a widget saves it, and what is checked before it is accepted.

Money is a decimal, in JSON as text or as a number. An item's amount is ``quantity * unit_price - discount``, rounded
half up to two digits; the total is the sum of the amounts ``- discount + delivery``, rounded likewise. What is shown
and written is the rounded total (:mod:`shared.platform.money` has the rule).
"""

import base64
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from shared.deliveries.items import Amounts, Item, LongText, Text, amount_problems, item_problems
from shared.platform.i18n import Language
from shared.platform.messages import say
from shared.platform.money import rounded
from shared.platform.problems import InputError, Problem

ACTION: Final = "save_calculation"

MOST_ITEMS: Final = 250

MAX_PDF_BYTES: Final = 4 * 1024 * 1024


class Parameter(Struct, forbid_unknown_fields=True, frozen=True):
    name: Text
    value: Annotated[str, Meta(max_length=10_000)]  # of a list with 50 rows, too


class Calculation(Amounts, forbid_unknown_fields=True, frozen=True):
    """What was reckoned; amounts as in the head of this module."""

    title: Text
    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")]  # ISO 4217; empty is the account's own
    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=MOST_ITEMS)]
    total: Decimal  # as it was sent; see `rounded_total`
    number: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    discount: Decimal | None = None
    delivery: Decimal | None = None
    comment: LongText | None = None
    parameters: Annotated[tuple[Parameter, ...], Meta(max_length=100)] = ()
    valid_until: date | None = None

    @property
    def rounded_total(self) -> Decimal:
        """What is shown and written."""
        return rounded(self.total)

    @property
    def expected_total(self) -> Decimal:
        amounts = sum((item.amount for item in self.items), Decimal())
        return rounded(amounts - (self.discount or 0) + (self.delivery or 0))


class Options(Struct, forbid_unknown_fields=True, frozen=True):
    """What is to become of it in amoCRM."""

    note: bool = True
    products: bool = False
    pdf: Literal["render", "upload", "none"] = "none"
    update_price: bool = False
    responsible_user_id: Annotated[int, Meta(gt=0)] | None = None  # of the deal

    @property
    def asks_for_something(self) -> bool:
        return (
            self.note
            or self.products
            or self.pdf != "none"
            or self.update_price
            or self.responsible_user_id is not None
        )


class Pdf(Struct, forbid_unknown_fields=True, frozen=True):
    filename: Annotated[str, Meta(min_length=1, max_length=120, pattern=r"^[^/\\\x00-\x1f]+$")]
    content_base64: str

    def content(self) -> bytes:
        """Raises ValueError for what is not Base64."""
        return base64.b64decode(self.content_base64, validate=True)


class ByCalculator(Struct, forbid_unknown_fields=True, frozen=True):
    """What was typed and chosen in a calculator, from which the server reckons the calculation again."""

    revision: Annotated[str, Meta(max_length=64)]  # as `get_calculator` has named it
    values: dict[str, Any]  # by the fields' ids; rows are lists of the same
    language: Language = "en"  # of the items' names


class SaveCalculation(Struct, forbid_unknown_fields=True, frozen=True):
    """The body of `save_calculation`. `lead_id` may come in the header `X-Lead-Id` instead."""

    calculation: Calculation
    calculator: ByCalculator | None = None  # of the product's own page
    options: Options = Options()
    pdf: Pdf | None = None
    lead_id: Annotated[int, Meta(gt=0)] | None = None
    action: str | None = None


def check(body: SaveCalculation) -> None:
    """Raises 422 with every value that is not right, and for a total that does not add up the sum expected."""
    found = list(_out_of_range(body.calculation))
    if not found and body.calculation.rounded_total != body.calculation.expected_total:
        expected = f"{body.calculation.expected_total:f}"
        found.append(
            InputError(
                "calculation.total",
                say("does not add up: the items, discount and delivery make {expected}", expected=expected),
            )
        )
    found += _pdf_problems(body)
    if not body.options.asks_for_something:
        found.append(InputError("options", say("ask for a note, goods, the price or a responsible user")))
    if found:
        raise Problem(
            422, "invalid_input", say("The calculation was not accepted; nothing was saved."), errors=tuple(found)
        )


def _pdf_problems(body: SaveCalculation) -> list[InputError]:
    if (body.options.pdf == "upload") != (body.pdf is not None):
        return [InputError("pdf", say("belongs together with options.pdf = upload: give both, or neither"))]
    if body.pdf is None:
        return []
    try:
        content = body.pdf.content()
    except ValueError:
        return [InputError("pdf.content_base64", say("is not Base64"))]
    if len(content) > MAX_PDF_BYTES:
        return [InputError("pdf.content_base64", say("is larger than {most} bytes", most=f"{MAX_PDF_BYTES:,}"))]
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
        return [InputError("pdf.content_base64", say("is not a PDF document"))]
    return []


def _out_of_range(calculation: Calculation) -> "list[InputError]":
    found = amount_problems(
        {
            "calculation.total": calculation.total,
            "calculation.discount": calculation.discount,
            "calculation.delivery": calculation.delivery,
        }
    )
    for index, item in enumerate(calculation.items):
        path = f"calculation.items[{index}]"
        found += item_problems(path, item)
        if item.quantity == 0:
            found.append(InputError(f"{path}.quantity", say("must be more than 0")))
    return found
