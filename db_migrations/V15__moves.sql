-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- A connection on its way from this database to another one (another cell), or from another one to this. Both databases
-- have a row of the move, under its id; `python -m cli move-account` writes them, and nobody else.
CREATE TABLE amocrm_moves (
    integration_id uuid PRIMARY KEY,
    id             uuid NOT NULL,
    -- Here it leaves: closing (no refresh begins), draining (no write is accepted and nothing is claimed), frozen (nothing of
    -- it changes), left (it is elsewhere; what stands here only answers that). Here it arrives: arriving (nothing of it
    -- changes), arrived (it lives here).
    state          text NOT NULL CHECK (state IN ('closing', 'draining', 'frozen', 'left', 'arriving', 'arrived')),
    began_at       timestamptz NOT NULL DEFAULT amocrm_now(),
    changed_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    log_until      bigint NOT NULL DEFAULT 0, -- arrived: up to here the log of the other database was taken over
    finished_at    timestamptz                -- nothing is left to be done for it
);
GRANT SELECT ON amocrm_moves TO amocrm_runtime;

-- Before each row of a connection that is written. What claims work simply finds none (the row is left out); everything else
-- is refused with AM503, which callers are told as 503: not carried out, to be tried again.
--
-- `found_by`: the column that leads to the connection. A lock that many may hold at once, for the time of a statement, makes
-- "from now on" exact: who sets a state waits for those who have looked before.
CREATE FUNCTION amocrm_stay() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    found_by CONSTANT text := TG_ARGV[0];
    row_     record;
    account  uuid;
    move     text;
BEGIN
    IF TG_OP = 'DELETE' THEN row_ := OLD; ELSE row_ := NEW; END IF;
    IF found_by = 'integration_id' THEN account := row_.integration_id;
    ELSIF found_by = 'id' THEN account := row_.id;
    ELSIF found_by = 'endpoint_id' THEN
        SELECT integration_id INTO account FROM amocrm_endpoints WHERE id = row_.endpoint_id;
    ELSE
        SELECT integration_id INTO account FROM amocrm_bookings WHERE id = row_.booking_id;
    END IF;
    IF account IS NULL THEN
        RETURN row_;
    END IF;
    PERFORM pg_advisory_xact_lock_shared(461207700, uuid_hash(account) & 63);
    SELECT state INTO move FROM amocrm_moves WHERE integration_id = account AND state <> 'arrived'
        AND id::text IS DISTINCT FROM current_setting('amocrm.move', true);
    IF move IS NULL THEN
        RETURN row_;
    END IF;
    IF TG_OP = 'UPDATE' AND TG_ARGV[1] = 'claimed' THEN
        -- Whoever locks a person's name belongs to work that has been claimed before.
        IF NEW.lease_id IS NOT NULL AND NEW.lease_id IS DISTINCT FROM OLD.lease_id
                AND (move <> 'closing' OR found_by = 'id') THEN
            RETURN NULL;
        END IF;
    END IF;
    IF move = 'closing' OR (move = 'draining' AND NOT (TG_OP = 'INSERT' AND TG_TABLE_NAME = 'amocrm_deliveries'))
            OR (move = 'left' AND TG_OP = 'DELETE') THEN
        RETURN row_;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'AM503', MESSAGE = move;
END
$$;
REVOKE ALL ON FUNCTION amocrm_stay FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_stay TO amocrm_runtime;

DO $$
DECLARE
    one text;
BEGIN
    FOREACH one IN ARRAY ARRAY[
        'amocrm_authorization_codes', 'amocrm_automations', 'amocrm_booking_calendars', 'amocrm_booking_resources',
        'amocrm_booking_watches', 'amocrm_bookings', 'amocrm_calculators', 'amocrm_changes', 'amocrm_entities',
        'amocrm_hints', 'amocrm_incoming', 'amocrm_locks', 'amocrm_oauth_states', 'amocrm_own_writes',
        'amocrm_remembered', 'amocrm_sessions', 'amocrm_site_keys', 'amocrm_used_tokens']
    LOOP
        EXECUTE format('CREATE TRIGGER amocrm_stays BEFORE INSERT OR UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION amocrm_stay(''integration_id'', '''')', one);
    END LOOP;
    FOREACH one IN ARRAY ARRAY['amocrm_deliveries', 'amocrm_endpoints', 'amocrm_feeds'] LOOP
        EXECUTE format('CREATE TRIGGER amocrm_stays BEFORE INSERT OR UPDATE OR DELETE ON %I
                        FOR EACH ROW EXECUTE FUNCTION amocrm_stay(''integration_id'', ''claimed'')', one);
    END LOOP;
END
$$;
CREATE TRIGGER amocrm_stays BEFORE INSERT OR UPDATE OR DELETE ON amocrm_integrations
    FOR EACH ROW EXECUTE FUNCTION amocrm_stay('id', 'claimed');
CREATE TRIGGER amocrm_stays BEFORE INSERT OR UPDATE OR DELETE ON amocrm_sends
    FOR EACH ROW EXECUTE FUNCTION amocrm_stay('endpoint_id', '');
CREATE TRIGGER amocrm_stays BEFORE INSERT OR UPDATE OR DELETE ON amocrm_booking_times
    FOR EACH ROW EXECUTE FUNCTION amocrm_stay('booking_id', '');

-- What arrives was counted where it was accepted.
DROP TRIGGER amocrm_deliveries_counted_new ON amocrm_deliveries;
CREATE TRIGGER amocrm_deliveries_counted_new AFTER INSERT ON amocrm_deliveries
    FOR EACH ROW WHEN (coalesce(current_setting('amocrm.move', true), '') = '') EXECUTE FUNCTION amocrm_count_delivery();

-- As before (V2), and whether it moves.
CREATE OR REPLACE VIEW amocrm_connections AS
SELECT i.id, i.widget_type, i.account_domain, i.account_id, i.client_id, i.client_secret, i.redirect_uri, i.status,
       i.access_token, i.refresh_token, i.access_expires_at, i.refresh_expires_at, i.token_version, i.api_domain,
       i.lease_id, i.lease_until, i.refresh_failures, i.refresh_not_before, i.refresh_due_at,
       i.problem_code, i.problem_detail, i.problem_at,
       coalesce((SELECT l.settings FROM amocrm_level_settings l
                 WHERE l.widget_type = i.widget_type AND l.level = 'widget'), '{}')
       || coalesce((SELECT l.settings FROM amocrm_level_settings l
                    WHERE l.widget_type = i.widget_type AND l.level = 'client:' || i.client_id), '{}')
       || i.settings AS settings,
       i.created_at, i.updated_at, i.connected_at,
       coalesce(i.access_expires_at > amocrm_now() + interval '60 seconds', false) AS access_is_fresh,
       coalesce(i.access_expires_at > amocrm_now(), false) AS access_is_alive,
       greatest(0, extract(epoch FROM i.refresh_not_before - amocrm_now()))::float8 AS refresh_wait_seconds,
       greatest(0, extract(epoch FROM (SELECT r.next_free_at FROM amocrm_rate r WHERE r.integration_id = i.id)
                                      - amocrm_now()))::float8 AS hold_seconds,
       (SELECT m.state FROM amocrm_moves m WHERE m.integration_id = i.id AND m.state <> 'arrived') AS move
FROM amocrm_integrations i;
