"""The statements of the rotation and of authorization, each with what it is for. Every transition tells its event."""

from shared.connections.notifications import accepted

_LONG_ENOUGH = "WHERE problem_at <= amocrm_now() - %(ask_after)s::interval"

# --- rotation ------------------------------------------------------------------------------------------------------

# Takes the lease on one integration, where nobody else has it, nothing holds it back, and its pair is still the one
# that the caller has read.
CLAIM = """
WITH claimed AS (
    UPDATE amocrm_connections SET
        lease_id = %(lease_id)s, lease_until = amocrm_now() + %(lease)s, updated_at = amocrm_now()
    WHERE id = %(id)s AND status = 'connected' AND refresh_token IS NOT NULL AND token_version = %(version)s
      AND (lease_until IS NULL OR lease_until < amocrm_now() OR lease_id = %(lease_id)s)
      AND (refresh_not_before IS NULL OR refresh_not_before <= amocrm_now())
    RETURNING *
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message)
    SELECT id, 'token.refresh_claimed', amocrm_message('The refresh of the token has begun.') FROM claimed
)
SELECT *, (SELECT installation FROM amocrm_token_journal) AS installation FROM claimed
"""

# Takes leases on integrations whose token is due; instances share them out among themselves. (Chosen once, hence
# MATERIALIZED: in a loop of the plan they would be chosen anew for each row, until all were taken.) What is on its way
# to another cell is not chosen: it would be claimed by nobody (V15), and keep those behind it from their turn.
CLAIM_DUE = """
WITH chosen AS MATERIALIZED (
    SELECT id FROM amocrm_integrations i
    WHERE status = 'connected' AND refresh_due_at <= amocrm_now()
      AND (lease_until IS NULL OR lease_until < amocrm_now())
      AND (refresh_not_before IS NULL OR refresh_not_before <= amocrm_now())
      AND (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = i.id AND m.state <> 'arrived') IS NULL
    ORDER BY refresh_due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE amocrm_connections SET
    lease_id = gen_random_uuid(), lease_until = amocrm_now() + %(lease)s, updated_at = amocrm_now()
WHERE id IN (SELECT id FROM chosen)
RETURNING *, (SELECT installation FROM amocrm_token_journal) AS installation
"""

# Leases whose work has not begun.
GIVE_BACK = """
UPDATE amocrm_integrations i SET lease_id = NULL, lease_until = NULL
FROM unnest(%(ids)s::uuid[], %(lease_ids)s::uuid[]) AS held (id, lease_id)
WHERE i.id = held.id AND i.lease_id = held.lease_id
"""

# What a run of the scheduler leaves behind, counted up to 100,000.
COUNT_DUE = """
SELECT count(*) FILTER (WHERE NOT is_held) AS left_over, count(*) FILTER (WHERE is_held) AS skipped
FROM (SELECT coalesce(lease_until >= amocrm_now() OR refresh_not_before > amocrm_now(), false) AS is_held
      FROM amocrm_integrations WHERE status = 'connected' AND refresh_due_at <= amocrm_now() LIMIT 100000) due
"""

# What a refresh takes back of a problem: all but the API's refusal of the token, of which a refresh says nothing.
_PROBLEM_LEFT = ", ".join(
    f"{column} = CASE WHEN status = 'connected' AND problem_code = 'access_refused' THEN {column} END"
    for column in ("problem_code", "problem_detail", "problem_at")
)

# Stores the successor of a version, whoever holds the lease. (Of the same consent: after a restore numbers begin again
# where the backup was.) The second half answers a repetition of a statement that had been carried out (the ciphertext
# is unique).
PERSIST = f"""
WITH stored AS (
    UPDATE amocrm_connections SET
        status = 'connected', access_token = %(access_token)s, refresh_token = %(refresh_token)s,
        access_expires_at = amocrm_now() + %(lifetime)s, refresh_expires_at = amocrm_now() + interval '3 months',
        refresh_due_at = amocrm_now() + %(due_in)s, token_version = token_version + 1,
        journaled_version = CASE WHEN %(journaled)s THEN token_version + 1 ELSE journaled_version END,
        api_domain = coalesce(%(api_domain)s, api_domain), lease_id = NULL, lease_until = NULL,
        refresh_failures = 0, refresh_not_before = NULL, {_PROBLEM_LEFT}, updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(version)s AND status IN ('connected', 'reauth_required')
      AND (%(consent)s::bigint IS NULL OR floor(extract(epoch FROM connected_at)) = %(consent)s)
    RETURNING *
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message)
    SELECT id, 'token.refreshed', amocrm_message('The token was refreshed.') FROM stored
)
SELECT * FROM stored
UNION ALL
SELECT * FROM amocrm_connections
WHERE id = %(id)s AND access_token = %(access_token)s AND NOT EXISTS (SELECT FROM stored)
"""  # noqa: S608 - all of it is ours

# The grant is dead: a person is needed, and told once for each token.
END_GRANT = f"""
WITH ended AS (
    UPDATE amocrm_integrations SET
        status = 'reauth_required', lease_id = NULL, lease_until = NULL, refresh_due_at = NULL,
        problem_code = %(code)s, problem_detail = %(detail)s, problem_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(version)s AND status = 'connected'
      AND lease_id IS NOT DISTINCT FROM %(lease_id)s
    RETURNING id
), notified AS ({accepted("ended")})
INSERT INTO amocrm_events (integration_id, kind, level, message)
SELECT id, 'connection.reauth_required', 'error', %(detail)s FROM ended
"""  # noqa: S608 - all of it is ours

# Gives the lease back, where there is one, and waits. `problem_at` is since when refreshes fail, whatever for; a person
# is told once for each token, when it has lasted.
BACK_OFF = f"""
WITH released AS (
    UPDATE amocrm_integrations SET
        lease_id = NULL, lease_until = NULL, refresh_failures = refresh_failures + 1,
        refresh_not_before = amocrm_now() + %(wait)s,
        problem_at = CASE WHEN refresh_failures > 0 THEN coalesce(problem_at, amocrm_now()) ELSE amocrm_now() END,
        problem_code = %(code)s, problem_detail = %(detail)s, updated_at = amocrm_now()
    WHERE id = %(id)s AND token_version = %(version)s AND status = 'connected'
      AND lease_id IS NOT DISTINCT FROM %(lease_id)s
    RETURNING id, problem_at
), notified AS ({accepted(f"released {_LONG_ENOUGH}")})
INSERT INTO amocrm_events (integration_id, kind, level, message)
SELECT id, 'token.refresh_failed', 'warning', %(detail)s FROM released
"""  # noqa: S608 - all of it is ours

ACCESS_WORKS = """
UPDATE amocrm_integrations SET
    refresh_failures = 0, refresh_not_before = NULL, problem_code = NULL, problem_detail = NULL, problem_at = NULL,
    updated_at = amocrm_now()
WHERE id = %(id)s AND token_version = %(version)s AND status = 'connected' AND problem_code = 'access_refused'
"""

# No answer came: the lease stays, and says why; a person is told as above.
NOTE_UNKNOWN = f"""
WITH noted AS (
    UPDATE amocrm_integrations SET
        problem_at = CASE WHEN refresh_failures > 0 THEN coalesce(problem_at, amocrm_now()) ELSE amocrm_now() END,
        problem_code = 'refresh_outcome_unknown', problem_detail = %(detail)s,
        refresh_failures = refresh_failures + 1, updated_at = amocrm_now()
    WHERE id = %(id)s AND lease_id = %(lease_id)s
    RETURNING id, problem_at
), notified AS ({accepted(f"noted {_LONG_ENOUGH}")})
INSERT INTO amocrm_events (integration_id, kind, level, message)
SELECT id, 'token.refresh_outcome_unknown', 'warning', %(detail)s FROM noted
"""  # noqa: S608 - all of it is ours

_TAKEN = """
        problem_code = 'other_integration', problem_at = amocrm_now(), updated_at = amocrm_now(),
        problem_detail = amocrm_message('{host} has another integration for {widget_type} already.',
            jsonb_build_object('host', %(domain)s::text, 'widget_type', o.widget_type))
"""
_TELLS = """
INSERT INTO amocrm_events (integration_id, kind, level, message)
SELECT id, 'connection.address_taken', 'warning', problem_detail FROM {rows}
"""

# An account is known to live at an address. Whoever has that here gives way: another account, which had it before and
# has another one by now (its next refresh, which is due at once, finds it), or a connection that was never connected.
_GIVES_WAY = """
    UPDATE amocrm_integrations o SET
        account_domain = 'unused-' || left(o.id::text, 8) || substring(o.account_domain FROM '[.].*'),
        status = CASE WHEN o.account_id IS NULL THEN 'disconnected' ELSE o.status END,
        refresh_due_at = CASE WHEN o.refresh_due_at IS NOT NULL THEN amocrm_now() END, {taken}
    FROM (SELECT {who}) AS i WHERE o.account_domain = %(domain)s AND o.widget_type = i.widget_type
      AND (o.account_id <> i.account_id OR (o.account_id IS NULL AND o.connected_at IS NULL))
      AND NOT EXISTS (SELECT FROM amocrm_moves m WHERE m.integration_id = o.id AND m.state <> 'arrived')
    RETURNING o.id, o.problem_detail
""".replace("{taken}", _TAKEN)
GIVE_WAY = f"WITH freed AS ({_GIVES_WAY}) {_TELLS}".replace("{rows}", "freed").replace(
    "{who}", "%(widget_type)s::text AS widget_type, %(account_id)s::bigint AS account_id"
)

# The account has another address, unless another connection of this widget type has it already, of this account, too:
# then this one reaches nothing any more, and somebody has to choose.
RENAME = (
    f"WITH freed AS ({_GIVES_WAY})".replace(
        "{who}", "widget_type, account_id FROM amocrm_integrations WHERE id = %(id)s"
    )
    + """, moved AS (
    UPDATE amocrm_integrations i SET account_domain = %(domain)s, updated_at = amocrm_now(),
        -- It had given way, and is found.
        problem_code = nullif(problem_code, 'other_integration'),
        problem_detail = CASE WHEN problem_code <> 'other_integration' THEN problem_detail END,
        problem_at = CASE WHEN problem_code <> 'other_integration' THEN problem_at END
    WHERE id = %(id)s AND account_domain <> %(domain)s
      AND NOT EXISTS (SELECT FROM amocrm_integrations o
                      WHERE o.account_domain = %(domain)s AND o.widget_type = i.widget_type
                        AND o.id NOT IN (SELECT id FROM freed))
    RETURNING id
), kept AS (
    UPDATE amocrm_integrations o SET {taken}
    WHERE id = %(id)s AND account_domain <> %(domain)s AND problem_code IS NULL AND NOT EXISTS (SELECT FROM moved)
    RETURNING id, problem_detail
), told AS ({tells})
INSERT INTO amocrm_events (integration_id, kind, message)
SELECT id, 'account.renamed', amocrm_message('The account was found again at its new address {domain}.',
                                             jsonb_build_object('domain', %(domain)s::text)) FROM moved
""".replace("{taken}", _TAKEN).replace(
        "{tells}", _TELLS.replace("{rows}", "(SELECT * FROM freed UNION ALL SELECT * FROM kept) AS taken")
    )
)

# --- authorization -------------------------------------------------------------------------------------------------

# A state for a consent that begins now.
BEGIN_CONSENT = """
INSERT INTO amocrm_oauth_states (state_hash, integration_id, language, return_to, expires_at)
VALUES (%(state_hash)s, %(integration_id)s, %(language)s, %(return_to)s, amocrm_now() + %(lifetime)s)
ON CONFLICT (state_hash) DO NOTHING
"""

# The same code may use its state again: a reload of the callback page is not an attack.
USE_STATE = """
UPDATE amocrm_oauth_states SET used_by = %(used_by)s
WHERE state_hash = %(state_hash)s AND expires_at > amocrm_now() AND (used_by IS NULL OR used_by = %(used_by)s)
RETURNING integration_id, language, return_to
"""

# Whoever claims a code first exchanges it; everybody else reads the outcome. A claim without an outcome whose time is
# over belongs to an instance that died: the code may be tried again.
CLAIM_CODE = """
WITH claimed AS (
    INSERT INTO amocrm_authorization_codes AS c (code_hash, claim_id, claimed_until)
    VALUES (%(code_hash)s, %(claim_id)s, amocrm_now() + %(lease)s)
    ON CONFLICT (code_hash) DO UPDATE SET claim_id = EXCLUDED.claim_id, claimed_until = EXCLUDED.claimed_until
    WHERE c.outcome IS NULL AND (c.claimed_until < amocrm_now() OR c.claim_id = EXCLUDED.claim_id)
    RETURNING claim_id, integration_id, outcome, failure_code
)
SELECT * FROM claimed
UNION ALL
SELECT claim_id, integration_id, outcome, failure_code FROM amocrm_authorization_codes
WHERE code_hash = %(code_hash)s AND NOT EXISTS (SELECT FROM claimed)
"""

# What has become of a code.
READ_CODE = """
SELECT claim_id, integration_id, outcome, failure_code FROM amocrm_authorization_codes WHERE code_hash = %(code_hash)s
"""

# amoCRM has not used the code up: it may be claimed anew at once.
FORGET_CODE = """
DELETE FROM amocrm_authorization_codes
WHERE code_hash = %(code_hash)s AND claim_id = %(claim_id)s AND outcome IS NULL
"""

# The code came to nothing, for good.
FAIL_CODE = """
WITH failed AS (
    UPDATE amocrm_authorization_codes SET outcome = 'failed', failure_code = %(code)s, integration_id = %(id)s
    WHERE code_hash = %(code_hash)s AND claim_id = %(claim_id)s AND outcome IS NULL
    RETURNING integration_id
), noted AS (
    UPDATE amocrm_integrations SET
        problem_code = %(code)s, problem_detail = %(detail)s, problem_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = (SELECT integration_id FROM failed) AND status <> 'connected'
)
INSERT INTO amocrm_events (integration_id, kind, level, message, request_id)
SELECT integration_id, 'authorization.failed', 'warning', %(detail)s, %(request_id)s FROM failed
"""

# The code is untouched, so its claim goes; what is wrong is told at the connection.
POSTPONE_CODE = """
WITH released AS (
    DELETE FROM amocrm_authorization_codes
    WHERE code_hash = %(code_hash)s AND claim_id = %(claim_id)s AND outcome IS NULL
), noted AS (
    UPDATE amocrm_integrations SET
        problem_code = %(code)s, problem_detail = %(detail)s, problem_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND status <> 'connected'
)
INSERT INTO amocrm_events (integration_id, kind, level, message, request_id)
VALUES (%(id)s::uuid, 'authorization.failed', 'warning', %(detail)s, %(request_id)s)
"""

# One statement: the code's outcome, the tokens, the client they belong to and the event become true together. A row
# whose client or account has become another one since it was looked for is left alone, unless the client is brought
# along. The second half answers a repetition of a statement that had been carried out (the ciphertext is unique).
CONNECT = """
WITH connected AS (
    UPDATE amocrm_integrations SET
        status = 'connected', account_id = %(account_id)s, client_id = %(client_id)s,
        client_secret = coalesce(%(client_secret)s, client_secret), redirect_uri = %(redirect_uri)s,
        settings = settings || jsonb_strip_nulls(jsonb_build_object('account_country', nullif(%(country)s, ''))),
        access_token = %(access_token)s, refresh_token = %(refresh_token)s,
        access_expires_at = amocrm_now() + %(lifetime)s, refresh_expires_at = amocrm_now() + interval '3 months',
        refresh_due_at = amocrm_now() + %(due_in)s, token_version = token_version + 1, api_domain = %(api_domain)s,
        lease_id = NULL, lease_until = NULL, refresh_failures = 0, refresh_not_before = NULL,
        problem_code = NULL, problem_detail = NULL, problem_at = NULL,
        connected_at = amocrm_now(), updated_at = amocrm_now()
    WHERE id = %(id)s AND access_token IS DISTINCT FROM %(access_token)s
      AND (client_id = %(client_id)s OR %(takes_client)s) AND (account_id IS NULL OR account_id = %(account_id)s)
    RETURNING id
), redeemed AS (
    UPDATE amocrm_authorization_codes SET outcome = 'connected', failure_code = NULL, integration_id = %(id)s
    WHERE code_hash = %(code_hash)s AND EXISTS (SELECT FROM connected)
), logged AS (
    INSERT INTO amocrm_events (integration_id, kind, message, request_id)
    SELECT id, 'connection.authorised', amocrm_message('The account was connected.'), %(request_id)s FROM connected
)
SELECT id FROM connected UNION ALL SELECT id FROM amocrm_integrations
WHERE id = %(id)s AND access_token = %(access_token)s AND NOT EXISTS (SELECT FROM connected)
"""
