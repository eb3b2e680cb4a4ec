"""Copies of parts of this checkout, which a test changes."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from tests.demo import ROOT

# Compiled code comes along, as it is of the same files at the same times; what another process may just be writing does
# not: a compiled file of a worker, or an old PostgreSQL that is being installed.
_BEING_WRITTEN = shutil.ignore_patterns("*.pyc.*", "node_modules")


def copy(names: Iterable[str], to: Path) -> None:
    """Files and folders of the checkout's top."""
    for name in names:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, to / name, ignore=_BEING_WRITTEN)
        else:
            shutil.copy2(ROOT / name, to)
