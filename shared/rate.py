"""amoCRM's limit of requests, kept by all instances together through one row per integration.

Source: amoCRM's documentation, "API limits": 7 requests a second for an integration in an account; going on after
a 429 gets the address blocked.
"""

from uuid import UUID

from shared.database import Database

_HOLD = """
INSERT INTO amocrm_rate (integration_id, next_free_at)
VALUES (%(integration_id)s, amocrm_now() + %(seconds)s * interval '1 second')
ON CONFLICT (integration_id) DO UPDATE SET next_free_at = greatest(amocrm_rate.next_free_at, EXCLUDED.next_free_at)
"""


def hold(database: Database, integration_id: UUID, seconds: float) -> None:
    """After a 429: nobody calls amoCRM for this integration before the time is over."""
    database.execute(_HOLD, {"integration_id": integration_id, "seconds": seconds})
