"""How stories of pages look at one: accessibility, nothing wider than the window, and a picture of each width."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

# Where to put a picture of each page, for looking at: `SCREENSHOTS=folder make test`.
PICTURES = os.environ.get("SCREENSHOTS")

# As of a browser whose zones are of 2021: it does not know Kyiv, and not that Almaty has another time since 2024.
# (Chrome 109, the last one on Windows 7, is of 2023.)
OLD_BROWSER = """
for (const name of ["toLocaleString", "toLocaleTimeString", "toLocaleDateString"]) {
  const own = Date.prototype[name];
  Date.prototype[name] = function (language, style) {
    if (style?.timeZone === "Europe/Kyiv") throw new RangeError("Invalid time zone specified: Europe/Kyiv");
    return own.call(this, language, style?.timeZone === "Asia/Almaty" ? { ...style, timeZone: "Etc/GMT-6" } : style);
  };
}
"""


def picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def looked_at(page: Page, name: str) -> None:
    """No serious accessibility violation, nothing wider than the window; a picture at each width."""
    for width in (390, 768, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        expect(page.locator(".skeleton, progress")).to_have_count(0)
        overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0, f"{name} is {overflow} px too wide at {width}"
        picture(page, f"{name}-{width}")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        # Of what is looked for, only contrast is another one in the dark.
        options = {"resultTypes": ["violations"], "preload": False} | (
            {"runOnly": ["color-contrast"]} if scheme == "dark" else {}
        )
        found = Axe().run(page, options=options).response["violations"]
        bad = [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")]
        assert not bad, (name, scheme, bad)
    page.set_viewport_size({"width": 1280, "height": 900})
