-- What a delivery is about, for lists: `{by, user_id?, total?, currency?}`. Nothing personal: that stays in the encrypted
-- request, and goes with it.
ALTER TABLE amocrm_deliveries ADD summary jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(summary) = 'object');
