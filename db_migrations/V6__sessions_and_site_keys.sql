-- A session is opened by a one-time token for a page that cannot get another one: bound to integration, user and deal.
CREATE TABLE amocrm_sessions (
    token_hash      bytea PRIMARY KEY CHECK (octet_length(token_hash) = 32),
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    user_id         bigint,
    lead_id         bigint CHECK (lead_id > 0),                   -- null: any deal of the account
    expires_at      timestamptz NOT NULL
);
CREATE INDEX amocrm_sessions_expiry ON amocrm_sessions (expires_at);

-- A site key stands in a public page. It may only submit, only from its origins, and not too often.
CREATE TABLE amocrm_site_keys (
    id              uuid PRIMARY KEY,
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    key_hash        bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    origins         text[] NOT NULL CHECK (cardinality(origins) BETWEEN 1 AND 20),
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    revoked_at      timestamptz
);
CREATE INDEX amocrm_site_keys_of_integration ON amocrm_site_keys (integration_id, created_at);
CREATE INDEX amocrm_site_keys_origins ON amocrm_site_keys USING gin (origins) WHERE revoked_at IS NULL;

-- How often something was done within a minute. A bucket is a hash: no address of a visitor is stored.
CREATE TABLE amocrm_throttle (
    bucket          bytea NOT NULL CHECK (octet_length(bucket) = 32),
    minute          timestamptz NOT NULL,
    count           integer NOT NULL CHECK (count > 0),
    PRIMARY KEY (bucket, minute)
);
CREATE INDEX amocrm_throttle_age ON amocrm_throttle (minute);

-- What customers wrote is kept for a while only, also in a delivery that died.
ALTER TABLE amocrm_deliveries DROP CONSTRAINT unfinished_keeps_request;
ALTER TABLE amocrm_deliveries ADD CONSTRAINT unfinished_keeps_request CHECK (state <> 'accepted' OR request IS NOT NULL);
CREATE INDEX amocrm_deliveries_kept ON amocrm_deliveries (finished_at) WHERE request IS NOT NULL AND finished_at IS NOT NULL;
CREATE INDEX amocrm_events_age ON amocrm_events (at);
