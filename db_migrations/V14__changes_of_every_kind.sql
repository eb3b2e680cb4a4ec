-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- Hints are of everything that amoCRM tells of; what there is stands in features/changes/kinds.py. An id that is no number
-- has a stand-in, and the id itself is among the facts.
ALTER TABLE amocrm_hints DROP CONSTRAINT amocrm_hints_entity_type_check;
ALTER TABLE amocrm_hints ADD CONSTRAINT amocrm_hints_entity_type_check CHECK (entity_type ~ '^[a-z_]{1,60}$');

-- What somebody wants to be told of; null: it was not looked at yet, and everything is taken. `subscribed_to`: the settings
-- of the subscription, as we have made it last; `refused`: those that this account's amoCRM does not know.
ALTER TABLE amocrm_feeds ADD COLUMN wants text[];
ALTER TABLE amocrm_feeds ADD COLUMN subscribed_to text[] NOT NULL DEFAULT '{}';
ALTER TABLE amocrm_feeds ADD COLUMN refused text[] NOT NULL DEFAULT '{}';
UPDATE amocrm_feeds SET check_due_at = amocrm_now() WHERE is_on;

-- As before, but of what somebody wants: nothing else is written down, so it costs nothing later.
CREATE OR REPLACE FUNCTION amocrm_hint(integration uuid, said jsonb, settle interval) RETURNS void
    LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO amocrm_hints AS old (integration_id, entity_type, entity_id, kinds, facts, due_at)
    SELECT integration, entity_type, entity_id, kinds, coalesce(facts, '{}'), amocrm_now() + settle
    FROM jsonb_to_recordset(said) AS one (entity_type text, entity_id bigint, kinds text[], facts jsonb)
    WHERE EXISTS (SELECT FROM amocrm_feeds f WHERE f.integration_id = integration
        AND (f.wants IS NULL OR one.entity_type = ANY(f.wants)))
    ORDER BY entity_type, entity_id
    ON CONFLICT (integration_id, entity_type, entity_id) DO UPDATE SET
        kinds = ARRAY(SELECT DISTINCT unnest(old.kinds || excluded.kinds)),
        facts = excluded.facts || old.facts, version = old.version + 1, attempts = 0
$$;
