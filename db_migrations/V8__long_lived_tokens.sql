-- A long-lived token has no refresh token and ends one day; its owner is warned once for each token.
ALTER TABLE amocrm_integrations ADD warned_version bigint;
CREATE INDEX amocrm_integrations_ending ON amocrm_integrations (access_expires_at)
    WHERE status = 'connected' AND refresh_token IS NULL;

-- `doctor` compares the folder with the database, also in the functions' role.
GRANT SELECT ON schema_migrations TO amocrm_runtime;
