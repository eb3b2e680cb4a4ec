-- Sign-ins by an OpenID Connect issuer. An administrator is known by the address that the issuer vouches for; the first
-- sign-in binds them to the issuer's own id of the person (a hash), so that an address that is given to somebody else
-- opens nothing. Each browser has a sign-in of its own; code and token are kept as hashes only.
ALTER TABLE amocrm_administrators
    ADD email text CHECK (length(email) <= 254 AND email = lower(email)),
    ADD issuer_subject bytea;
CREATE UNIQUE INDEX amocrm_administrators_email ON amocrm_administrators (email) WHERE revoked_at IS NULL;

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
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_sign_ins TO amocrm_runtime;
