"""Compiles a folder of sources, reproducibly. A process of its own, so that the same sources make the same bytes."""

import os
import py_compile
import subprocess
import sys
from pathlib import Path

# Where Lambda unpacks a zip; it is what tracebacks name.
_PLACE = "/var/task"


def add_to(folder: Path) -> None:
    """Puts `__pycache__` beside every source, for this interpreter; the sources are never looked at again."""
    # Sets in constants are ordered by their hashes.
    environ = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "cli.bytecode", str(folder)]
    subprocess.run(command, check=True, env=environ, cwd=Path(__file__).resolve().parents[1])  # noqa: S603


def _compile(folder: Path) -> None:
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder).as_posix()
        try:
            py_compile.compile(
                str(file),
                dfile=f"{_PLACE}/{name}",
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError:
            continue  # a template of a library, or a file for another version


if __name__ == "__main__":
    _compile(Path(sys.argv[1]))
