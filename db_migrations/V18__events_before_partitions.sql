-- concurrently: prepares the event log for V19 on a filled table. Nobody waits: the index is built beside the work, and
-- the bound is checked without a lock that keeps writers out. All lines that are there, and those of the next two weeks,
-- belong to one partition.
DROP INDEX CONCURRENTLY IF EXISTS amocrm_events_newest;
CREATE INDEX CONCURRENTLY amocrm_events_newest ON amocrm_events (id DESC);
ALTER TABLE amocrm_events DROP CONSTRAINT IF EXISTS amocrm_events_bound;
DO $$
BEGIN
    EXECUTE format('ALTER TABLE amocrm_events ADD CONSTRAINT amocrm_events_bound CHECK (at < %L) NOT VALID',
        date_trunc('week', greatest(now(), (SELECT at FROM amocrm_events ORDER BY id DESC LIMIT 1)) AT TIME ZONE 'UTC')
            AT TIME ZONE 'UTC' + interval '2 weeks');
END
$$;
ALTER TABLE amocrm_events VALIDATE CONSTRAINT amocrm_events_bound;
