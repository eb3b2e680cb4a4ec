-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- What happened, counted by the minute, by the hour and since ever, for the overview and for metrics: nobody scans for it.
-- `shard` spreads those that count at the same moment over several rows. Bounded: minutes live for two days, hours for 40.
CREATE TABLE amocrm_counters (
    step   smallint NOT NULL CHECK (step IN (0, 1, 60)), -- minutes; 0 is since ever
    at     timestamptz NOT NULL,
    name   text NOT NULL CHECK (name ~ '^[a-z]+\.[a-z_0-9]+$'),
    shard  smallint NOT NULL,
    count  bigint NOT NULL,
    PRIMARY KEY (step, at, name, shard)
) WITH (fillfactor = 50); -- room for the next version of a row that changes all the time
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_counters TO amocrm_runtime;

CREATE FUNCTION amocrm_count(names text[], counts bigint[]) RETURNS void LANGUAGE sql SET search_path FROM CURRENT AS $$
    WITH mine AS MATERIALIZED (SELECT (random() * 7)::smallint AS shard)
    INSERT INTO amocrm_counters (step, at, name, shard, count)
    SELECT steps.step, steps.at, counted.name, mine.shard, counted.count
    FROM unnest(names, counts) AS counted (name, count), mine,
        (VALUES (0::smallint, 'epoch'::timestamptz), (1::smallint, date_trunc('minute', amocrm_now())),
                (60::smallint, date_trunc('hour', amocrm_now()))) AS steps (step, at)
    ORDER BY steps.step, counted.name -- those who count at once lock in one order
    ON CONFLICT (step, at, name, shard) DO UPDATE SET count = amocrm_counters.count + EXCLUDED.count
$$;
REVOKE ALL ON FUNCTION amocrm_count FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_count TO amocrm_runtime;

-- Deliveries and refreshes are counted where they change, in the same transaction: whoever does it, however it ends.
CREATE FUNCTION amocrm_count_delivery() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM amocrm_count(ARRAY['deliveries.' || NEW.state], ARRAY[1]);
    RETURN NULL;
END
$$;
CREATE TRIGGER amocrm_deliveries_counted_new AFTER INSERT ON amocrm_deliveries
    FOR EACH ROW EXECUTE FUNCTION amocrm_count_delivery();
CREATE TRIGGER amocrm_deliveries_counted AFTER UPDATE OF state ON amocrm_deliveries
    FOR EACH ROW WHEN (NEW.state <> OLD.state AND NEW.state <> 'accepted') EXECUTE FUNCTION amocrm_count_delivery();

CREATE FUNCTION amocrm_count_refresh() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM amocrm_count(ARRAY[CASE
        WHEN NEW.status = 'reauth_required' AND OLD.status <> NEW.status THEN 'connections.reauth_required'
        WHEN NEW.refresh_failures > OLD.refresh_failures THEN 'refreshes.failed'
        ELSE 'refreshes.done' END], ARRAY[1]);
    RETURN NULL;
END
$$;
CREATE TRIGGER amocrm_refreshes_counted AFTER UPDATE OF status, refresh_failures, token_version ON amocrm_integrations
    FOR EACH ROW WHEN (
        (NEW.status = 'reauth_required' AND OLD.status <> NEW.status) OR NEW.refresh_failures > OLD.refresh_failures
        OR (NEW.status = 'connected' AND OLD.status = 'connected' AND NEW.token_version > OLD.token_version))
    EXECUTE FUNCTION amocrm_count_refresh();
