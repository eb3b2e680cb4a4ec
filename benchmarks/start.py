"""How long a cold start takes, of what is deployed: the unzipped package, in which nothing can be written.

A new process imports a function and its runtime is built, against bare imports of the libraries that it needs. Both are
whole processes, by turns; what must not be imported before it is needed is looked for.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import click

from cli import package
from shared.storage.encryption import generate_key

_LIBRARIES = "httpx, msgspec, psycopg, cryptography.hazmat.primitives.ciphers.aead"
_LATE = ("typst", "boto3", "flask", "functions_framework", "jwt", "phonenumbers", "python_multipart")
_FUNCTIONS = ("oauth_callback", "crm_api", "refresh_tokens", "run_deliveries")


def _environment() -> dict[str, str]:
    return os.environ | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",  # a connection is opened by the first statement
        "ENCRYPTION_KEYS": f"k1:{generate_key()}",
        "OAUTH_REDIRECT_URI": "https://functions.example/oauth_callback",
        "CRM_API_URL": "https://functions.example/crm_api",
        "ADMIN_TOKENS": "a-token-of-an-administrator-0123456789",
    }


def _unpacked(name: str, folder: Path) -> Path:
    """As Lambda lays it out; nothing is compiled anew."""
    archive, place = folder / f"{name}.zip", folder / name
    package.build(name, "local", archive)
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(place)
    return place


def _run(code: str, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", "-P", "-c", code]  # of this machine's libraries none
    return subprocess.run(command, env=environ, check=True, capture_output=True, text=True)  # noqa: S603 - our own code


def _seconds(code: str, environ: dict[str, str]) -> float:
    started = time.perf_counter()
    _run(code, environ)
    return time.perf_counter() - started


def measure(repeats: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _measured(repeats, Path(folder))


def _measured(repeats: int, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = {}
    environ = _environment() | {"PYTHONDONTWRITEBYTECODE": "1"}
    empty = statistics.median(_seconds("pass", environ) for _ in range(repeats))
    for name in _FUNCTIONS:
        environ["PYTHONPATH"] = str(_unpacked(name, folder))
        own, bare = [], []
        for _ in range(repeats):
            own.append(_seconds(f"import functions.{name}.main", environ))
            # A client, too: its TLS context is most of what httpx costs, and every function makes one.
            bare.append(_seconds(f"import {_LIBRARIES}; httpx.Client()", environ))
        check = f"import sys, functions.{name}.main; print([one for one in {_LATE!r} if one in sys.modules])"
        early = _run(check, environ)
        function, libraries = statistics.median(own), statistics.median(bare)
        found[name] = {
            "function_ms": round(function * 1000, 1),
            "libraries_ms": round(libraries * 1000, 1),
            # Of neighbours: what the machine does meanwhile it does to both.
            "ratio": round(statistics.median(one / other for one, other in zip(own, bare, strict=True)), 3),
            "ratio_without_python_itself": round((function - empty) / (libraries - empty), 3),
            "imported_too_early": early.stdout.strip(),
        }
    return {"python_itself_ms": round(empty * 1000, 1), "functions": found}


@click.command()
@click.option("--repeats", default=31, show_default=True)
def main(repeats: int) -> None:
    """Prints JSON."""
    click.echo(json.dumps(measure(repeats), indent=2))


if __name__ == "__main__":
    main()
