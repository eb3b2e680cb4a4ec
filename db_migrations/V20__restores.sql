-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- This database was restored from a backup (`python -m cli mark-restored`): what was accepted between the backup and the loss
-- is unknown here, and may be in amoCRM.
CREATE TABLE amocrm_restores (
    id          uuid PRIMARY KEY,
    restored_at timestamptz NOT NULL DEFAULT amocrm_now(),
    lost_since  timestamptz NOT NULL,  -- the moment of the backup, or before it
    looks_until timestamptz NOT NULL,  -- so long a write that is accepted is looked for in amoCRM before it is carried out
    keys_kept   interval NOT NULL,     -- a key that is older is another write's
    CONSTRAINT lost_before_it_was_restored CHECK (lost_since <= restored_at)
);
GRANT SELECT, INSERT ON amocrm_restores TO amocrm_runtime;

-- Of a delivery that was accepted while one looks: what it makes may be there since then.
ALTER TABLE amocrm_deliveries ADD COLUMN looks_since timestamptz;
