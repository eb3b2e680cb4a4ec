"""The three engines, as somebody has them who lets a site remember as little as can be: a private window, and nothing
kept for frames of another site (which is WebKit's default).
"""

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import httpx

from tests import servers
from tests.demo import free_port
from tests.engines.webdriver import Driver, Marionette, OverHTTP

# Programs by which `tests/conftest.py` knows whether an engine is installed.
NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "chromium": ("chromedriver",),
    "firefox": ("firefox-esr",),
    "webkit": ("WebKitWebDriver", "Xvfb"),
}
_WITHIN_SECONDS: Final = 60

# What Firefox would fetch or ask at its start, and what a private window with strict protection does.
_FIREFOX: Final[Mapping[str, bool | int | str]] = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.privatebrowsing.autostart": True,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "browser.startup.page": 0,
    "browser.tabs.remote.separatePrivilegedContentProcess": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "dom.disable_open_during_load": True,
    "extensions.update.enabled": False,
    "intl.accept_languages": "en",
    "marionette.port": 0,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.cookie.cookieBehavior": 1,  # none, and no storage, for frames of another site
    "remote.prefs.recommended": True,
    "services.settings.server": "data:,",
    "toolkit.telemetry.reportingpolicy.firstRun": False,
}


# Debian's WebKit names its own small browser; where it lies depends on the machine.
_MINI_BROWSERS: Final = "/usr/lib/*/webkit2gtk-4.?/MiniBrowser"


@contextmanager
def driver_of(engine: str) -> Iterator[Driver]:
    """A session of `chromium`, `firefox` or `webkit` in English; whatever it started ends with the block."""
    with ExitStack() as stack:
        made = {"chromium": _chromium, "firefox": _firefox, "webkit": _webkit}[engine](stack)
        stack.callback(made.close)
        yield made


def _chromium(stack: ExitStack) -> Driver:
    options = ["--headless=new", "--incognito", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    options += ["--lang=en", "--accept-lang=en", "--disable-background-networking", "--disable-component-update"]
    url = _http_driver(stack, ["chromedriver"], {})
    return OverHTTP(url, {"goog:chromeOptions": {"binary": servers.program("chromium"), "args": options}})


def _webkit(stack: ExitStack) -> Driver:
    """Its browser draws into a display, which is Xvfb's; a session of automation keeps nothing, like a private one."""
    reading, writing = os.pipe()
    display = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x1800x24", "-nolisten", "tcp"]
    _started(stack, display, pass_fds=(writing,))
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    assert number, "Xvfb has no display"
    browser = next(Path("/").glob(_MINI_BROWSERS[1:]))
    url = _http_driver(stack, ["WebKitWebDriver"], {"DISPLAY": f":{number}", "LANG": "C.UTF-8", "LANGUAGE": "en"})
    options = {"binary": str(browser), "args": ["--automation", "--cookies-policy=no-third-party"]}
    return OverHTTP(url, {"webkitgtk:browserOptions": options})


def _firefox(stack: ExitStack) -> Driver:
    profile = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="firefox", ignore_cleanup_errors=True)))
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in _FIREFOX.items()]
    (profile / "user.js").write_text("".join(lines))
    arguments = ["firefox-esr", "-headless", "-marionette", "-no-remote", "-profile", str(profile)]
    process = _started(stack, arguments, env=os.environ | {"HOME": str(profile)})
    port = profile / "MarionetteActivePort"
    _until(process, lambda: port.is_file() and port.read_text() != "")
    return Marionette(int(port.read_text()), {})


def _http_driver(stack: ExitStack, program: Sequence[str], environ: Mapping[str, str]) -> str:
    url = f"http://127.0.0.1:{(port := free_port())}"
    process = _started(stack, [*program, f"--port={port}"], env=os.environ | dict(environ))

    def answers() -> bool:
        try:
            return httpx.get(f"{url}/status", trust_env=False).is_success
        except httpx.TransportError:
            return False

    _until(process, answers)
    return url


def _started(stack: ExitStack, arguments: Sequence[str], **options: Any) -> "subprocess.Popen[bytes]":
    path = servers.program(arguments[0])
    assert path is not None, f"{arguments[0]} is not installed"
    process: subprocess.Popen[bytes] = subprocess.Popen(
        [path, *arguments[1:]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **options
    )
    stack.callback(_ended, process)
    return process


def _ended(process: "subprocess.Popen[bytes]") -> None:
    """With all that it has started: Debian's Chromium is a script with the browser in it, of which a driver ends the
    script alone."""
    process.terminate()
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _until(process: "subprocess.Popen[bytes]", is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WITHIN_SECONDS
    while not is_so():
        assert process.poll() is None, f"{process.args!r} has ended"
        assert time.monotonic() < deadline, f"{process.args!r} does not begin"
        time.sleep(0.05)
