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

-- One-time tokens that have paid for a write; kept until they would have expired anyway.
CREATE TABLE amocrm_used_tokens (
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    jti             text NOT NULL CHECK (length(jti) BETWEEN 1 AND 200),
    request_id      text NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (integration_id, jti)
);
CREATE INDEX amocrm_used_tokens_expiry ON amocrm_used_tokens (expires_at);
