-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- When an integration may call amoCRM again (`next_free_at`; a 429 that one instance receives holds all of them), and what
-- it has reserved.
--
-- Seven calls a second for an integration in an account count when they arrive. So a slot is a span: a call leaves in
-- it, or needs another slot. `slots` holds the ends of the last seven spans (the latest ones, ascending). A new span
-- opens a little more than a second after the seventh end before it; so whatever call leaves whenever in its span, no
-- second, wherever it begins, holds more than seven. (amoCRM's "API limits".)
CREATE TABLE amocrm_rate (
    integration_id  uuid PRIMARY KEY REFERENCES amocrm_integrations (id),
    next_free_at    timestamptz NOT NULL,
    slots           timestamptz[] NOT NULL DEFAULT '{}' CHECK (cardinality(slots) <= 7)
);
GRANT SELECT, INSERT, UPDATE ON amocrm_rate TO amocrm_runtime;

-- Reserves slots for up to `calls` calls that follow each other; returns for each, in seconds from now, when its span
-- opens and ends: {opens, ends, opens, ends, …}. While there is little to do spans are long, so that calls which wait
-- for each other's answers need not ask again. When there is much to do one short span is given at a time, because a
-- long one keeps others waiting. When the first would wait longer than `longest_wait`, nothing is reserved; the caller
-- sees it by the same comparison.
CREATE FUNCTION amocrm_slots(integration uuid, calls integer, longest_wait float8) RETURNS float8[]
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    began    CONSTANT timestamptz := amocrm_now();
    -- A little more than a second: what leaves in time may arrive a little closer together.
    apart    CONSTANT interval := interval '1.03 seconds';
    held     timestamptz;
    taken    timestamptz[];
    is_quiet boolean;
    opens    timestamptz;
    ends     timestamptz;
    found    float8[] := '{}';
BEGIN
    IF calls < 1 THEN
        RETURN found;
    END IF;
    INSERT INTO amocrm_rate (integration_id, next_free_at) VALUES (integration, began) ON CONFLICT DO NOTHING;
    SELECT next_free_at, slots INTO held, taken FROM amocrm_rate WHERE integration_id = integration FOR UPDATE;
    is_quiet := held <= began
        AND (SELECT count(*) FROM unnest(taken) AS one WHERE one > began - apart) + calls <= 7;
    FOR i IN 1..CASE WHEN is_quiet THEN calls ELSE 1 END LOOP
        opens := greatest(began, held, CASE WHEN cardinality(taken) = 7 THEN taken[1] + apart END);
        ends := opens + CASE WHEN is_quiet THEN interval '0.3 seconds' + (i - 1) * interval '0.5 seconds'
                             ELSE interval '0.08 seconds' END;
        taken := ARRAY(
            SELECT one FROM (SELECT one FROM unnest(taken || ends) AS one ORDER BY one DESC LIMIT 7) AS latest
            ORDER BY one);
        found := found || extract(epoch FROM opens - began)::float8 || extract(epoch FROM ends - began)::float8;
    END LOOP;
    IF found[1] <= longest_wait THEN
        UPDATE amocrm_rate SET slots = taken WHERE integration_id = integration;
    END IF;
    RETURN found;
END
$$;

REVOKE ALL ON FUNCTION amocrm_slots FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_slots TO amocrm_runtime;

-- An integration as the functions see it: the row, and what the clock says about it. Updatable, like the table. `settings`:
-- those that hold, its own before its client's before its widget type's.
CREATE VIEW amocrm_connections AS
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
                                      - amocrm_now()))::float8 AS hold_seconds
FROM amocrm_integrations i;
GRANT SELECT, UPDATE ON amocrm_connections TO amocrm_runtime;
