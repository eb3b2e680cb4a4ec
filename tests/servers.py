"""Servers beside the embedded one: any PostgreSQL whose programs are in a folder, pgbouncer before a server, and
those of Python in a thread."""

import contextlib
import os
import pwd
import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from socketserver import BaseServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

import psycopg

from tests.demo import free_port

_WITHIN_SECONDS: Final = 20
_UNPRIVILEGED: Final = "nobody"  # neither program runs as root


def answering(server: BaseServer) -> None:
    """Lets it answer in a thread of its own until its `shutdown`, which would take half a second by default."""
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()


def wait_for(url: str) -> None:
    """Until it answers: pgbouncer tries a server that was away again only after a while."""
    deadline = time.monotonic() + _WITHIN_SECONDS
    while True:
        try:
            with psycopg.connect(url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
            return
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, "the database does not answer again"
            time.sleep(0.1)


class PostgreSQL:
    """A server of the programs in `programs` (a version's `bin`), with its data in `folder`."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._data = programs, folder / "data"
        folder.mkdir(parents=True, exist_ok=True)
        if _is_root():
            shutil.chown(folder, _UNPRIVILEGED)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self._data} -c fsync=off"
        self._run("pg_ctl", "-w", "-D", str(self._data), "-l", str(self._data / "log"), "-o", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "-w", "-D", str(self._data), "-m", "immediate", "stop")

    def get_uri(self, database: str = "postgres") -> str:
        return f"postgresql://postgres:@/{database}?host={self._data}"

    def _run(self, program: str, *arguments: str) -> None:
        as_somebody = ["setpriv", f"--reuid={_UNPRIVILEGED}", "--clear-groups"] if _is_root() else []
        command = [*as_somebody, str(self._programs / program), *arguments]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env={"PATH": os.environ["PATH"], "LC_ALL": "C"})


class Bouncer:
    """pgbouncer in transaction mode; everybody who comes is `user`, and gets one of so many connections."""

    def __init__(self, folder: Path, server_url: str, user: str, pool: int = 20) -> None:
        socket = parse_qs(urlsplit(server_url).query)["host"][0]
        self._port, self._folder = free_port(), folder
        folder.mkdir(parents=True, exist_ok=True)
        # The server's own user may look into the folder of its socket.
        owner = Path(socket).stat().st_uid
        lines = [
            "[databases]",
            f"* = host={socket} user={user}",
            "[pgbouncer]",
            "listen_addr = 127.0.0.1",
            f"listen_port = {self._port}",
            "unix_socket_dir =",
            "auth_type = any",
            "pool_mode = transaction",
            f"default_pool_size = {pool}",
            "max_client_conn = 1000",
            "server_login_retry = 1",
            # Without a server a caller is told after this, instead of waiting for longer than its function may run.
            "query_wait_timeout = 5",
            f"logfile = {folder / 'log'}",
        ]
        if _is_root():
            lines.append(f"user = {pwd.getpwuid(owner or pwd.getpwnam(_UNPRIVILEGED).pw_uid).pw_name}")
            os.chown(folder, owner, -1)
        (folder / "pgbouncer.ini").write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None
        self._user = user
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [program("pgbouncer") or "pgbouncer", "-q", str(self._folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _WITHIN_SECONDS
        while True:
            with contextlib.suppress(psycopg.OperationalError), psycopg.connect(self.url(), connect_timeout=2):
                return
            assert time.monotonic() < deadline, (self._folder / "log").read_text()
            time.sleep(0.1)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{self._user}@127.0.0.1:{self._port}/{database}"


def _is_root() -> bool:
    return os.geteuid() == 0


def program(name: str) -> str | None:
    """Where it is; None: it is not installed."""
    path = os.pathsep.join([os.environ["PATH"], *_SBIN])
    return next(filter(None, (shutil.which(one, path=path) for one in _NAMES.get(name, (name,)))), None)


_SBIN: Final[Sequence[str]] = ("/usr/sbin", "/sbin")
# The shell is the same browser without windows, and takes less of the machine.
_NAMES: Final = {"chromium": ("chromium-headless-shell", "chromium")}
