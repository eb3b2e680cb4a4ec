"""Whom a text speaks of: a phone however it is written, or an e-mail address."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus
from uuid import UUID

from msgspec import Struct

from shared.storage.encryption import Keyring

_BETWEEN: Final = r"[\s().\-\u2010-\u2015\u00a0]{0,3}"  # what people write between two digits
# As JSON has a sign that is not written as it is; JSON within JSON has more backslashes before it.
_ESCAPED: Final = re.compile(r"\\+(?:u([0-9a-f]{4})|[bfnrt])", re.IGNORECASE)
_SHORTEST: Final = 7  # digits of a number without its country's code
# Before it: the country's code, perhaps dialled from abroad and with what some countries put behind it, or the prefix
# inside the country, perhaps with a carrier's. Other digits make another number, an id or a time.
_BEFORE: Final = r"(?:(?:(?:00|810|0?011)?{code}{between}[0189]?|0(?:{between}\d\d)?|[18]){between})?"
# Behind an address: a domain that goes on is another's, as yahoo.com.br is not yahoo.com. A sentence may end there.
_ENDS: Final = r"(?![\w-]|\.[a-z0-9])"


class NobodyError(ValueError):
    """What was given stands for nobody: no whole phone, no e-mail address."""


class Person(Struct, frozen=True):
    """Found by any of their phones or e-mails."""

    phones: tuple[str, ...]
    emails: tuple[str, ...]
    country: str
    pattern: str

    def is_in(self, text: str) -> bool:
        """Whether a text speaks of them, as it is or as a form or JSON within it would have it."""
        return any(re.search(self.pattern, one, re.IGNORECASE) for one in _readings(text))

    def lock_names(self, keyring: Keyring, integration_id: UUID) -> list[bytes]:
        """Keyed hashes of them."""
        from features.submissions import person_identity  # a feature, which may have been removed
        from features.submissions.model import Contact

        contact = Contact(phone=list(self.phones), email=list(self.emails))
        return person_identity.lock_names(keyring, integration_id, contact, self.country)


def wanted(phones: tuple[str, ...], emails: tuple[str, ...], country: str) -> Person:
    """Raises NobodyError."""
    from features.submissions import person_identity

    found = []
    for phone in phones:
        whole = person_identity.phone(phone, country)
        if whole is None or whole.identity is None or len(whole.spellings[0]) < _SHORTEST:
            raise NobodyError(f"{phone} is no whole phone; give it with its country's code")
        found += [_pattern(whole.code, one) for one in whole.spellings]
    for email in emails:
        if not person_identity.emails([email]):
            raise NobodyError(f"{email} is no e-mail address")
        found.append(rf"(?<![\w.+-]){re.escape(email.strip())}{_ENDS}")
    if not found:
        raise NobodyError("name a phone or an e-mail address")
    return Person(phones, emails, country, "|".join(found))


def _pattern(code: str, national: str) -> str:
    """`national`: all digits of the number, as they are dialled inside the country."""
    before = _BEFORE.format(code=_BETWEEN.join(code), between=_BETWEEN)
    return rf"(?<!\d){before}{_BETWEEN.join(national)}(?!\d)"


def _readings(text: str) -> Iterator[str]:
    """What was kept may have JSON anywhere: behind its address' query, in a field, in other JSON."""
    for one in (text, unquote_plus(text)):
        yield one
        yield _ESCAPED.sub(_sign, one)


def _sign(escaped: re.Match[str]) -> str:
    return chr(int(escaped[1], 16)) if escaped[1] else " "
