"""A database of a stated number of accounts, as years of use leave it: deliveries, lines of the log, calculators,
feeds with changes, visits."""

import sys
from typing import Final

import click
import psycopg

DELIVERIES: Final = 20  # of an account
EVENTS: Final = 60

_ACCOUNTS = """
INSERT INTO amocrm_integrations (id, widget_type, account_domain, account_id, client_id, client_secret, redirect_uri,
    status, access_token, refresh_token, access_expires_at, refresh_expires_at, refresh_due_at, token_version,
    connected_at)
SELECT gen_random_uuid(), 'glass', 'acc' || n || '.amocrm.ru', n, 'client-' || n, '\\x00', 'https://x.example/',
    'connected', decode(md5(n::text), 'hex'), '\\x00', now() + interval '20 hours', now() + interval '80 days',
    now() + (n %% 1000 - 10) * interval '1 minute', 1, now()
FROM generate_series(%(first)s::int, %(last)s::int) AS n
"""
_FILL_DELIVERIES = """
INSERT INTO amocrm_deliveries (id, integration_id, lead_id, action, idempotency_key, request_hash, request, state,
    steps, due_at, created_at, finished_at)
SELECT gen_random_uuid(), i.id, n, 'save_calculation', 'key-' || n, sha256(n::text::bytea),
    CASE WHEN is_due THEN '\\x00'::bytea END,
    CASE WHEN is_due THEN 'accepted' ELSE 'delivered' END, '{"note": {"state": "done", "result": {"note_id": 1}}}',
    CASE WHEN is_due THEN now() - interval '1 minute' END, now() - n * interval '1 day',
    CASE WHEN NOT is_due THEN now() - n * interval '1 day' END
FROM amocrm_integrations i, generate_series(1, %(deliveries)s::int) AS n,
    LATERAL (SELECT n = 1 AND i.account_id %% 100 = 0 AS is_due) due
WHERE i.account_id BETWEEN %(first)s AND %(last)s
"""
_FILL_EVENTS = """
INSERT INTO amocrm_events (at, integration_id, kind, level, message, request_id)
SELECT now() - n * interval '1 day', i.id, 'token.refreshed',
    CASE WHEN n = 7 AND i.account_id %% 50 = 0 THEN 'error' ELSE 'info' END,
    amocrm_message('The token was refreshed.'), md5(n::text)
FROM generate_series(%(events)s::int, 1, -1) AS n, amocrm_integrations i
WHERE i.account_id BETWEEN %(first)s AND %(last)s
"""


# The weeks that a log of this age has.
_WEEKS = """
DO $$
DECLARE
    day timestamptz := date_trunc('week', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    first timestamptz;
BEGIN
    FOR weeks_ago IN 1..9 LOOP
        first := day - weeks_ago * interval '1 week';
        EXECUTE format('CREATE TABLE %I PARTITION OF amocrm_events FOR VALUES FROM (%L) TO (%L)',
            'amocrm_events_' || to_char(first, 'YYYYMMDD'), first, first + interval '1 week');
    END LOOP;
END
$$
"""

# Every tenth account has a calculator of its own, with three versions.
_CALCULATORS = """
INSERT INTO amocrm_calculators (widget_type, level, integration_id, version, document, revision, changed_by)
SELECT i.widget_type, 'connection:' || i.id, i.id, v, '{"fields": []}'::jsonb, gen_random_uuid(), 'somebody'
FROM amocrm_integrations i, generate_series(1, 3) AS v WHERE i.account_id % 10 = 0
UNION ALL SELECT 'glass', 'widget', NULL::uuid, 1, '{"fields": []}'::jsonb, gen_random_uuid(), 'somebody'
"""
# Every account is told of, and tells one endpoint; one in a hundred has something to do, and five changes of its own.
_CHANGES = """
WITH feeds AS (
    INSERT INTO amocrm_feeds (integration_id, is_on, key_hash, key, salt, begun_at, asked_until, check_due_at,
        ask_due_at, read_due_at)
    SELECT id, true, sha256(id::text::bytea), '\\x00', '\\x00', 0, 0, now() + interval '1 hour',
        now() + interval '10 minutes', CASE WHEN account_id % 100 = 0 THEN now() - interval '1 minute' END
    FROM amocrm_integrations
), endpoints AS (
    INSERT INTO amocrm_endpoints (id, integration_id, name, url, host, secret, kinds, pipelines, statuses, fields,
        due_at)
    SELECT gen_random_uuid(), id, 'Shop', '\\x00', 'shop.example', '\\x00', '{}', '{}', '{}', '{}',
        CASE WHEN account_id % 100 = 0 THEN now() - interval '1 minute' END
    FROM amocrm_integrations RETURNING id, integration_id
), changes AS (
    INSERT INTO amocrm_changes (id, integration_id, kind, entity_type, entity_id, document)
    SELECT gen_random_uuid(), id, 'lead.updated', 'lead', n, '\\x00'
    FROM amocrm_integrations, generate_series(1, 5) AS n
    RETURNING id, position, integration_id, entity_id
)
INSERT INTO amocrm_sends (endpoint_id, position, change_id, entity, state)
SELECT endpoints.id, position, changes.id, 'lead:' || entity_id,
    CASE WHEN entity_id = 1 THEN 'waiting' ELSE 'delivered' END
FROM changes JOIN endpoints USING (integration_id)
"""

# Every fifth account is a clinic: four doctors, with ten visits in the last month and thirty to come; one visit in a
# hundred is not in amoCRM yet.
_BOOKINGS = """
WITH doctors AS (
    INSERT INTO amocrm_booking_resources (integration_id, key)
    SELECT id, 'doctor-' || n FROM amocrm_integrations, generate_series(1, 4) AS n WHERE account_id % 5 = 0
    RETURNING integration_id, key, number
), visits AS (
    INSERT INTO amocrm_bookings (id, integration_id, service, resource, starts_at, ends_at, state, version, brought,
        facts, visitor, lead_id, task_id, task_due, changed_at)
    SELECT gen_random_uuid(), integration_id, 'visit', key, at, at + interval '30 minutes', 'booked', 1,
        CASE WHEN number % 25 = 0 AND n = 1 THEN 0 ELSE 1 END, '{}', CASE WHEN n > -3 THEN '\\x00'::bytea END, n + 100,
        n + 100, 0, now() - interval '1 hour'
    FROM doctors, generate_series(-9, 30) AS n,
        LATERAL (SELECT date_trunc('hour', now()) + n * interval '1 day' + number % 8 * interval '1 hour' AS at) AS t
    RETURNING id, integration_id, resource, starts_at
), times AS (
    INSERT INTO amocrm_booking_times (booking_id, busy)
    SELECT v.id, int8range((d.number << 32) + m, (d.number << 32) + m + 30)
    FROM visits v JOIN doctors d ON (d.integration_id, d.key) = (v.integration_id, v.resource),
        LATERAL (SELECT (extract(epoch FROM v.starts_at) / 60)::bigint AS m) AS minute
)
INSERT INTO amocrm_booking_watches (integration_id, due_at)
SELECT DISTINCT integration_id, now() + (number % 100 - 4) * interval '1 minute' FROM doctors WHERE key = 'doctor-1'
"""


def fill(url: str, accounts: int) -> None:
    """Fills a migrated, empty database, in steps of a thousand accounts."""
    step = 1000
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute(_WEEKS.encode())
        with click.progressbar(length=accounts, label="accounts", file=sys.stderr) as bar:
            for first in range(1, accounts + 1, step):
                facts = {"first": first, "last": min(accounts, first + step - 1)}
                connection.execute(_ACCOUNTS.encode(), facts)
                connection.execute(_FILL_DELIVERIES.encode(), facts | {"deliveries": DELIVERIES})
                connection.execute(_FILL_EVENTS.encode(), facts | {"events": EVENTS})
                bar.update(facts["last"] - first + 1)
        connection.execute(_CALCULATORS.encode())
        connection.execute(_CHANGES.encode())
        connection.execute(_BOOKINGS.encode())
        connection.execute("VACUUM ANALYZE")
