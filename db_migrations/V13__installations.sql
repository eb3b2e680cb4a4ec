-- An integration that amoCRM makes in an account by its own button: nobody types its id and secret. The secret arrives once,
-- before the person's browser comes back with the code; until then it waits here, under the state it belongs to.
CREATE TABLE amocrm_installations (
    state_hash     bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    id             uuid NOT NULL UNIQUE,
    widget_type    text NOT NULL CHECK (widget_type ~ '^[a-z][a-z0-9_-]{0,31}$'),
    language       text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    client_id      text CHECK (length(client_id) BETWEEN 1 AND 128),
    client_secret  bytea,                       -- encrypted
    created_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    expires_at     timestamptz NOT NULL,
    CONSTRAINT secret_is_whole CHECK ((client_id IS NULL) = (client_secret IS NULL))
);
CREATE INDEX amocrm_installations_expiry ON amocrm_installations (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_installations TO amocrm_runtime;
