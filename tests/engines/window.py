"""What a person does in a window, by what they read there; each step waits until it can be done."""

import base64
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.engines.webdriver import ELEMENT, CommandError, Driver
from tests.looking import PICTURES

_WITHIN_SECONDS: Final = 30
_TALL: Final = 1600

# What a page that is just going away answers, or one that is drawn anew.
_PASSING: Final = {
    "detached shadow root",
    "element click intercepted",
    "element not interactable",
    "invalid element state",
    "javascript error",
    "no such element",
    "no such frame",
    "no such window",
    "stale element reference",
    "unknown error",
}

_FIND: Final = """
const [kind, name] = arguments;
const clean = (text) => (text ?? "").replace(/\\s+/g, " ").trim();
const isSeen = (one) => one.getClientRects().length > 0 && getComputedStyle(one).visibility === "visible";
const isText = (one) => one.nodeType === Node.TEXT_NODE;
const own = (label) => clean([...label.childNodes].filter(isText).map((one) => one.data).join(" "));
const all = (selector) => [...document.querySelectorAll(selector)];
const found = {
  css: () => all(name),
  button: () => all("button, [role=tab]").filter((one) => clean(one.textContent) === name && !one.disabled),
  link: () => all("a[href]").filter((one) => clean(one.textContent).includes(name)),
  field: () => all("label").filter((one) => (own(one) || clean(one.textContent)) === name).map((one) => one.control),
  text: () => clean(document.body.innerText).includes(name) ? [document.body] : [],
}[kind]();
const one = found.find((one) => one && isSeen(one));
one?.scrollIntoView({ block: "center" });
return one ?? null;
"""

_LISTEN: Final = """
window.wasHit = false;
arguments[0].addEventListener("click", () => { window.wasHit = true; }, { capture: true, once: true });
"""


class Window:
    """One window of a session, beside the session's first, which stays empty; and those that its pages open."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        (self._first,) = driver.command("GetWindowHandles")
        self.handle: str = driver.command("NewWindow", type="window")["handle"]
        self._to(self.handle)
        # As tall as what is pressed in a frame: WebKit's driver scrolls no page around it, and clicks where nothing is.
        driver.command("SetWindowRect", x=0, y=0, width=1280, height=_TALL)

    def goto(self, url: str) -> None:
        self._driver.command("Navigate", url=url)

    @property
    def url(self) -> str:
        address: str = self._driver.command("GetCurrentURL")
        return address

    def reload(self) -> None:
        self._driver.command("Refresh")

    def run(self, script: str, *arguments: Any) -> Any:
        """`script`: the body of a function."""
        return self._driver.command("ExecuteScript", script=script, args=list(arguments))

    def press(self, name: str, kind: str = "button") -> None:
        """`kind`: button, link, or css."""
        self._do(kind, name, self._click)

    def fill(self, name: str, text: str, kind: str = "field") -> None:
        def typed(one: str) -> None:
            # WebKit lets no script focus a field in another site's frame; a person's click does.
            self._click(one)
            self._driver.command("ElementClear", id=one)
            self._driver.command("ElementSendKeys", id=one, text=text)

        self._do(kind, name, typed)

    def choose(self, name: str, option: str, kind: str = "field") -> None:
        """By its value or its text."""
        wanted = "return [...arguments[0].options].find((one) => [one.value, one.text].includes(arguments[1])) ?? null"

        def chosen(one: str) -> None:
            found = self.run(wanted, {ELEMENT: one}, option)
            if found is None:
                raise CommandError("no such element", option)
            self._driver.command("ElementClick", id=found[ELEMENT])

        self._do(kind, name, chosen)

    def sees(self, text: str) -> None:
        self._do("text", text, lambda _: None)

    def sees_one(self, selector: str) -> None:
        self._do("css", selector, lambda _: None)

    def accept(self) -> None:
        """Answers a question of the page with yes."""
        self._until(lambda: self._driver.command("AcceptAlert"), "no question")

    @contextmanager
    def frame(self, selector: str) -> Iterator[None]:
        """What is done in the block is done in the frame."""
        self._do("css", selector, lambda one: self._driver.command("SwitchToFrame", id={ELEMENT: one}))
        yield
        self._to(self.handle)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """What is done in the block is done in the window that was opened last. It may close itself."""
        known = {self._first, self.handle}
        self._until(lambda: self._one(set(self._driver.command("GetWindowHandles")) - known), "no window opened")
        yield
        self._to(self.handle)

    def is_alone(self) -> None:
        """Until the window that was opened has closed."""
        self._until(
            lambda: self._only({*self._driver.command("GetWindowHandles")} - {self._first}), "a window stays open"
        )

    def until(self, script: str, *arguments: Any) -> None:
        """Until the script answers with something true."""

        def tried() -> None:
            if not self.run(script, *arguments):
                raise CommandError("no such element", "not yet")

        self._until(tried, script)

    def close_it(self) -> None:
        """The window in which things are done now, and the session goes on in another."""
        self._driver.command("CloseWindow")
        self._driver.command("SwitchToWindow", handle=self._driver.command("GetWindowHandles")[0])

    def close(self) -> None:
        """This one and all that are open but the session's first."""
        first, *others = sorted(self._driver.command("GetWindowHandles"), key=self._first.__ne__)
        for one in others:
            self._driver.command("SwitchToWindow", handle=one)
            self._driver.command("CloseWindow")
        self._driver.command("SwitchToWindow", handle=first)

    def picture(self, name: str) -> None:
        if PICTURES:
            data = base64.b64decode(self._driver.command("TakeScreenshot", full=False))
            (Path(PICTURES) / f"{name}.png").write_bytes(data)

    def _click(self, one: str) -> None:
        """Where a page, or the one around a frame, has moved meanwhile, a driver clicks beside it, and says nothing."""
        self.run(_LISTEN, {ELEMENT: one})
        self._driver.command("ElementClick", id=one)
        try:
            has_missed = self.run("return window.wasHit === false")
        except CommandError:  # it led elsewhere, or to a question
            return
        if has_missed:
            raise CommandError("element click intercepted", "nothing was hit")

    def _one(self, handles: set[str]) -> None:
        if not handles:
            raise CommandError("no such window", "none")
        self._to(handles.pop())

    def _only(self, handles: set[str]) -> None:
        if handles != {self.handle}:
            raise CommandError("unknown error", f"{len(handles)} windows")

    def _to(self, handle: str) -> None:
        self._driver.command("SwitchToWindow", handle=handle)
        self._driver.command("SwitchToFrame", id=None)

    def _do(self, kind: str, name: str, work: Callable[[str], Any]) -> None:
        def tried() -> None:
            found = self.run(_FIND, kind, name)
            if found is None:
                raise CommandError("no such element", f"{kind} {name!r}")
            work(found[ELEMENT])

        self._until(tried, f"{kind} {name!r}")

    def _until(self, work: Callable[[], Any], told: str) -> None:
        deadline = time.monotonic() + _WITHIN_SECONDS
        while True:
            try:
                work()
                return
            except CommandError as failed:
                if time.monotonic() > deadline or failed.kind not in {*_PASSING, "no such alert"}:
                    raise AssertionError(f"{told}: {failed}\n{self._shown()}") from failed
            time.sleep(0.1)

    def _shown(self) -> Any:
        try:
            return self.run("return `${location.href}\\n${document.body.innerText.slice(0, 3000)}`")
        except CommandError as failed:
            return failed
