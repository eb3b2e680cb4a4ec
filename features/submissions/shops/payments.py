"""Payments: CloudPayments, Robokassa, LiqPay, T-Bank, PayAnyWay, Unitpay, and orders of GetCourse. Each tells of an
order's number and its sum, and of no goods; told again, it is the same order, which a shop may have sent before."""

import base64
import binascii
from typing import Final

import msgspec

from features.submissions import carts
from features.submissions.carts import PAID, STATE, TRANSACTION, Cart, drop, item, text
from features.submissions.shops.common import branch_of, taken
from shared.platform import nested
from shared.platform.http import Request
from shared.platform.nested import Tree

_CLOUDPAYMENTS: Final = frozenset({"TransactionId", "Amount", "OperationType"})
_ROBOKASSAS: Final = ("outsum", "invid", "signaturevalue")
_LIQPAYS: Final = frozenset({"data", "signature"})
_TBANKS: Final = frozenset({"TerminalKey", "OrderId", "PaymentId", "Status"})
_PAYANYWAYS: Final = frozenset({"MNT_ID", "MNT_TRANSACTION_ID", "MNT_OPERATION_ID", "MNT_SIGNATURE"})
_UNITPAYS: Final = frozenset({"unitpayId", "account"})
_GETCOURSES: Final = frozenset({"deal_number", "deal_cost"})
_LIQPAYS_FURNITURE: Final = (
    "version", "public_key", "acq_id", "ip", "is_3ds", "language", "create_date", "end_date", "transaction_id",
    "liqpay_order_id", "mpi_eci",
)  # fmt: skip


def read(tree: Tree, _: Request) -> Cart | None:
    if tree.keys() >= _CLOUDPAYMENTS:
        return _cloudpayments(tree)
    if tree.keys() >= _LIQPAYS:
        return _liqpay(tree)
    if tree.keys() >= _TBANKS:
        return _tbank(tree)
    if tree.keys() >= _PAYANYWAYS:
        return _payanyway(tree)
    if branch_of(tree.get("params")).keys() >= _UNITPAYS:
        return _unitpay(tree, tree["params"])
    if tree.keys() >= _GETCOURSES:
        return _getcourse(tree)
    by_name = {name.lower(): name for name in tree}
    if all(name in by_name for name in _ROBOKASSAS):
        return _robokassa(tree, *(by_name[name] for name in _ROBOKASSAS))
    return None


# source: CloudPayments' reference, "Check" and "Pay"; public handlers. That a check, which comes before the money,
# names no bank (`GatewayName`) is a guess.
def _cloudpayments(tree: Tree) -> Cart:
    transaction, status, kind = text(tree, "TransactionId"), text(tree, "Status"), text(tree, "OperationType")
    is_paid = kind == "Payment" and status in ("Completed", "Authorized") and bool(tree.get("GatewayName"))
    if branch_of(tree.get("Data")).keys() & {"name", "Name", "first_name", "firstName"} and "Name" in tree:
        tree["Cardholder"] = tree.pop("Name")
    if tree.get("AccountId") == tree.get("Email"):
        drop(tree, "AccountId")
    drop(tree, "TestMode" if tree.get("TestMode") == "0" else "", "IpAddress")
    return Cart(
        number=text(tree, "InvoiceId") or transaction,
        total=taken(tree, "Amount"),
        currency=text(tree, "Currency"),
        payment=text(tree, "CardType", "PaymentMethod"),
        values={
            TRANSACTION: transaction,
            STATE: status if kind == "Payment" else kind,
            PAID: carts.IS_SO if is_paid else "",
        },
    )


# source: Robokassa's reference, "ResultURL"; public handlers. It calls that address once the money is there.
def _robokassa(tree: Tree, total: str, number: str, signature: str) -> Cart:
    drop(tree, signature, "crc")
    return Cart(
        number=text(tree, number),
        total=taken(tree, total),
        payment=text(tree, "PaymentMethod", "IncCurrLabel"),
        values={PAID: carts.IS_SO},
    )


# source: LiqPay's reference, "Callback"; public handlers. `data` is JSON in base64, `signature` proves who has sent it.
def _liqpay(tree: Tree) -> Cart | None:
    payment = _decoded(tree["data"])
    if not payment.keys() >= {"order_id", "amount"}:
        return None
    drop(tree, "data", "signature")
    drop(payment, *_LIQPAYS_FURNITURE)
    beside = {name: tree.pop(name) for name in payment if name in tree}  # of whoever has passed it on
    tree |= payment | ({"beside": beside} if beside else {})
    status = text(tree, "status")
    return Cart(
        number=text(tree, "order_id"),
        total=taken(tree, "amount"),
        currency=text(tree, "currency"),
        payment=text(tree, "paytype"),
        comment=text(tree, "description"),
        values={
            TRANSACTION: text(tree, "payment_id"),
            STATE: status,
            PAID: carts.IS_SO if status == "success" else "",
        },
    )


# source: T-Bank's reference of its acquiring, "Уведомления"; public handlers. The sum is in kopecks; `AUTHORIZED` is
# money that is held, and `CONFIRMED` money that is there.
def _tbank(tree: Tree) -> Cart:
    drop(tree, "TerminalKey", "Token", "Success", "CardId", "RebillId")
    kopecks, status = taken(tree, "Amount"), text(tree, "Status")
    return Cart(
        number=text(tree, "OrderId"),
        total=None if kopecks is None else kopecks / 100,
        currency="RUB",
        values={
            TRANSACTION: text(tree, "PaymentId"),
            STATE: status,
            PAID: carts.IS_SO if status == "CONFIRMED" else "",
        },
    )


# source: Moneta's reference, "Payment notification"; public handlers. It calls that address once the money is there.
def _payanyway(tree: Tree) -> Cart:
    drop(tree, "MNT_ID", "MNT_SIGNATURE", "MNT_TEST_MODE" if tree.get("MNT_TEST_MODE") == "0" else "")
    return Cart(
        number=text(tree, "MNT_TRANSACTION_ID"),
        total=taken(tree, "MNT_AMOUNT"),
        currency=text(tree, "MNT_CURRENCY_CODE"),
        values={TRANSACTION: text(tree, "MNT_OPERATION_ID"), PAID: carts.IS_SO},
    )


# source: Unitpay's library for PHP; public handlers. `check` comes before the money, `error` without it.
def _unitpay(tree: Tree, payment: Tree) -> Cart:
    drop(payment, "signature", "sign", "projectId", "ip")
    state = text(tree, "method")
    return Cart(
        number=text(payment, "account"),
        total=taken(payment, "orderSum", "sum"),
        currency=text(payment, "orderCurrency"),
        payment=text(payment, "paymentType"),
        values={TRANSACTION: text(payment, "unitpayId"), STATE: state, PAID: carts.IS_SO if state == "pay" else ""},
    )


def _decoded(data: object) -> Tree:
    try:
        content = base64.b64decode(data, validate=True) if isinstance(data, str) else b""
        msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        return nested.read(content, "application/json")
    except (binascii.Error, ValueError, msgspec.DecodeError, nested.TooLargeError, nested.UnreadableError):
        return {}


# source: addresses of GetCourse's processes in public code, with `{object.number}`, `{object.cost_money}`,
# `{object.offers}`; what they are called there is the school's own choice (a guess)
def _getcourse(tree: Tree) -> Cart:
    total, offers = taken(tree, "deal_cost"), text(dict(tree), "offers", "positions")
    good = item(offers, None, total)
    if good is not None:
        drop(tree, "offers" if text(dict(tree), "offers") else "positions")
    return Cart(
        number=text(tree, "deal_number"),
        items=[good] if good else [],
        total=total,
        values={STATE: text(tree, "status")},
    )
