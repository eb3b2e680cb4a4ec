-- What happened, when, for which integration, with what result. Written in the statement that makes it happen.
CREATE TABLE amocrm_events (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at              timestamptz NOT NULL DEFAULT amocrm_now(),
    integration_id  uuid REFERENCES amocrm_integrations (id),
    delivery_id     uuid,
    kind            text NOT NULL CHECK (kind ~ '^[a-z]+(\.[a-z_]+)+$'),
    level           text NOT NULL DEFAULT 'info' CHECK (level IN ('info', 'warning', 'error')),
    message         text NOT NULL CHECK (length(message) <= 2000),
    request_id      text
);

CREATE INDEX amocrm_events_of_integration ON amocrm_events (integration_id, id DESC);
CREATE INDEX amocrm_events_of_delivery ON amocrm_events (delivery_id, id) WHERE delivery_id IS NOT NULL;
