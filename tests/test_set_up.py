"""Row N4: what is missing or busy is told in a sentence, and the rest goes on; in CI it is red."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.demo import ROOT

_LOCKED = "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 17 (apt-get)"
_OFFLINE = "E: Failed to fetch http://mirror.example/x  Temporary failure resolving"


def _programs(folder: Path, **scripts: str) -> str:
    """A PATH with these programs and the shell's own, and none of what is to be installed."""
    for name in ("sh", "grep", "sed", "mktemp", "rm", "tail", "sleep", "cat", "touch"):
        found = next(place for one in ("/bin", "/usr/bin") if (place := Path(one) / name).exists())
        (folder / name).symlink_to(found)
    for name, script in scripts.items():
        file = folder / name.replace("_", "-")
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
    return str(folder)


def _installed(path: str, **more: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in os.environ.items() if name != "CI"}
    environ |= {"PATH": path, "APT_PAUSE": "0"} | more
    command = ["/bin/sh", str(ROOT / "tests" / "install-programs")]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(("said", "status"), [(_LOCKED, 100), (_OFFLINE, 100)])
def test_an_apt_that_does_not_work_leaves_out_what_needs_it(tmp_path: Path, said: str, status: int) -> None:
    path = _programs(tmp_path, apt_get=f'echo "{said}" >&2; exit {status}', apt_cache="exit 0", id="echo 0")
    ended = _installed(path)
    assert (ended.returncode, said in ended.stderr) == (0, True), ended.stderr
    assert "Not installed: chromium" in ended.stderr
    assert _installed(path, CI="true").returncode == 1


def test_an_apt_that_is_busy_is_waited_for(tmp_path: Path) -> None:
    busy = f"[ -e {tmp_path}/twice ] && exit 0; [ -e {tmp_path}/once ] && touch {tmp_path}/twice; touch {tmp_path}/once"
    path = _programs(tmp_path, apt_get=f'{busy}; echo "{_LOCKED}" >&2; exit 100', apt_cache="exit 0", id="echo 0")
    ended = _installed(path)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_who_may_not_install_is_told_what_is_left_out(tmp_path: Path) -> None:
    ended = _installed(_programs(tmp_path, id="echo 1000"))
    assert (ended.returncode, "apt-get install chromium" in ended.stderr) == (0, True)


def test_38_6_what_a_system_has_no_package_of_leaves_out_nothing_else(tmp_path: Path) -> None:
    """Ubuntu has no firefox-esr: the others are installed, it is told, and CI is red."""
    path = _programs(
        tmp_path,
        apt_get=f'echo "$@" >> {tmp_path}/asked',
        apt_cache='case "$2" in firefox-esr) exit 100 ;; esac',
        id="echo 0",
    )
    ended = _installed(path)
    (asked,) = [line for line in (tmp_path / "asked").read_text().splitlines() if line.startswith("install")]
    assert ("webkit2gtk-driver" in asked, "firefox-esr" in asked) == (True, False)
    assert (ended.returncode, "Not installed: firefox-esr;" in ended.stderr) == (0, True)
    assert _installed(path, CI="true").returncode == 1
