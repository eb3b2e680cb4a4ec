"""What appointments do every minute."""

from typing import Any, Final

from features.bookings import calendar_import, reconciliation
from shared.runtime import Runtime

_COMPARING: Final = 0.7  # of the time


def run(runtime: Runtime, seconds: float) -> dict[str, Any]:
    """`{compared, changed, failed, brought, swept, calendars, is_done}`."""
    ends = runtime.clock.monotonic() + seconds
    compared = reconciliation.run(runtime, seconds * _COMPARING)
    calendars = calendar_import.run(runtime, ends - runtime.clock.monotonic())
    return compared | {"calendars": calendars["read"], "is_done": compared["is_done"] and calendars["is_done"]}
