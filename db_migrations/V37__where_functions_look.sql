-- A function that runs as the owner must not find anybody else's objects: without pg_temp at the end of its path,
-- temporary tables of whoever calls it come first. The same for all of ours, since triggers run inside of others.
DO $$
DECLARE
    one regprocedure;
BEGIN
    FOR one IN SELECT oid FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'amocrm\_%'
            AND (prosecdef OR array_to_string(proconfig, ',') LIKE '%search\_path=%')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = %I, pg_temp', one, current_schema());
    END LOOP;
    -- The functions need no temporary tables. (Where another role owns the database, this is a warning and changes
    -- nothing: then its owner says it.)
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
