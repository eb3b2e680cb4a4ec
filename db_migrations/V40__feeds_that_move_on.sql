-- How far asking has come, in each of its lists by itself: {lead, contact, event: Unix seconds from which on it goes on,
-- page, top: of events, which come the newest first}. `asked_until` is what all of them have come to.
ALTER TABLE amocrm_feeds ADD COLUMN asked jsonb NOT NULL DEFAULT '{}';

-- Since when this message is refused, from its first failure on.
ALTER TABLE amocrm_sends ADD COLUMN refused_since timestamptz;

-- A feed that is off reads nothing.
DELETE FROM amocrm_hints h USING amocrm_feeds f WHERE f.integration_id = h.integration_id AND NOT f.is_on;
UPDATE amocrm_feeds SET read_due_at = NULL, ask_due_at = NULL WHERE NOT is_on;

-- Writes hints down, all of them or none: so many may wait for a connection, those that are new counted. False: too much
-- waits already, or nobody listens. Whoever writes waits for whoever is writing, so that the number holds.
CREATE FUNCTION amocrm_hint_within(integration uuid, said jsonb, settle interval, most integer) RETURNS boolean
    LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM amocrm_feeds WHERE integration_id = integration AND is_on FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM amocrm_hints WHERE integration_id = integration LIMIT most) AS waiting)
            + (SELECT count(*) FROM jsonb_to_recordset(said) AS one (entity_type text, entity_id bigint)
               WHERE NOT EXISTS (SELECT FROM amocrm_hints h WHERE h.integration_id = integration
                   AND h.entity_type = one.entity_type AND h.entity_id = one.entity_id)) > most THEN
        RETURN false;
    END IF;
    PERFORM amocrm_hint(integration, said, settle);
    RETURN true;
END
$$;

CREATE OR REPLACE FUNCTION amocrm_take_hints(hash bytea, account bigint, said jsonb, settle interval, most integer)
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
    IF account IS DISTINCT FROM own_account THEN
        RETURN QUERY SELECT 'foreign', feed.integration_id, false;
        RETURN;
    END IF;
    IF NOT amocrm_hint_within(feed.integration_id, said, settle, most) THEN
        UPDATE amocrm_feeds SET ask_due_at = least(ask_due_at, amocrm_now() + interval '1 minute')
        WHERE integration_id = feed.integration_id AND is_on;
        RETURN QUERY SELECT 'full', feed.integration_id, false;
        RETURN;
    END IF;
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

REVOKE ALL ON FUNCTION amocrm_hint_within FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_hint_within TO amocrm_runtime;
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN SELECT oid FROM pg_proc WHERE pronamespace = current_schema()::regnamespace
        AND proname IN ('amocrm_hint_within', 'amocrm_take_hints')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', one, current_schema());
    END LOOP;
END
$$;
