"""`release`: everything that a version ships, in one folder, the same bytes every time: the functions' packages, the
JavaScript client, the documentation, what is in them (CycloneDX), under which licences, and the checksums of all."""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

import click

from cli import client, output, package

ROOT: Final = Path(__file__).resolve().parents[1]
_SHIPPED: Final = ("core", "forms", "bookings", "pdf", "google")  # the locks of what runs in a cloud
_TARGETS: Final = ("x86_64", "arm64", "source")


def version() -> str:
    """Of everything here; it stands in pyproject.toml, and nowhere else."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return str(document["project"]["version"])


def build(out: Path, commands: click.Group, *, packages: bool) -> list[Path]:
    """The files, by name. Without `packages` only what takes no minute.

    Raises FileNotFoundError without Node.js, CalledProcessError where a tool fails, FileExistsError for a folder that
    holds something else.
    """
    sums = out / "SHA256SUMS"
    output.require_ours(out, sums.name)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    sums.touch()  # from now on it is ours, also where a tool fails
    if packages:
        for target in _TARGETS:
            for function in package.SOURCES if target == "source" else package.PARTS:
                _package(function, target, out / f"{function}-{target}.zip")
    _client(out)
    _documentation(out / "documentation.zip", commands)
    lock = _lock()
    (out / "sbom.cdx.json").write_bytes(_bill_of_materials(lock))
    (out / "LICENSES.txt").write_text("".join(_licences(lock)), encoding="utf-8")
    made = sorted(file for file in out.iterdir() if file != sums)
    lines = (f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in made)
    sums.write_text("".join(lines), encoding="utf-8")
    return [*made, sums]


def _package(function: str, target: str, out: Path) -> None:
    if target == "source":
        package.build_source(function, out)
        return
    with tempfile.TemporaryDirectory() as folder:  # it writes the runtime's name beside the zip
        made = Path(folder) / out.name
        package.build(function, target, made)
        shutil.move(made, out)


def _client(out: Path) -> None:
    """The npm tarball, with this version."""
    client.build()
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not installed")
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "client"
        shutil.copytree(client.FOLDER, whole, ignore=shutil.ignore_patterns("build.mjs"))
        described = json.loads((whole / "package.json").read_text(encoding="utf-8")) | {"version": version()}
        (whole / "package.json").write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")
        command = [npm, "pack", "--silent", "--pack-destination", str(out.resolve())]
        subprocess.run(command, cwd=whole, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own folder


def _documentation(out: Path, commands: click.Group) -> None:
    """The site as a zip; moments would make it another one each time."""
    from cli import site  # mkdocs, which no other command needs

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "site"
        site.build(folder, commands)
        files = sorted(file for file in folder.rglob("*") if file.is_file() and not file.name.startswith("sitemap"))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in files:
                entry = zipfile.ZipInfo(file.relative_to(folder).as_posix())
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                archive.writestr(entry, file.read_bytes())


def _lock() -> str:
    """The requirements of everything that runs in a cloud, each once."""
    return package.joined([(ROOT / "requirements" / f"{lock}.txt").read_bytes() for lock in _SHIPPED]).decode()


def _bill_of_materials(lock: str) -> bytes:
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", "--output-reproducible", "--of", "JSON", "-"]
    ran = subprocess.run(command, input=lock.encode(), capture_output=True, check=True)  # noqa: S603 - a library's command
    document = json.loads(ran.stdout)
    described = {"type": "application", "name": "amocrm-functions", "version": version()}
    document.setdefault("metadata", {})["component"] = described | {"bom-ref": "amocrm-functions"}
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _licences(lock: str) -> Iterator[str]:
    yield f"amocrm-functions {version()}: MIT\n\nThe packages hold these libraries:\n\n"
    for line in lock.splitlines():
        name, separator, rest = line.partition("==")
        if separator and not line.startswith(" "):
            yield f"{name} {rest.split()[0]}: {_licence_of(name)}\n"


def _licence_of(name: str) -> str:
    """As its own package says; a library that says nothing is named as such, and not left out."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return "not installed here, see its own page"
    if told["License-Expression"]:
        return str(told["License-Expression"])
    classes = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or () if one.startswith("License ::")]
    short = (told["License"] or "").partition("\n")[0].strip()
    return ", ".join(classes) or short or "not told"
