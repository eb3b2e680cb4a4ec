-- What a stage of amoCRM's digital pipeline can start: an automation of a connection. The action in amoCRM carries its
-- key, kept here as a hash; a call's address and secret are encrypted.
CREATE TABLE amocrm_automations (
    id             uuid PRIMARY KEY,
    integration_id uuid NOT NULL REFERENCES amocrm_integrations ON DELETE CASCADE,
    name           text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    work           jsonb NOT NULL,
    url            bytea,
    host           text CHECK (length(host) <= 300),
    secret         bytea,
    key_hash       bytea NOT NULL UNIQUE,
    is_on          boolean NOT NULL DEFAULT true,
    created_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    last_asked_at  timestamptz
);
CREATE INDEX amocrm_automations_integration ON amocrm_automations (integration_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_automations TO amocrm_runtime;
