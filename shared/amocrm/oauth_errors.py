"""What the token endpoint means when it refuses: read from its words, because its status alone does not tell.

amoCRM's endpoint speaks league/oauth2-server (its hints word for word in public reports). That server refuses in a
fixed order and uses nothing up before it has issued a new pair; so only a hint *about the grant itself* says that the
grant is dead. Everything else is a setting that somebody can mend, and then the same grant works again.
"""

import re
from enum import StrEnum
from typing import Final


class Meaning(StrEnum):
    """The value is the stable code that people and programs see."""

    GRANT_DEAD = "grant_dead"  # used, expired, revoked or foreign: only a new consent helps
    CLIENT = "client_refused"  # client id, secret, a redirect URI that is not registered; or not paid
    REDIRECT_URI = "redirect_uri_changed"  # registered, but not the one of this consent
    SCOPE = "scope_refused"  # the integration has lost a scope that the grant was given
    REQUEST = "request_refused"  # we asked wrongly
    UNKNOWN = "refusal_unknown"  # words that nobody has seen yet


# vendor: oauth.refusals (code) The words of each refusal; only those about the grant itself mean that it is dead.
# source: league/oauth2-server 7.4 and 8.5; the same words in amocrm-api-php issues 123, 246, 269, 315, 575
_BY_HINT: Final = (
    (r"cannot decrypt the (authorization code|refresh token)", Meaning.GRANT_DEAD),
    (r"authorization code malformed", Meaning.GRANT_DEAD),
    (r"authorization code has (expired|been revoked)", Meaning.GRANT_DEAD),
    (r"authorization code was not issued to this client", Meaning.GRANT_DEAD),
    (r"token is not linked to client", Meaning.GRANT_DEAD),
    (r"token has (expired|been revoked)", Meaning.GRANT_DEAD),
    (r"invalid redirect uri", Meaning.REDIRECT_URI),
    (r"check the `[^`]*` scope", Meaning.SCOPE),
    (r"check the `client_(id|secret)` parameter", Meaning.CLIENT),  # amocrm-api-php issue 218: it had been right
    (r"check the `[^`]*` parameter", Meaning.REQUEST),
    (r"check that all required parameters have been provided", Meaning.REQUEST),
)
# Where there is no hint, or none that is known.
_BY_DETAIL: Final = (
    (r"client is not authorized", Meaning.CLIENT),
    (r"authorization grant type is not supported", Meaning.REQUEST),
)


def meaning_of(hint: str | None, detail: str) -> Meaning:
    """Sorts a 400 or 401 of the token endpoint by its `hint` and `detail`."""
    for text, table in ((hint or "", _BY_HINT), (detail, _BY_DETAIL)):
        for pattern, meaning in table:
            if re.search(pattern, text, re.IGNORECASE):
                return meaning
    return Meaning.UNKNOWN
