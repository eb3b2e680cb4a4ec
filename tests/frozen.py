"""PostgreSQL behind somebody who falls silent: takes everything, new connections as well, and never answers again."""

import contextlib
import socket
import threading
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Freezing:
    """Passes everything on, until a caller says `at`; from then on nothing, to nobody."""

    def __init__(self, url: str, at: bytes) -> None:
        parts = urlsplit(url)
        self._target = f"{parse_qs(parts.query)['host'][0]}/.s.PGSQL.5432"
        self._at = at
        self.is_frozen = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        port = self._listener.getsockname()[1]
        self.url = f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}?sslmode=disable&gssencmode=disable"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Freezing":
        return self

    def __exit__(self, *_: Any) -> None:
        for one in self._sockets:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                caller, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                self._sockets += [caller, server]
                if not self.is_frozen.is_set():
                    server.connect(self._target)
                    for way in ((caller, server), (server, caller)):
                        threading.Thread(target=self._pass_on, args=way, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._at in data:
                    self.is_frozen.set()
                if self.is_frozen.is_set():
                    return
                target.sendall(data)
            target.close()
