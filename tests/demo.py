"""A running demo, as `make demo` starts it, in a folder and on ports of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def free_port() -> int:
    """A port that is free now, with room for the demo's others above it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port if port < 60_000 else free_port()


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
        self.amocrm = self._found(r"amoCRM +(\S+)")
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
