"""Which hosts belong to amoCRM. Every host that comes from outside passes through here before a secret goes there.

Source: amoCRM's documentation, "Accounts": an account lives at SUBDOMAIN.amocrm.ru, .amocrm.com or .kommo.com.
"""

import re

from shared.platform.messages import UnfitError, say

# vendor: hosts.suffixes (page) An account lives at one label under amocrm.ru, amocrm.com or kommo.com; its API and
# token endpoint are there.
# source: amoCRM's documentation, "Accounts"
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}\.(?:amocrm\.ru|amocrm\.com|kommo\.com)")

# Hosts of the vendor itself; nobody's account.
_NOT_ACCOUNTS = frozenset({"www", "api", "id", "core", "forms", "support"})


class UntrustedHostError(UnfitError):
    """The host is not one of amoCRM's. The message is fit for people and does not repeat the host."""

    def __init__(self) -> None:
        super().__init__(
            say("must be an amoCRM address such as example.amocrm.ru, example.amocrm.com or example.kommo.com")
        )


def require_amocrm_host(host: str) -> str:
    """The host itself, when it is one label under a known suffix, in lower-case ASCII and without port or user."""
    if not _HOST.fullmatch(host):
        raise UntrustedHostError
    return host


def require_account_host(host: str) -> str:
    """As above, and it can be an account's own host."""
    if require_amocrm_host(host).partition(".")[0] in _NOT_ACCOUNTS:
        raise UntrustedHostError
    return host


def clean_account_domain(text: str) -> str:
    """What a person typed or pasted, as an account's host (row A2).

    Accepts any case, surrounding blanks, a scheme and anything after the first slash. Everything else that is not
    exactly a host of amoCRM's (a port, a user, look-alike letters) is refused, not repaired.
    """
    cleaned = text.strip().lower()
    for scheme in ("https://", "http://"):
        cleaned = cleaned.removeprefix(scheme)
    return require_account_host(re.split(r"[/?#]", cleaned, maxsplit=1)[0])
