"""Since when the oldest of what is due for appointments has been waiting, for who looks after an installation. What
belongs to an account that is not connected waits for a person, who is told of that elsewhere.

Each in the order of an index, up to the first that is found: a `min` over a join reads all accounts.
"""

from collections.abc import Mapping
from typing import Final, LiteralString

OLDEST: Final[Mapping[str, LiteralString]] = {
    # Without those that wait for a person.
    "visits": """
        SELECT b.changed_at FROM amocrm_bookings b JOIN amocrm_integrations i ON i.id = b.integration_id
        WHERE i.status = 'connected' AND b.brought < b.version AND b.state <> 'held'
          AND NOT EXISTS (SELECT FROM amocrm_deliveries d WHERE d.integration_id = b.integration_id
              AND d.action = 'bring_booking' AND d.idempotency_key = b.id || ':' || b.version AND d.state = 'dead')
        ORDER BY b.changed_at LIMIT 1""",
    "comparing": """
        SELECT w.due_at FROM amocrm_booking_watches w JOIN amocrm_integrations i ON i.id = w.integration_id
        WHERE i.status = 'connected' ORDER BY w.due_at LIMIT 1""",
    "calendars": """
        SELECT c.due_at FROM amocrm_booking_calendars c JOIN amocrm_integrations i ON i.id = c.integration_id
        WHERE i.status = 'connected' ORDER BY c.due_at LIMIT 1""",
}
