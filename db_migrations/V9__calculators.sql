-- Calculators that people make in the panel: versions, and at most one draft, of a level. A level is a widget type
-- ('widget'), an integration of amoCRM's of that type ('client:…'), or one connection ('connection:…'); what is nearer to
-- the account wins. A version without a document says that from then on the level above holds.
CREATE TABLE amocrm_calculators (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    widget_type    text NOT NULL CHECK (length(widget_type) BETWEEN 1 AND 64),
    level          text NOT NULL CHECK (length(level) <= 160 AND level ~ '^(widget$|client:|connection:)'),
    integration_id uuid REFERENCES amocrm_integrations (id) ON DELETE CASCADE,
    version        integer CHECK (version > 0),  -- null: the draft
    document       jsonb,
    revision       uuid NOT NULL,  -- of the draft, as it was last saved
    note           text CHECK (length(note) <= 200),
    changed_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    changed_by     text NOT NULL CHECK (length(changed_by) <= 120),
    CHECK ((integration_id IS NOT NULL) = (level LIKE 'connection:%')),
    CHECK (version IS NOT NULL OR document IS NOT NULL)
);
CREATE UNIQUE INDEX amocrm_calculators_level ON amocrm_calculators (widget_type, level, coalesce(version, 0));
CREATE INDEX amocrm_calculators_integration ON amocrm_calculators (integration_id) WHERE integration_id IS NOT NULL;
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_calculators TO amocrm_runtime;
