-- Of what a person has set, changed by each save: whoever saves says which one they have seen, so that nobody else's change
-- is overwritten.
ALTER TABLE amocrm_endpoints ADD COLUMN revision uuid NOT NULL DEFAULT gen_random_uuid();
ALTER TABLE amocrm_automations ADD COLUMN revision uuid NOT NULL DEFAULT gen_random_uuid();
