"""Call tracking and virtual exchanges, as :mod:`features.submissions.builder_adapters` has them.

Each call has two numbers, and which of them is the client's is said by its direction. The other one, the line, is the
company's own: taken for a visitor's it would make one person of all who call it.
"""

import re
from collections.abc import Callable
from typing import Final

from features.submissions.carts import branches, drop, text
from shared.platform.nested import Tree

LINE: Final = "line "  # before the name of a number: it is nobody's who calls


def is_of_line(tree: Tree, *names: str) -> None:
    """Under a name that says so; the number itself stays."""
    for name in names:
        if name in tree:
            tree[f"{LINE}{name}"] = tree.pop(name)


# source: Calltouch's help page on webhooks ("callerphone", "phonenumber"); public handlers
def _calltouch(tree: Tree) -> str:
    """`phonenumber` is the tracked number that was called."""
    is_of_line(tree, "phonenumber", "redirectnumber", "redirectNumber", "calltrackingPhone")
    return ""


# source: Zadarma's reference of notifications; handlers of it and of Novofon in public code
def _zadarma(tree: Tree) -> str:
    """Of a call that goes out, `caller_id` is our number, and `destination` who is called."""
    if text(dict(tree), "event").upper().startswith("NOTIFY_OUT"):
        is_of_line(tree, "caller_id")
        tree["phone"] = tree.pop("destination", "")
    return ""


# source: Mango Office's reference of its virtual exchange's API, "call" and "summary"; public handlers
def _mango(tree: Tree) -> str:
    """`json` holds the call: `from` and `to` with a number or an extension each, and `line_number`."""
    call = tree["json"]
    drop(tree, "vpbx_api_key", "sign")  # they prove who has sent it
    if not isinstance(call, dict):
        return ""
    is_out = str(call.get("call_direction")) == "2"
    for name, is_client in (("from", not is_out), ("to", is_out)):
        end = call.get(name)
        if not isinstance(end, dict):
            continue
        if is_client and "extension" not in end and "number" in end:
            tree["phone"] = end.pop("number")
        else:
            is_of_line(end, "number", "extension")
    return ""


# source: the templates of UIS (CoMagic) and Novofon, "Уведомления о событиях"; public handlers
def _uis(tree: Tree) -> str:
    """`contact_phone_number` is the client's whichever way the call goes; without it the direction says who is."""
    if not text(dict(tree), "contact_phone_number") and not isinstance(tree.get("contact_info"), dict):
        is_out = text(dict(tree), "direction") == "out"
        client = "called_phone_number" if is_out else "calling_phone_number"
        if client in tree:
            tree["phone"] = tree.pop(client)
    is_of_line(tree, "called_phone_number", "calling_phone_number")
    return ""


# source: Sipuni's page on the events that it sends by HTTP; public receivers
def _sipuni(tree: Tree) -> str | None:
    """Of each call it tells when it begins, is answered and ends, and cannot be told to choose: its end (2) has all of
    it. An end of the type 1 is outside, and one of the type 2 within; of a call among colleagues none is outside.
    `pbxdstnum` was dialled: the line, or the client."""
    event = text(dict(tree), "event")
    if event != "2":
        return None if event in ("1", "3", "4") else ""
    kinds = {name: text(dict(tree), f"{name}_type") for name in ("src", "dst")}
    whole = [name for name in kinds if _NUMBER.fullmatch(text(dict(tree), f"{name}_num"))]
    outside = [name for name, kind in kinds.items() if kind == "1"]
    client = next(iter(outside or [name for name in whole if kinds[name] != "2"]), "")
    if not client:
        return None
    tree["phone"] = tree.pop(f"{client}_num", "")
    drop(tree, f"short_{client}_num", "src_type", "dst_type", "event", "user_id", "treeNumber")
    is_of_line(tree, "src_num", "short_src_num", "dst_num", "short_dst_num")
    if client == "src":
        is_of_line(tree, "pbxdstnum")
    return text(tree, "call_id")


# source: public receivers of MegaFon's virtual exchange
def _vats(tree: Tree) -> str | None:
    """Of a call it tells each turn (`event`), asks who it is (`contact`), and tells all of it at its end (`history`).
    `phone` is the client's whichever way the call goes."""
    drop(tree, "crm_token")  # it proves who has sent it
    command = text(tree, "cmd")
    if command != "history":
        return None if command in ("event", "contact", "rating") else ""
    is_of_line(tree, "telnum", "diversion")
    return text(tree, "callid")


# source: bodies and receivers of Phonet's in public code
def _phonet(tree: Tree) -> str | None:
    """It tells when a call begins, is connected and ends, of each colleague whom it reached by another `uuid`, with
    that of the first beside it; who is not of the company stands in `otherLegs`, and in none of a call among
    colleagues."""
    event = text(dict(tree), "event")
    client = next(iter(branches(tree.get("otherLegs"))), {})
    if event != "call.hangup" or "num" not in client:
        return None if event in ("call.dial", "call.bridge", "call.hangup") else ""
    tree["phone"], tree["name"] = client.pop("num"), client.pop("name", None)
    is_of_line(tree, "trunkNum")
    drop(tree, "serverTime", "accountDomain")
    drop(client, "id")
    first, own = text(tree, "parentUuid"), text(tree, "uuid")
    return first or own


# source: CallRail's reference, "Webhooks"
def _callrail(tree: Tree) -> str:
    is_of_line(tree, "business_phone_number", "tracking_phone_number")
    return ""


# source: bodies of Binotel's `apiCallCompleted` in public code
def _binotel(tree: Tree) -> str:
    """`externalNumber` is the client's whichever way the call goes. It tells it again until it is answered in its own
    words, which are not "ok": only the counter of these attempts differs."""
    call = tree["callDetails"]
    drop(tree, "attemptsCounter")
    if not isinstance(call, dict):
        return ""
    if "externalNumber" in call:
        tree["phone"] = call.pop("externalNumber")
    line = call.get("pbxNumberData")
    is_of_line(line if isinstance(line, dict) else {}, "number")
    drop(call, "companyID", "callID")
    id_ = text(call, "generalCallID")
    return f"{tree['requestType']}:{id_}" if id_ else ""


# source: calls of OnlinePBX that public code keeps, Bulutfon's reference of webhooks; others tell `from` and `to`
def _directed(tree: Tree) -> str:
    """Of a call that goes out, who calls is our extension or line."""
    ours, theirs = ("caller", "callee") if "callee" in tree else ("from", "to")
    is_out = text(dict(tree), "direction").lower() in _OUT
    if is_out and _NUMBER.fullmatch(text(dict(tree), theirs)) and "phone" not in tree:
        is_of_line(tree, ours)
        tree["phone"] = tree.pop(theirs)
    return ""


_OUT: Final = ("out", "outbound", "outgoing")
_NUMBER: Final = re.compile(r"\+?[\d ()-]{7,20}")

CALLS: Final[tuple[tuple[str, Callable[[Tree], str | None]], ...]] = (
    ("callerphone phonenumber", _calltouch),
    ("event pbx_call_id", _zadarma),
    ("vpbx_api_key json", _mango),
    ("requestType callDetails", _binotel),
    ("event call_id src_num", _sipuni),
    ("cmd crm_token", _vats),
    ("event uuid lgDirection", _phonet),
    ("virtual_phone_number call_session_id", _uis),
    ("tracking_phone_number customer_phone_number", _callrail),
    ("caller callee direction", _directed),
    ("from to direction", _directed),
)
