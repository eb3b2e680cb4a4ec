"""Whose a calendar is: an invitation that they have declined stays in it, out of sight, and takes no hours."""

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

from features.bookings.ical.parser import Calendar, address_of

# iCloud names the account itself by a path, and everybody else by e-mail. The path has the account's number, or begins
# with it as a published address does: in sixteen digits, the number again and again, and in Base64.
_PUBLISHED: Final = re.compile(r"/published/\d+/([\w-]{24,})")
_PRINCIPAL: Final = re.compile(r"/(?:(\d{1,16})|a([\w-]{24,}))/principal/?")
_DIGITS: Final = 16


def addresses(calendar: Calendar, urls: Iterable[str]) -> set[str]:
    """Of the owner, as far as the calendar, or an address that it is read at, says who that is."""
    found = {address_of(calendar.name)}
    for url in urls:
        path = urlsplit(url).path
        found |= {address_of(part) for part in map(unquote, path.split("/")) if "@" in part}  # Google's
        published = _PUBLISHED.match(path)
        account = _account(published[1]) if published else None
        own = {named for named in calendar.principals if account is not None and _account_of(named) == account}
        hidden = {named for named in own if named.startswith("/a")}
        # Among several that are hidden nobody knows which is the owner's.
        found |= set(map(address_of, own - hidden if len(hidden) > 1 else own))
    return found


def _account_of(principal: str) -> str | None:
    matched = _PRINCIPAL.fullmatch(principal)
    if matched is None:
        return None
    number, hidden = matched.groups()
    return _account(hidden) if hidden else (number * _DIGITS)[:_DIGITS]


def _account(text: str) -> str | None:
    try:
        begins = base64.urlsafe_b64decode(text[:24])[:_DIGITS]
    except binascii.Error:
        return None
    return begins.decode("ascii") if begins.isdigit() else None
