-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- As before, but what is said in one breath is looked into in the order in which it was said (a microsecond apart): nobody
-- else knows the order of messages. And what was put off, because amoCRM did not show it, is due again when amoCRM tells of
-- it again.
CREATE OR REPLACE FUNCTION amocrm_hint(integration uuid, said jsonb, settle interval) RETURNS void
    LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO amocrm_hints AS old (integration_id, entity_type, entity_id, kinds, facts, due_at)
    SELECT integration, entity_type, entity_id, kinds, coalesce(facts, '{}'),
        amocrm_now() + settle - (jsonb_array_length(said) - n) * interval '1 microsecond'
    FROM ROWS FROM (jsonb_to_recordset(said) AS (entity_type text, entity_id bigint, kinds text[], facts jsonb))
        WITH ORDINALITY AS one (entity_type, entity_id, kinds, facts, n)
    WHERE EXISTS (SELECT FROM amocrm_feeds f WHERE f.integration_id = integration
        AND (f.wants IS NULL OR one.entity_type = ANY(f.wants)))
    ORDER BY entity_type, entity_id
    ON CONFLICT (integration_id, entity_type, entity_id) DO UPDATE SET
        kinds = ARRAY(SELECT DISTINCT unnest(old.kinds || excluded.kinds)),
        facts = excluded.facts || old.facts, version = old.version + 1, attempts = 0,
        due_at = least(old.due_at, excluded.due_at)
$$;
