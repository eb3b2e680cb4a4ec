"""Rows X4, A9: every action with every proof, right and wrong. A new action or proof without its entry fails here."""

import base64
import itertools
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec import structs

from functions.crm_api.actions import ACTIONS
from functions.crm_api.handler import handle as crm_api
from shared.access.credentials import named_administrator, session, site_key
from shared.access.permissions import RIGHTS, Right
from shared.platform.http import Headers as Fields
from shared.platform.http import Request, Response
from tests.reading import serve
from tests.story import APP_SECRET, METRICS_TOKEN, Story, calculation, json_of

SITE = "https://shop.example"
_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
_PUBLIC_PEM = _RSA.public_key().public_bytes(
    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
)

Headers = dict[str, str]


class Proofs:
    """Every proof for the connected account, and every way of getting it wrong."""

    def __init__(self, story: Story) -> None:
        self.story = story
        users = story.simulator.control("show", domain=story.domain)["leads"].values()
        self.manager = next(lead["responsible_user_id"] for lead in users)
        lead = {"X-Lead-Id": str(story.lead_id)}
        opened = json_of(story.crm("open_session", story.widget() | lead, {}))
        self.session = {"Authorization": f"Bearer {opened['session_token']}"}
        made = json_of(story.crm("create_site_key", story.admin(), {"name": "shop", "origins": [SITE]}))
        self.site_key = made["site_key"]
        made = json_of(story.crm("create_site_key", story.admin(), {"name": "tilda", "is_server": True}))
        self.server_key = made["site_key"]

    def right(self) -> dict[str, Callable[[], Headers]]:
        """One good proof of each kind in RIGHTS."""
        return {
            "widget": lambda: self._one_time(user_id=self.manager),
            "widget_administrator": self.story.widget,
            "session": lambda: self.session,
            "application": self.story.application,
            "site": lambda: {"Authorization": f"Bearer {self.site_key}", "Origin": SITE},
            "server": lambda: {"Authorization": f"Bearer {self.server_key}"},
            "administrator": self.story.admin,
            "operator": lambda: self._named("operate"),
            "viewer": lambda: self._named("see"),
            "metrics": lambda: {"Authorization": f"Bearer {METRICS_TOKEN}"},
            "invited": lambda: {"Authorization": f"Bearer {self._invited('manage')}"},
        }

    def wrong(self) -> dict[str, tuple[Headers, int]]:
        """Proofs that must be refused, and with which status, whatever the action."""
        found: dict[str, tuple[Headers, int]] = {"none": ({}, 401), "nonsense": ({"Authorization": "Bearer x"}, 401)}
        for change, value in _JWT_CHANGES.items():
            found[f"widget {change}"] = (self._signed_one_time(value), 401)
            found[f"application {change}"] = (self.story.application(**value), 401)
        found["widget issuer"] = (self._signed_one_time({"iss": "https://other.amocrm.ru"}), 401)
        found["widget other client"] = (self._signed_one_time({"client_uuid": "another"}), 401)
        found["widget other account"] = (self._signed_one_time({"account_id": 1}), 401)
        for name, token in self._wrongly_signed(self._one_time_claims(), self.story.secret).items():
            found[f"widget {name}"] = ({"X-Auth-Token": token}, 401)
        for name, token in self._wrongly_signed(self._application_claims(), APP_SECRET).items():
            found[f"application {name}"] = ({"Authorization": f"Bearer {token}"}, 401)
        found["session unknown"] = ({"Authorization": f"Bearer {session.PREFIX}unknown"}, 401)
        found["session expired"] = (self._ended_session(), 401)
        for prefix in (named_administrator.PREFIX, named_administrator.LINK_PREFIX):
            found[f"{prefix} unknown"] = ({"Authorization": f"Bearer {prefix}unknown"}, 401)
        found["site revoked"] = (self._revoked_site_key(), 401)
        found["site unknown"] = ({"Authorization": f"Bearer {site_key.PREFIX}unknown", "Origin": SITE}, 401)
        for origin in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            found[f"site origin {origin}"] = ({"Authorization": f"Bearer {self.site_key}"} | origin, 403)
        found["server in a page"] = ({"Authorization": f"Bearer {self.server_key}", "Origin": SITE}, 403)
        found["server unknown"] = ({"Authorization": f"Bearer {site_key.SERVER_PREFIX}unknown"}, 401)
        for kind, proof in self.right().items():
            if kind not in ("administrator", "operator", "viewer", "metrics", "invited"):
                found[f"{kind} for another account"] = (proof() | {"X-Account-Domain": "other.amocrm.ru"}, 403)
                found[f"{kind} for another widget type"] = (proof() | {"X-Widget-Type": "clinic"}, 403)
        return found

    def _invited(self, rights: str) -> str:
        made = named_administrator.invite(self.story.runtime.database, "Anna", rights, "a test", None)
        assert made is not None
        return made[1]

    def _named(self, rights: str) -> Headers:
        made = named_administrator.sign_in(self.story.runtime.database, self._invited(rights))
        assert made is not None
        return self.story.admin() | {"Authorization": f"Bearer {made[1]}"}

    def _ended_session(self) -> Headers:
        opened = json_of(self.story.crm("open_session", self.story.widget(), {"lead_id": 1}))
        self.story.sql("UPDATE amocrm_sessions SET expires_at = amocrm_now() WHERE lead_id = 1")
        return {"Authorization": f"Bearer {opened['session_token']}"}

    def _revoked_site_key(self) -> Headers:
        made = json_of(self.story.crm("create_site_key", self.story.admin(), {"name": "old", "origins": [SITE]}))
        self.story.crm("revoke_site_key", self.story.admin(), {"id": made["id"]})
        return {"Authorization": f"Bearer {made['site_key']}", "Origin": SITE}

    def _one_time(self, user_id: int) -> Headers:
        body = {"domain": self.story.domain, "client_id": self.story.client_id, "user_id": user_id}
        return {"X-Auth-Token": self.story.simulator.control("one-time-token", **body)["token"]}

    def _one_time_claims(self) -> dict[str, Any]:
        return dict(jwt.decode(self.story.widget()["X-Auth-Token"], options={"verify_signature": False}))

    def _application_claims(self) -> dict[str, Any]:
        token = self.story.application()["Authorization"].removeprefix("Bearer ")
        return dict(jwt.decode(token, options={"verify_signature": False}))

    def _signed_one_time(self, change: dict[str, Any]) -> Headers:
        claims = self._one_time_claims() | change
        return {"X-Auth-Token": jwt.encode(claims, self.story.secret, algorithm="HS256")}

    def _wrongly_signed(self, claims: dict[str, Any], secret: str) -> dict[str, str]:
        header, payload, _ = jwt.encode(claims, secret, algorithm="HS256").split(".")
        return {
            "algorithm none": jwt.encode(claims, "", algorithm="none"),
            "algorithm HS512": jwt.encode(claims, secret * 2, algorithm="HS512"),
            "algorithm RS256": jwt.encode(claims, _RSA, algorithm="RS256"),
            "wrong key": jwt.encode(claims, "another-secret-of-sufficient-length", algorithm="HS256"),
            "no signature": f"{header}.{payload}.",
            "RS/HS confusion": _hs256_by_public_key(claims),
        }


_JWT_CHANGES: dict[str, dict[str, Any]] = {
    "expired": {"exp": 1_000_000_000},
    "not yet valid": {"nbf": 4_000_000_000},
    "issued in the future": {"iat": 4_000_000_000},
    "wrong audience": {"aud": "https://evil.example"},
}


def _hs256_by_public_key(claims: dict[str, Any]) -> str:
    """HS256 with a public key as the secret; PyJWT refuses to make one, an attacker does not."""
    import base64
    import hashlib
    import hmac

    def part(value: bytes) -> str:
        return base64.urlsafe_b64encode(value).decode().rstrip("=")

    header = json.dumps({"alg": "HS256", "typ": "JWT"}).encode()
    signed = f"{part(header)}.{part(json.dumps(claims).encode())}"
    return f"{signed}.{part(hmac.new(_PUBLIC_PEM, signed.encode(), hashlib.sha256).digest())}"


def _call(story: Story, action: str, headers: Headers) -> Response:
    """The action with input that is refused after the question of rights, so that nothing happens."""
    body = None if ACTIONS[action].method == "GET" else b"{"
    return story.crm(action, headers, body, method=ACTIONS[action].method)


@pytest.fixture
def proofs(connected: Story) -> Proofs:
    return Proofs(connected)


def test_the_table_knows_every_kind_of_proof_and_every_right(proofs: Proofs) -> None:
    assert set(proofs.right()) == set(RIGHTS)
    asked = {action.right for action in ACTIONS.values()}
    assert asked == set(Right)
    assert set().union(*RIGHTS.values()) == set(Right)


def test_every_action_with_every_good_proof(proofs: Proofs, monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in ("PER_ADDRESS", "PER_ADDRESS_READS"):  # they have a test of their own
        monkeypatch.setattr(site_key, throttle, 1000)
    for (name, action), (kind, proof) in itertools.product(ACTIONS.items(), proofs.right().items()):
        answer = _call(proofs.story, name, proof())
        assert answer.status != 401, (name, kind)
        is_refused = b'"code":"forbidden"' in answer.body
        assert is_refused == (action.right not in RIGHTS[kind]), (name, kind, answer.body)


def test_every_action_with_every_wrong_proof(proofs: Proofs, monkeypatch: pytest.MonkeyPatch) -> None:
    for throttle in ("PER_ADDRESS", "PER_ADDRESS_READS"):  # they have a test of their own
        monkeypatch.setattr(site_key, throttle, 1000)
    before = proofs.story.row()
    tried = 0
    for (kind, (headers, status)), name in itertools.product(proofs.wrong().items(), ACTIONS):
        assert _call(proofs.story, name, headers).status == status, (name, kind)
        tried += 1
    assert tried >= 40 * len(ACTIONS)
    assert proofs.story.row() == before
    assert not proofs.story.simulator.requests("/api/v4")


def test_a_one_time_token_pays_for_one_write_of_any_action(proofs: Proofs) -> None:
    for name, action in ACTIONS.items():
        if action.method == "POST" and action.right in RIGHTS["widget_administrator"]:
            headers = proofs.story.widget()
            assert _call(proofs.story, name, headers).status != 401, name
            assert _call(proofs.story, name, headers).status == 401, name


def _unsigned(payload: str) -> str:
    def part(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    return f"{part(json.dumps({'alg': 'HS256', 'typ': 'JWT'}))}.{part(payload)}.{part('x')}"


@pytest.mark.parametrize(
    "payload",
    [
        json.dumps({"client_uuid": "\ud800", "account_id": 1}),
        json.dumps({"client_uuid": "x", "account_id": 2**70}),
        json.dumps({"client_uuid": "x", "account_id": True}),
        '{"a":' * 3000 + "1" + "}" * 3000,
        "[" * 3000 + "]" * 3000,
        '{"client_uuid": "x", "account_id": ' + "9" * 5000 + "}",
    ],
    ids=["surrogate", "large", "no number", "deep", "deeper", "endless"],
)
@pytest.mark.parametrize("header", ["X-Auth-Token", "Authorization"])
def test_what_nobody_has_signed_is_refused_and_not_an_error_of_ours(
    connected: Story, payload: str, header: str
) -> None:
    """30-K: an error that nobody foresaw wakes somebody up, and anybody could send these."""
    token = _unsigned(payload)
    proof = {header: token if header == "X-Auth-Token" else f"Bearer {token}"}
    assert connected.crm("connection_status", proof).status == 401


# --- sessions ---------------------------------------------------------------------------------------------------


def test_a_session_works_for_its_deal_only_and_for_thirty_minutes(connected: Story, proofs: Proofs) -> None:
    lead = {"X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", proofs.session | lead).status == 200
    assert connected.crm("get_lead", proofs.session | {"X-Lead-Id": str(connected.lead_id + 1)}).status == 403
    assert connected.crm("get_lead", proofs.session | lead, query={"lead_id": "7"}).status == 422
    assert connected.crm("open_session", proofs.session, {}).status == 403
    connected.clock.advance(minutes=29)
    assert connected.crm("get_lead", proofs.session | lead).status == 200
    connected.clock.advance(minutes=2)
    assert connected.crm("get_lead", proofs.session | lead).status == 401


def test_a_session_follows_the_deliveries_of_its_deal_only(connected: Story, proofs: Proofs) -> None:
    """30-F2: by id and by key."""
    leads = connected.simulator.control("show", domain=connected.domain)["leads"]
    other = next(int(one) for one in leads if int(one) != connected.lead_id)
    for lead_id, status in ((connected.lead_id, 200), (other, 404)):
        headers = connected.application() | {"X-Lead-Id": str(lead_id), "Idempotency-Key": f"key-{lead_id}"}
        delivery_id = json_of(connected.crm("save_calculation", headers, calculation()))["delivery_id"]
        by_key = {"write": "save_calculation", "key": f"key-{lead_id}"}
        for query in ({"id": delivery_id}, by_key):
            assert connected.crm("get_delivery", proofs.session, query=query).status == status
            assert connected.crm("get_delivery", connected.widget(), query=query).status == 200


def test_a_session_without_a_deal_is_for_the_account(connected: Story) -> None:
    opened = json_of(connected.crm("open_session", connected.widget(), {}))
    assert (opened["expires_in"], opened["lead_id"]) == (1800, None)
    headers = {"Authorization": f"Bearer {opened['session_token']}", "X-Lead-Id": str(connected.lead_id)}
    assert connected.crm("get_lead", headers).status == 200


def test_a_session_is_stored_as_a_hash(connected: Story, proofs: Proofs) -> None:
    ((stored,),) = connected.sql("SELECT token_hash FROM amocrm_sessions")
    assert proofs.session["Authorization"].removeprefix("Bearer ").encode() not in bytes(stored)


# --- site keys --------------------------------------------------------------------------------------------------


def test_a_site_key_is_listed_revoked_and_never_shown_again(connected: Story, proofs: Proofs) -> None:
    listed = json_of(connected.crm("get_site_keys", connected.admin()))["site_keys"]
    assert [(key["name"], key["origins"], key["is_server"]) for key in listed] == [
        ("tilda", [], True),
        ("shop", [SITE], False),
    ]
    assert {key["revoked_at"] for key in listed} == {None}
    assert not [key for key in (proofs.site_key, proofs.server_key) if key in json.dumps(listed)]
    for _ in range(2):
        revoked = connected.crm("revoke_site_key", connected.admin(), {"id": listed[1]["id"]})
        assert json_of(revoked)["revoked"] is True
    assert _call(connected, "get_lead", proofs.right()["site"]()).status == 401
    connected.crm("save_connection", connected.admin(), _other_connection())
    other = connected.crm("revoke_site_key", connected.admin("other.amocrm.ru"), {"id": listed[1]["id"]})
    assert other.status == 404


def _other_connection() -> dict[str, str]:
    client = {"client_id": "another-client", "client_secret": "another-secret"}
    return {"widget_type": "glass", "account_domain": "other.amocrm.ru", **client}


@pytest.mark.parametrize("origins", [[], ["*"], ["example.org"], ["http://example.org"], ["https://x.example/path"]])
def test_a_site_key_needs_real_origins(connected: Story, origins: list[str]) -> None:
    answer = connected.crm("create_site_key", connected.admin(), {"name": "x", "origins": origins})
    assert answer.status == 422


@pytest.mark.parametrize(("action", "which"), [("save_settings", ""), ("get_lead", "_READS")])
def test_a_site_key_is_throttled_per_address_and_per_key(
    connected: Story, proofs: Proofs, monkeypatch: Any, action: str, which: str
) -> None:
    headers, most = proofs.right()["site"](), getattr(site_key, f"PER_ADDRESS{which}")
    connected.clock.begin_minute()
    answers = [_call(connected, action, headers) for _ in range(most + 1)]
    assert [answer.status for answer in answers] == [403] * most + [429]
    assert 1 <= int(dict(answers[-1].headers)["Retry-After"]) <= 60
    connected.clock.begin_minute()
    assert _call(connected, action, headers).status == 403
    monkeypatch.setattr(site_key, f"PER_KEY{which}", 3)
    assert [_call(connected, action, headers).status for _ in range(3)] == [403, 403, 429]


def test_38_a_large_form_counts_for_several(connected: Story, proofs: Proofs) -> None:
    """A megabyte is seventy notes: twenty of them a minute would be all that the account's rate allows, and more. What
    is below 100 KB, as the documents say, counts once."""
    query, fields = (("action", "save_settings"),), Fields(proofs.right()["site"]().items())

    def status(size: int) -> int:
        body = b"{" + b" " * (size - 1)
        return serve(crm_api, connected.runtime, Request("POST", "/", query, fields, body, "192.0.2.1")).status

    most = site_key.PER_ADDRESS
    connected.clock.begin_minute()
    assert [status(900_000) for _ in range(3)] == [403, 403, 429]
    connected.clock.begin_minute()
    assert [status(99_999) for _ in range(most + 1)] == [403] * most + [429]
    connected.clock.begin_minute()
    assert [status(5_000_000) for _ in range(2)] == [403, 429]  # however large: it says itself what is wrong


@pytest.mark.parametrize(("action", "which"), [("save_settings", ""), ("get_lead", "_READS")])
def test_one_visitor_does_not_use_up_what_a_site_key_may(
    connected: Story, proofs: Proofs, monkeypatch: Any, action: str, which: str
) -> None:
    """30-K: whoever has read the key in the page's source keeps sending; everybody else's form is still taken."""
    monkeypatch.setattr(site_key, f"PER_ADDRESS{which}", 2)
    monkeypatch.setattr(site_key, f"PER_KEY{which}", 5)
    request = Request(
        ACTIONS[action].method,
        "/",
        (("action", action),),
        Fields(proofs.right()["site"]().items()),
        b"" if ACTIONS[action].method == "GET" else b"{",
    )

    def status(address: str) -> int:
        return serve(crm_api, connected.runtime, structs.replace(request, address=address)).status

    connected.clock.begin_minute()
    assert [status("192.0.2.1") for _ in range(10)] == [403] * 2 + [429] * 8
    assert [status(f"198.51.100.{number}") for number in range(4)] == [403] * 3 + [429]


def test_pages_of_a_site_keys_origin_pass_the_preflight(connected: Story, proofs: Proofs) -> None:
    for origin, status in ((SITE, 204), ("https://other-shop.example", 403)):
        assert connected.crm("get_lead", {"Origin": origin}, method="OPTIONS").status == status
