"""Applications whose issuer publishes its keys (JWKS), administrators' hashed tokens, and AWS Secrets Manager."""

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto import mock_aws

from shared.access.credentials import jwts
from shared.platform.config import ConfigurationError, load
from shared.platform.problems import Problem
from shared.platform.secret_store import environment as completed
from shared.runtime import Runtime
from tests.issuer import Issuer
from tests.story import Story

ISSUER = "https://issuer.example/"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.close()


@pytest.fixture
def by_issuer(connected: Story, environment: dict[str, str], issuer: Issuer) -> Iterator[Story]:
    keys = {
        "APP_JWT_ISSUER": ISSUER,
        "APP_JWT_JWKS_URL": issuer.jwks_url,
        "ENCRYPTION_KEYS": environment["ENCRYPTION_KEYS"],
    }
    runtime = Runtime.build(load(environment | keys), connected.clock)
    yield Story(**{**connected.__dict__, "runtime": runtime})
    runtime.close()


def _ask(story: Story, key: Any, key_id: str = "k1", algorithm: str = "RS256", **changed: Any) -> int:
    now = int(story.clock.now().timestamp())
    claims = {
        "iss": ISSUER,
        "aud": "amocrm-functions",
        "iat": now,
        "exp": now + 60,
        "account_domain": story.domain,
        "widget_type": "glass",
    }
    token = jwt.encode(claims | changed, key, algorithm=algorithm, headers={"kid": key_id})
    return story.crm("connection_status", {"Authorization": f"Bearer {token}"}).status


def test_tokens_of_the_issuer_are_accepted_and_its_keys_are_kept(by_issuer: Story, issuer: Issuer) -> None:
    assert [_ask(by_issuer, issuer.keys["k1"]) for _ in range(3)] == [200] * 3
    by_issuer.clock.advance(minutes=9)
    assert (_ask(by_issuer, issuer.keys["k1"]), issuer.asked) == (200, 1)
    by_issuer.clock.advance(minutes=2)  # what the issuer has taken back is good for ten minutes at most
    assert (_ask(by_issuer, issuer.keys["k1"]), issuer.asked) == (200, 2)


def test_a_new_key_of_the_issuer_is_found_and_an_invented_one_is_not(by_issuer: Story, issuer: Issuer) -> None:
    assert _ask(by_issuer, issuer.keys["k1"]) == 200
    issuer.keys["k2"] = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    by_issuer.clock.advance(seconds=31)
    assert _ask(by_issuer, issuer.keys["k2"], "k2") == 200
    asked = issuer.asked
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert [_ask(by_issuer, stranger, f"made-up-{n}") for n in range(5)] == [401] * 5
    assert issuer.asked == asked  # inventing key ids makes nobody ask
    assert _ask(by_issuer, stranger, "k1") == 401


def test_issuer_algorithm_and_audience_are_pinned(by_issuer: Story, issuer: Issuer) -> None:
    key = issuer.keys["k1"]
    assert _ask(by_issuer, key, iss="https://evil.example/") == 401
    assert _ask(by_issuer, key, aud="another") == 401
    assert _ask(by_issuer, key, algorithm="RS512") == 401
    assert _ask(by_issuer, ec.generate_private_key(ec.SECP256R1()), algorithm="ES256") == 401


def test_a_key_of_another_kind_than_the_algorithm_is_no_key() -> None:
    """30-K: an issuer may publish such under the id that a token names; that is nobody's accident."""
    rs, es = rsa.generate_private_key(public_exponent=65537, key_size=2048), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    token = jwt.encode({"aud": "us", "iat": now, "exp": now + timedelta(minutes=1)}, rs, algorithm="RS256")
    assert jwts.verified(token, rs.public_key(), algorithm="RS256", audience="us", now=now)["aud"] == "us"
    with pytest.raises(Problem, match="unauthenticated"):
        jwts.verified(token, es.public_key(), algorithm="RS256", audience="us", now=now)


@pytest.mark.parametrize(
    ("seconds", "is_taken"),
    [({"exp": -29}, True), ({"exp": -30}, False), ({"iat": 30}, True), ({"iat": 31}, False), ({"nbf": 31}, False)],
)
def test_32_8_clocks_may_be_half_a_minute_apart_and_no_more(seconds: dict[str, int], is_taken: bool) -> None:
    now, key = datetime(2026, 5, 1, 12, tzinfo=UTC), "k" * 32
    claims = {"aud": "us", "iat": now, "nbf": now, "exp": now} | {
        name: now + timedelta(seconds=one) for name, one in seconds.items()
    }
    claims = claims if "exp" in seconds else claims | {"exp": now + timedelta(minutes=5)}
    token = jwt.encode(claims, key, algorithm="HS256")
    if is_taken:
        assert jwts.verified(token, key, algorithm="HS256", audience="us", now=now)["aud"] == "us"
    else:
        with pytest.raises(Problem, match="unauthenticated"):
            jwts.verified(token, key, algorithm="HS256", audience="us", now=now)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "x"}]}', b"[]", b"x" * 300_000])
def test_an_issuer_that_publishes_nothing_readable_is_503(by_issuer: Story, issuer: Issuer, body: bytes) -> None:
    issuer.body = body
    assert _ask(by_issuer, issuer.keys["k1"]) == 503
    issuer.body = None
    assert _ask(by_issuer, issuer.keys["k1"]) == 200


def test_keys_stay_good_while_the_issuer_is_away(by_issuer: Story, issuer: Issuer) -> None:
    assert _ask(by_issuer, issuer.keys["k1"]) == 200
    issuer.body = b"down"
    by_issuer.clock.advance(minutes=11)
    assert _ask(by_issuer, issuer.keys["k1"]) == 200


def test_issuer_and_jwks_address_belong_together(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="belong together"):
        load(environment | {"APP_JWT_ISSUER": ISSUER})
    with pytest.raises(ConfigurationError, match="RS256 or ES256"):
        load(environment | {"APP_JWT_ALGORITHM": "none"})


def test_administrators_tokens_may_be_hashed_and_several(connected: Story, environment: dict[str, str]) -> None:
    old, new = "the-old-administrator-token", "the-new-administrator-token"
    tokens = f"{old},sha256:{hashlib.sha256(new.encode()).hexdigest()}"
    runtime = Runtime.build(load(environment | {"ADMIN_TOKENS": tokens}), connected.clock)
    story = Story(**{**connected.__dict__, "runtime": runtime})
    for token, status in ((old, 200), (new, 200), ("neither-of-the-two-tokens", 401), (tokens.split(",")[1], 401)):
        assert story.crm("get_events", story.admin() | {"Authorization": f"Bearer {token}"}).status == status
    runtime.close()


@mock_aws
def test_settings_come_from_secrets_manager(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Row B7."""
    import boto3

    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    store = boto3.client("secretsmanager")
    store.create_secret(Name="amocrm", SecretString=json.dumps(environment))
    settings = load(completed({"AWS_SECRET_ID": "amocrm", "REFRESH_AHEAD_HOURS": "3"}))
    assert settings.database_url.reveal() == environment["DATABASE_URL"]
    assert settings.refresh_ahead_hours == 3  # what stands in the environment itself wins
    store.create_secret(Name="broken", SecretString="[1]")
    for name in ("broken", "missing"):
        with pytest.raises(ConfigurationError, match="AWS_SECRET_ID"):
            completed({"AWS_SECRET_ID": name})


def test_without_a_secret_id_nothing_of_aws_is_imported() -> None:
    import subprocess
    import sys

    code = "import sys; from shared.platform.secret_store import environment as of; of({}); sys.exit('boto3' in sys.modules)"  # noqa: E501
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
