"""Since when the oldest of what is due for appointments has been waiting, for who looks after an installation."""

from collections.abc import Mapping
from typing import Final, LiteralString

OLDEST: Final[Mapping[str, LiteralString]] = {
    # Without those that wait for a person.
    "visits": """
        SELECT min(b.changed_at) FROM amocrm_bookings b WHERE b.brought < b.version AND b.state <> 'held'
          AND NOT EXISTS (SELECT FROM amocrm_deliveries d WHERE d.integration_id = b.integration_id
              AND d.action = 'bring_booking' AND d.idempotency_key = b.id || ':' || b.version AND d.state = 'dead')""",
    "comparing": "SELECT min(due_at) FROM amocrm_booking_watches",
    "calendars": "SELECT min(due_at) FROM amocrm_booking_calendars",
}
