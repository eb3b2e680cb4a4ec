"""A release: the same bytes every time, and what is in it is told."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest

from cli import client, release
from cli.commands import main
from tests.js_client import needs_tools

# One process makes it, for all that look at it.
pytestmark = [pytest.mark.long, pytest.mark.xdist_group("release"), pytest.mark.needs("node"), needs_tools]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Without the functions' packages, which have tests of their own."""
    out = tmp_path_factory.mktemp("release") / "first"
    release.build(out, main, packages=False)
    return out


def test_it_is_the_same_every_time(made: Path, tmp_path: Path) -> None:
    again = tmp_path / "second"
    release.build(again, main, packages=False)
    assert {one.name: one.read_bytes() for one in again.iterdir()} == {
        one.name: one.read_bytes() for one in made.iterdir()
    }


def test_the_checksums_are_of_everything(made: Path) -> None:
    lines = (made / "SHA256SUMS").read_text().splitlines()
    assert {line.split("  ")[1] for line in lines} == {one.name for one in made.iterdir()} - {"SHA256SUMS"}
    for line in lines:
        digest, name = line.split("  ")
        assert hashlib.sha256((made / name).read_bytes()).hexdigest() == digest


def test_the_bill_of_materials_names_every_library(made: Path) -> None:
    document = json.loads((made / "sbom.cdx.json").read_text())
    assert (document["bomFormat"], document["metadata"]["component"]["version"]) == ("CycloneDX", release.version())
    named = {f"{one['name']}=={one['version']}" for one in document["components"]}
    for lock in ("core", "forms", "bookings", "pdf"):
        for line in (release.ROOT / "requirements" / f"{lock}.txt").read_text().splitlines():
            if "==" in line and not line.startswith(" "):
                assert line.split()[0] in named, line
    assert all(one["purl"].startswith("pkg:pypi/") for one in document["components"])
    assert "://" not in "".join(one["purl"] for one in document["components"])


def test_every_library_has_a_licence(made: Path) -> None:
    text = (made / "LICENSES.txt").read_text(encoding="utf-8")
    assert "cryptography" in text
    assert "not told" not in text
    assert "not installed" not in text


def test_the_client_is_whole_and_of_this_version(made: Path) -> None:
    assert json.loads((client.FOLDER / "package.json").read_text())["version"] == release.version()
    (tarball,) = made.glob("amocrm-functions-client-*.tgz")
    with tarfile.open(tarball) as archive:
        names = {one.name.removeprefix("package/") for one in archive.getmembers()}
    described = {"README.md", "README.ru.md", "index.d.ts", "schema.d.ts"}
    assert names == described | {"package.json", "dist/amocrm-functions.js", "index.js", "queue.js", "request.js"}
    assert release.version() in tarball.name
