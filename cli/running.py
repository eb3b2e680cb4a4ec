"""One demo for a folder: a second one beside it would use up the first one's tokens, with a simulator of its own."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import click
import msgspec

_PARTS: Final = ("functions_framework", "simulator", "http.server")


class _Started(msgspec.Struct):
    address: str = ""
    pids: list[int] = []


@contextmanager
def alone(folder: Path) -> Iterator[str | None]:
    """None while this process is the folder's demo; else the address of the one that runs there.

    What a demo that was killed has left running is ended first.
    """
    import fasteners

    lock = fasteners.InterProcessLock(folder / "demo.lock")
    if not lock.acquire(blocking=False):
        yield _remembered(folder).address or "it is just starting"
        return
    try:
        _end_what_was_left(folder)
        yield None
    finally:
        (folder / "demo.json").unlink(missing_ok=True)
        lock.release()


def remember(folder: Path, address: str, pids: list[int]) -> None:
    """Where the demo is, for whoever starts a second one; and its processes, should this one be killed."""
    (folder / "demo.json").write_bytes(msgspec.json.encode(_Started(address, pids)))


def _remembered(folder: Path) -> "_Started":
    try:
        return msgspec.json.decode((folder / "demo.json").read_bytes(), type=_Started)
    except (OSError, msgspec.MsgspecError):
        return _Started()


def _end_what_was_left(folder: Path) -> None:
    import psutil

    left = []
    for pid in _remembered(folder).pids:
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):  # it is gone, or is somebody else's by now
            process = psutil.Process(pid)
            if any(part in process.cmdline() for part in _PARTS):  # a number may be another program's by now
                process.terminate()
                left.append(process)
    if left:
        psutil.wait_procs(left, timeout=8)
        click.echo(f"The last demo here was killed; {len(left)} of its processes were still running, and were ended.")
