-- The secret with which a site builder or a shop signs what it sends to a key of a server's kind; null: it does not sign, or
-- nobody has entered it. Encrypted.
ALTER TABLE amocrm_site_keys ADD secret bytea;
ALTER TABLE amocrm_site_keys ADD CONSTRAINT amocrm_site_keys_secret_of_server CHECK (secret IS NULL OR is_server);
