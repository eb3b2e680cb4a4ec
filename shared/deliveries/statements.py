"""The statements of deliveries, each with what it is for.

A transition tells itself in the delivery's own story; the log gets what concerns the connection.
"""

# ruff: noqa: S608 - what is put into them are the names of columns
from typing import Final

# A row without what was sent, which may be megabytes (a PDF): lists and transitions do not carry it.
_COLUMNS: Final = """id, integration_id, lead_id, action, request_hash, state, steps, attempts, lease_id, problem_code,
    problem_detail, created_at, finished_at, story, summary, looks_since"""

# --- accepting and reading -----------------------------------------------------------------------------------------

# Stores a write with its lease and its first steps, or nothing where its key was accepted before. After a restore it
# may have been carried out by a row that is gone, and so may what is older than rows are kept: then it says since when.
# What has happened after the restore was never accepted before.
ACCEPT = f"""
INSERT INTO amocrm_deliveries (id, integration_id, lead_id, action, idempotency_key, request_hash, request,
                               steps, attempts, lease_id, lease_until, due_at, story, summary, looks_since)
SELECT %(id)s, %(integration_id)s, %(lead_id)s, %(action)s, %(key)s, %(request_hash)s, %(request)s,
        %(steps)s, %(attempts)s, %(lease_id)s, amocrm_now() + %(lease)s, amocrm_now(), amocrm_told('[]', %(told)s),
        %(summary)s,
        least(%(known_since)s::timestamptz,
              (SELECT greatest(min(lost_since), amocrm_now() - max(keys_kept)) FROM amocrm_restores
               WHERE looks_until > amocrm_now()
                 AND (%(happened_at)s::timestamptz IS NULL OR %(happened_at)s < restored_at)))
WHERE NOT EXISTS (SELECT FROM amocrm_deliveries WHERE integration_id = %(integration_id)s AND action = %(action)s
                  AND idempotency_key = ANY (%(also)s::text[]))
ON CONFLICT DO NOTHING
RETURNING {_COLUMNS}
"""

# The write that has this key, or one of these.
BY_KEY = """
SELECT *, greatest(0, extract(epoch FROM due_at - amocrm_now()))::float8 AS due_in_seconds
FROM amocrm_deliveries
WHERE integration_id = %(integration_id)s AND action = %(action)s AND idempotency_key = ANY (%(keys)s::text[])
"""

# One delivery of one integration.
BY_ID = """
SELECT *, greatest(0, extract(epoch FROM due_at - amocrm_now()))::float8 AS due_in_seconds
FROM amocrm_deliveries WHERE id = %(id)s AND integration_id = %(integration_id)s
"""

# Deliveries of an integration, or of all, the newest first, from the one that ended the page before. Of a deal: those
# that were to change it, and those that made it, or came to it by themselves.
PAGE = f"""
SELECT {_COLUMNS}, greatest(0, extract(epoch FROM d.due_at - amocrm_now()))::float8 AS due_in_seconds,
       (SELECT account_domain FROM amocrm_integrations i WHERE i.id = d.integration_id),
       (SELECT widget_type FROM amocrm_integrations i WHERE i.id = d.integration_id)
FROM amocrm_deliveries d
WHERE (%(integration_id)s::uuid IS NULL OR d.integration_id = %(integration_id)s)
  AND (%(state)s::text IS NULL OR d.state = %(state)s)
  AND (%(lead_id)s::bigint IS NULL OR d.lead_id = %(lead_id)s OR d.id = ANY (ARRAY(
      SELECT made.id FROM amocrm_integrations of CROSS JOIN LATERAL (
          SELECT id FROM amocrm_deliveries WHERE integration_id = of.id AND lead_id IS NULL
            AND coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id'
                = to_jsonb(%(lead_id)s::bigint)) made
      WHERE %(integration_id)s::uuid IS NULL OR of.id = %(integration_id)s)))
  AND (%(action)s::text IS NULL OR d.action = %(action)s)
  AND (%(since)s::timestamptz IS NULL OR d.created_at >= %(since)s)
  AND (%(until)s::timestamptz IS NULL OR d.created_at < %(until)s)
  AND (%(before)s::uuid IS NULL
       OR (d.created_at, d.id) < (SELECT b.created_at, b.id FROM amocrm_deliveries b WHERE b.id = %(before)s))
ORDER BY d.created_at DESC, d.id DESC LIMIT %(limit)s
"""

# Where a dead delivery goes on. What a submission had made may be gone, because somebody deleted the deal: then every
# step is looked for, and done anew.
_STEPS_OF_DEAD: Final = """
    steps = CASE WHEN problem_code = 'amocrm_not_found' AND lead_id IS NULL AND steps <> '{}'
        THEN (SELECT jsonb_object_agg(name, '{"state": "started"}'::jsonb) FROM jsonb_object_keys(steps) AS name)
        ELSE steps END
"""

# A person takes dead deliveries up again.
RETRY = (
    """
WITH taken_up AS (
    UPDATE amocrm_deliveries SET"""
    + _STEPS_OF_DEAD
    + """,
        state = 'accepted', due_at = amocrm_now(), finished_at = NULL, attempts = 0, updated_at = amocrm_now(),
        story = amocrm_told(story, %(told)s)
    WHERE id = ANY(%(ids)s) AND (%(integration_id)s::uuid IS NULL OR integration_id = %(integration_id)s)
      AND state = 'dead' AND request IS NOT NULL
    RETURNING id, integration_id
)
INSERT INTO amocrm_events (integration_id, delivery_id, kind, message, request_id)
SELECT integration_id, id, 'delivery.retried', amocrm_message('A person has taken the write up again.'), %(request_id)s
FROM taken_up
"""
)

# A dead delivery that is sent again by its caller: tried as a new one is, at once under a lease, or by the runner.
REVIVE = (
    """
UPDATE amocrm_deliveries SET"""
    + _STEPS_OF_DEAD
    + """,
    state = 'accepted', lease_id = %(lease_id)s, lease_until = amocrm_now() + %(lease)s, due_at = amocrm_now(),
    request = %(request)s, finished_at = NULL, attempts = %(attempts)s, updated_at = amocrm_now(),
    story = amocrm_told(story, '{"kind": "retried"}')
WHERE id = %(id)s AND state = 'dead' AND (lease_until IS NULL OR lease_until < amocrm_now())
RETURNING """
    + _COLUMNS
)

# Newer deliveries of the same deal that have the same step.
NEWER = """
SELECT newer.summary FROM amocrm_deliveries newer JOIN amocrm_deliveries own ON own.id = %(id)s
WHERE newer.integration_id = own.integration_id AND newer.lead_id = own.lead_id AND newer.steps ? %(step)s
  AND (newer.created_at, newer.id) > (own.created_at, own.id) AND newer.state <> 'dead'
ORDER BY newer.created_at, newer.id
"""

# What was brought into a deal last by one of these actions, and told such a thing of itself. What has made the deal
# names none itself, and has brought that with it.
LAST_TOLD = """
SELECT summary FROM (
    SELECT summary, created_at, id FROM amocrm_deliveries
    WHERE integration_id = %(integration_id)s AND lead_id = %(lead_id)s AND state = 'delivered'
      AND action = ANY(%(actions)s) AND summary ? %(member)s
    UNION ALL
    SELECT summary, created_at, id FROM amocrm_deliveries
    WHERE integration_id = %(integration_id)s AND lead_id IS NULL
      AND coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id' = to_jsonb(%(lead_id)s::bigint)
      AND action = ANY(%(actions)s) AND summary ? %(member)s
) AS told
ORDER BY created_at DESC, id DESC LIMIT 1
"""

# --- carrying out --------------------------------------------------------------------------------------------------

# By turns: the oldest of each account, then the second oldest of each, so that no account waits for another's many.
# Where many accounts wait, some of them are looked at, from a random one on: what a claim costs does not grow with
# their number, and instances do not meet. (A walk by the index from one account to the next, and round. Each candidate
# is looked up by its id and nothing else, hence `coalesce`: the planner expects one row to be due, not thousands.)
# Chosen once, hence MATERIALIZED: in a loop of the plan they would be chosen anew for each row, until all were taken.
# Whose process was ended in the middle of it comes again later each time, should that happen once more: nobody will be
# left to put it off. At another moment than those that ran beside it, hence random. What is on its way to another cell
# is not chosen: it would be claimed by nobody (V15), and a claim of one delivery come to nothing for all.
CLAIM_DUE = """
WITH RECURSIVE waiting AS (
    SELECT first.id, first.id AS first, 1 AS place
    FROM amocrm_next_waiting(gen_random_uuid()) AS first (id) WHERE first.id IS NOT NULL
    UNION ALL
    SELECT next.id, waiting.first, place + 1
    FROM waiting CROSS JOIN LATERAL amocrm_next_waiting(waiting.id) AS next (id)
    WHERE next.id <> waiting.first AND place < 8 * %(limit)s
), turns AS (
    SELECT own.id, own.turn, own.due_at FROM waiting CROSS JOIN LATERAL (
        SELECT id, due_at, row_number() OVER (ORDER BY due_at) AS turn FROM amocrm_deliveries
        WHERE integration_id = waiting.id AND state = 'accepted' AND due_at <= amocrm_now()
          AND (lease_until IS NULL OR lease_until < amocrm_now())
        ORDER BY due_at LIMIT %(limit)s) own
    WHERE (SELECT m.state FROM amocrm_moves m
           WHERE m.integration_id = waiting.id AND m.state NOT IN ('closing', 'arrived')) IS NULL
), chosen AS MATERIALIZED (
    SELECT free.id FROM (SELECT id FROM turns ORDER BY turn, due_at) AS candidates CROSS JOIN LATERAL (
        SELECT d.id FROM amocrm_deliveries d
        WHERE d.id = candidates.id AND d.state = 'accepted' AND coalesce(d.due_at <= amocrm_now(), false)
          AND coalesce(d.lease_until < amocrm_now(), true)
        FOR UPDATE SKIP LOCKED) AS free
    LIMIT %(limit)s
)
UPDATE amocrm_deliveries SET
    lease_id = gen_random_uuid(), lease_until = amocrm_now() + %(lease)s, attempts = attempts + 1,
    due_at = CASE WHEN lease_id IS NULL THEN due_at ELSE amocrm_now()
        + least(1800, 10 * 2 ^ least(attempts, 20)) * (1 + random()) * interval '1 second' END,
    updated_at = amocrm_now()
WHERE id IN (SELECT id FROM chosen)
RETURNING *
"""

# The work takes longer than its lease.
KEEP = f"""
UPDATE amocrm_deliveries SET lease_until = amocrm_now() + %(lease)s, updated_at = amocrm_now()
WHERE id = %(id)s AND lease_id = %(lease_id)s AND lease_until > amocrm_now()
RETURNING {_COLUMNS}
"""

# A step begins.
MARK = f"""
UPDATE amocrm_deliveries SET
    steps = steps || %(step)s, lease_until = amocrm_now() + %(lease)s, updated_at = amocrm_now()
WHERE id = %(id)s AND lease_id = %(lease_id)s
RETURNING {_COLUMNS}
"""

# A step is done, and others begin.
DONE = f"""
UPDATE amocrm_deliveries SET
    steps = steps || %(step)s, lease_until = amocrm_now() + %(lease)s, updated_at = amocrm_now(),
    story = amocrm_told(story, %(told)s)
WHERE id = %(id)s AND lease_id = %(lease_id)s
RETURNING {_COLUMNS}
"""

# The last step is done.
FINISH = f"""
WITH finished AS (
    UPDATE amocrm_deliveries SET
        steps = steps || %(step)s, state = 'delivered', due_at = NULL, finished_at = amocrm_now(),
        lease_id = NULL, lease_until = NULL, problem_code = NULL, problem_detail = NULL, updated_at = amocrm_now(),
        story = amocrm_told(amocrm_told(story, %(told)s), '{{"kind": "delivered"}}')
    WHERE id = %(id)s AND lease_id = %(lease_id)s
    RETURNING *
), logged AS (
    INSERT INTO amocrm_events (integration_id, delivery_id, kind, message)
    SELECT integration_id, id, 'delivery.delivered', %(message)s FROM finished
)
SELECT {_COLUMNS} FROM finished
"""

# Not now: the lease goes, and the next attempt has its time. The log is told once for each problem.
DEFER = f"""
WITH before AS MATERIALIZED (
    SELECT id, problem_code FROM amocrm_deliveries WHERE id = %(id)s AND lease_id = %(lease_id)s FOR UPDATE
), deferred AS (
    UPDATE amocrm_deliveries d SET
        steps = steps || %(step)s, due_at = amocrm_now() + %(wait)s, lease_id = NULL, lease_until = NULL,
        problem_code = %(code)s, problem_detail = %(detail)s, updated_at = amocrm_now(),
        story = amocrm_told(story, %(told)s)
    FROM before WHERE d.id = before.id AND d.lease_id = %(lease_id)s
    RETURNING d.*
), logged AS (
    INSERT INTO amocrm_events (integration_id, delivery_id, kind, level, message)
    SELECT integration_id, id, 'delivery.deferred', 'warning', %(detail)s FROM deferred
    WHERE NOT EXISTS (SELECT FROM before WHERE before.problem_code = %(code)s)
)
SELECT {_COLUMNS}, extract(epoch FROM %(wait)s::interval)::float8 AS due_in_seconds FROM deferred
"""

# Not at all: a person must look.
BURY = f"""
WITH buried AS (
    UPDATE amocrm_deliveries SET
        steps = steps || %(step)s, state = 'dead', due_at = NULL, finished_at = amocrm_now(),
        lease_id = NULL, lease_until = NULL, problem_code = %(code)s, problem_detail = %(detail)s,
        updated_at = amocrm_now(), story = amocrm_told(story, %(told)s)
    WHERE id = %(id)s AND lease_id = %(lease_id)s
    RETURNING *
), logged AS (
    INSERT INTO amocrm_events (integration_id, delivery_id, kind, level, message)
    SELECT integration_id, id, 'delivery.dead', 'error', %(detail)s FROM buried
)
SELECT {_COLUMNS} FROM buried
"""

# What a person should know of a write that goes on all the same.
WARN = """
WITH warned AS (
    UPDATE amocrm_deliveries SET story = amocrm_told(story, %(told)s) WHERE id = %(id)s RETURNING id, integration_id
)
INSERT INTO amocrm_events (integration_id, delivery_id, kind, level, message)
SELECT integration_id, id, %(kind)s, 'warning', %(detail)s FROM warned
"""
