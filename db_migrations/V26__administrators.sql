-- People who look after the installation, beside the tokens of ADMIN_TOKENS: each with a name, rights, and an end. A token
-- and a sign-in link are kept as hashes only; the link makes the token, once.
CREATE TABLE amocrm_administrators (
    id              uuid PRIMARY KEY,
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    rights          text NOT NULL CHECK (rights IN ('see', 'operate', 'manage')),
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
GRANT SELECT, INSERT, UPDATE ON amocrm_administrators TO amocrm_runtime;

-- Who has done it, where a person has.
ALTER TABLE amocrm_events ADD actor text CHECK (length(actor) <= 120);
