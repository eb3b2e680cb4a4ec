"""Modules of this repository that are commands, run as a person runs them."""

import json
import subprocess
import sys
from typing import Any

from tests.demo import ROOT


def whole(summary: Any) -> str:
    """For an assertion's message: pytest shortens everything but text."""
    return json.dumps(summary, indent=1, ensure_ascii=False)


def json_of_command(module: str, *arguments: str) -> Any:
    """The JSON that it prints last; whatever else it says is told when there is none."""
    ended = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    start = ended.stdout.find("{\n")
    assert start >= 0, ended.stdout + ended.stderr
    return json.loads(ended.stdout[start:])
