"""AWS SnapStart: an instance is a copy of a snapshot that was taken after the start, perhaps days ago.

Source: AWS Lambda developer guide, "Lambda SnapStart" and "Lambda SnapStart runtime hooks for Python".
"""

from collections.abc import Callable


def hooks(before_snapshot: Callable[[], None], after_restore: Callable[[], None]) -> None:
    """Has both called at their time, where there are snapshots at all: the runtime brings the package."""
    try:
        from snapshot_restore_py import register_after_restore, register_before_snapshot
    except ImportError:
        return
    register_before_snapshot(before_snapshot)
    register_after_restore(after_restore)
