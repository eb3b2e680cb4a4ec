"""The first decoding of a Struct by several threads at once, in a process of its own, which is what would be lost."""

import re
import subprocess
import sys

import pytest

from tests.demo import ROOT

# Annotations as text, as `from __future__ import annotations` makes them: msgspec reads them in Python, where threads
# take turns.
_STORY = """
import sys, threading
import msgspec
from msgspec import Meta
from typing import Annotated
from shared.platform import decoding

sys.setswitchinterval(1e-7)
plain = lambda data, kind: msgspec.json.decode(data, type=kind)
decode = {"plain": plain, "ours": decoding.decode}[sys.argv[1]]
names = [f"m{number}" for number in range(30)]
data = b'{"m28": ["a"], "m29": 1, "m1": 2}'
for number in range(300):
    kinds = ("list[str] | None", "Annotated[int, Meta(ge=0)] | None")
    hints = {name: kinds[place % 2] for place, name in enumerate(names)}
    body = dict.fromkeys(names) | {"__annotations__": hints, "__module__": "__main__"}
    kind, begin = type(msgspec.Struct)(f"Kind{number}", (msgspec.Struct,), body), threading.Barrier(4)
    def first():
        begin.wait()
        assert decode(data, kind).m29 == 1
    threads = [threading.Thread(target=first) for _ in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
"""


def _ended(how: str) -> int:
    return subprocess.run([sys.executable, "-c", _STORY, how], cwd=ROOT, timeout=120).returncode


@pytest.mark.long
def test_threads_that_decode_a_struct_for_the_first_time_do_not_meet() -> None:
    assert [_ended("ours") for _ in range(4)] == [0] * 4


def test_msgspec_by_itself_loses_the_process() -> None:
    """Nine times in ten. When this fails after an update, the library has mended it: remove our way around it."""
    assert any(_ended("plain") < 0 for _ in range(20))


def test_nobody_goes_around_it() -> None:
    own = ROOT / "shared" / "platform" / "decoding.py"
    around = re.compile(r"msgspec\.convert\(|msgspec\.json\.(decode\([^\n]*type=(?!dict)|Decoder)")
    files = [
        file for folder in ("shared", "features", "functions") for file in (ROOT / folder).rglob("*.py") if file != own
    ]
    assert [file for file in files if around.search(file.read_text(encoding="utf-8"))] == []


def test_no_kind_is_made_for_a_request() -> None:
    """It would be made ready each time, and kept for ever."""
    inside = re.compile(r"^ +class \w+\([^\n]*Struct", re.MULTILINE)
    files = [file for folder in ("shared", "features", "functions") for file in (ROOT / folder).rglob("*.py")]
    assert [file for file in files if inside.search(file.read_text(encoding="utf-8"))] == []
