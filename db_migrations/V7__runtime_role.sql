-- The functions connect as a member of this role; only migrations connect as the owner of the tables.
-- It can do what the functions need: no DDL, and no deleting of integrations, deliveries or events.
DO $$
BEGIN
    CREATE ROLE amocrm_runtime NOLOGIN;
EXCEPTION WHEN duplicate_object THEN
    NULL; -- another database of this server has made it
END
$$;

GRANT SELECT, INSERT, UPDATE ON amocrm_integrations, amocrm_deliveries, amocrm_rate, amocrm_site_keys TO amocrm_runtime;
GRANT SELECT, UPDATE ON amocrm_connections TO amocrm_runtime;
GRANT SELECT, INSERT ON amocrm_events TO amocrm_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON amocrm_oauth_states, amocrm_authorization_codes, amocrm_used_tokens, amocrm_sessions, amocrm_throttle
    TO amocrm_runtime;

-- The one way in which events go: old ones, a batch at a time, and never the last day's.
CREATE FUNCTION amocrm_purge_events(keep interval, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM amocrm_events WHERE id IN (
        SELECT id FROM amocrm_events WHERE at < amocrm_now() - greatest(keep, interval '1 day') ORDER BY at LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION amocrm_purge_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_purge_events TO amocrm_runtime;
