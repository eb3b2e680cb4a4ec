"""W3C WebDriver (https://www.w3.org/TR/webdriver2/): the few commands that stories need, the same for every engine.

Chromium's and WebKit's drivers take them over HTTP. Firefox takes them by itself: Marionette is what geckodriver, which
Debian has not, translates HTTP into, command by command.
"""

import json
import socket
from collections.abc import Mapping
from typing import Any, Final, Protocol

import httpx

# What W3C calls a reference to an element.
ELEMENT: Final = "element-6066-11e4-a52e-4f735466cecf"

_SECONDS: Final = 60
# A question of a page stays until it is answered.
_ASKED: Final = {"unhandledPromptBehavior": "ignore"}


class CommandError(Exception):
    """`kind`: the error code of the standard, such as `stale element reference`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


class Driver(Protocol):
    """One session. `command`: a name of :data:`COMMANDS`."""

    def command(self, name: str, **parameters: Any) -> Any: ...

    def close(self) -> None: ...


# By its name in Marionette: method and path in HTTP.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "NewSession": ("POST", ""),
    "DeleteSession": ("DELETE", ""),
    "Navigate": ("POST", "/url"),
    "GetCurrentURL": ("GET", "/url"),
    "Refresh": ("POST", "/refresh"),
    "ExecuteScript": ("POST", "/execute/sync"),
    "ElementClick": ("POST", "/element/{id}/click"),
    "ElementClear": ("POST", "/element/{id}/clear"),
    "ElementSendKeys": ("POST", "/element/{id}/value"),
    "NewWindow": ("POST", "/window/new"),
    "GetWindowHandles": ("GET", "/window/handles"),
    "SwitchToWindow": ("POST", "/window"),
    "CloseWindow": ("DELETE", "/window"),
    "SetWindowRect": ("POST", "/window/rect"),
    "SwitchToFrame": ("POST", "/frame"),
    "AcceptAlert": ("POST", "/alert/accept"),
    "TakeScreenshot": ("GET", "/screenshot"),
}


class OverHTTP:
    def __init__(self, url: str, capabilities: Mapping[str, Any]) -> None:
        self._http = httpx.Client(base_url=url, timeout=_SECONDS, trust_env=False)
        self._session = ""
        made = self.command("NewSession", capabilities={"alwaysMatch": {**_ASKED, **capabilities}})
        self._session = f"/{made['sessionId']}"

    def command(self, name: str, **parameters: Any) -> Any:
        method, path = COMMANDS[name]
        if "{id}" in path:
            path = path.format(id=parameters.pop("id"))
        answer = self._http.request(
            method, f"/session{self._session}{path}", json=parameters if method == "POST" else None
        )
        value = answer.json()["value"]
        if answer.is_error:
            raise CommandError(value["error"], value["message"])
        return value

    def close(self) -> None:
        self.command("DeleteSession")
        self._http.close()


class Marionette:
    """A message is its length in bytes, a colon, and JSON: [0, id, command, parameters], answered by [1, id, error,
    result]. https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html"""

    def __init__(self, port: int, capabilities: Mapping[str, Any]) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._stream = self._socket.makefile("rb")
        self._sent = 0
        self._heard()  # it greets
        self.command("NewSession", **_ASKED, **capabilities)  # matched already, as geckodriver hands them on

    def command(self, name: str, **parameters: Any) -> Any:
        if name == "SwitchToFrame" and parameters["id"] is not None:
            parameters = {"element": parameters["id"][ELEMENT]}
        self._sent += 1
        body = json.dumps([0, self._sent, f"WebDriver:{name}", parameters]).encode()
        self._socket.sendall(b"%d:%b" % (len(body), body))
        _, _, error, result = self._heard()
        if error:
            raise CommandError(error["error"], error["message"])
        return result["value"] if isinstance(result, dict) and set(result) == {"value"} else result

    def _heard(self) -> Any:
        size = b""
        while (digit := self._stream.read(1)) != b":":
            assert digit, "Firefox has ended"
            size += digit
        return json.loads(self._stream.read(int(size)))

    def close(self) -> None:
        self.command("DeleteSession")
        self._stream.close()
        self._socket.close()
