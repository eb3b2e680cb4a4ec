"""Call tracking and virtual exchanges, as :mod:`features.submissions.builder_adapters` has them.

Each call has two numbers, and which of them is the client's is said by its direction. The other one, the line, is the
company's own: taken for a visitor's it would make one person of all who call it.
"""

import re
from collections.abc import Callable
from typing import Final

from features.submissions.carts import branches, drop, text
from features.submissions.messenger_ids import is_so
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
_IN_A_MANGO_CALL: Final = ("call_state", "dtmf", "recording_id", "result")


def _mango(tree: Tree) -> str | None:
    """`json` holds the call: `from` and `to` with a number or an extension each, and `line_number`. Of each call it
    tells every turn, each key and the recordings, of commands their results, and at its end (`entry_result`) all of it,
    also which way it went: 0 among colleagues, 2 out. Its trial of the address holds nothing."""
    call = tree["json"]
    drop(tree, "vpbx_api_key", "sign")  # they prove who has sent it
    if not isinstance(call, dict):
        return None if not str(call or "").strip(" {}") else ""
    way = text(dict(call), "call_direction")
    if way == "0" or ("entry_result" not in call and any(name in call for name in _IN_A_MANGO_CALL)):
        return None
    is_out = way == "2"
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


# source: bodies of Moi Zvonki in public receivers
def _moizvonki(tree: Tree) -> str:
    """`client_number` is the client's whichever way the call goes, and `src_number` that of the colleague's own
    telephone, by which all of their clients were one person."""
    call, hook = tree["event"], tree["webhook"]
    if not isinstance(call, dict) or not isinstance(hook, dict) or "client_number" not in call:
        return ""
    tree["phone"] = call.pop("client_number")
    is_of_line(call, "src_number")
    if "user_name" in call:
        call["manager"] = call.pop("user_name")
    drop(hook, "hook_id", "user_id", "account_id", "account_name")
    drop(call, "src_slot", "event_pbx_call_id")
    id_ = text(call, "db_call_id")
    return f"{text(hook, 'action')}:{id_}" if id_ else ""


# source: UniTalk's reference, "Event handling", in receivers and readers of its calls in public code
def _unitalk(tree: Tree) -> str | None:
    """`outerNumber` is the line; a call among colleagues has no other end."""
    call = tree["call"]
    if not isinstance(call, dict) or "outerNumber" not in call:
        return ""
    if call.get("direction") == "INNER":
        return None
    is_of_line(call, "outerNumber")
    directed(tree)
    id_, drawn = text(call, "dbid"), text(call, "id")  # the second one is drawn anew for each call
    return f"{tree['event']}:{id_ or drawn}" if id_ or drawn else ""


# source: Aircall's reference, "Webhooks"; public receivers
def _aircall(tree: Tree) -> str:
    """`raw_digits` is the client's whichever way the call goes, `number` the company's line, and `user` a colleague."""
    call = tree["data"]
    if not isinstance(call, dict) or "raw_digits" not in call:
        return ""
    tree["phone"] = call.pop("raw_digits")
    line = call.get("number")
    is_of_line(line if isinstance(line, dict) else {}, "digits", "e164_digits")
    for name in ("user", "assigned_to", "transferred_by", "transferred_to"):
        if name in call:
            call[f"agent {name}"] = call.pop(name)
    drop(tree, "token", "resource", "timestamp")
    id_ = text(call, "id")
    return f"{text(dict(tree), 'event')}:{id_}" if id_ else ""


# source: bodies of Ringostat's webhooks in public receivers
def _ringostat(tree: Tree) -> str:
    """What its company has chosen stands within, or at the top; `userfield` is the client's whichever way the call
    goes."""
    chosen = tree.pop("additional_call_data", None)
    if isinstance(chosen, dict):
        tree |= {name: one for name, one in chosen.items() if name not in tree}
    elif chosen is not None:
        tree["additional_call_data"] = chosen
    client = text(dict(tree), "userfield")
    if _NUMBER.fullmatch(client) and "phone" not in tree:
        tree["phone"] = tree.pop("userfield")
        drop(tree, *(["E164"] if text(dict(tree), "E164").lstrip("+") == client.lstrip("+") else []))
    is_of_line(tree, "dst", "n_alias")
    return ""


# source: calls of OnlinePBX that public code keeps, Bulutfon's reference of webhooks, RingCentral's of telephony
# sessions; bodies of Stream Telecom, UniTalk, Api4Com, Retell, OpenPhone, Telphin and Hipcall in public receivers. Of
# FusionPBX and Bland no body was found: what they call the ends and the ways is read by kind.
def directed(tree: Tree) -> None:
    """Of a call that goes out, who calls is our extension or line: whoever tells it, at the top or within (`call`,
    `data: {object}`), and where nobody is named as the client."""
    if "phone" in tree:
        return
    within = [one for one in tree.values() if isinstance(one, dict)]
    deeper = [one for branch in within for one in branch.values() if isinstance(one, dict)]
    for call in [one for one in (tree, *within, *deeper) if len(one) <= _MOST_MEMBERS][:_MOST_MEMBERS]:
        ends = {name: end for name in call if (end := _END.fullmatch(_plain(name))) is not None}
        ours = [name for name, end in ends.items() if end["ours"]]
        if not ours or not any(goes_out(name, value) for name, value in call.items()):
            continue
        theirs = (number for name, end in ends.items() if end["theirs"] and (number := _taken(call, name)))
        if number := next(theirs, ""):
            for name in ours:
                end = call[name]
                if isinstance(end, dict):
                    is_of_line(end, *(one for one in [*end] if _IS_NUMBER.fullmatch(_plain(one))))
                else:
                    is_of_line(call, name)
            tree["phone"] = number
            return


def goes_out(name: str, value: object) -> bool:
    """Whether a member of a call or a message says that the company has begun it."""
    name = _plain(name)
    if name in _WAYS:
        return isinstance(value, str) and _OUT.search(value.lower()) is not None
    if name == "income":  # Pact's; of a form it is a sum
        return value is False
    return (name in _IS_OUT and is_so(value)) or (name in _IS_IN and str(value).lower() in ("false", "0"))


def _taken(call: Tree, name: str) -> str:
    """The number, also the first one of a list, or that of a branch; empty where there is none, which stays."""
    several = call[name] if isinstance(call[name], list) else [call[name]]
    for one in several:
        if isinstance(one, dict):
            inner = next((key for key in one if _IS_NUMBER.fullmatch(_plain(key)) and _is_number(one[key])), None)
            if inner is not None:
                return str(one.pop(inner))
        elif _is_number(one):
            call[name] = [other for other in several if other != one]
            drop(call, *([] if call[name] else [name]))
            return str(one)
    return ""


def _is_number(value: object) -> bool:
    return isinstance(value, str) and _NUMBER.fullmatch(value.strip()) is not None


def _plain(name: str) -> str:
    return re.sub("[_-]", "", name[:_LONGEST_NAME].lower())


_LONGEST_NAME: Final = 40
_MOST_MEMBERS: Final = 100  # of a call; no form with so many is one
_WAYS: Final = ("direction", "calldirection", "type", "calltype", "callflow", "flow")
_OUT: Final = re.compile("^out(?![a-z])|(?<![a-z])out(?:bound|going)")
_IS_OUT: Final = ("outgoing", "outbound", "isoutgoing", "isoutbound")
_IS_IN: Final = ("incoming", "inbound", "isincoming", "isinbound")
_END: Final = re.compile(
    "(?:(?P<ours>caller(?:id)?|calling|from|src|source|sender)"
    "|(?P<theirs>callee(?:id)?|called|to|dst|dest|destination|dialed|dialled|receiver|recipient))"
    "(?:phone)?(?:num|number)?(?:e?164)?"
)
_IS_NUMBER: Final = re.compile("(?:phone|number|phonenumber|e164)(?:e?164)?")
_NUMBER: Final = re.compile(r"(?!\d{4}-\d\d-\d\d$|\d\d-\d\d-\d{4}$)\+?[\d ()-]{7,20}")  # and no day

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
    ("webhook event", _moizvonki),
    ("event call", _unitalk),
    ("resource event data", _aircall),
    ("additional_call_data", _ringostat),
    ("call_type userfield", _ringostat),
)
