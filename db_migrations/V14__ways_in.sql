-- Installations of every kind: whose client a code is for, and buttons that a company puts on its own pages.

-- Also for finding a client's rows without its account (an installation from inside amoCRM).
CREATE INDEX amocrm_integrations_of_client ON amocrm_integrations (client_id);

-- A button that a company puts on its own page: whoever presses it connects an account of their own. The key stands in
-- a public page; what it allows is to begin.
CREATE TABLE amocrm_install_links (
    id          uuid PRIMARY KEY,
    key_hash    bytea NOT NULL UNIQUE,
    widget_type text NOT NULL CHECK (widget_type ~ '^[a-z][a-z0-9_-]{0,31}$'),
    platform    text NOT NULL CHECK (platform IN ('amocrm', 'kommo')),
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
    language    text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT amocrm_now(),
    revoked_at  timestamptz
);

-- The installations that such a button began, for a code that comes without the client's id.
ALTER TABLE amocrm_installations ADD link_id uuid REFERENCES amocrm_install_links (id);
ALTER TABLE amocrm_installations ADD return_to text; -- where the finished page leads back to
CREATE INDEX amocrm_installations_of_link ON amocrm_installations (link_id) WHERE link_id IS NOT NULL;

-- A page that hides its origin (Referrer-Policy: same-origin or no-referrer) sends "Origin: null" with a plain form.
ALTER TABLE amocrm_site_keys ADD accepts_hidden_origin boolean NOT NULL DEFAULT false;

GRANT SELECT, INSERT, UPDATE ON amocrm_install_links TO amocrm_runtime;
