-- What we are going to write is noted before, and that it was written, after it: from then on, whoever sets the same
-- value is somebody else. Rows of older code have neither, and count for an hour, like those whose answer was lost.
ALTER TABLE amocrm_own_writes ADD COLUMN id uuid, ADD COLUMN ended_at timestamptz;
CREATE UNIQUE INDEX amocrm_own_writes_id ON amocrm_own_writes (id);
