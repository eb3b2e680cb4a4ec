-- What happened to a write is kept with it, in order: `[{at, kind, step?, outcome?, code?, detail?, request_id?}]`. The
-- log holds what concerns the connection: that it is done, and what is in the way.
ALTER TABLE amocrm_deliveries ADD story jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(story) = 'array');

-- The story with one more entry. At most 100 are kept: how it began, and the latest.
CREATE FUNCTION amocrm_told(story jsonb, entry jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN jsonb_array_length(story) < 100 THEN story ELSE story - 1 END
        || jsonb_build_array(jsonb_build_object('at', amocrm_now()) || jsonb_strip_nulls(entry))
$$;
REVOKE ALL ON FUNCTION amocrm_told FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_told TO amocrm_runtime;

-- Nothing calls it since V15.
DROP FUNCTION amocrm_reserve(uuid, integer, float8);
