-- Who may ask, and how often.

-- One-time tokens that have paid for a write; kept until they would have expired anyway.
CREATE TABLE amocrm_used_tokens (
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    jti             text NOT NULL CHECK (length(jti) BETWEEN 1 AND 200),
    request_id      text NOT NULL,
    expires_at      timestamptz NOT NULL,
    PRIMARY KEY (integration_id, jti)
);
CREATE INDEX amocrm_used_tokens_expiry ON amocrm_used_tokens (expires_at);

-- A session is opened by a one-time token for a page that cannot get another one: bound to integration, user and deal.
CREATE TABLE amocrm_sessions (
    token_hash      bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    user_id         bigint,
    lead_id         bigint CHECK (lead_id > 0),                   -- null: any deal of the account
    expires_at      timestamptz NOT NULL
);
CREATE INDEX amocrm_sessions_expiry ON amocrm_sessions (expires_at);

-- A site key stands in a public page. It may only submit, only from its origins, and not too often. One of a server's kind
-- is a secret: a site builder sends what people wrote from its own server, which has no origin to show.
CREATE TABLE amocrm_site_keys (
    id              uuid PRIMARY KEY,
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    key_hash        bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    origins         text[] NOT NULL CONSTRAINT amocrm_site_keys_origins_check
                    CHECK (cardinality(origins) BETWEEN 1 AND 20 OR is_server AND cardinality(origins) = 0),
    -- A page that hides its origin (Referrer-Policy: same-origin or no-referrer) sends "Origin: null" with a plain form.
    accepts_hidden_origin boolean NOT NULL DEFAULT false,
    is_server       boolean NOT NULL DEFAULT false,
    -- With which a site builder or a shop signs what it sends to a key of a server's kind; null: it does not sign, or nobody
    -- has entered it. Encrypted.
    secret          bytea CONSTRAINT amocrm_site_keys_secret_of_server CHECK (secret IS NULL OR is_server),
    without_person  boolean NOT NULL DEFAULT false, -- none of the latest bodies had anybody to call or write to
    bodies_dropped_at timestamptz,                  -- when bodies went before their time, because too many came
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    revoked_at      timestamptz
);
CREATE INDEX amocrm_site_keys_of_integration ON amocrm_site_keys (integration_id, created_at);
CREATE INDEX amocrm_site_keys_origins ON amocrm_site_keys USING gin (origins) WHERE revoked_at IS NULL;
CREATE INDEX amocrm_site_keys_without_person ON amocrm_site_keys (id) WHERE without_person AND revoked_at IS NULL;

-- How often something was done within a minute. A bucket is a hash: no address of a visitor is stored.
CREATE TABLE amocrm_throttle (
    bucket          bytea NOT NULL CHECK (octet_length(bucket) = 32),
    minute          timestamptz NOT NULL,
    count           integer NOT NULL CHECK (count > 0),
    PRIMARY KEY (bucket, minute)
);
CREATE INDEX amocrm_throttle_age ON amocrm_throttle (minute);

-- People who look after the installation, beside the tokens of ADMIN_TOKENS: each with a name, rights, and an end. A token
-- and a sign-in link are kept as hashes only; the link makes the token, once.
-- Or by an OpenID Connect issuer: an administrator is known by the address that the issuer vouches for; the first
-- sign-in binds them to the issuer's own id of the person, so that an address that is given to somebody else opens nothing.
CREATE TABLE amocrm_administrators (
    id              uuid PRIMARY KEY,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    rights          text NOT NULL CHECK (rights IN ('see', 'operate', 'manage')),
    email           text CHECK (length(email) <= 254 AND email = lower(email)),
    issuer_subject  bytea,                      -- a hash
    link_hash       bytea UNIQUE,
    link_expires_at timestamptz,
    token_hash      bytea UNIQUE,
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    created_by      text NOT NULL CHECK (length(created_by) <= 120),
    expires_at      timestamptz,
    revoked_at      timestamptz,
    last_used_at    timestamptz,
    CHECK ((link_hash IS NULL) = (link_expires_at IS NULL))
);
CREATE UNIQUE INDEX amocrm_administrators_email ON amocrm_administrators (email) WHERE revoked_at IS NULL;

-- Each browser has a sign-in of its own; code and token are kept as hashes only.
CREATE TABLE amocrm_sign_ins (
    id               uuid PRIMARY KEY,
    administrator_id uuid NOT NULL REFERENCES amocrm_administrators ON DELETE CASCADE,
    code_hash        bytea UNIQUE,
    code_expires_at  timestamptz,
    token_hash       bytea UNIQUE,
    expires_at       timestamptz NOT NULL,
    CHECK ((code_hash IS NULL) = (code_expires_at IS NULL))
);
CREATE INDEX amocrm_sign_ins_expiry ON amocrm_sign_ins (expires_at);

GRANT SELECT, INSERT, UPDATE ON amocrm_site_keys, amocrm_administrators TO amocrm_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_used_tokens, amocrm_sessions, amocrm_throttle, amocrm_sign_ins TO amocrm_runtime;
