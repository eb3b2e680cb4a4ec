"""Which hosts are amoCRM's. Property tests: nothing that passes can lead a secret astray."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.amocrm.hosts import UntrustedHostError, clean_account_domain, require_account_host, require_amocrm_host
from shared.amocrm.transport import Transport

NAMES = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
SUFFIXES = st.sampled_from(["amocrm.ru", "amocrm.com", "kommo.com"])


@given(st.text(max_size=80))
@example("a.amocrm.ru\n")
@example("a.amocrm.ru@evil.com")
@example("evil.com/a.amocrm.ru")
@example("evil.com#.amocrm.ru")
@example("a.amocrm.ru.")
@example("ａ.amocrm.ru")
@example("a。amocrm.ru")
@pytest.mark.vendor("hosts.suffixes")
def test_whatever_passes_is_one_label_under_a_known_suffix(text: str) -> None:
    try:
        host = clean_account_domain(text)
    except UntrustedHostError:
        return
    assert re.fullmatch(r"[a-z0-9-]+\.(amocrm\.ru|amocrm\.com|kommo\.com)", host)
    assert urlsplit(f"https://{host}/x").hostname == host


@given(
    NAMES,
    SUFFIXES,
    st.sampled_from(["", "https://", "http://", "HTTPS://"]),
    st.sampled_from(["", "/", "/leads?x=1", "#x"]),
)
def test_what_people_paste_is_cleaned(name: str, suffix: str, scheme: str, tail: str) -> None:
    """Row A2."""
    host = f"{name}.{suffix}"
    if name in ("www", "api", "id", "core", "forms", "support"):
        return
    assert clean_account_domain(f" {scheme}{host.upper()}{tail} ") == host


@pytest.mark.parametrize(
    "host", ["www.amocrm.ru", "api.kommo.com", "Example.amocrm.ru", "a_b.amocrm.ru", "a..amocrm.ru"]
)
def test_hosts_that_are_nobodys_account(host: str) -> None:
    with pytest.raises(UntrustedHostError):
        require_account_host(host)


def test_the_vendors_shared_hosts_are_amocrms() -> None:
    assert require_amocrm_host("api-b.amocrm.ru") == "api-b.amocrm.ru"
    assert require_amocrm_host("drive-b.kommo.com") == "drive-b.kommo.com"


def test_no_request_leaves_for_another_host() -> None:
    transport = Transport("http://127.0.0.1:9")
    with pytest.raises(UntrustedHostError):
        transport.send("GET", "evil.com", "/")
    transport.close()
