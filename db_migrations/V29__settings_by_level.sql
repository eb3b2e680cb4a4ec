-- Settings of a widget type ('widget') or of an integration of amoCRM's ('client:…'), which hold for all of its connections
-- that have none of their own. The members of a document are inherited each by itself.
CREATE TABLE amocrm_level_settings (
    widget_type text NOT NULL CHECK (length(widget_type) BETWEEN 1 AND 64),
    level       text NOT NULL CHECK (length(level) <= 160 AND level ~ '^(widget$|client:)'),
    settings    jsonb NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT amocrm_now(),
    changed_by  text NOT NULL CHECK (length(changed_by) <= 120),
    PRIMARY KEY (widget_type, level)
);
GRANT SELECT, INSERT, UPDATE ON amocrm_level_settings TO amocrm_runtime;

-- What connections had of their own without anybody having said so is inherited from now on.
UPDATE amocrm_integrations SET settings = settings - 'language' WHERE settings -> 'language' = 'null';
UPDATE amocrm_integrations SET settings = settings - 'company'
WHERE settings -> 'company' = '{"name": "", "lines": [], "logo": null}';
UPDATE amocrm_integrations SET settings = settings - 'template'
WHERE settings -> 'template' = '{"heading": null, "note_heading": null, "closing": null}';

-- As it was, but for `settings`: those that hold.
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
                                      - amocrm_now()))::float8 AS hold_seconds
FROM amocrm_integrations i;
