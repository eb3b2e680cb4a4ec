-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- Messages to people are data: `{"message": "an English sentence with {gaps}", "values": {…}, "plural"?: "…"}`, as in
-- shared/platform/messages.py; a value may be a message. They become text where somebody reads them. What was stored as
-- a sentence before becomes a message of these words.
CREATE FUNCTION amocrm_message(template text, given jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_strip_nulls(jsonb_build_object('message', template, 'values', nullif(given, '{}')))
$$;
REVOKE ALL ON FUNCTION amocrm_message FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_message TO amocrm_runtime;

ALTER TABLE amocrm_events DROP CONSTRAINT amocrm_events_message_check;
ALTER TABLE amocrm_events ALTER COLUMN message TYPE jsonb
    USING amocrm_message('{words}', jsonb_build_object('words', message));
ALTER TABLE amocrm_events ADD CONSTRAINT message_is_bounded
    CHECK (message ? 'message' AND octet_length(message::text) <= 40000);

ALTER TABLE amocrm_deliveries ALTER COLUMN problem_detail TYPE jsonb
    USING CASE WHEN problem_detail IS NOT NULL THEN amocrm_message('{words}', jsonb_build_object('words', problem_detail)) END;
ALTER TABLE amocrm_feeds ALTER COLUMN problem_detail TYPE jsonb
    USING CASE WHEN problem_detail IS NOT NULL THEN amocrm_message('{words}', jsonb_build_object('words', problem_detail)) END;
ALTER TABLE amocrm_bookings ALTER COLUMN attention TYPE jsonb
    USING CASE WHEN attention IS NOT NULL THEN amocrm_message('{words}', jsonb_build_object('words', attention)) END;
ALTER TABLE amocrm_booking_calendars ALTER COLUMN problem TYPE jsonb
    USING CASE WHEN problem IS NOT NULL THEN amocrm_message('{words}', jsonb_build_object('words', problem)) END;
ALTER TABLE amocrm_incoming ALTER COLUMN detail TYPE jsonb
    USING CASE WHEN detail IS NOT NULL THEN amocrm_message('{words}', jsonb_build_object('words', detail)) END;

DROP VIEW amocrm_connections;
ALTER TABLE amocrm_integrations ALTER COLUMN problem_detail TYPE jsonb
    USING CASE WHEN problem_detail IS NOT NULL THEN amocrm_message('{words}', jsonb_build_object('words', problem_detail)) END;
-- As before (a view keeps the types that it was made with).
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
                                      - amocrm_now()))::float8 AS hold_seconds,
       (SELECT m.state FROM amocrm_moves m WHERE m.integration_id = i.id AND m.state <> 'arrived') AS move
FROM amocrm_integrations i;
GRANT SELECT, UPDATE ON amocrm_connections TO amocrm_runtime;
