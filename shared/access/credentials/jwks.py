"""The public keys of an issuer, read from its JWKS address and kept for a while (RFC 7517)."""

import threading
from typing import Any, Final

import jwt
from msgspec import Struct, field

from shared.access import issuer_client
from shared.platform import logs
from shared.platform.clock import Clock
from shared.platform.messages import say
from shared.platform.problems import Problem

_KEEP_SECONDS: Final = 600.0
# An unknown key id asks anew, but not more often than this: anybody can invent key ids.
_ASK_SECONDS: Final = 30.0


class _Published(Struct):
    keys: dict[str, Any] = field(default_factory=dict)
    asked_at: float = float("-inf")


_published: dict[str, _Published] = {}
_lock = threading.Lock()


def key(url: str, key_id: str, clock: Clock) -> Any:
    """The key, or None when the issuer publishes none of this id. Raises 503 when it has never answered."""
    with _lock:
        known = _published.setdefault(url, _Published())
        age = clock.monotonic() - known.asked_at
        if age > (_ASK_SECONDS if key_id not in known.keys else _KEEP_SECONDS):
            known.asked_at = clock.monotonic()
            known.keys = _fetched(url) or known.keys
            if not known.keys:
                known.asked_at = float("-inf")
                raise Problem(503, "issuer_unavailable", say("The issuer's keys cannot be read."), retry_after=10)
        return known.keys.get(key_id)


def _fetched(url: str) -> dict[str, Any]:
    answer = issuer_client.ask(url)
    if answer is None or answer.status != 200:
        return {}
    try:
        found = jwt.PyJWKSet.from_dict(answer.document).keys
    except (ValueError, AttributeError, TypeError, jwt.PyJWTError) as error:
        logs.warning("jwks.unusable", reason=type(error).__name__)
        return {}
    return {str(one.key_id): one.key for one in found if one.key_id}
