"""A running demo, as `make demo` starts it, in a folder and on ports of its own."""

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from simulator.seed import KOMMO_CLIENT_ID, KOMMO_SECRET

ROOT = Path(__file__).resolve().parents[1]


# Below those from which this machine takes the ports of its own outgoing connections.
_PORTS = range(20_000, 32_000, 10)


def free_port() -> int:
    """A port that is free now, and four above it: the demo takes five."""
    while True:
        first = secrets.choice(_PORTS)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + 5):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first


class Demo:
    def __init__(self, data: Path, port: int) -> None:
        environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cli", "demo", "--port", str(port), "--data", str(data)],
            cwd=ROOT,
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
        self.kommo = self._found(r"Kommo +(\S+)")
        self.app = self._found(r"an app +(\S+)")
        self.token = self._found(r"administrator token +(\S+)")
        self.client_id = self._found(r"integration ID +(\S+)")
        self.secret = self._found(r"secret key +(\S+)")

    def _found(self, pattern: str) -> str:
        match = re.search(pattern, self.told)
        assert match, self.told
        return match[1]

    def stop(self) -> str:
        """Ctrl-C; what was told until the end."""
        self.process.send_signal(signal.SIGINT)
        rest, _ = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, rest
        return rest


def port_of(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


def connect(demo: Demo, domain: str = "steklodom.amocrm.ru") -> dict[str, str]:
    """The administrator's way by HTTP, consent included. Returns their headers."""
    is_kommo = domain.endswith("kommo.com")
    client_id, secret = (KOMMO_CLIENT_ID, KOMMO_SECRET) if is_kommo else (demo.client_id, demo.secret)
    headers = {
        "Authorization": f"Bearer {demo.token}",
        "X-Account-Domain": domain,
        "X-Widget-Type": "glass",
    }
    body = {
        "widget_type": "glass",
        "account_domain": domain,
        "client_id": client_id,
        "client_secret": secret,
    }
    api = f"{demo.api_by_address}/"
    with httpx.Client(trust_env=False, timeout=30) as client:
        saved = client.post(f"{api}save_connection", headers=headers, json=body).json()
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
