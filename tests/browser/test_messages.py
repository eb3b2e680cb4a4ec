"""36-2, 36-3: what is written at the simulated amoCRM reaches the company's server; each kind shows its example."""

import json
import re
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from features.changes.event_schemas import KINDS
from tests.demo import ROOT, Demo, connect
from tests.longer import others_long
from tests.looking import looked_at
from tests.visiting import expect_soon, go, in_one_demo

pytestmark = in_one_demo

CHATS = {
    "en": {"name": "The new visitor's name", "text": "Message", "send": "Send", "server": "The company's server"},
    "es": {"name": "Nombre del visitante nuevo", "text": "Mensaje", "send": "Enviar", "server": "El servidor de la"},
}


@pytest.fixture
def receiver(demo: Demo) -> Iterator[str]:
    """The demo's server, which is nobody's endpoint before and after."""
    yield f"{demo.amocrm.split('/at/')[0]}/receiver"
    demo.sql("UPDATE amocrm_endpoints SET removed_at = amocrm_now()")
    with demo.http(connect(demo)) as http:
        assert http.post("/save_settings", json={"changes": {}}).status_code == 200


def _newest(demo: Demo, page: Page, count: int) -> str:
    """The newest message at the server's page, which is reloaded until there are so many; once, and no other."""
    ends, found = time.monotonic() + 90, page.locator("pre.body")
    while found.count() < count and time.monotonic() < ends:
        demo.press_timer()
        page.wait_for_timeout(100)
        page.reload()
    expect(found).to_have_count(count)
    return found.first.inner_text()


@pytest.mark.long
@pytest.mark.parametrize("language", others_long(["es", "en"]))
def test_36_2_a_message_written_in_amocrm_reaches_the_companys_server(
    context: BrowserContext, demo: Demo, receiver: str, language: str
) -> None:
    words, chats = json.loads((ROOT / "web" / "i18n" / f"{language}.json").read_text(encoding="utf-8")), CHATS[language]
    connect(demo)
    panel = context.new_page()
    panel.goto(f"{demo.panel}?lang={language}")
    panel.get_by_label(words["signin.token"]).fill(demo.token)
    panel.get_by_role("button", name=words["signin.enter"]).click()
    expect(panel.locator("#places")).to_be_visible()
    go(panel, "events", "glass")
    panel.get_by_label(words["events.on"]).check()
    panel.get_by_role("button", name=words["save"]).click()
    expect(panel.get_by_text(words["settings.saved"])).to_be_visible()

    panel.get_by_role("button", name=words["events.new"]).click()
    form = panel.locator("form.card")
    form.get_by_label(words["events.name"], exact=True).fill("Chat desk")
    form.get_by_label(words["events.url"], exact=True).fill(receiver)
    form.get_by_text(words["events.only"]).click()
    messages = form.get_by_role("group", name=words["events.of_message"], exact=True)
    messages.get_by_text(words["events.example"], exact=True).first.click()
    expect(messages.locator("pre")).to_contain_text("webhook-signature: v1,")
    expect(messages.locator("pre")).to_contain_text('"type": "message.received"')
    expect(form.locator(".kind")).to_have_count(len(KINDS))
    looked_at(panel, f"event-kinds-{language}")
    messages.get_by_label(words["events.verb_received"], exact=True).check()
    form.get_by_role("button", name=words["save"]).click()
    expect(panel.locator("#endpoint-secret")).to_have_text(re.compile("^whsec_"))
    subscribed = "SELECT 'add_message' = ANY(subscribed_to) AND subscribed IS NOT NULL FROM amocrm_feeds"
    ends = time.monotonic() + 90
    while (True,) not in demo.sql(subscribed) and time.monotonic() < ends:
        demo.press_timer()
        time.sleep(0.1)

    amocrm, server = context.new_page(), context.new_page()

    def write(name: str, text: str) -> None:
        amocrm.goto(f"{demo.amocrm}chats?lang={language}")
        amocrm.get_by_label(chats["name"]).fill(name)
        amocrm.get_by_label(chats["text"], exact=True).first.fill(text)
        amocrm.get_by_role("button", name=chats["send"], exact=True).click()
        expect(amocrm.get_by_text(text)).to_be_visible()

    server.goto(f"{receiver}?lang={language}")
    expect(server.get_by_role("heading", name=chats["server"])).to_be_visible()
    before = server.locator("pre.body").count()
    write(f"Ana {language}", f"Do you cut oak? {language}")
    looked_at(amocrm, f"chats-{language}")
    told = _newest(demo, server, before + 1)
    assert '"message.received"' in told
    assert '"origin": "telegram"' in told
    assert "oak" not in told

    panel.get_by_label(words["events.message_texts"]).check()
    panel.get_by_role("button", name=words["save"]).first.click()
    expect(panel.get_by_text(words["settings.saved"])).to_be_visible()
    write(f"Luis {language}", f"And ash? {language}")
    told = _newest(demo, server, before + 2)
    assert f'"text": "And ash? {language}"' in told
    assert f'"author_name": "Luis {language}"' in told
    server.locator("summary").first.click()
    expect(server.locator("pre.headers").first).to_contain_text("webhook-signature: v1,", ignore_case=True)
    looked_at(server, f"receiver-{language}")
    expect_soon(demo, panel.locator("#changes").get_by_text(words["events.of_message"]).first)
    looked_at(panel, f"events-{language}")
