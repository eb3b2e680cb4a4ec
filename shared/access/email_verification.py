"""Who vouches for an e-mail address: a claim of the token, or the issuer as a whole (`OIDC_EMAIL_VOUCHED_BY`).

Entra ID has no `email_verified`. Its optional claim `xms_edov` says that the tenant owns the address' domain; it comes
as true, as 1 or as "1". Without it a tenant's administrators, and those of guests' tenants, write what they like.
"""

from collections.abc import Mapping
from typing import Any, Final

_CLAIMS: Final = ("email_verified", "xms_edov")
STATED: Final = ("email", *_CLAIMS)
_YES: Final = ("true", "1")


def is_complete(claims: Mapping[str, Any], vouched_by: str) -> bool:
    """Whether they say all that :func:`refusal` looks for."""
    needed = {"email"} | ({vouched_by} & set(_CLAIMS))
    return all(claims.get(name) is not None for name in needed)


def joined(claims: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, Any]:
    """The ID token's claims with what was asked for beside them. What vouches does so for the address in its own
    document: another address comes with its own vouching alone, and vouching without an address is for none."""
    email = asked.get("email")
    if not isinstance(email, str) or not email:
        return dict(claims)
    if email.lower() == str(claims.get("email")).lower():
        return dict(claims) | {name: asked[name] for name in _CLAIMS if claims.get(name) is None and name in asked}
    return {name: value for name, value in claims.items() if name not in STATED} | dict(asked)


def refusal(claims: Mapping[str, Any], vouched_by: str) -> tuple[str, str] | None:
    """Why the address of these claims is not believed: a reason and, for the log, a detail without anybody's values."""
    email = claims.get("email")
    if not isinstance(email, str) or not email or "\0" in email:
        return "no_email", f"there is no email; there are: {_names(claims)}"
    if vouched_by == "issuer":
        # Not against its own word, and not for those who are at home in a tenant of somebody else's.
        denied = next((name for name in _CLAIMS if claims.get(name) is not None and not _is_yes(claims[name])), None)
        if denied is not None:
            return "unverified", f"{denied} says no"
        return ("guest", "a guest of this tenant") if _is_guest(claims) else None
    if claims.get(vouched_by) is None:
        return "unvouched", f"there is no {vouched_by} (OIDC_EMAIL_VOUCHED_BY); there are: {_names(claims)}"
    return None if _is_yes(claims[vouched_by]) else ("unverified", f"{vouched_by} says no")


def _is_yes(value: object) -> bool:
    return isinstance(value, bool | int | str) and str(value).lower() in _YES


def _is_guest(claims: Mapping[str, Any]) -> bool:
    """Of a tenant of Entra ID, which is in `tid`: `acct` is 1, or `idp` names where else they are at home. Other
    issuers' `idp` is something else."""
    tenant, home = claims.get("tid"), claims.get("idp")
    if not isinstance(tenant, str) or not tenant:
        return False
    return str(claims.get("acct")) == "1" or (home is not None and tenant not in str(home))


def _names(claims: Mapping[str, Any]) -> str:
    return ", ".join(sorted(claims))[:400]
