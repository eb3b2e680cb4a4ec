-- A key of a server's kind: a site builder sends what people wrote from its own server, which has no origin to show. It is a
-- secret, and stands in no page.
ALTER TABLE amocrm_site_keys ADD is_server boolean NOT NULL DEFAULT false;
ALTER TABLE amocrm_site_keys DROP CONSTRAINT amocrm_site_keys_origins_check;
ALTER TABLE amocrm_site_keys ADD CONSTRAINT amocrm_site_keys_origins_check
    CHECK (cardinality(origins) BETWEEN 1 AND 20 OR is_server AND cardinality(origins) = 0);
