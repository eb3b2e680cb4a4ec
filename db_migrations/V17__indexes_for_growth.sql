-- concurrently: on a filled database nobody waits for these. An attempt that failed leaves an invalid index; it is made anew.
DROP INDEX CONCURRENTLY IF EXISTS amocrm_deliveries_finished;
CREATE INDEX CONCURRENTLY amocrm_deliveries_finished ON amocrm_deliveries (finished_at) WHERE finished_at IS NOT NULL;
-- Warnings and errors are few among many.
DROP INDEX CONCURRENTLY IF EXISTS amocrm_events_of_level;
CREATE INDEX CONCURRENTLY amocrm_events_of_level ON amocrm_events (level, id DESC) WHERE level <> 'info';
