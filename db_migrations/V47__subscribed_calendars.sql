-- A doctor's own calendar, which is read every hour: what is busy there is not free here. `busy` is what the last
-- reading that succeeded has found, in minutes since 1970.
CREATE TABLE amocrm_booking_calendars (
    id             uuid PRIMARY KEY,              -- a new one with each address
    integration_id uuid NOT NULL REFERENCES amocrm_integrations ON DELETE CASCADE,
    resource       text NOT NULL CHECK (length(resource) <= 40),
    resource_name  text NOT NULL,                 -- whose it is: a successor may have the same key
    url            bytea NOT NULL,                -- encrypted
    host           text NOT NULL,
    etag           text,                          -- of the last reading, to be asked with
    last_modified  text,
    busy           int8multirange NOT NULL DEFAULT '{}',
    left_out       jsonb NOT NULL DEFAULT '[]',   -- [{reason, count, lines}]
    reckoned_at    timestamptz,                   -- when `busy` was
    read_at        timestamptz,                   -- when it has last answered as it should
    failing_since  timestamptz,
    problem        text,                          -- why, in English
    due_at         timestamptz NOT NULL DEFAULT amocrm_now(),
    UNIQUE (integration_id, resource)
);
CREATE INDEX amocrm_booking_calendars_due ON amocrm_booking_calendars (due_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_booking_calendars TO amocrm_runtime;
