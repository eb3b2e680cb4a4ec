-- Before PostgreSQL 15 everybody may make tables in the schema "public", also the functions' role. (Where another role owns
-- the schema, this is a warning and changes nothing: then its owner says it.)
DO $$
BEGIN
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
END
$$;
