"""The environment: typed, every problem at once, nothing secret printed (rows A10, B7)."""

import pytest

from shared.platform.config import ConfigurationError, Settings, load
from shared.platform.secret import Secret

_KEY = "A" * 43 + "="  # names of tests are the same in every process


def test_a_whole_environment_is_read(environment: dict[str, str]) -> None:
    settings = load(environment | {"REFRESH_AHEAD_HOURS": "3.5", "CRM_API_URL": "https://x.example/api/"})
    assert (settings.refresh_ahead_hours, settings.crm_api_url) == (3.5, "https://x.example/api")
    assert settings.allowed_origins == {"https://site.example"}


def test_origins_are_as_browsers_send_them(environment: dict[str, str]) -> None:
    typed = "https://Пример.рф, https://Shop.example:443, https://shop.example:8443, http://[::1]:8900"
    found = {"https://xn--e1afmkfd.xn--p1ai", "https://shop.example", "https://shop.example:8443", "http://[::1]:8900"}
    assert load(environment | {"ALLOWED_ORIGINS": typed}).allowed_origins == found


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({})
    for name in ("DATABASE_URL", "ENCRYPTION_KEYS", "OAUTH_REDIRECT_URI", "CRM_API_URL"):
        assert f"{name} is not set" in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://x"),
        ("ENCRYPTION_KEYS", "k1"),
        ("ENCRYPTION_KEYS", "k1:not-base64!"),
        ("ENCRYPTION_KEYS", "k1:ключ"),
        ("ENCRYPTION_KEYS", "k1:c2hvcnQ="),
        ("ENCRYPTION_KEYS", f"K-1:{_KEY}"),
        ("ENCRYPTION_KEYS", f"k1:{_KEY},k1:{_KEY}"),
        ("OAUTH_REDIRECT_URI", "http://functions.example/"),
        ("OAUTH_REDIRECT_URI", "functions.example"),
        ("OAUTH_REDIRECT_URI", "https://u:p@functions.example/"),
        ("OAUTH_REDIRECT_URI", "https://functions.example/?x=1"),
        ("CRM_API_URL", "ftp://x.example"),
        ("ADMIN_TOKENS", "short"),
        ("METRICS_TOKENS", "short"),
        ("METRICS_TOKENS", "admin-token-for-tests-0123456789"),  # an administrator's
        ("APP_JWT_SECRET", "short"),
        ("PROXY_SECRET", "short"),
        ("PROXY_COUNT", "0"),
        ("ALLOWED_ORIGINS", "*"),
        ("ALLOWED_ORIGINS", "https://x.example/path"),
        ("ALLOWED_ORIGINS", "http://x.example"),
        ("ALLOWED_ORIGINS", "https://пример.рф:x"),
        ("RETURN_LINKS", "javascript://x"),
        ("RETURN_LINKS", "myapp"),
        ("AMOCRM_GATEWAY", "127.0.0.1:8900"),
        ("REFRESH_AHEAD_HOURS", "soon"),
        ("REFRESH_AHEAD_HOURS", "24"),
        ("REFRESH_CONCURRENCY", "0"),
    ],
)
def test_a_wrong_value_is_named_and_not_repeated(environment: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(environment | {name: value})
    (problem,) = raised.value.problems
    assert problem.startswith(name)
    if name in ("ENCRYPTION_KEYS", "ADMIN_TOKENS", "METRICS_TOKENS", "APP_JWT_SECRET", "DATABASE_URL"):
        assert value not in problem


@pytest.mark.parametrize(
    ("name", "member"), [("APP_JWT_AUDIENCE", "app_jwt_audience"), ("QUOTATION_FUNCTION", "quotation_function")]
)
def test_30_k_the_end_of_a_line_belongs_to_no_value(environment: dict[str, str], name: str, member: str) -> None:
    """Secret stores keep what was in the file. With it no token of an app would be taken, and nobody would be told."""
    assert getattr(load(environment | {name: " x\n"}), member) == "x"
    assert getattr(load(environment | {name: "\n"}), member) == getattr(load(environment), member)


def test_30_k_a_secret_of_the_issuer_has_no_end_of_a_line(environment: dict[str, str]) -> None:
    issuer = {"OIDC_ISSUER": "https://i.example", "OIDC_CLIENT_ID": "x\n", "OIDC_CLIENT_SECRET": "s\n"}
    settings = load(environment | issuer)
    assert settings.oidc_client_secret is not None
    assert (settings.oidc_client_id, settings.oidc_client_secret.reveal()) == ("x", "s")


def test_localhost_may_be_http(environment: dict[str, str]) -> None:
    """Row E1."""
    local = {"OAUTH_REDIRECT_URI": "http://localhost:8902/", "CRM_API_URL": "http://127.0.0.1:8901"}
    assert load(environment | local).redirect_uri == "http://localhost:8902/"


def test_secrets_are_not_printed(environment: dict[str, str], settings: Settings) -> None:
    """Row A9."""
    for name in ("DATABASE_URL", "ENCRYPTION_KEYS", "ADMIN_TOKENS", "METRICS_TOKENS", "APP_JWT_SECRET"):
        assert environment[name] not in repr(settings)
    secret = Secret("hidden")
    assert "hidden" not in f"{secret} {secret!r} {secret:>20}" + str(secret)
    assert secret.reveal() == "hidden"
