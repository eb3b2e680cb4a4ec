"""A running demo, as `make demo` starts it, in a folder and on ports of its own."""

import fcntl
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import httpx
import psycopg

from shared.platform import tls
from simulator.seed import KOMMO_CLIENT_ID, KOMMO_SECRET, client_of
from tests.owner import read_rows

ROOT = Path(__file__).resolve().parents[1]


# Below those from which this machine takes the ports of its own outgoing connections.
_PORTS: Final = range(20_000, 32_000, 10)
_HELD: Final = Path(tempfile.gettempdir()) / f"amocrm-tests-ports-{os.geteuid()}"
_locks: Final[list[int]] = []


def free_port(blocks: int = 1) -> int:
    """The first of ten ports that are free, and this process's until it ends: the demo takes seven.

    Looking is not enough: until the program that is told the port listens on it, another process would find it
    free as well, and then be answered by the wrong program. `blocks`: tens in a row.
    """
    _HELD.mkdir(exist_ok=True)
    while True:
        first = secrets.choice(_PORTS[: 1 - blocks or None])
        ports = range(first, first + 10 * blocks)
        if all(_is_free(port) for port in ports) and _is_taken(range(first, ports.stop, 10)):
            return first


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _is_taken(tens: range) -> bool:
    """Whether they are this process's now. A lock ends with its process, however that ends."""
    mine: list[int] = []
    for ten in tens:
        mine.append(os.open(_HELD / str(ten), os.O_RDWR | os.O_CREAT, 0o600))
        try:
            fcntl.flock(mine[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            for one in mine:
                os.close(one)
            return False
    _locks.extend(mine)
    return True


class Demo:
    def __init__(
        self,
        data: Path,
        port: int,
        more: Mapping[str, str] = MappingProxyType({}),
        root: Path = ROOT,
        options: Sequence[str] = (),
    ) -> None:
        """`more`: settings of the functions that the demo does not make itself. `root`: another checkout."""
        self._data = data
        environ = os.environ | dict(more)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "demo", "--port", str(port), "--data", str(data), *options],
            cwd=root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        self.told = ""
        for line in self.process.stdout:
            self.told += line
            if "Ctrl-C stops everything" in line:
                break
        self.panel = self._found(r"panel +(\S+)")
        self.api = self.panel.removesuffix("/admin/")
        self.api_by_address = self.api.replace("localhost", "127.0.0.1")
        self.amocrm = self._found(r"amoCRM +(\S+)")
        self.timer = f"http://127.0.0.1:{port_of(self.amocrm) + 4}/"  # of run_deliveries
        self.kommo = self._found(r"Kommo +(\S+)")
        self.app = self._found(r"an app +(\S+)")
        self.token = self._found(r"administrator token +(\S+)")
        self.client_id = self._found(r"integration ID +(\S+)")
        self.secret = self._found(r"secret key +(\S+)")

    def _found(self, pattern: str) -> str:
        match = re.search(pattern, self.told)
        assert match, self.told
        return match[1]

    def line_with(self, words: str) -> str:
        """The next line of what it tells that has these words."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told += line
            if words in line:
                return line
        raise AssertionError(self.told)

    def http(self, headers: Mapping[str, str] | None = None) -> httpx.Client:
        """A client of `crm_api`."""
        return _client(headers, self.api_by_address)

    def sql(self, statement: str, *parameters: object) -> list[tuple[Any, ...]]:
        """As the owner of its database; the rows, where there are any."""
        owner = self.setting("DATABASE_URL").replace("//functions@", "//postgres:@")
        with psycopg.connect(owner, autocommit=True) as connection:
            cursor = connection.execute(statement.encode(), parameters)
            return read_rows(cursor.fetchall()) if cursor.description else []

    def press_timer(self) -> None:
        """What is due is done now: by itself its timer comes every 20 seconds."""
        httpx.post(self.timer, trust_env=False, timeout=60)

    def setting(self, name: str) -> str:
        """Of its functions."""
        found = re.search(rf"{name}='([^']+)'", (self._data / "demo.env").read_text())
        assert found
        return found[1]

    def logs(self) -> str:
        """The ends of what each function has logged."""
        ends = {file: file.read_text(errors="replace").splitlines()[-30:] for file in sorted(self._data.glob("*.log"))}
        return "\n".join(line for file, lines in ends.items() for line in (f"--- {file.stem}", *lines))

    def stop(self) -> str:
        """Ctrl-C; what was told until the end."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, (self.process.returncode, rest)
        return rest


@contextmanager
def running(**settings: str) -> Iterator[Demo]:
    """A new one with nothing in it, until the end of the block."""
    with tempfile.TemporaryDirectory(prefix="amodemo", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        made = Demo(Path(folder) / "data", free_port(), settings)
        try:
            yield made
        finally:
            made.stop()


def port_of(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


def _client(headers: Mapping[str, str] | None = None, base_url: str = "") -> httpx.Client:
    """It keeps no connection: functions-framework's server closes one after two seconds, and a machine that has paused
    for so long would send the next request into the end of it."""
    limits = httpx.Limits(max_keepalive_connections=0)
    trusted = tls.authorities()  # read once: that takes longer than a request
    return httpx.Client(base_url=base_url, headers=headers, limits=limits, timeout=30, verify=trusted, trust_env=False)


def connect(demo: Demo, domain: str = "steklodom.amocrm.ru", widget_type: str = "glass") -> dict[str, str]:
    """The administrator's way by HTTP, consent included. Returns their headers."""
    is_vidraria = domain == "vidrarialuz.kommo.com"  # which has an integration of its own
    client_id, secret = (KOMMO_CLIENT_ID, KOMMO_SECRET) if is_vidraria else client_of(widget_type)
    headers = {
        "Authorization": f"Bearer {demo.token}",
        "X-Account-Domain": domain,
        "X-Widget-Type": widget_type,
    }
    body = {
        "widget_type": widget_type,
        "account_domain": domain,
        "client_id": client_id,
        "client_secret": secret,
    }
    with _client() as client:
        saved = client.post(f"{demo.api_by_address}/save_connection", headers=headers, json=body).json()
        consent = client.get(saved["connect_url"])
        state = httpx.URL(consent.headers["Location"]).params["state"]
        form = {
            "client_id": client_id,
            "state": state,
            "domain": domain,
            "answer": "allow",
            "mode": "post_message",
        }
        allowed = client.post(f"http://127.0.0.1:{port_of(demo.amocrm)}/oauth", data=form)
        assert client.get(allowed.headers["Location"]).status_code == 200
    return headers
