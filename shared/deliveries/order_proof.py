"""Who may ask about an order: whoever knows its number and a phone or e-mail that it was made with.

An order keeps fingerprints of them, which tell nothing to whoever reads the table.
"""

import re
from collections.abc import Iterable
from uuid import UUID

from shared.storage.encryption import Keyring

_PHONE_DIGITS = 10  # the last ones: with or without the country's code it is the same number


def proofs(keyring: Keyring, integration_id: UUID, phones: Iterable[str], emails: Iterable[str]) -> list[str]:
    """What an order keeps."""
    values = dict.fromkeys([*map(_normal, phones), *map(_normal, emails)])
    return [keyring.fingerprints(f"order:{value}", integration_id)[0].hex()[:24] for value in values if value]


def whose(phones: Iterable[str], emails: Iterable[str]) -> str:
    """The first of them, as it is compared; empty where nobody is told."""
    return next((one for one in [*map(_normal, phones), *map(_normal, emails)] if one), "")


def is_proven(keyring: Keyring, integration_id: UUID, kept: Iterable[str], told: str) -> bool:
    return bool(set(may_be_kept(keyring, integration_id, told)) & set(kept))


def may_be_kept(keyring: Keyring, integration_id: UUID, told: str) -> list[str]:
    """All that an order of this phone or e-mail may keep; nothing for what is neither."""
    value = _normal(told)
    return [one.hex()[:24] for one in keyring.fingerprints(f"order:{value}", integration_id)] if value else []


def _normal(text: str) -> str:
    if "@" in text:
        return text.strip().casefold()
    digits = re.sub(r"\D", "", text)
    return digits[-_PHONE_DIGITS:] if len(digits) >= 5 else ""
