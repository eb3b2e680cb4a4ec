-- A lock with a name, for work of several calls to amoCRM that two instances must not do at once: making one contact for one
-- person, creating a missing field. It ends by itself. It can remember a number (the person's contact), because amoCRM's own
-- search does not find at once what was just made. Names that stand for people are keyed hashes, see shared/storage/locks.py.
CREATE TABLE amocrm_locks (
    integration_id uuid NOT NULL REFERENCES amocrm_integrations (id),
    name           bytea NOT NULL CHECK (octet_length(name) = 32),
    lease_id       uuid,
    lease_until    timestamptz,
    remembered     bigint,
    touched_at     timestamptz NOT NULL DEFAULT amocrm_now(),

    PRIMARY KEY (integration_id, name),
    CONSTRAINT lease_is_whole CHECK ((lease_id IS NULL) = (lease_until IS NULL))
);
CREATE INDEX amocrm_locks_touched ON amocrm_locks (touched_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_locks TO amocrm_runtime;
