"""The statements of bookings, each with what it is for. Every one of them may be repeated.

What overlaps is refused by the constraint of `amocrm_booking_times`, whatever was read before.
"""

# --- making and changing --------------------------------------------------------------------------------------------

# The numbers of resources that have one.
NUMBERS = """
SELECT key, number FROM amocrm_booking_resources
WHERE integration_id = %(integration_id)s AND key = ANY (%(keys)s::text[])
"""

# Numbers for those that have none; numbers are not used up by those that have.
NUMBER = """
INSERT INTO amocrm_booking_resources (integration_id, key)
SELECT %(integration_id)s, key FROM unnest(%(keys)s::text[]) AS key ON CONFLICT DO NOTHING
"""

# A hold, or a booking at once. Holds that have ended make room first. Nothing where the id is there already, or where
# the holder, or the phone, has as many as it may.
# One at a time for each account: the constraint looks for others when its own row is in. Two that see each other wait
# for each other until PostgreSQL ends one of them, a second later; of many who want one time most were told 503.
MAKE = """
WITH alone AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(461207702, uuid_hash(%(integration_id)s::uuid)) AS lock
), ended AS (
    DELETE FROM amocrm_bookings USING alone
    WHERE integration_id = %(integration_id)s AND state = 'held' AND held_until <= amocrm_now() RETURNING id
), freed AS (
    DELETE FROM amocrm_booking_times WHERE booking_id IN (SELECT id FROM ended) RETURNING 1
), made AS (
    INSERT INTO amocrm_bookings (id, integration_id, service, resource, room, starts_at, ends_at, state, held_until,
                                 holder, change, facts, visitor, phone_mark, request_hash, link_hash, lead_id)
    SELECT %(id)s, %(integration_id)s, %(service)s, %(resource)s, %(room)s, %(starts_at)s, %(ends_at)s, %(state)s,
           amocrm_now() + %(hold)s::interval, %(holder)s, %(change)s, %(facts)s, %(visitor)s, %(phone_mark)s,
           %(request_hash)s, %(link_hash)s, %(lead_id)s
    FROM alone, (SELECT count(*) FROM freed) AS first
    WHERE %(most_held)s > (
            SELECT count(*) FROM amocrm_bookings WHERE integration_id = %(integration_id)s AND state = 'held'
            AND held_until > amocrm_now() AND holder = %(holder)s)
      AND %(most_of_phone)s > (
            SELECT count(*) FROM amocrm_bookings WHERE integration_id = %(integration_id)s AND state = 'booked'
            AND phone_mark = ANY (%(phone_marks)s::bytea[]) AND starts_at > amocrm_now())
    ON CONFLICT (id) DO NOTHING
    RETURNING *
), timed AS (
    INSERT INTO amocrm_booking_times (booking_id, busy)
    SELECT made.id, int8range(low, high) FROM made, unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS t (low, high)
    ORDER BY low RETURNING 1
), watched AS (
    INSERT INTO amocrm_booking_watches AS w (integration_id, due_at)
    SELECT integration_id, amocrm_now() + %(every)s FROM made
    ON CONFLICT (integration_id) DO UPDATE SET due_at = least(w.due_at, EXCLUDED.due_at)
)
SELECT made.* FROM made, (SELECT count(*) FROM timed) AS after
"""

# A hold becomes a booking; also one that has ended, while nobody else has taken its time.
CONFIRM = """
UPDATE amocrm_bookings SET state = 'booked', held_until = NULL, holder = NULL, change = %(change)s,
    visitor = %(visitor)s, phone_mark = %(phone_mark)s, request_hash = %(request_hash)s, link_hash = %(link_hash)s,
    lead_id = %(lead_id)s, changed_at = amocrm_now()
WHERE id = %(id)s AND integration_id = %(integration_id)s AND state = 'held'
  AND %(most_of_phone)s > (
        SELECT count(*) FROM amocrm_bookings WHERE integration_id = %(integration_id)s AND state = 'booked'
        AND phone_mark = ANY (%(phone_marks)s::bytea[]) AND starts_at > amocrm_now())
RETURNING *
"""

# To another time, by another doctor perhaps, over the version that its author has seen. It costs what it did: the deal
# has that price, and the visitor was told it.
MOVE = """
WITH alone AS MATERIALIZED (
    SELECT pg_advisory_xact_lock(461207702, uuid_hash(%(integration_id)s::uuid)) AS lock
), ended AS (
    DELETE FROM amocrm_bookings USING alone
    WHERE integration_id = %(integration_id)s AND state = 'held' AND held_until <= amocrm_now() RETURNING id
), moved AS (
    UPDATE amocrm_bookings SET resource = %(resource)s, room = %(room)s, starts_at = %(starts_at)s,
        ends_at = %(ends_at)s, change = %(change)s,
        facts = facts - '{room,place}'::text[] || (%(facts)s::jsonb - '{price,currency,sku}'::text[]),
        version = version + 1, attention = NULL, attendance = NULL, task_due = coalesce(%(task_due)s, task_due),
        changed_at = amocrm_now()
    FROM alone
    WHERE id = %(id)s AND integration_id = %(integration_id)s AND state = 'booked' AND version = %(version)s
    RETURNING amocrm_bookings.*
), freed AS (
    DELETE FROM amocrm_booking_times
    WHERE booking_id IN (SELECT id FROM ended UNION ALL SELECT id FROM moved) RETURNING 1
), timed AS (
    INSERT INTO amocrm_booking_times (booking_id, busy)
    SELECT moved.id, int8range(low, high)
    FROM moved, (SELECT count(*) FROM freed) AS first, unnest(%(lows)s::bigint[], %(highs)s::bigint[]) AS t (low, high)
    ORDER BY low RETURNING 1
)
SELECT moved.* FROM moved, (SELECT count(*) FROM timed) AS after
"""

# Its time is free again.
CANCEL = """
WITH cancelled AS (
    UPDATE amocrm_bookings SET state = 'cancelled', change = %(change)s, version = version + 1, attention = NULL,
        changed_at = amocrm_now()
    WHERE id = %(id)s AND integration_id = %(integration_id)s AND state = 'booked' AND version = %(version)s
    RETURNING *
), freed AS (
    DELETE FROM amocrm_booking_times WHERE booking_id IN (SELECT id FROM cancelled) RETURNING 1
)
SELECT cancelled.* FROM cancelled, (SELECT count(*) FROM freed) AS after
"""

# A hold is given back before its time.
RELEASE = """
DELETE FROM amocrm_bookings WHERE id = %(id)s AND integration_id = %(integration_id)s AND state = 'held'
"""

# Whether the visitor came; or that a person should look at it. Told as a change of its own.
MARK = """
UPDATE amocrm_bookings SET attendance = %(attendance)s, attention = %(attention)s, change = %(change)s,
    version = version + 1, changed_at = amocrm_now()
WHERE id = %(id)s AND integration_id = %(integration_id)s AND state = 'booked' AND version = %(version)s
RETURNING *
"""

# A person should look at it; nothing is told to amoCRM.
NOTICE = """
UPDATE amocrm_bookings SET attention = %(attention)s
WHERE id = %(id)s AND integration_id = %(integration_id)s AND version = %(version)s
"""

# What has become of it in amoCRM. An older version does not take back what a newer one knows.
BROUGHT = """
UPDATE amocrm_bookings SET brought = greatest(brought, %(version)s), lead_id = coalesce(%(lead_id)s, lead_id),
    contact_id = coalesce(%(contact_id)s, contact_id), task_id = coalesce(%(task_id)s, task_id),
    task_due = coalesce(%(task_due)s, task_due)
WHERE id = %(id)s AND integration_id = %(integration_id)s
"""

# Whether the deal was lost when we looked at it.
SAW_DEAL = """
UPDATE amocrm_bookings SET deal_was_lost = %(is_lost)s
WHERE id = %(id)s AND integration_id = %(integration_id)s AND deal_was_lost IS DISTINCT FROM %(is_lost)s
"""

# There is no task any more, and nobody asks for it again.
LOST_TASK = """
UPDATE amocrm_bookings SET task_due = NULL, attention = %(attention)s
WHERE id = %(id)s AND integration_id = %(integration_id)s AND version = %(version)s AND task_id = %(task_id)s
"""

# The visit is in another deal, of which nobody knows yet whether it is lost.
FOLLOW = """
UPDATE amocrm_bookings SET lead_id = %(lead_id)s, deal_was_lost = NULL
WHERE id = %(id)s AND integration_id = %(integration_id)s AND lead_id = %(before)s
"""

# Other visits for which the deal stands; `sku`: with this good.
OTHERS = """
SELECT count(*) FROM amocrm_bookings
WHERE integration_id = %(integration_id)s AND lead_id = %(lead_id)s AND id <> %(id)s AND state = 'booked'
  AND attendance IS DISTINCT FROM 'missed' AND (%(sku)s::text IS NULL OR facts ->> 'sku' = %(sku)s)
"""

# --- reading --------------------------------------------------------------------------------------------------------

BY_ID = "SELECT * FROM amocrm_bookings WHERE id = %(id)s AND integration_id = %(integration_id)s"

BY_LINK = "SELECT * FROM amocrm_bookings WHERE link_hash = %(link_hash)s AND state <> 'held'"

# What is taken of each resource within the time, as one row; a visit, what is kept free after it, and what lies before
# midnight together are never longer than two days.
TAKEN = """
SELECT key, array_agg(starts ORDER BY starts, ends) AS starts, array_agg(ends ORDER BY starts, ends) AS ends FROM (
    SELECT r.key, (lower(t.busy) & 4294967295)::int AS starts, (upper(t.busy) - (r.number << 32))::int AS ends
    FROM amocrm_bookings b
    JOIN amocrm_booking_times t ON t.booking_id = b.id
    JOIN amocrm_booking_resources r ON r.number = lower(t.busy) >> 32
    WHERE b.integration_id = %(integration_id)s AND b.state <> 'cancelled' AND b.id IS DISTINCT FROM %(without)s
      AND b.starts_at > %(first)s - interval '2 days' AND b.starts_at < %(last)s
      AND (b.held_until IS NULL OR b.held_until > (SELECT amocrm_now()))
    UNION ALL
    SELECT c.resource, lower(span)::int, upper(span)::int
    FROM amocrm_booking_calendars c, unnest(c.busy * int8multirange(int8range(
        extract(epoch FROM %(first)s::timestamptz)::int8 / 60 - 2880,
        extract(epoch FROM %(last)s::timestamptz)::int8 / 60 + 2880))) AS span
    WHERE c.integration_id = %(integration_id)s
) AS taken
GROUP BY key
"""

# Of a time, in order; `lead_id`, `resource` and what needs a person narrow it: what was told, and what is not in amoCRM
# after an hour.
LISTED = """
SELECT * FROM amocrm_bookings
WHERE integration_id = %(integration_id)s AND state <> 'held'
  AND (%(lead_id)s::bigint IS NULL OR lead_id = %(lead_id)s)
  AND (%(first)s::timestamptz IS NULL OR starts_at >= %(first)s)
  AND (%(last)s::timestamptz IS NULL OR starts_at < %(last)s)
  AND (%(resource)s::text IS NULL OR resource = %(resource)s OR room = %(resource)s)
  AND (NOT %(needs_a_person)s OR attention IS NOT NULL
       OR (brought < version AND changed_at < amocrm_now() - interval '1 hour'))
  AND (%(after)s::uuid IS NULL OR (starts_at, id) > (
    SELECT starts_at, id FROM amocrm_bookings WHERE id = %(after)s AND integration_id = %(integration_id)s))
ORDER BY starts_at, id LIMIT %(limit)s
"""

# A page of the visits to come, for finding those that the settings do not know any more.
TO_COME = """
SELECT * FROM amocrm_bookings
WHERE integration_id = %(integration_id)s AND state = 'booked' AND ends_at > amocrm_now()
  AND (%(after)s::uuid IS NULL OR (starts_at, id) > (%(starts_at)s, %(after)s))
ORDER BY starts_at, id LIMIT %(limit)s
"""
