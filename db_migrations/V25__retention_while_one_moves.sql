-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- As before (V6), without what is on its way to another cell: one account whose rows may not go keeps no other's.
CREATE OR REPLACE FUNCTION amocrm_purge_deliveries(keep interval, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM amocrm_deliveries WHERE id IN (
        SELECT d.id FROM amocrm_deliveries d WHERE d.finished_at < amocrm_now() - greatest(keep, interval '1 day')
          AND (SELECT m.state FROM amocrm_moves m
               WHERE m.integration_id = d.integration_id AND m.state IN ('frozen', 'arriving')) IS NULL
        ORDER BY d.finished_at LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
