"""The moving picture: from an empty panel to a calculation in the deal, as somebody does it in a new demo."""

import io
import json
import re
from collections.abc import Iterator
from typing import Final

from PIL import Image, ImageOps
from playwright.sync_api import Browser, Page, expect

from tests.demo import ROOT, Demo
from tests.pictures.scenes import Scene
from tests.pictures.stage import make_accounts, origin_of

_MILLISECONDS: Final = 2500  # of each frame
_WIDEST: Final = 900  # pixels
_GROUND: Final = "#eef1f6"


def made(browser: Browser, demo: Demo, scene: Scene) -> bytes:
    """WebP."""
    shots = [Image.open(io.BytesIO(one)).convert("RGB") for one in _frames(browser, demo, scene)]
    for one in shots:
        one.thumbnail((_WIDEST, _WIDEST), Image.Resampling.LANCZOS)
    first, *rest = [ImageOps.pad(one, shots[0].size, color=_GROUND) for one in shots]
    out = io.BytesIO()
    first.save(out, "WebP", save_all=True, append_images=rest, duration=_MILLISECONDS, loop=0, quality=60, method=4)
    return out.getvalue()


def _frames(browser: Browser, demo: Demo, scene: Scene) -> Iterator[bytes]:
    words = json.loads((ROOT / "web" / "i18n" / f"{scene.language}.json").read_text(encoding="utf-8"))
    make_accounts(demo, scene)
    context = browser.new_context(locale=scene.locale, viewport={"width": 1200, "height": 760})
    context.set_default_timeout(120_000)  # for a busy machine
    context.add_init_script(
        "try { sessionStorage.setItem('administrator-token', "
        f"{json.dumps(demo.token)}); }} catch {{ /* somebody else's page */ }}"
    )
    panel = context.new_page()
    panel.goto(f"{demo.panel}#/connections")
    card = panel.locator("section.card").filter(has=panel.get_by_role("heading", name=words["crm.button_title"]))
    card.locator(".toolbar select").nth(0).select_option("glass")
    card.locator(".toolbar select").nth(1).select_option("kommo" if "kommo" in scene.shop else "amocrm")
    yield panel.screenshot()
    with context.expect_page() as opened:
        card.get_by_role("button", name=words["crm.button"]).click()
    consent = opened.value
    consent.locator("select[name=domain]").select_option(scene.shop)
    yield consent.screenshot()
    with consent.expect_event("close"):
        consent.locator("button[value=allow]").click()
    expect(panel.locator("#connections .status.connected")).to_be_visible()
    yield panel.screenshot()
    yield from _saved(context.new_page(), demo, scene, words)
    context.close()


def _saved(deal: Page, demo: Demo, scene: Scene, words: dict[str, str]) -> Iterator[bytes]:
    deal.goto(f"{origin_of(demo)}/at/{scene.shop}/?lang={scene.language}")
    deal.get_by_role("link", name=re.compile(scene.deals[0])).first.click()
    card = deal.frame_locator("iframe")
    expect(card.locator("output")).to_be_visible()
    yield deal.screenshot()
    card.locator("input").first.fill("1250")
    card.get_by_role("button", name=words["calculator.save"]).scroll_into_view_if_needed()
    yield deal.screenshot()
    card.get_by_role("button", name=words["calculator.save"]).click()
    expect(card.get_by_text(words["calculator.saved"])).to_be_visible()
    expect(deal.locator("#feed li").first).to_be_visible()
    deal.evaluate("scrollTo(0, 0)")
    yield deal.screenshot()
