-- Appointments. What is taken of a resource stands in one range of numbers: the resource's own number in the high half,
-- minutes since 1970 in the low one. So one exclusion constraint keeps any two visits of one doctor or room apart, with
-- the operators that every PostgreSQL has, and without an extension.
CREATE TABLE amocrm_booking_resources (
    integration_id uuid NOT NULL REFERENCES amocrm_integrations ON DELETE CASCADE,
    key            text NOT NULL CHECK (length(key) <= 40),
    number         bigint GENERATED ALWAYS AS IDENTITY UNIQUE CHECK (number < 2147483648),
    calendar_hash  bytea UNIQUE,                  -- of the secret in the address of its calendar
    calendar_of    text,                          -- whose it is: it ends with them, and is not their successor's
    PRIMARY KEY (integration_id, key)
);

CREATE TABLE amocrm_bookings (
    id             uuid PRIMARY KEY,
    integration_id uuid NOT NULL REFERENCES amocrm_integrations ON DELETE CASCADE,
    service        text NOT NULL,
    resource       text NOT NULL,
    room           text,
    starts_at      timestamptz NOT NULL,
    ends_at        timestamptz NOT NULL CHECK (ends_at > starts_at),
    state          text NOT NULL CHECK (state IN ('held', 'booked', 'cancelled')),
    held_until     timestamptz CHECK ((held_until IS NOT NULL) = (state = 'held')),
    holder         bytea,                         -- stands for who holds it, so that nobody holds everything
    attendance     text CHECK (attendance IN ('came', 'missed')),
    version        integer NOT NULL DEFAULT 1,    -- counts changes
    brought        integer NOT NULL DEFAULT 0,    -- the version that amoCRM knows
    change         jsonb NOT NULL DEFAULT '{}',   -- the newest: {kind, by, request, …}
    facts          jsonb NOT NULL,                -- names, price and length as they were when it was booked
    visitor        bytea,                         -- encrypted: name, phone, e-mail, comment, the link's secret
    phone_mark     bytea,                         -- stands for the phone, and does not tell it
    request_hash   bytea,                         -- of what it was booked with: the same again is the same booking
    link_hash      bytea UNIQUE,                  -- of the visitor's link
    lead_id        bigint,
    contact_id     bigint,
    task_id        bigint,
    task_due       bigint,                        -- Unix seconds: as we have last written or seen it
    -- A visit may be booked in a deal that was lost before: only one that is lost afterwards cancels its visits. NULL: the
    -- visit has come to another deal, and nobody has looked at that one yet.
    deal_was_lost  boolean DEFAULT false,
    attention      text,                          -- what a person should look at
    created_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    changed_at     timestamptz NOT NULL DEFAULT amocrm_now()
);
CREATE INDEX amocrm_bookings_times ON amocrm_bookings (integration_id, starts_at, id);
CREATE INDEX amocrm_bookings_ends ON amocrm_bookings (ends_at);
CREATE INDEX amocrm_bookings_leads ON amocrm_bookings (integration_id, lead_id) WHERE lead_id IS NOT NULL;
CREATE INDEX amocrm_bookings_phones ON amocrm_bookings (integration_id, phone_mark, starts_at) WHERE state = 'booked';
CREATE INDEX amocrm_bookings_held ON amocrm_bookings (held_until) WHERE state = 'held';
CREATE INDEX amocrm_bookings_behind ON amocrm_bookings (changed_at) WHERE brought < version AND state <> 'held';

CREATE TABLE amocrm_booking_times (
    booking_id uuid NOT NULL REFERENCES amocrm_bookings ON DELETE CASCADE,
    busy       int8range NOT NULL CHECK (NOT isempty(busy)),
    EXCLUDE USING gist (busy WITH &&)
);
CREATE INDEX amocrm_booking_times_booking ON amocrm_booking_times (booking_id);

-- Accounts whose tasks and deals are compared with their visits to come, and when next.
CREATE TABLE amocrm_booking_watches (
    integration_id uuid PRIMARY KEY REFERENCES amocrm_integrations ON DELETE CASCADE,
    due_at         timestamptz NOT NULL,
    after_at       timestamptz,                   -- how far comparing has come: after this visit; null: from the beginning
    after_id       uuid
);
CREATE INDEX amocrm_booking_watches_due ON amocrm_booking_watches (due_at);

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

GRANT SELECT, INSERT, UPDATE, DELETE
    ON amocrm_booking_resources, amocrm_bookings, amocrm_booking_times, amocrm_booking_watches,
       amocrm_booking_calendars TO amocrm_runtime;
