"""The statements of a move, each with what it is for. `id` is the connection's, `move` the move's own."""

from typing import Final, LiteralString

# What this database knows of it: the state, whose move it is, and whether nothing is left to be done.
STATE: Final[LiteralString] = """
SELECT state, id, finished_at IS NOT NULL FROM amocrm_moves WHERE integration_id = %(id)s
"""

# Here: what has left, or has not arrived yet, has a row of its move that says so; or it was ended as what has left,
# where this database was restored from an older backup.
LIVES: Final[LiteralString] = """
SELECT FROM amocrm_integrations i WHERE i.id = %(id)s
  AND NOT (i.status = 'disconnected' AND i.problem_code IS NOT DISTINCT FROM 'account_moved')
  AND NOT EXISTS (SELECT FROM amocrm_moves m WHERE m.integration_id = i.id AND m.state <> 'arrived')
"""

# Whose objects in which token journal.
JOURNAL: Final[LiteralString] = "SELECT installation, address FROM amocrm_token_journal WHERE address <> ''"

BEGIN: Final[LiteralString] = """
INSERT INTO amocrm_moves (integration_id, id, state) VALUES (%(id)s, %(move)s, 'closing')
ON CONFLICT (integration_id) DO UPDATE SET id = excluded.id, state = 'closing', began_at = amocrm_now(),
    changed_at = amocrm_now(), log_until = 0, finished_at = NULL
WHERE amocrm_moves.state = 'left' AND amocrm_moves.finished_at IS NOT NULL
"""

ADDRESS: Final[LiteralString] = """
SELECT account_domain, widget_type, client_id, account_id FROM amocrm_integrations WHERE id = %(id)s
"""

# Somebody else's connection of the same account, in the other cell.
IS_TAKEN: Final[LiteralString] = """
SELECT FROM amocrm_integrations WHERE id <> %(id)s AND (
    (account_domain = %(domain)s AND widget_type = %(widget_type)s)
    OR (client_id = %(client_id)s AND account_id = %(account_id)s))
"""

# Waits for those who have looked at the state (`amocrm_stay`), and keeps the next ones waiting meanwhile. They hold
# the row that they are about to change: whoever is alone takes no row but the move's own, or each waits for the other.
ALONE: Final[LiteralString] = "SELECT pg_advisory_xact_lock(461207700, uuid_hash(%(id)s) & 63)"

# For as long as the command's connection lives: a second command would not help the first.
IS_MINE: Final[LiteralString] = "SELECT pg_try_advisory_lock(461207701, uuid_hash(%(id)s))"

SET: Final[LiteralString] = """
UPDATE amocrm_moves SET state = %(state)s, changed_at = amocrm_now() WHERE integration_id = %(id)s AND id = %(move)s
"""

IS_REFRESHED: Final[LiteralString] = """
SELECT FROM amocrm_integrations WHERE id = %(id)s AND lease_until >= amocrm_now()
"""

# Codes that are being exchanged; whose they are is known only afterwards.
CODES: Final[LiteralString] = """
SELECT code_hash FROM amocrm_authorization_codes WHERE outcome IS NULL AND claimed_until >= amocrm_now()
"""
IS_EXCHANGED: Final[LiteralString] = """
SELECT FROM amocrm_authorization_codes
WHERE code_hash = ANY(%(codes)s) AND outcome IS NULL AND claimed_until >= amocrm_now() LIMIT 1
"""

IS_WORKED_ON: Final[LiteralString] = """
SELECT FROM amocrm_deliveries WHERE integration_id = %(id)s AND state = 'accepted' AND lease_until >= amocrm_now()
UNION ALL SELECT FROM amocrm_feeds WHERE integration_id = %(id)s AND lease_until >= amocrm_now()
UNION ALL SELECT FROM amocrm_endpoints WHERE integration_id = %(id)s AND lease_until >= amocrm_now()
LIMIT 1
"""

ARRIVING: Final[LiteralString] = """
INSERT INTO amocrm_moves (integration_id, id, state) VALUES (%(id)s, %(move)s, 'arriving')
ON CONFLICT (integration_id) DO UPDATE SET id = excluded.id, state = 'arriving', began_at = amocrm_now(),
    changed_at = amocrm_now(), log_until = 0, finished_at = NULL
"""

# What stays says who asked; the secret of the client is how that is known.
FORGET_TOKENS: Final[LiteralString] = """
UPDATE amocrm_integrations SET
    status = 'disconnected', access_token = NULL, refresh_token = NULL, access_expires_at = NULL,
    refresh_expires_at = NULL, refresh_due_at = NULL, lease_id = NULL, lease_until = NULL,
    problem_code = 'account_moved', problem_detail = amocrm_message('The account was moved to another cell.'),
    problem_at = amocrm_now(), updated_at = amocrm_now()
WHERE id = %(id)s
"""

LOOK_AT_FEED: Final[LiteralString] = """
UPDATE amocrm_feeds SET check_due_at = amocrm_now(), ask_due_at = amocrm_now() WHERE integration_id = %(id)s AND is_on
"""
# This cell's journal has nothing of it yet.
NOT_JOURNALED: Final[LiteralString] = """
UPDATE amocrm_integrations SET journaled_version = NULL WHERE id = %(id)s AND journaled_version IS NOT NULL
"""
ARRIVED: Final[LiteralString] = """
UPDATE amocrm_moves SET state = 'arrived', changed_at = amocrm_now()
WHERE integration_id = %(id)s AND id = %(move)s AND state = 'arriving'
"""

LOG_UNTIL: Final[LiteralString] = "SELECT log_until FROM amocrm_moves WHERE integration_id = %(id)s AND id = %(move)s"
LOG_IS_AT: Final[LiteralString] = """
UPDATE amocrm_moves SET log_until = %(until)s WHERE integration_id = %(id)s AND id = %(move)s
"""
END_LOG: Final[LiteralString] = "DELETE FROM amocrm_events WHERE integration_id = %(id)s AND id <= %(until)s"

ENDED: Final[LiteralString] = "DELETE FROM amocrm_moves WHERE integration_id = %(id)s AND id = %(move)s"
FINISHED: Final[LiteralString] = """
UPDATE amocrm_moves SET finished_at = amocrm_now() WHERE integration_id = %(id)s AND id = %(move)s AND state = 'left'
"""

# Connections that live here, by account; an address of one account where it is named. (After a restore what lives
# elsewhere has no row of a move: `restore-tokens` and `mark-restored --left` have ended it.)
LIVING: Final[LiteralString] = """
SELECT i.id, i.account_domain, i.widget_type FROM amocrm_integrations i
LEFT JOIN amocrm_moves m ON m.integration_id = i.id
WHERE CASE WHEN m.state = 'left' THEN m.finished_at IS NULL
           ELSE i.problem_code IS DISTINCT FROM 'account_moved' END
  AND (%(account)s::text IS NULL OR i.account_domain = %(account)s)
  AND (%(widget_type)s::text IS NULL OR i.widget_type = %(widget_type)s)
ORDER BY i.account_domain, i.widget_type
"""
