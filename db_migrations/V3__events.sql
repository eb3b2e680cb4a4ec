-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- What happened, when, for which integration, with what result, and who has done it, where a person has. Written in the
-- statement that makes it happen.
--
-- By weeks (UTC): what is old goes by dropping its week, not by deleting lines. The log has a life of its own, so
-- integrations and deliveries are named and not referred to. (Dropping a week would lock the table that it refers to.)
CREATE SEQUENCE amocrm_events_numbers;
CREATE TABLE amocrm_events (
    id              bigint NOT NULL DEFAULT nextval('amocrm_events_numbers'),
    at              timestamptz NOT NULL DEFAULT amocrm_now(),
    integration_id  uuid,
    delivery_id     uuid,
    kind            text NOT NULL CHECK (kind ~ '^[a-z]+(\.[a-z_]+)+$'),
    level           text NOT NULL DEFAULT 'info' CHECK (level IN ('info', 'warning', 'error')),
    message         text NOT NULL CHECK (length(message) <= 2000),
    request_id      text,
    actor           text CHECK (length(actor) <= 120)
) PARTITION BY RANGE (at);
ALTER SEQUENCE amocrm_events_numbers OWNED BY amocrm_events.id;
-- For what no week takes: then nothing is refused, and the week takes it over when it is made.
CREATE TABLE amocrm_events_default PARTITION OF amocrm_events DEFAULT;
CREATE INDEX amocrm_events_newest ON amocrm_events (id DESC);
CREATE INDEX amocrm_events_of_integration ON amocrm_events (integration_id, id DESC);
CREATE INDEX amocrm_events_of_delivery ON amocrm_events (delivery_id, id) WHERE delivery_id IS NOT NULL;
-- Warnings and errors are few among many.
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
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
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

-- The one way in which single lines go: those that are in no week, a batch at a time, and never the last day's.
CREATE FUNCTION amocrm_purge_events(keep interval, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM amocrm_events_default WHERE ctid IN (
        SELECT ctid FROM amocrm_events_default WHERE at < amocrm_now() - greatest(keep, interval '1 day') LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION amocrm_purge_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_purge_events TO amocrm_runtime;
