"""What the pages weigh, and when something is seen on a slow phone.

Each page is opened by a new visitor in Chromium against `make demo`, on the profile that Lighthouse calls a slow phone:
150 ms round trips, 1.6 Mbit/s down, 0.75 Mbit/s up, a processor four times slower. Told are the bytes that
crossed the wire, compressed and with headers, the number of requests, and the first paint. Ends with 1 for a page of
more than 100 KB, or with a first paint after a second.
"""

import json
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

import click
from playwright.sync_api import Browser, Page, expect

from tests import chromium
from tests.demo import Demo, connect, free_port

MOST_BYTES: Final = 100_000
MOST_MS: Final = 1000
PLACES: Final = ("overview", "connections", "people", "overview/deliveries", "overview/log")
VIEWS: Final = (
    "", "calculator", "appointments", "site", "incoming", "events", "automations", "deliveries", "log", "settings",
)  # fmt: skip
PAGES: Final = (*PLACES, *(f"steklodom.amocrm.ru/glass/{view}" for view in VIEWS))
_SLOW_PHONE: Final = {
    "offline": False,
    "latency": 150,
    "downloadThroughput": 1_600_000 / 8,
    "uploadThroughput": 750_000 / 8,
}
_SLOWER: Final = 4
_CALCULATOR: Final = 'iframe[title="Калькулятор стекла"]'
_FIRST_PAINT: Final = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def weigh(browser: Browser, demo: Demo, address: str, *, is_slow: bool) -> dict[str, Any]:
    """A page of the panel, by somebody who is signed in and has nothing in their cache.

    `{bytes, requests, first_paint_ms}`.
    """
    context = browser.new_context(locale="ru-RU", viewport={"width": 390, "height": 844})
    try:
        context.add_init_script(f"sessionStorage.setItem('administrator-token', {json.dumps(demo.token)})")
        page = context.new_page()
        got = _counted(page, is_slow=is_slow)
        page.goto(f"{demo.panel}#/{address}")
        expect(page.locator("#view h1")).to_be_visible()
        expect(page.locator("#view .skeleton")).to_have_count(0)
        page.wait_for_load_state("networkidle")
        return {"bytes": sum(got), "requests": len(got), "first_paint_ms": round(page.evaluate(_FIRST_PAINT))}
    finally:
        context.close()


def ready(browser: Browser, demo: Demo) -> int:
    """Milliseconds from the moment at which the calculator's frame is made in a deal card until it can be filled in."""
    context = browser.new_context(locale="ru-RU", viewport={"width": 390, "height": 844})
    try:
        page = context.new_page()
        _counted(page, is_slow=True)
        page.goto(demo.amocrm)
        page.get_by_role("link", name="Душевая перегородка").first.click()
        page.frame_locator(_CALCULATOR).get_by_label("Ширина, мм").wait_for()
        frame = next(one for one in page.frames if "/widget/" in one.url)
        return int(frame.evaluate("performance.now()"))
    finally:
        context.close()


def _counted(page: Page, *, is_slow: bool) -> list[int]:
    session, got = page.context.new_cdp_session(page), list[int]()
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda told: got.append(int(told["encodedDataLength"])))
    if is_slow:
        session.send("Network.emulateNetworkConditions", _SLOW_PHONE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": _SLOWER})
    return got


def measure(repeats: int) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    folders = tempfile.TemporaryDirectory(prefix="amopages", ignore_cleanup_errors=True)
    with folders as folder, chromium.launched() as browser:
        Path(folder).chmod(0o755)
        demo = Demo(Path(folder) / "data", free_port())
        try:
            connect(demo)
            for address in PAGES:
                runs = [weigh(browser, demo, address, is_slow=True) for _ in range(repeats)]
                found[address] = runs[-1] | {"first_paint_ms": statistics.median(one["first_paint_ms"] for one in runs)}
            calculator = statistics.median(ready(browser, demo) for _ in range(repeats))
        finally:
            demo.stop()
    too_much = [
        address for address, told in found.items() if told["bytes"] > MOST_BYTES or told["first_paint_ms"] > MOST_MS
    ]
    return {"pages": found, "calculator_ready_ms": calculator, "too_much": too_much}


@click.command()
@click.option("--repeats", default=5, show_default=True)
def main(repeats: int) -> None:
    """Prints JSON."""
    found = measure(repeats)
    click.echo(json.dumps(found, indent=2))
    sys.exit(int(bool(found["too_much"])))


if __name__ == "__main__":
    main()
