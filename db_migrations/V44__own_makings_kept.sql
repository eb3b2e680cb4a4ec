-- What we have made is known as ours as long as the delivery that made it: an incoming lead waits for a person, who may
-- give its deal another name. What was written into what is there is forgotten after a day, as before.
CREATE INDEX amocrm_own_writes_made_old ON amocrm_own_writes (written_at) WHERE delivery_id IS NOT NULL;
CREATE INDEX amocrm_own_writes_written_old ON amocrm_own_writes (written_at) WHERE delivery_id IS NULL;
DROP INDEX amocrm_own_writes_old;
