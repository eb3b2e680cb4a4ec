-- What a deal or contact is made with is noted before it is made, too: then it has no id yet, and the delivery that makes
-- it stands for it.
ALTER TABLE amocrm_own_writes ALTER COLUMN entity_id DROP NOT NULL, ADD COLUMN delivery_id uuid;
CREATE INDEX amocrm_own_writes_made ON amocrm_own_writes (delivery_id) WHERE delivery_id IS NOT NULL;
