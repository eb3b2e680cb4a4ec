"""Row I6: administrators sign in by an OpenID Connect issuer, here one of the test's own over HTTP."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from cli import doctor
from functions.crm_api.handler import handle
from shared.access import openid
from shared.platform.config import ConfigurationError, load
from shared.platform.http import Headers, Request, Response, parse_query
from shared.runtime import Runtime
from tests.issuer import CLIENT_ID, CLIENT_SECRET, Issuer
from tests.reading import serve
from tests.story import Story, json_of

EMAIL = "anna@example.org"


@pytest.fixture
def issuer(connected: Story) -> Iterator[Issuer]:
    made = Issuer()
    made.now = lambda: connected.clock.now().timestamp()
    yield made
    made.close()


@pytest.fixture
def by_issuer(connected: Story, environment: dict[str, str], issuer: Issuer) -> Iterator[Story]:
    keys = {"OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}
    runtime = Runtime.build(load(environment | keys), connected.clock)
    yield Story(**{**connected.__dict__, "runtime": runtime})
    runtime.close()


def _get(story: Story, name: str, query: str = "", cookie: str = "") -> Response:
    headers = Headers([("Cookie", cookie)] if cookie else [])
    return serve(handle, story.runtime, Request("GET", f"/crm_api/{name}", parse_query(query), headers))


def _begun(story: Story) -> tuple[dict[str, str], str]:
    """What the issuer is asked, and the browser's cookie."""
    answer = _get(story, "begin_sign_in")
    assert answer.status == 302
    headers = dict(answer.headers)
    return dict(parse_qsl(urlsplit(headers["Location"]).query)), headers["Set-Cookie"].partition(";")[0]


def _came_back(story: Story, issuer: Issuer, *, cookie: str | None = None, **changed: str) -> dict[str, str]:
    """The whole way; the fragment with which the panel is opened."""
    asked, own = _begun(story)
    back = urlsplit(issuer.allow(asked, **changed)).query
    return _finished(story, back, own if cookie is None else cookie)


def _finished(story: Story, query: str, cookie: str) -> dict[str, str]:
    answer = _get(story, "finish_sign_in", query, cookie)
    assert answer.status == 302, answer.body
    headers = dict(answer.headers)
    assert "Max-Age=0" in headers["Set-Cookie"]
    place, _, fragment = headers["Location"].partition("#")
    assert place == "https://functions.example/crm_api/admin/"
    return dict(parse_qsl(fragment))


def _invited(story: Story, **more: Any) -> str:
    made = story.crm("create_administrator", story.admin(), {"name": "Анна", "email": "Anna@example.org"} | more)
    assert made.status == 201, made.body
    return str(json_of(made)["id"])


def _token(story: Story, fragment: dict[str, str]) -> Response:
    return story.crm("sign_in", {"Authorization": f"Bearer {fragment['invite']}"}, b"", method="POST")


def _signed_in(story: Story, issuer: Issuer) -> dict[str, str]:
    return {"Authorization": f"Bearer {json_of(_token(story, _came_back(story, issuer)))['token']}"}


def test_whom_the_issuer_vouches_for_is_in(by_issuer: Story, issuer: Issuer) -> None:
    _invited(by_issuer, rights="operate")
    fragment = _came_back(by_issuer, issuer)
    made = _token(by_issuer, fragment)
    assert (json_of(made)["name"], "operate" in json_of(made)["rights"]) == ("Анна", True)
    assert _token(by_issuer, fragment).status == 401
    me = by_issuer.crm("get_administrator", {"Authorization": f"Bearer {json_of(made)['token']}"})
    assert json_of(me)["name"] == "Анна"
    kinds = by_issuer.sql("SELECT actor FROM amocrm_events WHERE kind = 'administrator.sign_in'")
    assert kinds == [("Анна",)]


def test_the_secret_goes_by_form_where_the_issuer_wants_it_so(by_issuer: Story, issuer: Issuer) -> None:
    issuer.described = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    _invited(by_issuer)
    assert "invite" in _came_back(by_issuer, issuer)


def test_each_browser_has_a_sign_in_of_its_own_and_it_ends(by_issuer: Story, issuer: Issuer) -> None:
    _invited(by_issuer)
    first = _signed_in(by_issuer, issuer)
    by_issuer.clock.advance(hours=6)
    second = _signed_in(by_issuer, issuer)
    assert [by_issuer.crm("get_events", one).status for one in (first, second)] == [200, 200]
    by_issuer.clock.advance(hours=7)
    assert [by_issuer.crm("get_events", one).status for one in (first, second)] == [401, 200]
    _signed_in(by_issuer, issuer)
    assert by_issuer.sql("SELECT count(*) FROM amocrm_sign_ins") == [(2,)]  # the one that ended is gone


def test_revoking_ends_every_sign_in(by_issuer: Story, issuer: Issuer) -> None:
    their_id = _invited(by_issuer)
    signed_in, waiting = _signed_in(by_issuer, issuer), _came_back(by_issuer, issuer)
    assert by_issuer.crm("revoke_administrator", by_issuer.admin(), {"id": their_id}).status == 200
    assert by_issuer.crm("get_events", signed_in).status == 401
    assert _token(by_issuer, waiting).status == 401
    assert _came_back(by_issuer, issuer) == {"refused": "unknown"}


def test_a_link_of_the_panel_works_beside_the_issuer(by_issuer: Story, issuer: Issuer) -> None:
    """Neither ends the other."""
    made = json_of(by_issuer.crm("create_administrator", by_issuer.admin(), {"name": "Анна", "email": EMAIL}))
    by_link = json_of(_token(by_issuer, {"invite": made["link"].partition("#invite=")[2]}))["token"]
    by_issuer_ = _signed_in(by_issuer, issuer)
    assert by_issuer.crm("get_events", {"Authorization": f"Bearer {by_link}"}).status == 200
    assert by_issuer.crm("get_events", by_issuer_).status == 200


@pytest.mark.parametrize(
    ("person", "reason"),
    [
        ({"email": "somebody@example.org"}, "unknown"),
        ({"email_verified": False}, "unverified"),
        ({"email_verified": None}, "unvouched"),
        ({"email": None}, "no_email"),
        ({"email": "anna@example.org\0"}, "no_email"),
        ({"email": "NI\u212aA@example.org"}, "unknown"),  # 30-K: a Kelvin sign is no K, though its small letter is
        ({"sub": ""}, "issuer"),
    ],
)
def test_who_is_nobody_here_is_told_so(by_issuer: Story, issuer: Issuer, person: dict[str, Any], reason: str) -> None:
    _invited(by_issuer)
    _invited(by_issuer, name="Ника", email="nika@example.org")
    issuer.person |= person
    assert _came_back(by_issuer, issuer) == {"refused": reason}
    assert by_issuer.sql("SELECT count(*) FROM amocrm_sign_ins") == [(0,)]


def _save(story: Story, their_id: str, rights: str, email: str | None) -> None:
    body = {"id": their_id, "rights": rights, "email": email}
    assert story.crm("save_administrator", story.admin(), body).status == 200


def test_an_address_that_another_person_got_opens_nothing_until_it_is_entered_anew(
    by_issuer: Story, issuer: Issuer
) -> None:
    """30-F1: other rights do not free the address for whoever has it now."""
    their_id = _invited(by_issuer)
    _signed_in(by_issuer, issuer)
    issuer.person["sub"] = "user-2"
    assert _came_back(by_issuer, issuer) == {"refused": "unknown"}
    _save(by_issuer, their_id, "operate", EMAIL.upper())
    assert _came_back(by_issuer, issuer) == {"refused": "unknown"}
    _save(by_issuer, their_id, "operate", None)
    _save(by_issuer, their_id, "operate", EMAIL)
    assert by_issuer.crm("get_events", _signed_in(by_issuer, issuer)).status == 200
    issuer.person["sub"] = "user-1"
    assert _came_back(by_issuer, issuer) == {"refused": "unknown"}


@pytest.mark.parametrize("email", [None, "anna.other@example.org"])
def test_taking_an_address_away_ends_what_was_signed_in_by_it(
    by_issuer: Story, issuer: Issuer, email: str | None
) -> None:
    """30-F1: also the code that waits for the panel; other rights alone end nothing."""
    their_id = _invited(by_issuer)
    signed_in, waiting = _signed_in(by_issuer, issuer), _came_back(by_issuer, issuer)
    _save(by_issuer, their_id, "operate", EMAIL)
    assert by_issuer.crm("get_events", signed_in).status == 200
    _save(by_issuer, their_id, "operate", email)
    assert by_issuer.crm("get_events", signed_in).status == 401
    assert _token(by_issuer, waiting).status == 401
    assert _came_back(by_issuer, issuer) == {"refused": "unknown"}


def test_a_persons_end_is_the_end_of_their_sign_in(by_issuer: Story, issuer: Issuer) -> None:
    _invited(by_issuer, days=1)
    signed_in = _signed_in(by_issuer, issuer)
    by_issuer.clock.advance(hours=8)
    assert by_issuer.crm("get_events", signed_in).status == 200
    again = _signed_in(by_issuer, issuer)
    by_issuer.clock.advance(hours=17)
    assert by_issuer.crm("get_events", again).status == 401
    assert _came_back(by_issuer, issuer) == {"refused": "unknown"}


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://other.example"},
        {"aud": "another-client"},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"nonce": "another"},
        {"exp": 1},
        {"iat": 4_000_000_000},
    ],
)
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    by_issuer: Story, issuer: Issuer, claims: dict[str, Any]
) -> None:
    _invited(by_issuer)
    issuer.claims = claims
    assert _came_back(by_issuer, issuer) == {"refused": "issuer"}


@pytest.mark.parametrize("headers", [{"kid": "unknown"}, {"alg": "HS256"}, {"alg": "none"}])
def test_a_token_that_the_issuer_has_not_signed_opens_nothing(
    by_issuer: Story, issuer: Issuer, headers: dict[str, str]
) -> None:
    _invited(by_issuer)
    issuer.headers = headers
    issuer.signing = {"HS256": "x" * 32, "none": ""}.get(headers.get("alg", ""), issuer.keys["k1"])
    assert _came_back(by_issuer, issuer) == {"refused": "issuer"}


def test_another_key_under_the_same_id_opens_nothing(by_issuer: Story, issuer: Issuer) -> None:
    _invited(by_issuer)
    issuer.signing = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert _came_back(by_issuer, issuer) == {"refused": "issuer"}


def test_only_the_browser_that_began_comes_in(by_issuer: Story, issuer: Issuer) -> None:
    """Somebody who sends their own answer to another's browser does not sign that browser in."""
    _invited(by_issuer)
    _, others = _begun(by_issuer)
    assert _came_back(by_issuer, issuer, cookie=others) == {"refused": "expired"}
    assert _came_back(by_issuer, issuer, cookie="no=cookie") == {"refused": "expired"}


@pytest.mark.parametrize("other", ['prefs={"a": 1}', "flag", "имя=значение", "a@b=1", "a[b]=1", "x=1; ", "path=/"])
def test_cookies_of_others_do_not_hide_ours(by_issuer: Story, issuer: Issuer, other: str) -> None:
    """30-K: what a page of the company's own domain has set comes along, whatever it looks like."""
    _invited(by_issuer)
    asked, own = _begun(by_issuer)
    back = urlsplit(issuer.allow(asked)).query
    assert "invite" in _finished(by_issuer, back, f"{other}; {own}; z=1")


def test_an_answer_serves_once_and_not_for_long(by_issuer: Story, issuer: Issuer) -> None:
    _invited(by_issuer)
    asked, cookie = _begun(by_issuer)
    back = urlsplit(issuer.allow(asked)).query
    assert "invite" in _finished(by_issuer, back, cookie)
    assert _finished(by_issuer, back, cookie) == {"refused": "expired"}  # the issuer has used the code up
    asked, cookie = _begun(by_issuer)
    by_issuer.clock.advance(minutes=11)
    assert _finished(by_issuer, urlsplit(issuer.allow(asked)).query, cookie) == {"refused": "expired"}
    waiting = _came_back(by_issuer, issuer)
    by_issuer.clock.advance(minutes=3)
    assert _token(by_issuer, waiting).status == 401


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"error": "access_denied"}, "denied"),
        ({"error": "server_error"}, "issuer"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"state": "forged"}, "expired"),
        ({"state": "ё"}, "expired"),
        ({"code": ""}, "expired"),
    ],
)
def test_answers_that_are_none(by_issuer: Story, issuer: Issuer, changed: dict[str, str], reason: str) -> None:
    _invited(by_issuer)
    assert _came_back(by_issuer, issuer, **changed) == {"refused": reason}


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": None},
        {"token_endpoint": "http://plain.example/token"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"jwks_uri": 5},
    ],
)
def test_an_issuer_that_is_not_usable_is_told(by_issuer: Story, issuer: Issuer, described: dict[str, Any]) -> None:
    issuer.described = described
    answer = _get(by_issuer, "begin_sign_in")
    assert dict(answer.headers)["Location"].endswith("#refused=issuer")


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"[" * 100_000, b'{"x":"' + b"x" * 300_000 + b'"}'])
def test_an_issuer_that_talks_nonsense_is_told(by_issuer: Story, issuer: Issuer, body: bytes) -> None:
    issuer.body = body
    assert dict(_get(by_issuer, "begin_sign_in").headers)["Location"].endswith("#refused=issuer")


def test_an_issuer_that_went_away_in_between(by_issuer: Story, issuer: Issuer) -> None:
    asked, cookie = _begun(by_issuer)
    back = urlsplit(issuer.allow(asked)).query
    issuer.close()
    assert _finished(by_issuer, back, cookie) == {"refused": "issuer"}


def test_nobody_tries_all_day(by_issuer: Story) -> None:
    by_issuer.clock.begin_minute()
    _, cookie = _begun(by_issuer)
    statuses = [_get(by_issuer, "finish_sign_in", "state=x&code=y", cookie).status for _ in range(31)]
    assert statuses == [302] * 30 + [429]
    assert [_get(by_issuer, "begin_sign_in").status for _ in range(30)] == [302] * 29 + [429]


def test_addresses_are_administrators_own(by_issuer: Story) -> None:
    their_id = _invited(by_issuer)
    other_id = _invited(by_issuer, email=None)
    assert (
        by_issuer.crm("create_administrator", by_issuer.admin(), {"name": "Б", "email": "ANNA@example.org"}).status
        == 409
    )
    change = {"id": other_id, "rights": "see", "email": EMAIL}
    assert by_issuer.crm("save_administrator", by_issuer.admin(), change).status == 409
    assert by_issuer.crm("save_administrator", by_issuer.admin(), change | {"id": their_id}).status == 200
    by_issuer.crm("revoke_administrator", by_issuer.admin(), {"id": their_id})
    assert by_issuer.crm("save_administrator", by_issuer.admin(), change).status == 200
    assert by_issuer.crm("save_administrator", by_issuer.admin(), change | {"id": their_id}).status == 404
    for email in ("", "nobody", "a@b@c\n", "ё@example.org", "x" * 300 + "@example.org"):
        assert by_issuer.crm("save_administrator", by_issuer.admin(), change | {"email": email}).status == 422
    changed = by_issuer.sql("SELECT message FROM amocrm_events WHERE kind = 'administrator.save_administrator'")
    assert any(EMAIL in message for (message,) in changed)


def test_without_an_issuer_nothing_is_offered(connected: Story) -> None:
    assert json_of(_get(connected, "get_sign_in")) == {"issuer": None}
    assert [_get(connected, name).status for name in ("begin_sign_in", "finish_sign_in")] == [404, 404]


def test_what_is_offered_says_what_to_register(by_issuer: Story, issuer: Issuer) -> None:
    offered = json_of(_get(by_issuer, "get_sign_in"))["issuer"]
    assert offered["redirect_uri"] == "https://functions.example/crm_api/finish_sign_in"
    assert issuer.url.endswith(offered["name"])


def test_the_three_variables_belong_together(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(environment | {"OIDC_ISSUER": "https://issuer.example"})
    assert any("OIDC_CLIENT_SECRET" in problem for problem in caught.value.problems)


def test_the_doctor_says_whether_the_issuer_can_be_used(
    connected: Story, environment: dict[str, str], issuer: Issuer
) -> None:
    keys = {"OIDC_ISSUER": issuer.url, "OIDC_CLIENT_ID": CLIENT_ID, "OIDC_CLIENT_SECRET": CLIENT_SECRET}

    def told() -> tuple[str, str]:
        openid._metadata.clear()
        (found,) = [one for one in doctor.examine(environment | keys, live=False) if one.subject == "sign-in"]
        return found.level, found.text

    assert told() == ("ok", "the issuer answers; it must send back to https://functions.example/crm_api/finish_sign_in")
    issuer.described = {"issuer": f"{issuer.url}/"}
    assert told()[0] == "error"
