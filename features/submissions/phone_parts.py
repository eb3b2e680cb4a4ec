"""A phone that was taken apart: `{code, number}`, `{callingCode, nationalNumber}`, `tel_code` beside `tel`.

A code that was asked for by itself is needed to call anybody; but one that confirms a phone is none of its digits, so
that a code counts only where both together have as many digits as a phone.
"""

import re
from typing import Final

from features.submissions import field_names
from shared.platform.nested import Tree

_COUNTRY: Final = frozenset({"callingcode", "countrycode", "countrycallingcode", "dialcode", "dialingcode", "ddi"})
_AREA: Final = frozenset(
    {
        "code",
        "prefix",
        "area",
        "areacode",
        "localcode",
        "citycode",
        "operatorcode",
        "ddd",
        "код",
        "кодгорода",
        "кодоператора",
    }
    | {"кодкраїни", "кодміста", "кодстраны", "codigo", "código", "prefijo", "prefixo", "kod"}
)
_NUMBERS: Final = (
    *("number", "nationalnumber", "phonenumber", "phone", "tel", "telephone", "num", "номер", "телефон", "numero"),
    *("número", "telefono", "teléfono", "telefone", "raqam", "value"),
)
_SURE: Final = frozenset({"ddd", "ddi", "dialcode", "dialingcode", "callingcode"})  # by itself, it is a phone's
_CODE: Final = re.compile(
    r"((?:country[\s_-]*calling|calling|country|dial|dialing|area|local|city|operator)?[\s_-]*(?:code|prefix)|ddd|ddi|код)$",
    re.IGNORECASE,
)
_LONGEST: Final = 60  # letters of a name, and of a number
_FEWEST, _MOST = 8, 12  # digits of a phone whose code does not say that it is its country's
_TRUNK: Final = {"7": "8"}  # by which a call begins within the country; elsewhere a nought, which Italy dials
_KEEPS_NOUGHT: Final = "39"


def within(branch: Tree, name: str, *, is_listed: bool) -> tuple[str, str, set[str]] | None:
    """Of what stands under the name of a phone: the number's key, the whole phone, and the keys of its parts. Without a
    code it is one of a list of phones; any other (`call: {phoneNumber: {number}}`) may be a line of the company's."""
    if len(branch) > len(_NUMBERS) or not _says_phone(name):
        return None
    by_plain = {_plain(key): key for key, one in branch.items() if isinstance(one, str) and len(key) <= _LONGEST}
    key = next((by_plain[one] for one in _NUMBERS if one in by_plain and _is_number(branch[by_plain[one]])), None)
    if key is None:
        return None
    whole, used = branch[key].strip(), {key}
    for kinds in (_AREA, _COUNTRY):
        for plain, code in by_plain.items():
            if plain in kinds and code not in used and (joined := _joined(branch[code], whole, kinds is _COUNTRY)):
                whole = joined
                used.add(code)
    return (key, whole, used) if len(used) > 1 or (is_listed and _plain(key) != "value") else None


def beside(branch: Tree) -> dict[str, str]:
    """Whole phones by their keys, where the code of each stands beside it, and is a value of its own as well."""
    found: dict[str, str] = {}
    for key, code in branch.items():
        said = _CODE.search(key) if isinstance(code, str) and len(key) <= _LONGEST and code.strip() else None
        if said is None:
            continue
        about, kind = _plain(key[: said.start()]), _plain(said[1])
        if not about and kind not in _SURE and not code.strip().startswith("+"):
            continue
        phones = [
            one
            for one, number in branch.items()
            if one != key and _says_phone(one[:_LONGEST]) and isinstance(number, str) and _is_number(number)
        ]
        phones = [one for one in phones if _plain(one) in (about, f"{about}number")] if about else phones
        if len(phones) > 1:  # beside the whole one, as Grupo OLX tells it
            wholes = {_digits(str(branch[one])) for one in phones}
            phones = [one for one in phones if _digits(code) + _digits(str(branch[one])) in wholes]
        if len(phones) == 1:
            whole = found.get(phones[0], str(branch[phones[0]]).strip())
            if joined := _joined(code, whole, kind in _COUNTRY):
                found[phones[0]] = joined
    return found


def _says_phone(name: str) -> bool:
    return field_names.whole(name) == "phone" or field_names.says_phone(name)


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", "", name).lower()


def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign.isdigit())


def _is_number(text: str) -> bool:
    return len(text) <= _LONGEST and len(_digits(text)) >= 5 and not any(sign.isalpha() for sign in text)


def _joined(code: str, number: str, is_country: bool) -> str | None:
    """None where the code is no part of it."""
    code, digits, has_plus = code.strip(), _digits(number), code.strip().startswith("+")
    own = _digits(code)
    if not re.fullmatch(r"\+?\(?\d{1,5}\)?", code) or number.startswith(("+", "00")):
        return None
    if not (is_country or has_plus):
        return f"{own} {number}" if len(digits) <= 10 and _FEWEST <= len(own + digits) <= _MOST else None
    if digits.startswith(own) and len(digits) > 10:
        return f"+{number}"
    if len(digits) > 10 and digits.startswith(_TRUNK.get(own, "-")):
        return f"+{own} {number[number.index(digits[0]) + 1 :].strip()}"
    if digits.startswith("0") and own != _KEEPS_NOUGHT:
        number = re.sub("0", "", number, count=1)
    return f"+{own} {number.strip()}"
