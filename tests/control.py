"""The simulator's control API, as tests use it."""

import contextlib
import json
import select
from http.client import HTTPConnection
from typing import Any, Final
from urllib.parse import urlsplit

_TIMEOUT_SECONDS: Final = 30


def refused(detail: str, status: int = 400) -> str:
    """The body of a no that names no value."""
    return json.dumps({"title": "Bad Request", "status": status, "detail": detail}, ensure_ascii=False)


OWN_FAILURE: Final = refused("Возникла системная ошибка. Пожалуйста, повторите попытку.")


class Simulator:
    """A running simulator. Every method is one control of `simulator/control.py`; threads may share it.

    A story asks ten times before it begins. So it does by the standard library's client, which takes a tenth of the
    processor time that httpx does.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._address = urlsplit(url).netloc
        self._idle: list[HTTPConnection] = []

    def control(self, control: str, /, **body: Any) -> Any:
        connection = self._connection()
        try:
            connection.request(
                "POST", f"/_control/{control}", json.dumps(body).encode(), {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            content = answer.read()
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        assert answer.status == 200, content.decode()
        return json.loads(content)

    def _connection(self) -> HTTPConnection:
        """One that nobody uses, and that the simulator has not closed: then there would be something to read."""
        with contextlib.suppress(IndexError):
            while True:
                idle = self._idle.pop()
                if idle.sock is not None and not _is_readable(idle.sock.fileno()):
                    return idle
                idle.close()
        return HTTPConnection(self._address, timeout=_TIMEOUT_SECONDS)

    def effects(self, kind: str) -> list[dict[str, Any]]:
        """What really happened, in order."""
        found: list[dict[str, Any]] = self.control("truth", kind=kind)["effects"]
        return found

    def requests(self, path_part: str = "") -> list[dict[str, Any]]:
        """Every request that reached an account's host and was answered by its rules."""
        found: list[dict[str, Any]] = self.control("requests")["requests"]
        return [request for request in found if path_part in request["path"]]

    def fault(self, kind: str, **facts: Any) -> None:
        self.control("fault", kind=kind, **facts)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()


def _is_readable(file: int) -> bool:
    poll = select.poll()
    poll.register(file, select.POLLIN)
    return bool(poll.poll(0))
