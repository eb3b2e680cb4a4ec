-- Seven calls a second for an integration in an account, over all instances: each call gets a slot, a moment at which it
-- may leave. The last seven slots are kept; a new one is at least a second after the seventh before it, so that no second,
-- wherever it begins, holds more than seven. (amoCRM's "API limits".)
ALTER TABLE amocrm_rate ADD slots timestamptz[] NOT NULL DEFAULT '{}' CHECK (cardinality(slots) <= 7);

-- Reserves slots for `calls` calls, and returns how many seconds each has to wait. When the last one would wait longer than
-- `longest_wait`, nothing is reserved; the caller sees it by the same comparison.
CREATE FUNCTION amocrm_reserve(integration uuid, calls integer, longest_wait float8) RETURNS float8[]
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    began  CONSTANT timestamptz := amocrm_now();
    -- A little more than a second: what leaves in time may arrive a little closer together.
    apart  CONSTANT interval := interval '1.03 seconds';
    held   timestamptz;
    taken  timestamptz[];
    slot   timestamptz;
    waits  float8[] := '{}';
BEGIN
    IF calls < 1 THEN
        RETURN waits;
    END IF;
    INSERT INTO amocrm_rate (integration_id, next_free_at) VALUES (integration, began) ON CONFLICT DO NOTHING;
    SELECT next_free_at, slots INTO held, taken FROM amocrm_rate WHERE integration_id = integration FOR UPDATE;
    FOR i IN 1..calls LOOP
        slot := greatest(began, held, taken[cardinality(taken)]);
        IF cardinality(taken) = 7 THEN
            slot := greatest(slot, taken[1] + apart);
            taken := taken[2:7];
        END IF;
        taken := taken || slot;
        waits := waits || extract(epoch FROM slot - began)::float8;
    END LOOP;
    IF waits[calls] <= longest_wait THEN
        UPDATE amocrm_rate SET slots = taken WHERE integration_id = integration;
    END IF;
    RETURN waits;
END
$$;

REVOKE ALL ON FUNCTION amocrm_reserve FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_reserve TO amocrm_runtime;
