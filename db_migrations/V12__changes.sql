-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- What happens in amoCRM, on its way to the company's own systems.

-- A connection that wants to know. amoCRM calls an address whose unguessable part is `key`; its hash finds the row.
CREATE TABLE amocrm_feeds (
    integration_id uuid PRIMARY KEY REFERENCES amocrm_integrations (id),
    is_on          boolean NOT NULL,
    key_hash       bytea NOT NULL UNIQUE CHECK (octet_length(key_hash) = 32),
    key            bytea NOT NULL,             -- encrypted
    salt           bytea NOT NULL,             -- encrypted: fingerprints of this account's values are made with it
    subscribed     bytea,                      -- encrypted: the address that amoCRM calls, as long as we know of one
    way            text NOT NULL DEFAULT 'hook' CHECK (way IN ('hook', 'ask')),  -- ask: amoCRM refuses webhooks
    check_due_at   timestamptz,                -- the subscription is compared; of a feed that is off: it is ended
    ask_due_at     timestamptz,                -- what hooks may have lost is asked for
    read_due_at    timestamptz,                -- something is said to have changed
    begun_at       bigint NOT NULL,            -- when it was turned on, Unix seconds; what was before is not told
    asked_until    bigint NOT NULL,            -- by amoCRM's own clock, Unix seconds
    -- How far asking has come, in each of its lists by itself: {lead, contact, event: Unix seconds from which on it goes on,
    -- page, top: of events, which come the newest first}. `asked_until` is what all of them have come to.
    asked          jsonb NOT NULL DEFAULT '{}',
    hooks          bigint NOT NULL DEFAULT 0,
    last_hook_at   timestamptz,
    lease_id       uuid,
    lease_until    timestamptz,
    failures       integer NOT NULL DEFAULT 0,
    problem_code   text,
    problem_detail text,
    created_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    CONSTRAINT lease_is_whole CHECK ((lease_id IS NULL) = (lease_until IS NULL))
);
CREATE INDEX amocrm_feeds_due ON amocrm_feeds (least(check_due_at, ask_due_at, read_due_at));

-- Something is said to have changed; it is read again before anybody is told. One row, however often it is said.
CREATE TABLE amocrm_hints (
    integration_id uuid NOT NULL REFERENCES amocrm_integrations (id),
    entity_type    text NOT NULL CHECK (entity_type IN ('lead', 'contact', 'lead_note', 'contact_note')),
    entity_id      bigint NOT NULL CHECK (entity_id > 0),
    kinds          text[] NOT NULL,
    facts          jsonb NOT NULL DEFAULT '{}',  -- what only the hint knows: where a deal was before
    version        integer NOT NULL DEFAULT 1,
    attempts       integer NOT NULL DEFAULT 0,
    seen_at        timestamptz NOT NULL DEFAULT amocrm_now(),
    due_at         timestamptz NOT NULL DEFAULT amocrm_now(),
    PRIMARY KEY (integration_id, entity_type, entity_id)
);
CREATE INDEX amocrm_hints_due ON amocrm_hints (integration_id, due_at);

-- As it was told last. Places and sums stand as they are, because an event says what was before; of everything else there
-- is a fingerprint, enough to see that it has changed.
CREATE TABLE amocrm_entities (
    integration_id uuid NOT NULL REFERENCES amocrm_integrations (id),
    entity_type    text NOT NULL,
    entity_id      bigint NOT NULL,
    state          jsonb NOT NULL,
    revision       integer NOT NULL DEFAULT 1,
    read_at        timestamptz NOT NULL,
    PRIMARY KEY (integration_id, entity_type, entity_id)
);
CREATE INDEX amocrm_entities_old ON amocrm_entities (read_at);

-- What somebody's deal or contact gets from us, so that it does not come back as news: noted before it is sent, and that it
-- was written, after it; from then on, whoever sets the same value is somebody else. What is made has no id before it is
-- made; then the delivery that makes it stands for it, for as long as there is that delivery: an incoming lead waits for a
-- person, who may give its deal another name. What was written into what is there is forgotten after a day.
CREATE TABLE amocrm_own_writes (
    id             uuid,
    integration_id uuid NOT NULL REFERENCES amocrm_integrations (id),
    entity_type    text NOT NULL,
    entity_id      bigint,
    delivery_id    uuid,
    fingerprints   jsonb NOT NULL,
    written_at     timestamptz NOT NULL DEFAULT amocrm_now(),
    ended_at       timestamptz
);
CREATE UNIQUE INDEX amocrm_own_writes_id ON amocrm_own_writes (id);
CREATE INDEX amocrm_own_writes_of ON amocrm_own_writes (integration_id, entity_type, entity_id);
CREATE INDEX amocrm_own_writes_made ON amocrm_own_writes (delivery_id) WHERE delivery_id IS NOT NULL;
CREATE INDEX amocrm_own_writes_made_old ON amocrm_own_writes (written_at) WHERE delivery_id IS NOT NULL;
CREATE INDEX amocrm_own_writes_written_old ON amocrm_own_writes (written_at) WHERE delivery_id IS NULL;

-- Who is told: a server of the company's.
CREATE TABLE amocrm_endpoints (
    id              uuid PRIMARY KEY,
    integration_id  uuid NOT NULL REFERENCES amocrm_integrations (id),
    name            text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    url             bytea NOT NULL,            -- encrypted: it may hold a token
    host            text NOT NULL,             -- for people
    secret          bytea NOT NULL,            -- encrypted
    old_secret      bytea,                     -- encrypted; signs as well until `old_secret_until`
    old_secret_until timestamptz,
    kinds           text[] NOT NULL,           -- empty: all
    pipelines       bigint[] NOT NULL,         -- empty: all; of deals only
    statuses        bigint[] NOT NULL,
    fields          text[] NOT NULL,           -- empty: all; of lead.updated and contact.updated only
    is_on           boolean NOT NULL DEFAULT true,
    off_reason      text CHECK (off_reason IN ('person', 'gone', 'failing')),
    failures        integer NOT NULL DEFAULT 0, -- in a row
    failing_since   timestamptz,
    last_status     text,
    last_ok_at      timestamptz,
    due_at          timestamptz,
    wakes           integer NOT NULL DEFAULT 0, -- how often something new was to be told
    lease_id        uuid,
    lease_until     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT amocrm_now(),
    removed_at      timestamptz,
    CONSTRAINT lease_is_whole CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CONSTRAINT off_says_why CHECK (is_on = (off_reason IS NULL))
);
CREATE INDEX amocrm_endpoints_of ON amocrm_endpoints (integration_id) WHERE removed_at IS NULL;
CREATE INDEX amocrm_endpoints_due ON amocrm_endpoints (due_at) WHERE is_on AND removed_at IS NULL AND due_at IS NOT NULL;

CREATE INDEX amocrm_endpoints_off ON amocrm_endpoints (off_reason)
    WHERE removed_at IS NULL AND off_reason IN ('gone', 'failing');

-- What has happened, in the order in which it was found.
CREATE TABLE amocrm_changes (
    id             uuid PRIMARY KEY,
    position       bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    integration_id uuid NOT NULL REFERENCES amocrm_integrations (id),
    kind           text NOT NULL,
    entity_type    text NOT NULL,
    entity_id      bigint NOT NULL,
    document       bytea NOT NULL,             -- encrypted: it holds what customers told a company
    created_at     timestamptz NOT NULL DEFAULT amocrm_now()
);
CREATE INDEX amocrm_changes_of ON amocrm_changes (integration_id, position);
CREATE INDEX amocrm_changes_old ON amocrm_changes (created_at);

-- A change on its way to an endpoint.
CREATE TABLE amocrm_sends (
    endpoint_id    uuid NOT NULL REFERENCES amocrm_endpoints (id),
    position       bigint NOT NULL,            -- of the change; the order in which an entity's are sent
    change_id      uuid NOT NULL REFERENCES amocrm_changes (id) ON DELETE CASCADE,
    entity         text NOT NULL,              -- type and id
    state          text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
    attempts       integer NOT NULL DEFAULT 0,
    refused_since  timestamptz,                -- from its first failure on
    due_at         timestamptz NOT NULL DEFAULT amocrm_now(),
    asked_at       timestamptz NOT NULL DEFAULT amocrm_now(),  -- when it was made, or replayed: from here its days count
    answered_at    timestamptz,
    answer         text,
    PRIMARY KEY (endpoint_id, change_id)
);
CREATE INDEX amocrm_sends_waiting ON amocrm_sends (endpoint_id, entity, position) WHERE state = 'waiting';
CREATE INDEX amocrm_sends_of_change ON amocrm_sends (change_id);

GRANT SELECT, INSERT, UPDATE ON amocrm_feeds, amocrm_endpoints TO amocrm_runtime;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON amocrm_hints, amocrm_entities, amocrm_own_writes, amocrm_sends, amocrm_changes TO amocrm_runtime;

-- Writes hints down, `[{entity_type, entity_id, kinds, facts}]`: those of one entity are one. In the order of their ids,
-- so that two who bring the same ones do not wait for each other in a circle.
CREATE FUNCTION amocrm_hint(integration uuid, said jsonb, settle interval) RETURNS void
    LANGUAGE sql SET search_path FROM CURRENT AS $$
    INSERT INTO amocrm_hints AS old (integration_id, entity_type, entity_id, kinds, facts, due_at)
    SELECT integration, entity_type, entity_id, kinds, coalesce(facts, '{}'), amocrm_now() + settle
    FROM jsonb_to_recordset(said) AS one (entity_type text, entity_id bigint, kinds text[], facts jsonb)
    ORDER BY entity_type, entity_id
    ON CONFLICT (integration_id, entity_type, entity_id) DO UPDATE SET
        kinds = ARRAY(SELECT DISTINCT unnest(old.kinds || excluded.kinds)),
        facts = excluded.facts || old.facts, version = old.version + 1, attempts = 0
$$;

-- Writes hints down, all of them or none: so many may wait for a connection, those that are new counted. False: too much
-- waits already, or nobody listens. Whoever writes waits for whoever is writing, so that the number holds.
CREATE FUNCTION amocrm_hint_within(integration uuid, said jsonb, settle interval, most integer) RETURNS boolean
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM FROM amocrm_feeds WHERE integration_id = integration AND is_on FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF (SELECT count(*) FROM (SELECT FROM amocrm_hints WHERE integration_id = integration LIMIT most) AS waiting)
            + (SELECT count(*) FROM jsonb_to_recordset(said) AS one (entity_type text, entity_id bigint)
               WHERE NOT EXISTS (SELECT FROM amocrm_hints h WHERE h.integration_id = integration
                   AND h.entity_type = one.entity_type AND h.entity_id = one.entity_id)) > most THEN
        RETURN false;
    END IF;
    PERFORM amocrm_hint(integration, said, settle);
    RETURN true;
END
$$;

-- Takes what a hook says: one durable write. Answers `taken`, `off` (nobody listens any more), `unknown` (no such key),
-- `foreign` (another account's), or `full` (too much waits for this connection: asking will find it).
-- A hook's body may be longer than what is read of it (`is_whole`): then what was read is taken, and the account is asked at
-- once for the rest. Where the account's own number was beyond that, the key alone says whose it is.
-- When it has to be read is seen under the lock of the row: else a hint that comes in the moment in which a reader ends
-- would wait until the next asking.
CREATE FUNCTION amocrm_take_hints(
        hash bytea, account bigint, said jsonb, settle interval, most integer, is_whole boolean DEFAULT true)
    RETURNS TABLE (outcome text, integration uuid, is_first boolean)
    LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    feed amocrm_feeds%ROWTYPE;
    own_account bigint;
    wakes boolean;
BEGIN
    SELECT * INTO feed FROM amocrm_feeds WHERE key_hash = hash;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'unknown', NULL::uuid, false;
        RETURN;
    END IF;
    SELECT account_id INTO own_account FROM amocrm_integrations WHERE id = feed.integration_id AND status <> 'disconnected';
    IF NOT FOUND OR NOT feed.is_on THEN
        RETURN QUERY SELECT 'off', feed.integration_id, false;
        RETURN;
    END IF;
    IF account IS DISTINCT FROM own_account AND (is_whole OR account IS NOT NULL) THEN
        RETURN QUERY SELECT 'foreign', feed.integration_id, false;
        RETURN;
    END IF;
    IF NOT is_whole THEN
        UPDATE amocrm_feeds SET ask_due_at = least(ask_due_at, amocrm_now())
        WHERE integration_id = feed.integration_id AND is_on;
    END IF;
    IF NOT amocrm_hint_within(feed.integration_id, said, settle, most) THEN
        UPDATE amocrm_feeds SET ask_due_at = least(ask_due_at, amocrm_now() + interval '1 minute')
        WHERE integration_id = feed.integration_id AND is_on;
        RETURN QUERY SELECT 'full', feed.integration_id, false;
        RETURN;
    END IF;
    SELECT * INTO feed FROM amocrm_feeds WHERE integration_id = feed.integration_id FOR NO KEY UPDATE;
    -- What waits may be due later: an entity that amoCRM did not show. Where the account cannot be called, it all waits.
    wakes := said <> '[]' AND (feed.read_due_at IS NULL
        OR feed.failures = 0 AND feed.read_due_at > amocrm_now() + settle);
    UPDATE amocrm_feeds SET
        hooks = hooks + 1, last_hook_at = amocrm_now(),
        read_due_at = CASE WHEN wakes THEN amocrm_now() + settle ELSE read_due_at END
    WHERE integration_id = feed.integration_id AND is_on;
    RETURN QUERY SELECT 'taken', feed.integration_id, wakes;
END
$$;

REVOKE ALL ON FUNCTION amocrm_hint, amocrm_hint_within, amocrm_take_hints FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_hint, amocrm_hint_within, amocrm_take_hints TO amocrm_runtime;
