-- A consent under way. The state itself is known to the browser only; here is its SHA-256.
CREATE TABLE amocrm_oauth_states (
    state_hash      bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    language        text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    return_to       text,
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    expires_at      timestamptz NOT NULL,
    used_by         bytea,                      -- SHA-256 of the code (or the denial) that used it
    CONSTRAINT expires_after_start CHECK (expires_at > created_at)
);
CREATE INDEX amocrm_oauth_states_expiry ON amocrm_oauth_states (expires_at);

-- An authorization code is exchanged once, whoever brings it: the redirect, its reload, the app, a person's clipboard.
CREATE TABLE amocrm_authorization_codes (
    code_hash       bytea PRIMARY KEY CHECK (octet_length(code_hash) = 32),
    claim_id        uuid NOT NULL,
    claimed_until   timestamptz NOT NULL,
    integration_id  uuid REFERENCES amocrm_integrations (id),
    outcome         text CHECK (outcome IN ('connected', 'failed')),
    failure_code    text,
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    CONSTRAINT connected_names_integration CHECK (outcome IS DISTINCT FROM 'connected' OR integration_id IS NOT NULL),
    CONSTRAINT failed_says_why CHECK ((outcome IS NOT DISTINCT FROM 'failed') = (failure_code IS NOT NULL))
);
CREATE INDEX amocrm_authorization_codes_age ON amocrm_authorization_codes (created_at);

-- A button that a company puts on its own page: whoever presses it connects an account of their own. The key stands in
-- a public page; what it allows is to begin.
CREATE TABLE amocrm_install_links (
    id          uuid PRIMARY KEY,
    key_hash    bytea NOT NULL UNIQUE,
    widget_type text NOT NULL CHECK (widget_type ~ '^[a-z][a-z0-9_-]{0,31}$'),
    platform    text NOT NULL CHECK (platform IN ('amocrm', 'kommo')),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    language    text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT amocrm_now(),
    revoked_at  timestamptz
);

-- An integration that amoCRM makes in an account by its own button: nobody types its id and secret. The secret arrives once,
-- before the person's browser comes back with the code; until then it waits here, under the state it belongs to.
CREATE TABLE amocrm_installations (
    state_hash     bytea PRIMARY KEY CHECK (octet_length(state_hash) = 32),
    id             uuid NOT NULL UNIQUE,
    widget_type    text NOT NULL CHECK (widget_type ~ '^[a-z][a-z0-9_-]{0,31}$'),
    language       text NOT NULL CHECK (language ~ '^[a-z]{2}$'),
    client_id      text CHECK (length(client_id) BETWEEN 1 AND 128),
    client_secret  bytea,                       -- encrypted
    link_id        uuid REFERENCES amocrm_install_links (id), -- the button that began it, for a code without the client's id
    return_to      text,                        -- where the finished page leads back to
    created_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    expires_at     timestamptz NOT NULL,
    CONSTRAINT secret_is_whole CHECK ((client_id IS NULL) = (client_secret IS NULL))
);
CREATE INDEX amocrm_installations_expiry ON amocrm_installations (expires_at);
CREATE INDEX amocrm_installations_of_link ON amocrm_installations (link_id) WHERE link_id IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON amocrm_install_links TO amocrm_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_oauth_states, amocrm_authorization_codes, amocrm_installations TO amocrm_runtime;
