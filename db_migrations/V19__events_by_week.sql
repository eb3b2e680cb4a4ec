-- The event log by weeks (UTC): what is old goes by dropping its week, not by deleting lines. What was there before is
-- one partition, whose lines still go by batches until it can be dropped as a whole.
SET LOCAL lock_timeout = '1s'; -- nobody waits behind us for longer; when it fails, apply it again

-- The log has its own life: like deliveries since V16, integrations are named and not referred to. (Dropping a week
-- would lock the table that it refers to.)
ALTER TABLE amocrm_events DROP CONSTRAINT amocrm_events_integration_id_fkey, DROP CONSTRAINT amocrm_events_pkey;
ALTER TABLE amocrm_events RENAME TO amocrm_events_before;
ALTER INDEX amocrm_events_newest RENAME TO amocrm_events_before_newest;
ALTER INDEX amocrm_events_of_integration RENAME TO amocrm_events_before_of_integration;
ALTER INDEX amocrm_events_of_delivery RENAME TO amocrm_events_before_of_delivery;
ALTER INDEX amocrm_events_of_level RENAME TO amocrm_events_before_of_level;

CREATE SEQUENCE amocrm_events_numbers;
SELECT setval('amocrm_events_numbers', nextval(pg_get_serial_sequence('amocrm_events_before', 'id')));
ALTER TABLE amocrm_events_before ALTER id DROP IDENTITY;

-- (The checks have the names of the old table's: a partition must have the same.)
CREATE TABLE amocrm_events (
    id              bigint NOT NULL DEFAULT nextval('amocrm_events_numbers'),
    at              timestamptz NOT NULL DEFAULT amocrm_now(),
    integration_id  uuid,
    delivery_id     uuid,
    kind            text NOT NULL CONSTRAINT amocrm_events_kind_check CHECK (kind ~ '^[a-z]+(\.[a-z_]+)+$'),
    level           text NOT NULL DEFAULT 'info' CONSTRAINT amocrm_events_level_check CHECK (level IN ('info', 'warning', 'error')),
    message         text NOT NULL CONSTRAINT amocrm_events_message_check CHECK (length(message) <= 2000),
    request_id      text
) PARTITION BY RANGE (at);
ALTER SEQUENCE amocrm_events_numbers OWNED BY amocrm_events.id;
DO $$
BEGIN
    EXECUTE (SELECT format('ALTER TABLE amocrm_events ATTACH PARTITION amocrm_events_before FOR VALUES FROM (MINVALUE) TO (%L)',
                           substring(pg_get_constraintdef(oid) FROM '''([^'']+)'''))
             FROM pg_constraint WHERE conname = 'amocrm_events_bound');
END
$$;
-- For what no week takes: then nothing is refused, and the week takes it over when it is made.
CREATE TABLE amocrm_events_default PARTITION OF amocrm_events DEFAULT;
CREATE INDEX amocrm_events_newest ON amocrm_events (id DESC);
CREATE INDEX amocrm_events_of_integration ON amocrm_events (integration_id, id DESC);
CREATE INDEX amocrm_events_of_delivery ON amocrm_events (delivery_id, id) WHERE delivery_id IS NOT NULL;
CREATE INDEX amocrm_events_of_level ON amocrm_events (level, id DESC) WHERE level <> 'info';
GRANT SELECT, INSERT ON amocrm_events TO amocrm_runtime;
GRANT USAGE ON SEQUENCE amocrm_events_numbers TO amocrm_runtime;

-- The partitions, and where they end.
CREATE VIEW amocrm_event_weeks AS
SELECT c.oid::regclass AS week, substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([^'']+)''\)')::timestamptz AS ends
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'amocrm_events'::regclass;

-- Makes the weeks that are missing, three ahead, and drops those that are over since longer than `keep`, never less than
-- a day. Returns how many were dropped. A lock that is not to be had at once is left to the next run.
CREATE FUNCTION amocrm_roll_events(keep interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET lock_timeout = '300ms' AS $$
DECLARE
    this_week CONSTANT timestamptz := date_trunc('week', amocrm_now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC';
    gone integer := 0;
    old  record;
    name text;
    first timestamptz;
    last  timestamptz;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtext('amocrm_roll_events')) THEN
        RETURN 0;
    END IF;
    FOR step IN 0..3 LOOP
        first := this_week + step * interval '1 week';
        last := first + interval '1 week';
        name := 'amocrm_events_' || to_char(first AT TIME ZONE 'UTC', 'YYYYMMDD');
        CONTINUE WHEN to_regclass(name) IS NOT NULL
            OR first < (SELECT max(ends) FROM amocrm_event_weeks w WHERE w.week = to_regclass('amocrm_events_before'));
        -- A table that is attached keeps nobody waiting; one that is made as a partition does.
        EXECUTE format('CREATE TABLE %I (LIKE amocrm_events INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
        EXECUTE format('WITH late AS (DELETE FROM amocrm_events_default WHERE at >= %L AND at < %L RETURNING *)
                        INSERT INTO %I SELECT * FROM late', first, last, name);
        EXECUTE format('ALTER TABLE amocrm_events ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, first, last);
    END LOOP;
    FOR old IN SELECT * FROM amocrm_event_weeks w WHERE w.ends < amocrm_now() - greatest(keep, interval '1 day') LOOP
        EXECUTE format('DROP TABLE %s', old.week);
        gone := gone + 1;
    END LOOP;
    RETURN gone;
EXCEPTION WHEN lock_not_available THEN
    RETURN 0;
END
$$;
REVOKE ALL ON FUNCTION amocrm_roll_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_roll_events TO amocrm_runtime;
SELECT amocrm_roll_events('100 years');

-- The one way in which single lines go: those that are in no week.
CREATE OR REPLACE FUNCTION amocrm_purge_events(keep interval, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
    late integer;
BEGIN
    DELETE FROM amocrm_events_default WHERE ctid IN (
        SELECT ctid FROM amocrm_events_default WHERE at < amocrm_now() - greatest(keep, interval '1 day') LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    IF to_regclass('amocrm_events_before') IS NOT NULL AND gone < batch THEN
        EXECUTE 'DELETE FROM amocrm_events_before WHERE id IN (
            SELECT id FROM (SELECT id, at FROM amocrm_events_before ORDER BY id LIMIT $2) oldest
            WHERE at < amocrm_now() - greatest($1, interval ''1 day''))' USING keep, batch - gone;
        GET DIAGNOSTICS late = ROW_COUNT;
        gone := gone + late;
    END IF;
    RETURN gone;
END
$$;
