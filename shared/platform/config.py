"""Configuration: environment variables, typed, checked together, never printed.

`docs/configuration.md` is the list for people; :func:`load` is the list for the code.
"""

import base64
import hashlib
import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar
from urllib.parse import urlsplit

from msgspec import Struct

from shared.platform import issuers
from shared.platform.messages import UnfitError, say
from shared.platform.secret import Secret

T = TypeVar("T")

LOOPBACK_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


class ConfigurationError(Exception):
    """Everything that is wrong with the environment, one line a problem."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"The configuration has {len(problems)} problem(s):\n{lines}")


class Settings(Struct, frozen=True):
    database_url: Secret
    encryption_keys: tuple[tuple[str, Secret], ...]  # (key id, base64 of 32 bytes); the first one writes
    redirect_uri: str  # registered with every integration; also the address of the switched-off hook
    crm_api_url: str  # where widgets and the panel reach crm_api
    amocrm_events_url: str | None  # where amoCRM's webhooks reach amocrm_events
    endpoint_private_hosts: frozenset[str]  # "host:port" of our own network that may be told of changes
    admin_token_digests: tuple[bytes, ...]  # SHA-256
    metrics_token_digests: tuple[bytes, ...]  # likewise; they see figures and nothing else
    app_jwt_secret: Secret | None
    app_jwt_audience: str
    app_jwt_issuer: str | None
    app_jwt_jwks_url: str | None
    app_jwt_algorithm: str
    oidc_issuer: str | None  # by which administrators may sign in
    oidc_client_id: str | None
    oidc_client_secret: Secret | None
    oidc_email_vouched_by: str  # a claim, or the issuer as a whole
    notice_webhook_url: str | None
    notice_secret: Secret | None
    proxy_secret: Secret | None  # by which a proxy before the functions is known
    proxy_count: int  # how many there are, one behind the other
    allowed_origins: frozenset[str]
    return_links: frozenset[str]  # "scheme://host" of links that a finished consent may offer
    amocrm_gateway: str | None
    refresh_ahead_hours: float
    refresh_concurrency: int
    deliveries_concurrency: int
    deliveries_queue_url: str | None
    deliveries_queue_endpoint: str | None
    quotation_function: str | None  # which has the PDF engine; None: it is here
    token_journal_url: str | None  # where each pair is written as well, outside of the database
    token_journal_access_token: Secret | None  # for Google's and Yandex's store, where no metadata server gives one
    time_limit_seconds: float
    keep_events_days: float
    keep_deliveries_days: float
    keep_payloads_days: float


def load(environ: Mapping[str, str]) -> Settings:
    """Reads the settings. Raises :class:`ConfigurationError` with every problem at once."""
    reader = _Reader(environ)
    settings = Settings(
        database_url=Secret(reader.text("DATABASE_URL", _database_url)),
        encryption_keys=reader.parsed("ENCRYPTION_KEYS", _encryption_keys, default=()),
        redirect_uri=reader.text("OAUTH_REDIRECT_URI", public_url),
        crm_api_url=reader.text("CRM_API_URL", public_url).rstrip("/"),
        amocrm_events_url=reader.parsed("AMOCRM_EVENTS_URL", public_url, default=None, required=False),
        endpoint_private_hosts=reader.parsed(
            "ENDPOINT_PRIVATE_HOSTS", _private_hosts, default=frozenset(), required=False
        ),
        admin_token_digests=reader.parsed("ADMIN_TOKENS", _token_digests, default=(), required=False),
        metrics_token_digests=reader.parsed("METRICS_TOKENS", _token_digests, default=(), required=False),
        app_jwt_secret=reader.parsed("APP_JWT_SECRET", _jwt_secret, default=None, required=False),
        app_jwt_audience=reader.plain("APP_JWT_AUDIENCE") or "amocrm-functions",
        app_jwt_issuer=reader.plain("APP_JWT_ISSUER"),
        app_jwt_jwks_url=reader.parsed("APP_JWT_JWKS_URL", public_url, default=None, required=False),
        app_jwt_algorithm=reader.parsed("APP_JWT_ALGORITHM", _public_key_algorithm, default="RS256", required=False),
        oidc_issuer=reader.parsed("OIDC_ISSUER", public_url, default=None, required=False),
        oidc_client_id=reader.plain("OIDC_CLIENT_ID"),
        oidc_client_secret=reader.parsed("OIDC_CLIENT_SECRET", Secret, default=None, required=False),
        oidc_email_vouched_by=reader.parsed(
            "OIDC_EMAIL_VOUCHED_BY", issuers.vouching, default="email_verified", required=False
        ),
        notice_webhook_url=reader.parsed("NOTICE_WEBHOOK_URL", webhook_url, default=None, required=False),
        notice_secret=reader.parsed("NOTICE_SECRET", _long_secret, default=None, required=False),
        proxy_secret=reader.parsed("PROXY_SECRET", _long_secret, default=None, required=False),
        proxy_count=int(reader.number("PROXY_COUNT", 1, minimum=1, maximum=9)),
        allowed_origins=reader.parsed("ALLOWED_ORIGINS", _origins, default=frozenset(), required=False),
        return_links=reader.parsed("RETURN_LINKS", _return_links, default=frozenset(), required=False),
        amocrm_gateway=reader.parsed("AMOCRM_GATEWAY", _origin, default=None, required=False),
        refresh_ahead_hours=reader.number("REFRESH_AHEAD_HOURS", 6, minimum=0.1, maximum=23),
        refresh_concurrency=int(reader.number("REFRESH_CONCURRENCY", 16, minimum=1, maximum=256)),
        deliveries_concurrency=int(reader.number("DELIVERIES_CONCURRENCY", 8, minimum=1, maximum=256)),
        deliveries_queue_url=reader.parsed("DELIVERIES_QUEUE_URL", public_url, default=None, required=False),
        deliveries_queue_endpoint=reader.parsed("DELIVERIES_QUEUE_ENDPOINT", public_url, default=None, required=False),
        quotation_function=reader.plain("QUOTATION_FUNCTION"),
        token_journal_url=reader.parsed("TOKEN_JOURNAL_URL", _journal_url, default=None, required=False),
        token_journal_access_token=reader.parsed("TOKEN_JOURNAL_ACCESS_TOKEN", Secret, default=None, required=False),
        time_limit_seconds=reader.number("TIME_LIMIT_SECONDS", 50, minimum=1, maximum=3600),
        keep_events_days=reader.number("KEEP_EVENTS_DAYS", 90, minimum=1, maximum=3650),
        keep_deliveries_days=reader.number("KEEP_DELIVERIES_DAYS", 30, minimum=1, maximum=3650),
        keep_payloads_days=reader.number("KEEP_PAYLOADS_DAYS", 7, minimum=0, maximum=3650),
    )
    if (settings.app_jwt_issuer is None) != (settings.app_jwt_jwks_url is None):
        reader.problems.append("APP_JWT_ISSUER and APP_JWT_JWKS_URL belong together: set both, or neither")
    if len({one is None for one in (settings.oidc_issuer, settings.oidc_client_id, settings.oidc_client_secret)}) > 1:
        reader.problems.append(
            "OIDC_ISSUER, OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong together: set all three, or none"
        )
    if set(settings.admin_token_digests) & set(settings.metrics_token_digests):
        reader.problems.append("METRICS_TOKENS: a token stands in ADMIN_TOKENS, too, and would see figures only")
    if settings.oidc_email_vouched_by == "issuer" and issuers.is_of_everybody(settings.oidc_issuer or ""):
        reader.problems.append(
            "OIDC_EMAIL_VOUCHED_BY: anybody may have an account at this OIDC_ISSUER, with any address in it. "
            "Name the tenant of your own in OIDC_ISSUER, or a claim here"
        )
    if (settings.notice_webhook_url is None) != (settings.notice_secret is None):
        reader.problems.append("NOTICE_WEBHOOK_URL and NOTICE_SECRET belong together: set both, or neither")
    if reader.problems:
        raise ConfigurationError(reader.problems)
    return settings


class _Reader:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def parsed(self, name: str, parse: Callable[[str], T], default: T, required: bool = True) -> T:
        """The parsed variable. On trouble notes the problem and goes on with the default, to find the next one."""
        value = self._environ.get(name, "").strip()
        if not value:
            if required:
                self.problems.append(f"{name} is not set")
            return default
        try:
            return parse(value)
        except ValueError as error:
            self.problems.append(f"{name}: {error}")
            return default

    def text(self, name: str, parse: Callable[[str], str]) -> str:
        return self.parsed(name, parse, default="")

    def plain(self, name: str) -> str | None:
        """As it is, but for what a file or a store has put around it; None where it is not set."""
        return self.parsed(name, lambda value: value, default=None, required=False)

    def number(self, name: str, default: float, minimum: float, maximum: float) -> float:
        def parse(value: str) -> float:
            try:
                number = float(value)
            except ValueError:
                raise ValueError("must be a number") from None
            if not minimum <= number <= maximum:
                raise ValueError(f"must be between {minimum:g} and {maximum:g}")
            return number

        return self.parsed(name, parse, default, required=False)


def _items(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _database_url(value: str) -> str:
    if not value.startswith(("postgresql://", "postgres://")):
        raise ValueError("must start with postgresql://")
    return value


def _journal_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme == "file" and not parts.netloc and len(parts.path) > 1 and not parts.query + parts.fragment:
        return value
    is_bucket = parts.scheme in ("s3", "gs", "yandex") and re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,220}", parts.netloc)
    if not is_bucket or not re.fullmatch(r"[\w./-]*", parts.path, re.ASCII) or parts.query or parts.fragment:
        raise ValueError("must be s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, yandex://BUCKET/PREFIX, or file:///FOLDER")
    return value


def _encryption_keys(value: str) -> tuple[tuple[str, Secret], ...]:
    keys: dict[str, Secret] = {}
    for item in _items(value):
        key_id, separator, encoded = item.partition(":")
        if not separator or not re.fullmatch(r"[a-z0-9]{1,16}", key_id):
            raise ValueError("each key is ID:BASE64, the id 1 to 16 of a-z and 0-9 (`make key` makes one)")
        if key_id in keys:
            raise ValueError(f"the key id {key_id} occurs twice")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except ValueError:  # binascii.Error, or letters that are not ASCII
            raise ValueError(f"the key {key_id} is not base64") from None
        if len(raw) != 32:
            raise ValueError(f"the key {key_id} has {len(raw)} bytes instead of 32")
        keys[key_id] = Secret(encoded)
    return tuple(keys.items())


def _token_digests(value: str) -> tuple[bytes, ...]:
    """Each token as it is, or as `sha256:` and the hexadecimal SHA-256 of it."""
    digests = []
    for token in _items(value):
        if token.startswith("sha256:"):
            if not re.fullmatch(r"[0-9a-f]{64}", token.removeprefix("sha256:")):
                raise ValueError("after sha256: there are 64 hexadecimal digits")
            digests.append(bytes.fromhex(token.removeprefix("sha256:")))
        elif len(token) < 24:
            raise ValueError("a token has at least 24 characters")
        else:
            digests.append(hashlib.sha256(token.encode()).digest())
    return tuple(digests)


def _public_key_algorithm(value: str) -> str:
    if value not in ("RS256", "ES256"):
        raise ValueError("must be RS256 or ES256")
    return value


def _jwt_secret(value: str) -> Secret:
    if len(value.encode()) < 32:
        raise ValueError("must have at least 32 bytes (RFC 7518, section 3.2)")
    return Secret(value)


def public_url(value: str) -> str:
    """An address people's browsers use: HTTPS, or HTTP on this machine only (row A10)."""
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UnfitError(say("must be a whole URL, such as https://example.org/oauth_callback"))
    if parts.username or parts.password or parts.fragment or parts.query:
        raise UnfitError(say("must have no user, query or fragment"))
    if parts.scheme == "http" and parts.hostname not in LOOPBACK_HOSTS:
        raise UnfitError(say("must be https:// (http:// is allowed on localhost only)"))
    return value


def webhook_url(value: str) -> str:
    """HTTPS, or HTTP on this machine; a query is allowed, since services put their tokens there."""
    public_url(value.partition("?")[0])
    return value


def _long_secret(value: str) -> Secret:
    if len(value.encode()) < 24:
        raise ValueError("must have at least 24 bytes")
    return Secret(value)


_NO_ORIGIN: Final = say("must be an origin, such as https://example.org, without a path")


def _origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/") or parts.query:
        raise UnfitError(_NO_ORIGIN)
    return f"{parts.scheme}://{parts.netloc}"


def web_origin(value: str) -> str:
    """The origin of a web page, as browsers send it: a name with letters of its own (пример.рф) in ASCII, and without
    the port that is the scheme's own. HTTPS, or HTTP on this machine."""
    import httpx  # not for a cold start

    try:
        return _origin(public_url(str(httpx.URL(value))))
    except httpx.InvalidURL:
        raise UnfitError(_NO_ORIGIN) from None


def _origins(value: str) -> frozenset[str]:
    return frozenset(web_origin(item) for item in _items(value))


def _private_hosts(value: str) -> frozenset[str]:
    hosts = _items(value)
    if not all(re.fullmatch(r"[a-z0-9.-]+:[0-9]{1,5}", host) for host in hosts):
        raise ValueError("each entry is HOST:PORT, such as crm.internal:8443")
    return frozenset(hosts)


def _return_links(value: str) -> frozenset[str]:
    links = _items(value)
    for link in links:
        parts = urlsplit(link)
        is_plain = parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1")
        if not parts.scheme or not parts.netloc or parts.path or is_plain or parts.scheme in ("javascript", "data"):
            raise ValueError("each entry is SCHEME://HOST, such as myapp://connected or https://example.org")
    return frozenset(link.lower() for link in links)
