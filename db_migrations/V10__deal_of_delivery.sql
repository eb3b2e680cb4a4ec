-- The deal that a delivery writes to: a late retry must not set back what a newer calculation of the same deal has set.
ALTER TABLE amocrm_deliveries ADD lead_id bigint CHECK (lead_id > 0);
CREATE INDEX amocrm_deliveries_of_deal ON amocrm_deliveries (integration_id, lead_id, created_at) WHERE lead_id IS NOT NULL;
