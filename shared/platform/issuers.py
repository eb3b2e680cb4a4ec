"""What the address of an OpenID Connect issuer says: whether anybody at all may have an account there."""

from typing import Final
from urllib.parse import urlsplit

VOUCHING: Final = ("email_verified", "xms_edov", "issuer")

# Issuers with one address for everybody's accounts. Whoever has one may write any e-mail address into it.
_OF_EVERYBODY: Final = frozenset(
    [
        *("accounts.google.com", "appleid.apple.com", "www.facebook.com", "facebook.com", "limited.facebook.com"),
        *("gitlab.com", "login.yahoo.com", "api.login.yahoo.com", "id.vk.com", "id.vk.ru", "login.yandex.ru"),
        *("oauth.yandex.ru", "slack.com", "www.linkedin.com", "access.line.me", "discord.com", "id.twitch.tv"),
        *("www.paypal.com", "login.salesforce.com", "auth.atlassian.com", "orcid.org"),
    ]
)
# Microsoft Entra ID, where the path begins with the tenant.
_ENTRA: Final = frozenset(
    [
        *("login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn"),
        *("login.chinacloudapi.cn", "login.microsoft.com", "login.windows.net", "sts.windows.net"),
        "sts.chinacloudapi.cn",
    ]
)
# Not a tenant, but several, or the one of private accounts.
_MANY_TENANTS: Final = frozenset(
    ["", "common", "organizations", "consumers", "{tenantid}", "9188040d-6c67-4c5b-b112-36a304b66dad"]
)


def vouching(value: str) -> str:
    """One of :data:`VOUCHING`. Raises ValueError for anything else."""
    if value not in VOUCHING:
        raise ValueError(f"must be one of {', '.join(VOUCHING)}")
    return value


def is_of_everybody(issuer: str) -> bool:
    """Whether such an issuer cannot vouch for its accounts as a whole."""
    parts = urlsplit(issuer)
    host = (parts.hostname or "").rstrip(".")
    tenant = parts.path.strip("/").partition("/")[0].lower()
    return host in _OF_EVERYBODY or (host in _ENTRA and tenant in _MANY_TENANTS)
