"""Since when the oldest of what is due for changes has been waiting, for who looks after an installation.

All from indexes: of hints only feeds are looked at that have something to read.
"""

from collections.abc import Mapping
from typing import Final, LiteralString

OLDEST: Final[Mapping[str, LiteralString]] = {
    "hints": """
        SELECT min(oldest.due_at) FROM amocrm_feeds f CROSS JOIN LATERAL (
            SELECT h.due_at FROM amocrm_hints h WHERE h.integration_id = f.integration_id ORDER BY h.due_at LIMIT 1
        ) oldest WHERE f.is_on AND f.read_due_at IS NOT NULL""",
    "feeds": "SELECT min(least(check_due_at, ask_due_at, read_due_at)) FROM amocrm_feeds",
    "sends": """
        SELECT min(due_at) FROM amocrm_endpoints WHERE is_on AND removed_at IS NULL AND due_at IS NOT NULL""",
}
