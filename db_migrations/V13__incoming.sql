-- What has come to the address of a server's key, as it came, and what became of it. `body` is encrypted: it holds what a
-- customer told a company, with the headers that say how it is to be read.
CREATE TABLE amocrm_incoming (
    id              uuid PRIMARY KEY,
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations ON DELETE CASCADE,
    site_key_id     uuid NOT NULL REFERENCES amocrm_site_keys ON DELETE CASCADE,
    action          text NOT NULL CHECK (action ~ '^[a-z][a-z_]{0,63}$'),
    mark            bytea NOT NULL CHECK (octet_length(mark) = 32),  -- stands for the body: a repetition is the same row
    body            bytea NOT NULL,
    size            integer NOT NULL CHECK (size >= 0),              -- of what came, in bytes
    times           integer NOT NULL DEFAULT 1,
    -- taken: it was not read to its end; nothing: a trial, or a robot
    outcome         text NOT NULL DEFAULT 'taken' CHECK (outcome IN ('taken', 'accepted', 'nothing', 'refused')),
    detail          text,                                            -- why it became nothing; names fields, never values
    delivery_id     uuid,
    again_id        uuid,                                            -- the latest delivery that has completed what it had become, after the rules were mended
    has_person      boolean,                                         -- of what was accepted: a phone or an e-mail
    request_id      text NOT NULL,                                   -- of the latest
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    last_at         timestamptz NOT NULL DEFAULT amocrm_now(),

    CONSTRAINT accepted_names_its_delivery CHECK ((outcome = 'accepted') = (delivery_id IS NOT NULL))
);
CREATE INDEX amocrm_incoming_of_key ON amocrm_incoming (site_key_id, created_at DESC, id DESC) INCLUDE (size);
CREATE INDEX amocrm_incoming_of_integration ON amocrm_incoming (integration_id, created_at DESC, id DESC);
CREATE INDEX amocrm_incoming_marks ON amocrm_incoming (site_key_id, mark);
CREATE INDEX amocrm_incoming_age ON amocrm_incoming (created_at);
CREATE INDEX amocrm_incoming_taken ON amocrm_incoming (created_at) WHERE outcome = 'taken';
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_incoming TO amocrm_runtime;
