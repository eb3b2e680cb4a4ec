-- The due deliveries of one integration, so that each account gets its turn.
CREATE INDEX amocrm_deliveries_turns ON amocrm_deliveries (integration_id, due_at) WHERE state = 'accepted';
