-- The account after this one (by id, and round) that has a delivery to be carried out; null when nobody has.
CREATE FUNCTION amocrm_next_waiting(after uuid) RETURNS uuid LANGUAGE plpgsql STABLE SET search_path FROM CURRENT AS $$
DECLARE
    found uuid;
BEGIN
    SELECT integration_id INTO found FROM amocrm_deliveries
    WHERE state = 'accepted' AND due_at <= amocrm_now() AND (lease_until IS NULL OR lease_until < amocrm_now())
      AND integration_id > after ORDER BY integration_id LIMIT 1;
    IF found IS NULL THEN
        SELECT integration_id INTO found FROM amocrm_deliveries
        WHERE state = 'accepted' AND due_at <= amocrm_now() AND (lease_until IS NULL OR lease_until < amocrm_now())
        ORDER BY integration_id LIMIT 1;
    END IF;
    RETURN found;
END
$$;
REVOKE ALL ON FUNCTION amocrm_next_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_next_waiting TO amocrm_runtime;
