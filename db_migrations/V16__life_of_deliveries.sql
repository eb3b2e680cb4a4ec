-- Deliveries have a stated life (KEEP_DELIVERIES_DAYS): finished ones go, and with them their idempotency keys. What the
-- log says of them has its own life, so it no longer refers to a row that must be there.
ALTER TABLE amocrm_events DROP CONSTRAINT amocrm_events_delivery_id_fkey;

-- The one way in which deliveries go: finished ones, a batch at a time, and never the last day's.
CREATE FUNCTION amocrm_purge_deliveries(keep interval, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM amocrm_deliveries WHERE id IN (
        SELECT id FROM amocrm_deliveries WHERE finished_at < amocrm_now() - greatest(keep, interval '1 day')
        ORDER BY finished_at LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION amocrm_purge_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_purge_deliveries TO amocrm_runtime;
