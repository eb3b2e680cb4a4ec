-- One row is one connection: a widget type in an amoCRM account.
-- The row is the unit of truth for its tokens: whoever changes them changes this row in one guarded statement.

-- The functions connect as a member of this role; only migrations connect as the owner of the tables.
-- It can do what the functions need: no DDL, and no deleting of integrations, deliveries or events.
DO $$
BEGIN
    CREATE ROLE amocrm_runtime NOLOGIN;
EXCEPTION WHEN duplicate_object THEN
    NULL; -- another database of this server has made it
END
$$;

DO $$
BEGIN
    -- Before PostgreSQL 15 everybody may make tables in the schema "public"; and the functions need no temporary tables.
    -- (Where another role owns the schema or the database, this is a warning and changes nothing: then its owner says it.)
    EXECUTE format('REVOKE CREATE ON SCHEMA %I FROM PUBLIC', current_schema());
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;

-- `doctor` compares the folder with the database, also in the functions' role.
GRANT SELECT ON schema_migrations TO amocrm_runtime;

-- Every statement asks this function for the time, so that all instances live by one clock, the database's,
-- and so that tests can move it. It is inlined, and therefore usable with an index.
CREATE FUNCTION amocrm_now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT statement_timestamp()';

CREATE TABLE amocrm_integrations (
    id                    uuid PRIMARY KEY,
    widget_type           text NOT NULL CHECK (widget_type ~ '^[a-z][a-z0-9_-]{0,31}$'),
    account_domain        text NOT NULL CHECK (account_domain ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.(amocrm\.(ru|com)|kommo\.com)$'),
    account_id            bigint CHECK (account_id > 0),          -- known from the first token on
    client_id             text NOT NULL CHECK (length(client_id) BETWEEN 1 AND 128),
    client_secret         bytea NOT NULL,                         -- encrypted, see shared/storage/encryption.py
    redirect_uri          text NOT NULL,                          -- as used in the exchange; a refresh must repeat it
    status                text NOT NULL DEFAULT 'pending'
                          CHECK (status IN ('pending', 'connected', 'reauth_required', 'disconnected')),

    -- The pair. `token_version` goes up with every pair, and with everything that makes the old one worthless.
    access_token          bytea,                                  -- encrypted
    refresh_token         bytea,                                  -- encrypted
    access_expires_at     timestamptz,
    refresh_expires_at    timestamptz,
    token_version         bigint NOT NULL DEFAULT 0,
    api_domain            text,                                   -- where a renamed account can be looked up

    -- The lease of the one refresh that may be under way.
    lease_id              uuid,
    lease_until           timestamptz,
    refresh_failures      integer NOT NULL DEFAULT 0 CHECK (refresh_failures >= 0),
    refresh_not_before    timestamptz,                            -- backoff after a failure, for everybody
    refresh_due_at        timestamptz,                            -- when the scheduler takes it up, with jitter
    warned_version        bigint,                                 -- of a long-lived token whose end somebody was told of

    problem_code          text,                                   -- why a person is needed, or what failed last
    problem_detail        text,
    problem_at            timestamptz,

    settings              jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(settings) = 'object'),
    created_at            timestamptz NOT NULL DEFAULT amocrm_now(),
    updated_at            timestamptz NOT NULL DEFAULT amocrm_now(),
    connected_at          timestamptz,

    CONSTRAINT one_integration_per_widget_and_account UNIQUE (account_domain, widget_type),
    CONSTRAINT connected_has_tokens CHECK (
        status <> 'connected' OR (access_token IS NOT NULL AND access_expires_at IS NOT NULL AND account_id IS NOT NULL)),
    CONSTRAINT dead_has_no_tokens CHECK (
        status NOT IN ('pending', 'disconnected') OR (access_token IS NULL AND refresh_token IS NULL)),
    CONSTRAINT lease_is_whole CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CONSTRAINT due_only_with_refresh_token CHECK (refresh_due_at IS NULL OR refresh_token IS NOT NULL)
);

-- A one-time token of the widget names these two.
CREATE UNIQUE INDEX amocrm_integrations_client ON amocrm_integrations (client_id, account_id) WHERE account_id IS NOT NULL;

-- The scheduler's question, and nothing else, is answered from this index.
CREATE INDEX amocrm_integrations_due ON amocrm_integrations (refresh_due_at)
    WHERE status = 'connected' AND refresh_due_at IS NOT NULL;

-- Also for finding a client's rows without its account (an installation from inside amoCRM).
CREATE INDEX amocrm_integrations_of_client ON amocrm_integrations (client_id);

-- A long-lived token has no refresh token and ends one day; its owner is warned once for each token.
CREATE INDEX amocrm_integrations_ending ON amocrm_integrations (access_expires_at)
    WHERE status = 'connected' AND refresh_token IS NULL;

-- What the overview counts, and how connections are filtered.
CREATE INDEX amocrm_integrations_status ON amocrm_integrations (status, account_domain, widget_type);
CREATE INDEX amocrm_integrations_in_trouble ON amocrm_integrations (account_domain, widget_type)
    WHERE problem_code IS NOT NULL;
CREATE INDEX amocrm_integrations_with_company ON amocrm_integrations (id)
    WHERE settings -> 'company' ->> 'name' <> '';
GRANT SELECT, INSERT, UPDATE ON amocrm_integrations TO amocrm_runtime;

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

-- What changes rarely in an account, such as which list holds its goods: asked once by one instance, known to all.
CREATE TABLE amocrm_remembered (
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id) ON DELETE CASCADE,
    name            text NOT NULL CHECK (name ~ '^[a-z_]{1,40}$'),
    value           jsonb NOT NULL,
    remembered_at   timestamptz NOT NULL DEFAULT amocrm_now(),
    PRIMARY KEY (integration_id, name)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON amocrm_remembered TO amocrm_runtime;
