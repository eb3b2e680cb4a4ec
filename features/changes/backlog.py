"""Since when the oldest of what is due for changes has been waiting, for who looks after an installation.

All from indexes: of hints only feeds are looked at that have something to read. What belongs to an account that has to
be connected anew waits for a person, who is told of that elsewhere; it must not hide that others wait.
"""

from collections.abc import Mapping
from typing import Final, LiteralString

OLDEST: Final[Mapping[str, LiteralString]] = {
    "hints": """
        SELECT min(oldest.due_at)
        FROM amocrm_feeds f CROSS JOIN LATERAL (
            SELECT h.due_at FROM amocrm_hints h WHERE h.integration_id = f.integration_id ORDER BY h.due_at LIMIT 1
        ) oldest WHERE f.is_on AND f.read_due_at IS NOT NULL  -- looked up one by one: a join would read all accounts
          AND (SELECT i.status FROM amocrm_integrations i WHERE i.id = f.integration_id) = 'connected'""",
    "feeds": """
        SELECT least(f.check_due_at, f.ask_due_at, f.read_due_at)
        FROM amocrm_feeds f JOIN amocrm_integrations i ON i.id = f.integration_id
        WHERE i.status = 'connected' AND least(f.check_due_at, f.ask_due_at, f.read_due_at) IS NOT NULL
        ORDER BY least(f.check_due_at, f.ask_due_at, f.read_due_at) LIMIT 1""",
    "sends": """
        SELECT min(due_at) FROM amocrm_endpoints WHERE is_on AND removed_at IS NULL AND due_at IS NOT NULL""",
}
