-- What changes rarely in an account, such as which list holds its goods: asked once by one instance, known to all.
CREATE TABLE amocrm_remembered (
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id) ON DELETE CASCADE,
    name            text NOT NULL CHECK (name ~ '^[a-z_]{1,40}$'),
    value           jsonb NOT NULL,
    remembered_at   timestamptz NOT NULL DEFAULT amocrm_now(),
    PRIMARY KEY (integration_id, name)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_remembered TO amocrm_runtime;
