"""JSON Web Tokens, verified: one pinned algorithm, our audience, times by our own clock."""

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import jwt
import msgspec

from shared.platform.decoding import decode
from shared.platform.messages import say
from shared.platform.problems import unauthenticated

_LEEWAY = timedelta(seconds=30)
# What a library says of a key of another kind than the algorithm's, and of a text that no JWT can be, is no accident.
_UNFIT = (jwt.InvalidTokenError, jwt.InvalidKeyError, TypeError, ValueError)


def unverified(token: str) -> dict[str, Any]:
    """The claims of a token that is yet to be verified. Only for finding the key."""
    try:
        claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    except _UNFIT:
        raise unauthenticated(say("The token is not a JWT.")) from None
    return claims


def header_of(token: str) -> dict[str, Any]:
    """Of a token that is yet to be verified. Only for choosing the key: the rest of it is not even decoded."""
    head = token.partition(".")[0]
    try:
        header: dict[str, Any] = decode(urlsafe_b64decode(head + "=" * (-len(head) % 4)), dict[str, Any])
    except (ValueError, msgspec.DecodeError):
        raise unauthenticated(say("The token is not a JWT.")) from None
    return header


def is_signed_by(token: str, key: str, algorithm: str) -> bool:
    """Whether the signature is right; nothing else is checked."""
    unchecked: Any = {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False}
    try:
        jwt.decode(token, key, algorithms=[algorithm], options=unchecked)
    except _UNFIT:
        return False
    return True


def verified(
    token: str, key: Any, *, algorithm: str, audience: str | Sequence[str], now: datetime, issuer: str | None = None
) -> dict[str, Any]:
    """The claims. `audience`: ours, or several that are. Raises 401 for a wrong signature, algorithm, audience, issuer
    or time."""
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp", "iat", "aud"]}
    try:
        claims: dict[str, Any] = jwt.decode(
            token, key, algorithms=[algorithm], audience=audience, issuer=issuer, options=options
        )
    except _UNFIT as error:
        raise unauthenticated(say("The token is not valid ({kind}).", kind=type(error).__name__)) from None
    _check_times(claims, now.timestamp())
    return claims


def _check_times(claims: dict[str, Any], now: float) -> None:
    leeway = _LEEWAY.total_seconds()
    times = {name: claims[name] for name in ("exp", "nbf", "iat") if name in claims}
    if not all(isinstance(value, int | float) for value in times.values()):
        raise unauthenticated(say("The token's times are not numbers."))
    if times["exp"] <= now - leeway:
        raise unauthenticated(say("The token has expired."))
    if max(times.get("nbf", 0), times["iat"]) > now + leeway:
        raise unauthenticated(say("The token is not valid yet: check the clocks."))
