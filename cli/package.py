"""One zip for each function, with only what it needs: our sources, and the locked libraries for the target.

The same sources and locks make the same bytes: names are sorted, times and rights fixed, and what is compiled is
compiled the same way. Without bytecode every cold start would compile everything: Lambda's folder is read-only.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli import bytecode

ROOT: Final = Path(__file__).resolve().parents[1]

_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_REGULAR_FILE: Final = 0o100644 << 16
_MEGABYTE: Final = 1_000_000

# Versions of Python that Lambda has. Bytecode can be made only by the very version that runs it, so packages are for
# the one that runs this command; serverless.yml takes the runtime's name from what is written beside them.
RUNTIMES: Final = ("3.11", "3.12", "3.13")
_WITHOUT_SNAPSHOTS: Final = frozenset({"3.11"})  # Lambda's SnapStart begins with Python 3.12
OWN: Final = f"{sys.version_info.major}.{sys.version_info.minor}"
# By what uv calls them. Lambda's Python 3.11 stands on Amazon Linux 2 (glibc 2.26), later ones on 2023 (glibc 2.34).
_MACHINES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
_GLIBC: Final = {"3.11": "2_17"}
# psycopg's wheels for arm64 need glibc 2.27, so there is no package of that kind.
_CANNOT_BE: Final = ("arm64", "3.11")
_INSTEAD: Final = "3.13"
# local: this interpreter, so that the zip can be run here; source: for clouds that install libraries themselves
TARGETS: Final = (*_MACHINES, "local", "source")

# Parts of libraries that we never import.
_LEFT_OUT: Final = (
    *("phonenumbers/geodata/", "phonenumbers/carrierdata/", "phonenumbers/tzdata/"),
    "recurring_ical_events/test/",
)
_NOT_DETERMINISTIC: Final = frozenset({"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"})


@dataclass(frozen=True, slots=True)
class Part:
    """What a function's zip holds besides its own folder, `features/` and `shared/`, and how large it may be.

    Clouds that install libraries themselves have no limit that the PDF engine would reach: there each function that
    makes quotations has it (`own_engine`), and none of its own is needed (`is_of_aws`).
    """

    locks: tuple[str, ...]
    web: tuple[str, ...]  # folders and files
    budget: int  # bytes
    own_engine: bool = False
    is_of_aws: bool = False


_CLIENT: Final = ("clients/js/index.js", "clients/js/queue.js", "clients/js/request.js")
_ALL: Final = ("core", "forms", "bookings")

PARTS: Final = {
    "amocrm_events": Part(("core",), ("web/i18n",), 15 * _MEGABYTE),
    "oauth_callback": Part(("core",), ("web/i18n",), 15 * _MEGABYTE),
    "crm_api": Part(_ALL, ("web", "widgets", *_CLIENT), 20 * _MEGABYTE, own_engine=True),
    "refresh_tokens": Part(("core",), ("web/i18n",), 15 * _MEGABYTE),
    "render_quotation": Part(("pdf",), (), 45 * _MEGABYTE, is_of_aws=True),
    "run_deliveries": Part(_ALL, ("web/i18n", "widgets"), 20 * _MEGABYTE, own_engine=True),
}
SOURCES: Final = tuple(name for name, part in PARTS.items() if not part.is_of_aws)


# Google's and Yandex's builders install the libraries themselves, from the requirements beside the sources.
_GOOGLE_MAIN: Final = '''"""Google Cloud Functions looks for its entry point here."""

from functions.{name}.main import http

__all__ = ["http"]
'''


class TooLargeError(Exception):
    pass


class NoSuchPackageError(Exception):
    pass


def build_source(function: str, out: Path) -> int:
    """Writes a zip of sources for clouds that install libraries themselves; returns its size in bytes."""
    part = PARTS[function]
    names = (*part.locks, *(("pdf",) if part.own_engine else ()), "google")
    locks = [(ROOT / "requirements" / f"{lock}.txt").read_bytes() for lock in names]
    made = {"main.py": _GOOGLE_MAIN.format(name=function).encode(), "requirements.txt": joined(locks)}
    files = made | {name: file.read_bytes() for name, file in _sources(function, part.web)}
    _write(out, files)
    return out.stat().st_size


def joined(locks: list[bytes]) -> bytes:
    """One requirements file: an entry that several locks have stands in it once."""
    entries = {entry.partition("==")[0]: entry for lock in locks for entry in _entries(lock.decode())}
    return "".join(entries[name] for name in sorted(entries)).encode()


def _entries(lock: str) -> Iterator[str]:
    entry = ""
    for line in lock.splitlines(keepends=True):
        if entry and not line.startswith(" "):
            yield entry
            entry = ""
        entry += line
    yield entry


def _write(out: Path, files: Mapping[str, bytes]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(files.items()):
            info = zipfile.ZipInfo(name, _EPOCH)
            info.external_attr = _REGULAR_FILE
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, 9)


def python_for(target: str) -> str:
    """The version of the runtime that packages of the target are for, where none is named: this command's own."""
    return _INSTEAD if (target, OWN) == _CANNOT_BE else OWN


def build(function: str, target: str, out: Path, *, python: str | None = None) -> int:
    """Writes the zip, and returns its size in bytes.

    `python`: the version of the runtime; with another than this command's own the zip carries no bytecode.
    Raises :class:`TooLargeError` for one over its budget, :class:`NoSuchPackageError`, and CalledProcessError.
    """
    python = python or python_for(target)
    if (target, python) == _CANNOT_BE:
        raise NoSuchPackageError("There is no package for arm64 and Python 3.11: psycopg has no library for it.")
    part = PARTS[function]
    with tempfile.TemporaryDirectory() as folder:
        installed, whole = Path(folder) / "installed", Path(folder) / "whole"
        _install(part.locks, target, installed, python)
        for name, file in (*_libraries(installed), *_sources(function, part.web)):
            (whole / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, whole / name)
        if python == OWN:
            bytecode.add_to(whole)
        _write(
            out, {file.relative_to(whole).as_posix(): file.read_bytes() for file in whole.rglob("*") if file.is_file()}
        )
    if target in _MACHINES:
        runtime = {"runtime": f"python{python}", "snapStart": python not in _WITHOUT_SNAPSHOTS}
        (out.parent / "runtime.json").write_text(json.dumps(runtime) + "\n", encoding="utf-8")
    size = out.stat().st_size
    if size > part.budget:
        raise TooLargeError(f"{out.name} has {size:,} bytes, and may have {part.budget:,}")
    return size


def _install(locks: Sequence[str], target: str, folder: Path, python: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "install", "-q", "--python", sys.executable]
    command += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(folder)]
    if target != "local":
        platform = f"{_MACHINES[target]}-manylinux_{_GLIBC.get(python, '2_28')}"
        command += ["--python-version", python, "--python-platform", platform]
    for lock in locks:
        command += ["-r", str(ROOT / "requirements" / f"{lock}.txt")]
    index = {"UV_DEFAULT_INDEX": os.environ["PIP_INDEX_URL"]} if os.environ.get("PIP_INDEX_URL") else {}
    subprocess.run(command, check=True, env=index | os.environ)  # noqa: S603 - uv, with our own locks


def _libraries(folder: Path) -> Iterator[tuple[str, Path]]:
    for file in folder.rglob("*"):
        name = file.relative_to(folder).as_posix()
        if not file.is_file() or "__pycache__" in name or name.startswith(("bin/", *_LEFT_OUT)):
            continue
        if file.name in _NOT_DETERMINISTIC and ".dist-info/" in name:
            continue
        yield name, file


def _sources(function: str, web: tuple[str, ...]) -> Iterator[tuple[str, Path]]:
    yield "functions/__init__.py", ROOT / "functions" / "__init__.py"
    for folder in (f"functions/{function}", "features", "shared", *web):
        for file in (ROOT / folder, *(ROOT / folder).rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith("test_"):
                yield file.relative_to(ROOT).as_posix(), file
