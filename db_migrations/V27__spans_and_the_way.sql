-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- As `amocrm_slots` (V2), which instances of the version before call until they are gone; and spans are longer by the `way`
-- that a reservation takes there and back, in seconds. When it was made nobody but PostgreSQL knows: a span that is shorter
-- than the way is over before it is certain to have begun, so nobody can use it, and two who try for ever keep everybody
-- else of the account from theirs.
CREATE FUNCTION amocrm_spans(integration uuid, calls integer, longest_wait float8, way float8) RETURNS float8[]
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    began    CONSTANT timestamptz := amocrm_now();
    -- A little more than a second: what leaves in time may arrive a little closer together.
    apart    CONSTANT interval := interval '1.03 seconds';
    held     timestamptz;
    taken    timestamptz[];
    is_quiet boolean;
    opens    timestamptz;
    ends     timestamptz;
    found    float8[] := '{}';
BEGIN
    IF calls < 1 THEN
        RETURN found;
    END IF;
    INSERT INTO amocrm_rate (integration_id, next_free_at) VALUES (integration, began) ON CONFLICT DO NOTHING;
    SELECT next_free_at, slots INTO held, taken FROM amocrm_rate WHERE integration_id = integration FOR UPDATE;
    is_quiet := held <= began
        AND (SELECT count(*) FROM unnest(taken) AS one WHERE one > began - apart) + calls <= 7;
    FOR i IN 1..CASE WHEN is_quiet THEN calls ELSE 1 END LOOP
        opens := greatest(began, held, CASE WHEN cardinality(taken) = 7 THEN taken[1] + apart END);
        ends := opens + way * interval '1 second'
            + CASE WHEN is_quiet THEN interval '0.3 seconds' + (i - 1) * interval '0.5 seconds'
                   ELSE interval '0.08 seconds' END;
        taken := ARRAY(
            SELECT one FROM (SELECT one FROM unnest(taken || ends) AS one ORDER BY one DESC LIMIT 7) AS latest
            ORDER BY one);
        found := found || extract(epoch FROM opens - began)::float8 || extract(epoch FROM ends - began)::float8;
    END LOOP;
    IF found[1] <= longest_wait THEN
        UPDATE amocrm_rate SET slots = taken WHERE integration_id = integration;
    END IF;
    RETURN found;
END
$$;

REVOKE ALL ON FUNCTION amocrm_spans FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_spans TO amocrm_runtime;
