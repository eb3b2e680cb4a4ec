"""What the disk has in memory, given back: afterwards everything is read as on a machine that has just started."""

from pathlib import Path

_DROP = Path("/proc/sys/vm/drop_caches")


def drop() -> bool:
    """False where this process may not do that: it takes root, and Linux."""
    try:
        _DROP.write_text("3")
    except OSError:
        return False
    return True
