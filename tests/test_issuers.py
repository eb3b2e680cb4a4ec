"""33-5: who vouches for an e-mail address, with tokens as Entra ID, Google, Keycloak and Okta make them."""

import contextlib
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from cli import doctor
from shared.access import issuer_client, openid
from shared.platform.config import ConfigurationError, load
from shared.runtime import Runtime
from tests import servers
from tests.issuer import CLIENT_ID, CLIENT_SECRET, Issuer
from tests.story import Story
from tests.test_sign_in import EMAIL, _came_back, _invited, issuer  # noqa: F401 - a fixture

_TENANT = "8c1f7a52-3f0a-4f0e-9a55-2d1b6d0c9e11"
_HOME = "41d2a9e7-0b60-4b19-a6a2-55c0d3f3b7aa"

# The ID tokens' own members; iss, aud, iat, exp and nonce are the double's.
ENTRA: dict[str, Any] = {
    "aio": "AXQAi/8WAAAA",
    "email": EMAIL,
    "name": "Anna",
    "oid": "00000000-0000-0000-66f3-3332eca7ea81",
    "preferred_username": EMAIL,
    "rh": "0.ARwA",
    "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
    "tid": _TENANT,
    "uti": "fqiBqXLPj0eQa82S-IYFAA",
    "ver": "2.0",
}
GUEST = ENTRA | {"idp": f"https://sts.windows.net/{_HOME}/"}
GOOGLE: dict[str, Any] = {
    "azp": CLIENT_ID,
    "sub": "110169484474386276334",
    "hd": "example.org",
    "email": EMAIL,
    "email_verified": True,
    "at_hash": "HK6E_P6Dh8Y93mRNtsDB1Q",
}
KEYCLOAK: dict[str, Any] = {
    "jti": "b1f4a6e0-67b4-4f51-8c68-0e5b1f6d1a40",
    "sub": "f2a1f9d4-0b52-4f0e-8a6e-3f6fd0f4c4be",
    "typ": "ID",
    "azp": CLIENT_ID,
    "sid": "6a6f2b3a-6f2a-4f32-9a1b-6a1c1c7e35aa",
    "at_hash": "x3PZ0ZpJ5cQ",
    "acr": "1",
    "email_verified": True,
    "preferred_username": "anna",
    "email": EMAIL,
}
# Where an access token comes along, Okta's ID token is thin: the rest is told at its userinfo address.
OKTA: dict[str, Any] = {
    "sub": "00u16eoniiBWNP7fM4x6",
    "name": "Anna",
    "email": EMAIL,
    "ver": 1,
    "jti": "ID.rj8iJD9TaLzXzd0bQzO",
    "amr": ["pwd"],
    "idp": "00o16eokfmOMGIIaq4x6",
    "preferred_username": EMAIL,
    "auth_time": 1_581_185_868,
    "at_hash": "9LALKIlvCiAMpcqI0XwGeQ",
}
OKTA_USERINFO = {"sub": OKTA["sub"], "email": EMAIL, "email_verified": True, "zoneinfo": "America/Los_Angeles"}

Vouched = Callable[[str | None], Story]


@pytest.fixture
def by(connected: Story, environment: dict[str, str], issuer: Issuer) -> Iterator[Vouched]:  # noqa: F811
    made: list[Runtime] = []

    def story(vouched_by: str | None) -> Story:
        keys = {"OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
        named = {} if vouched_by is None else {"OIDC_EMAIL_VOUCHED_BY": vouched_by}
        made.append(Runtime.build(load(environment | keys | named), connected.clock))
        return Story(**{**connected.__dict__, "runtime": made[-1]})

    yield story
    for runtime in made:
        runtime.close()


@pytest.mark.parametrize(
    ("vouched_by", "token", "answer"),
    [
        (None, GOOGLE, "invite"),
        (None, KEYCLOAK, "invite"),
        (None, KEYCLOAK | {"email_verified": False}, "unverified"),
        (None, ENTRA, "unvouched"),
        (None, ENTRA | {"xms_edov": True}, "unvouched"),
        ("email_verified", GOOGLE | {"email_verified": "true"}, "invite"),
        ("xms_edov", ENTRA | {"xms_edov": True}, "invite"),
        ("xms_edov", ENTRA | {"xms_edov": 1}, "invite"),
        ("xms_edov", ENTRA | {"xms_edov": "1"}, "invite"),
        ("xms_edov", ENTRA | {"xms_edov": "true"}, "invite"),
        ("xms_edov", GUEST | {"xms_edov": True}, "invite"),
        ("xms_edov", ENTRA | {"xms_edov": False}, "unverified"),
        ("xms_edov", ENTRA | {"xms_edov": "0"}, "unverified"),
        ("xms_edov", ENTRA | {"xms_edov": [True]}, "unverified"),
        ("xms_edov", ENTRA, "unvouched"),
        ("xms_edov", ENTRA | {"email_verified": True}, "unvouched"),
        ("issuer", ENTRA, "invite"),
        ("issuer", ENTRA | {"idp": f"https://sts.windows.net/{_TENANT}/"}, "invite"),
        ("issuer", ENTRA | {"acct": 0}, "invite"),
        ("issuer", GUEST, "guest"),
        ("issuer", ENTRA | {"idp": "live.com"}, "guest"),
        ("issuer", ENTRA | {"acct": 1}, "guest"),
        ("issuer", OKTA, "invite"),  # its `idp` is the organisation itself
        ("issuer", {name: value for name, value in ENTRA.items() if name != "email"}, "no_email"),
        ("issuer", ENTRA | {"email_verified": False}, "unverified"),
        ("issuer", ENTRA | {"xms_edov": "0"}, "unverified"),
    ],
)
def test_33_5_who_vouches_for_an_address(
    by: Vouched,
    issuer: Issuer,  # noqa: F811
    vouched_by: str | None,
    token: dict[str, Any],
    answer: str,
) -> None:
    """A tenant of one's own answers for its members as a whole, and not for guests, nor against its own word."""
    story = by(vouched_by)
    _invited(story)
    issuer.person = token
    told = _came_back(story, issuer)
    assert told.get("refused", *told.keys() & {"invite"}) == answer


def test_33_5_what_a_thin_token_leaves_out_is_asked_for(by: Vouched, issuer: Issuer) -> None:  # noqa: F811
    story = by(None)
    _invited(story)
    issuer.person, issuer.userinfo = OKTA, OKTA_USERINFO
    assert "invite" in _came_back(story, issuer)


@pytest.mark.parametrize(
    ("userinfo", "answer"),
    [
        (OKTA_USERINFO | {"sub": "00uSomebodyElse"}, "unvouched"),  # OpenID Connect Core 1.0, section 5.3.2
        (OKTA_USERINFO | {"email": "other@example.org"}, "unknown"),
        (OKTA_USERINFO | {"email_verified": False}, "unverified"),
        ({"sub": OKTA["sub"]}, "unvouched"),
        ({"sub": OKTA["sub"], "email_verified": True}, "unvouched"),  # of which address?
        (OKTA_USERINFO | {"email": EMAIL.upper()}, "invite"),
    ],
)
def test_33_5_what_is_asked_for_is_about_the_same_person(
    by: Vouched,
    issuer: Issuer,  # noqa: F811
    userinfo: dict[str, Any],
    answer: str,
) -> None:
    """And where it names another address, that one is vouched for."""
    story = by(None)
    _invited(story)
    issuer.person, issuer.userinfo = OKTA, userinfo
    told = _came_back(story, issuer)
    assert told.get("refused", *told.keys() & {"invite"}) == answer


@pytest.mark.parametrize(
    ("token", "userinfo"),
    [
        ({"email_verified": True}, {"email": EMAIL}),
        ({"email_verified": True}, {"email": EMAIL, "email_verified": None}),
        ({"email": "other@example.org"}, {"email_verified": True}),
    ],
)
def test_30_what_vouches_for_one_address_vouches_for_no_other(
    by: Vouched,
    issuer: Issuer,  # noqa: F811
    token: dict[str, Any],
    userinfo: dict[str, Any],
) -> None:
    """The address in one document and the claim in the other: nobody has said that they belong together."""
    story = by(None)
    _invited(story)
    issuer.person, issuer.userinfo = {"sub": "user-1"} | token, {"sub": "user-1"} | userinfo
    assert _came_back(story, issuer) == {"refused": "unvouched"}


def test_30_an_issuer_that_answers_letter_by_letter_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Dribbling(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(200):
                    self.wfile.write(b" ")
                    time.sleep(0.05)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(issuer_client, "_LONGEST_SECONDS", 0.3)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Dribbling)
    server.daemon_threads = True
    servers.answering(server)
    began = time.monotonic()
    assert issuer_client.ask(f"http://127.0.0.1:{server.server_port}/") is None
    assert time.monotonic() - began < 5
    server.shutdown()
    server.server_close()


def test_33_5_the_log_says_what_was_missing(
    by: Vouched,
    issuer: Issuer,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By name, and without anybody's values."""
    story = by(None)
    _invited(story)
    issuer.person = ENTRA
    _came_back(story, issuer)
    (line,) = [one for one in capsys.readouterr().out.splitlines() if "sign_in.refused" in one]
    assert "email_verified" in line
    assert "OIDC_EMAIL_VOUCHED_BY" in line
    assert "preferred_username" in line
    assert EMAIL not in line


@pytest.mark.parametrize(
    "address",
    [
        "https://accounts.google.com",
        "https://login.microsoftonline.com/common/v2.0",
        "https://login.microsoftonline.com/Organizations/v2.0",
        "https://login.microsoftonline.com/consumers/v2.0",
        "https://login.microsoftonline.com/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0",
        "https://login.microsoftonline.com/{tenantid}/v2.0",
        "https://LOGIN.microsoftonline.com./common/v2.0",
        "https://login.microsoftonline.us/common/v2.0",
        "https://sts.windows.net/common/",
        "https://appleid.apple.com",
        "https://gitlab.com",
    ],
)
def test_33_5_an_issuer_that_takes_everybody_does_not_vouch_as_a_whole(
    environment: dict[str, str], address: str
) -> None:
    """Anybody may have an account there, with any address in it."""
    keys = {"OIDC_ISSUER": address, "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "s"}
    with pytest.raises(ConfigurationError) as caught:
        load(environment | keys | {"OIDC_EMAIL_VOUCHED_BY": "issuer"})
    (problem,) = caught.value.problems
    assert problem.startswith("OIDC_EMAIL_VOUCHED_BY")
    assert load(environment | keys | {"OIDC_EMAIL_VOUCHED_BY": "email_verified"}).oidc_email_vouched_by


@pytest.mark.parametrize(
    "address",
    [
        f"https://login.microsoftonline.com/{_TENANT}/v2.0",
        f"https://sts.windows.net/{_TENANT}/",
        "https://keycloak.example/realms/company",
        "https://company.okta.com",
    ],
)
def test_33_5_a_tenant_of_ones_own_may_vouch_as_a_whole(environment: dict[str, str], address: str) -> None:
    keys = {"OIDC_ISSUER": address, "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET": "s"}
    assert load(environment | keys | {"OIDC_EMAIL_VOUCHED_BY": "issuer"}).oidc_email_vouched_by == "issuer"


def test_33_5_what_vouches_is_one_of_three(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environment | {"OIDC_EMAIL_VOUCHED_BY": "verified_primary_email"})
    assert caught.value.problems[0].startswith("OIDC_EMAIL_VOUCHED_BY")


def test_33_5_the_doctor_says_that_entra_id_has_no_such_claim(
    connected: Story,
    environment: dict[str, str],
    issuer: Issuer,  # noqa: F811
) -> None:
    """Before anybody has tried to sign in: what it publishes of itself is Entra ID's own."""
    keys = {"OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    issuer.described = {"tenant_region_scope": "EU", "cloud_instance_name": "microsoftonline.com"}

    def told(**more: str) -> list[tuple[str, str]]:
        openid._metadata.clear()
        found = doctor.examine(environment | keys | more, live=False)
        return [(one.level, one.text) for one in found if one.subject == "sign-in"]

    assert ("warning", "Entra ID's tokens have no email_verified") in told()
    assert [level for level, _ in told(OIDC_EMAIL_VOUCHED_BY="xms_edov")] == ["ok"]
