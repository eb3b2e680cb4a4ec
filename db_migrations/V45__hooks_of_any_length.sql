-- A hook's body may be longer than what is read of it: then what was read is taken, and the account is asked at once for
-- the rest. Where the account's own number was beyond that, the key alone says whose it is.
-- When it has to be read is seen under the lock of the row: else a hint that comes in the moment in which a reader ends
-- would wait until the next asking.
DROP FUNCTION amocrm_take_hints(bytea, bigint, jsonb, interval, integer);
CREATE FUNCTION amocrm_take_hints(
        hash bytea, account bigint, said jsonb, settle interval, most integer, is_whole boolean DEFAULT true)
    RETURNS TABLE (outcome text, integration uuid, is_first boolean)
    LANGUAGE plpgsql AS $$
DECLARE
    feed amocrm_feeds%ROWTYPE;
    own_account bigint;
    wakes boolean;
BEGIN
    SELECT * INTO feed FROM amocrm_feeds WHERE key_hash = hash;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'unknown', NULL::uuid, false;
        RETURN;
    END IF;
    SELECT account_id INTO own_account FROM amocrm_integrations WHERE id = feed.integration_id AND status <> 'disconnected';
    IF NOT FOUND OR NOT feed.is_on THEN
        RETURN QUERY SELECT 'off', feed.integration_id, false;
        RETURN;
    END IF;
    IF account IS DISTINCT FROM own_account AND (is_whole OR account IS NOT NULL) THEN
        RETURN QUERY SELECT 'foreign', feed.integration_id, false;
        RETURN;
    END IF;
    IF NOT is_whole THEN
        UPDATE amocrm_feeds SET ask_due_at = least(ask_due_at, amocrm_now())
        WHERE integration_id = feed.integration_id AND is_on;
    END IF;
    IF NOT amocrm_hint_within(feed.integration_id, said, settle, most) THEN
        UPDATE amocrm_feeds SET ask_due_at = least(ask_due_at, amocrm_now() + interval '1 minute')
        WHERE integration_id = feed.integration_id AND is_on;
        RETURN QUERY SELECT 'full', feed.integration_id, false;
        RETURN;
    END IF;
    SELECT * INTO feed FROM amocrm_feeds WHERE integration_id = feed.integration_id FOR NO KEY UPDATE;
    -- What waits may be due later: an entity that amoCRM did not show. Where the account cannot be called, it all waits.
    wakes := said <> '[]' AND (feed.read_due_at IS NULL
        OR feed.failures = 0 AND feed.read_due_at > amocrm_now() + settle);
    UPDATE amocrm_feeds SET
        hooks = hooks + 1, last_hook_at = amocrm_now(),
        read_due_at = CASE WHEN wakes THEN amocrm_now() + settle ELSE read_due_at END
    WHERE integration_id = feed.integration_id AND is_on;
    RETURN QUERY SELECT 'taken', feed.integration_id, wakes;
END
$$;

REVOKE ALL ON FUNCTION amocrm_take_hints FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_take_hints TO amocrm_runtime;
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        AND proname = 'amocrm_take_hints'
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', one, current_schema());
    END LOOP;
END
$$;
