"""Visitors behind a proxy of the operator's are told apart, and nobody else says whose address he has."""

import pytest
from msgspec.structs import replace

from functions.crm_api.handler import handle as crm_api
from functions.oauth_callback.handler import handle as oauth_callback
from shared.access.credentials import site_key
from shared.platform import proxies
from shared.platform.config import Settings
from shared.platform.http import Headers, Request
from shared.platform.middleware import serve
from shared.platform.secret import Secret
from tests.story import Story, json_of

SECRET = "a-secret-of-the-proxy-0123456789"


def _seen(settings: Settings, forwarded: list[str], address: str, secret: str | None = SECRET, count: int = 1) -> str:
    fields = [*(("x-forwarded-for", one) for one in forwarded), *([("x-proxy-secret", secret)] if secret else [])]
    known = replace(settings, proxy_secret=Secret(SECRET), proxy_count=count)
    return proxies.of_visitor(known, Request("POST", "/", headers=Headers(fields), address=address)).address


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["192.0.2.1, 130.176.100.154"], "130.176.100.154"),  # CloudFront before a function URL
        (["192.0.2.1"], "130.176.100.154"),  # the same, of a cloud that does not append what it saw
        (
            ["203.0.113.9, 192.0.2.1, 34.117.0.10"],
            "34.117.0.10",
        ),  # Google's balancer; the visitor has invented the first
        (["203.0.113.9", "192.0.2.1"], "10.0.0.5"),  # nginx, with a field for each
        (["192.0.2.1:50123"], "10.1.22.195:32554"),
        ([], "192.0.2.1"),  # one that tells nothing: all have its address
    ],
)
def test_of_a_visitor_behind_a_proxy_the_proxy_says_the_address(
    settings: Settings, forwarded: list[str], address: str
) -> None:
    assert _seen(settings, forwarded, address) == "192.0.2.1"


def test_of_two_proxies_the_outer_ones_word_counts(settings: Settings) -> None:
    """Cloudflare before Google's balancer."""
    chain = ["203.0.113.9, 192.0.2.1, 172.70.0.1, 34.117.0.10"]
    assert _seen(settings, chain, "34.117.0.10", count=2) == "192.0.2.1"
    assert _seen(settings, ["34.117.0.10"], "34.117.0.10", count=2) == "34.117.0.10"


@pytest.mark.parametrize("secret", [None, "", "a-secret-of-somebody-else-012345", "секрет", "\ud800"])
def test_whoever_does_not_know_the_secret_says_nothing(settings: Settings, secret: str | None) -> None:
    assert _seen(settings, ["203.0.113.9"], "192.0.2.1", secret) == "192.0.2.1"
    unset = Request("GET", "/", headers=Headers([("X-Forwarded-For", "203.0.113.9")]), address="192.0.2.1")
    assert proxies.of_visitor(settings, unset).address == "192.0.2.1"


@pytest.mark.parametrize("path", ["crm_api", "oauth_callback"])
def test_one_visitor_behind_a_proxy_does_not_use_up_what_others_have(connected: Story, path: str) -> None:
    """30-K: all visitors of a clinic had CloudFront's address, and the fifth within a minute was refused."""
    known = replace(connected.runtime, settings=replace(connected.runtime.settings, proxy_secret=Secret(SECRET)))
    wanted = {"name": "x", "origins": ["https://clinic.example"]}
    key = json_of(connected.crm("create_site_key", connected.admin(), wanted))["site_key"]
    connected.clock.begin_minute()

    def status(visitor: str) -> int:
        fields = {"X-Forwarded-For": f"{visitor}, 130.176.100.154", "X-Proxy-Secret": SECRET}
        fields |= {"Origin": "https://clinic.example", "Authorization": f"Bearer {key}"}
        query = (("action", "get_lead"),) if path == "crm_api" else (("code", "junk"), ("referer", connected.domain))
        request = Request("GET", "/", query, Headers(fields.items()), b"", "130.176.100.154")
        return serve(crm_api if path == "crm_api" else oauth_callback, known, request).status

    answers = [status("192.0.2.1") for _ in range(2 * max(site_key.PER_ADDRESS_READS, 60) + 1)]
    assert answers[-1] == 429
    assert status("192.0.2.2") != 429
