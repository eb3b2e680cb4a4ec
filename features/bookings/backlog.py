"""Since when the oldest of what is due for appointments has been waiting, for who looks after an installation."""

from collections.abc import Mapping
from typing import Final, LiteralString

OLDEST: Final[Mapping[str, LiteralString]] = {
    "visits": "SELECT min(changed_at) FROM amocrm_bookings WHERE brought < version AND state <> 'held'",
    "comparing": "SELECT min(due_at) FROM amocrm_booking_watches",
    "calendars": "SELECT min(due_at) FROM amocrm_booking_calendars",
}
