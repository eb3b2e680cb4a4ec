-- An accepted write. It is whole before anything is sent, and stays until every step of it is in amoCRM.
CREATE TABLE amocrm_deliveries (
    id               uuid PRIMARY KEY,
    integration_id   uuid NOT NULL REFERENCES amocrm_integrations (id),
    action           text NOT NULL CHECK (action ~ '^[a-z][a-z_]{0,63}$'),
    idempotency_key  text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    request_hash     bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    request          bytea,                     -- encrypted: it holds what a customer told a company
    state            text NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'delivered', 'dead')),

    -- step name -> {"state": "started"} or {"state": "done", "result": {…}}. "started" without "done" after a crash
    -- means: look in amoCRM before writing again.
    steps            jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(steps) = 'object'),
    attempts         integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_id         uuid,
    lease_until      timestamptz,
    due_at           timestamptz,
    problem_code     text,
    problem_detail   text,
    created_at       timestamptz NOT NULL DEFAULT amocrm_now(),
    updated_at       timestamptz NOT NULL DEFAULT amocrm_now(),
    finished_at      timestamptz,

    CONSTRAINT one_delivery_per_key UNIQUE (integration_id, action, idempotency_key),
    CONSTRAINT lease_is_whole CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CONSTRAINT accepted_is_due CHECK ((state = 'accepted') = (due_at IS NOT NULL)),
    CONSTRAINT finished_says_when CHECK ((state = 'accepted') = (finished_at IS NULL)),
    CONSTRAINT dead_says_why CHECK (state <> 'dead' OR problem_code IS NOT NULL),
    CONSTRAINT unfinished_keeps_request CHECK (state = 'delivered' OR request IS NOT NULL)
);
CREATE INDEX amocrm_deliveries_due ON amocrm_deliveries (due_at) WHERE state = 'accepted';
CREATE INDEX amocrm_deliveries_of_integration ON amocrm_deliveries (integration_id, created_at DESC);

ALTER TABLE amocrm_events ADD FOREIGN KEY (delivery_id) REFERENCES amocrm_deliveries (id);
