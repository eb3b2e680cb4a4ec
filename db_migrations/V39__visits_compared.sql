-- A visit may be booked in a deal that was lost before: only a deal that is lost afterwards cancels its visits. NULL: the
-- visit has come to another deal, and nobody has looked at that one yet.
ALTER TABLE amocrm_bookings ADD COLUMN deal_was_lost boolean DEFAULT false;

-- How far the comparing of an account's visits has come: after this one. NULL: from the beginning.
ALTER TABLE amocrm_booking_watches ADD COLUMN after_at timestamptz, ADD COLUMN after_id uuid;

-- Whose calendar an address shows: it ends with them, and is not their successor's who has the same key.
ALTER TABLE amocrm_booking_resources ADD COLUMN calendar_of text;
UPDATE amocrm_booking_resources r SET calendar_of = (
    SELECT one ->> 'name' FROM amocrm_integrations i, jsonb_array_elements(i.settings -> 'bookings' -> 'resources') one
    WHERE i.id = r.integration_id AND one ->> 'id' = r.key LIMIT 1)
WHERE calendar_hash IS NOT NULL;
