-- The second home of tokens, outside of the database (shared/connections/token_journal.py): which installation this is, and
-- what of each connection is there already.

-- One row. Objects of the journal carry the installation's id, so that nobody takes another one's for theirs.
CREATE TABLE amocrm_token_journal (
    is_only         boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    installation    uuid NOT NULL DEFAULT gen_random_uuid(),
    address         text,                                         -- of the journal that `journaled_version` speaks of
    swept_to        text NOT NULL DEFAULT ''                      -- how far what is superseded was removed; '' begins anew
);
INSERT INTO amocrm_token_journal DEFAULT VALUES;
GRANT SELECT, INSERT, UPDATE ON amocrm_token_journal TO amocrm_runtime;

-- The `token_version` that was written there last.
ALTER TABLE amocrm_integrations ADD COLUMN journaled_version bigint;
CREATE INDEX amocrm_integrations_not_journaled ON amocrm_integrations (updated_at)
    WHERE token_version > 0 AND journaled_version IS DISTINCT FROM token_version;

-- As before (V16), and what of it is in the journal.
CREATE OR REPLACE VIEW amocrm_connections AS
SELECT i.id, i.widget_type, i.account_domain, i.account_id, i.client_id, i.client_secret, i.redirect_uri, i.status,
       i.access_token, i.refresh_token, i.access_expires_at, i.refresh_expires_at, i.token_version, i.api_domain,
       i.lease_id, i.lease_until, i.refresh_failures, i.refresh_not_before, i.refresh_due_at,
       i.problem_code, i.problem_detail, i.problem_at,
       coalesce((SELECT l.settings FROM amocrm_level_settings l
                 WHERE l.widget_type = i.widget_type AND l.level = 'widget'), '{}')
       || coalesce((SELECT l.settings FROM amocrm_level_settings l
                    WHERE l.widget_type = i.widget_type AND l.level = 'client:' || i.client_id), '{}')
       || i.settings AS settings,
       i.created_at, i.updated_at, i.connected_at,
       coalesce(i.access_expires_at > amocrm_now() + interval '60 seconds', false) AS access_is_fresh,
       coalesce(i.access_expires_at > amocrm_now(), false) AS access_is_alive,
       greatest(0, extract(epoch FROM i.refresh_not_before - amocrm_now()))::float8 AS refresh_wait_seconds,
       greatest(0, extract(epoch FROM (SELECT r.next_free_at FROM amocrm_rate r WHERE r.integration_id = i.id)
                                      - amocrm_now()))::float8 AS hold_seconds,
       (SELECT m.state FROM amocrm_moves m WHERE m.integration_id = i.id AND m.state <> 'arrived') AS move,
       i.journaled_version
FROM amocrm_integrations i;
