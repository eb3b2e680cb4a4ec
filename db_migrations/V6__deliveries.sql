-- What our functions find is ours: nobody's temporary objects come first.
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

-- An accepted write. It is whole before anything is sent, and stays until every step of it is in amoCRM.
CREATE TABLE amocrm_deliveries (
    id               uuid PRIMARY KEY,
    integration_id   uuid NOT NULL REFERENCES amocrm_integrations (id),
    action           text NOT NULL CHECK (action ~ '^[a-z][a-z_]{0,63}$'),
    idempotency_key  text NOT NULL CHECK (length(idempotency_key) BETWEEN 1 AND 255),
    request_hash     bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    request          bytea,                     -- encrypted: it holds what a customer told a company; kept for a while only
    -- What it is about, for lists: `{by, user_id?, total?, currency?}`. Nothing personal.
    summary          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(summary) = 'object'),
    -- The deal that it writes to: a late retry must not set back what a newer write of the same deal has set.
    lead_id          bigint CHECK (lead_id > 0),
    state            text NOT NULL DEFAULT 'accepted' CHECK (state IN ('accepted', 'delivered', 'dead')),

    -- step name -> {"state": "started"} or {"state": "done", "result": {…}}. "started" without "done" after a crash
    -- means: look in amoCRM before writing again.
    steps            jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(steps) = 'object'),
    -- What happened to it, in order: `[{at, kind, step?, outcome?, code?, detail?, request_id?}]`. The log holds what concerns
    -- the connection: that it is done, and what is in the way.
    story            jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(story) = 'array'),
    attempts         integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    lease_id         uuid,
    lease_until      timestamptz,
    due_at           timestamptz,
    problem_code     text,
    problem_detail   text,
    created_at       timestamptz NOT NULL DEFAULT amocrm_now(),
    updated_at       timestamptz NOT NULL DEFAULT amocrm_now(),
    finished_at      timestamptz,

    CONSTRAINT one_delivery_per_key UNIQUE (integration_id, action, idempotency_key),
    CONSTRAINT lease_is_whole CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CONSTRAINT accepted_is_due CHECK ((state = 'accepted') = (due_at IS NOT NULL)),
    CONSTRAINT finished_says_when CHECK ((state = 'accepted') = (finished_at IS NULL)),
    CONSTRAINT dead_says_why CHECK (state <> 'dead' OR problem_code IS NOT NULL),
    CONSTRAINT unfinished_keeps_request CHECK (state <> 'accepted' OR request IS NOT NULL)
);
CREATE INDEX amocrm_deliveries_due ON amocrm_deliveries (due_at) WHERE state = 'accepted';
CREATE INDEX amocrm_deliveries_of_integration ON amocrm_deliveries (integration_id, created_at DESC);
CREATE INDEX amocrm_deliveries_of_deal ON amocrm_deliveries (integration_id, lead_id, created_at) WHERE lead_id IS NOT NULL;
-- The due ones of one integration, so that each account gets its turn.
CREATE INDEX amocrm_deliveries_turns ON amocrm_deliveries (integration_id, due_at) WHERE state = 'accepted';
-- What goes after its days: the request, then the row.
CREATE INDEX amocrm_deliveries_kept ON amocrm_deliveries (finished_at) WHERE request IS NOT NULL AND finished_at IS NOT NULL;
CREATE INDEX amocrm_deliveries_finished ON amocrm_deliveries (finished_at) WHERE finished_at IS NOT NULL;
-- What the overview counts.
CREATE INDEX amocrm_deliveries_dead ON amocrm_deliveries (created_at) WHERE state = 'dead';
CREATE INDEX amocrm_deliveries_oldest ON amocrm_deliveries (created_at) WHERE state = 'accepted';
-- An order by the shop's number, and by its deal.
CREATE INDEX amocrm_deliveries_of_order ON amocrm_deliveries (integration_id, (summary ->> 'order'))
    WHERE action = 'submit_order';
CREATE INDEX amocrm_deliveries_of_order_deal ON amocrm_deliveries
    (integration_id, (coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id'))
    WHERE action = 'submit_order';
GRANT SELECT, INSERT, UPDATE ON amocrm_deliveries TO amocrm_runtime;

-- The story with one more entry. At most 100 are kept: how it began, and the latest.
CREATE FUNCTION amocrm_told(story jsonb, entry jsonb) RETURNS jsonb LANGUAGE sql STABLE SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN jsonb_array_length(story) < 100 THEN story ELSE story - 1 END
        || jsonb_build_array(jsonb_build_object('at', amocrm_now()) || jsonb_strip_nulls(entry))
$$;
REVOKE ALL ON FUNCTION amocrm_told FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_told TO amocrm_runtime;

-- The account after this one (by id, and round) that has a delivery to be carried out; null when nobody has.
CREATE FUNCTION amocrm_next_waiting(after uuid) RETURNS uuid LANGUAGE plpgsql STABLE SET search_path FROM CURRENT
    -- The walk from one waiting account to the next goes by the index amocrm_deliveries_turns. The planner expects one row to
    -- be due, and would rather sort it: where thousands are, it sorted them at every step.
    SET enable_sort = off AS $$
DECLARE
    found uuid;
BEGIN
    SELECT integration_id INTO found FROM amocrm_deliveries
    WHERE state = 'accepted' AND due_at <= amocrm_now() AND (lease_until IS NULL OR lease_until < amocrm_now())
      AND integration_id > after ORDER BY integration_id LIMIT 1;
    IF found IS NULL THEN
        SELECT integration_id INTO found FROM amocrm_deliveries
        WHERE state = 'accepted' AND due_at <= amocrm_now() AND (lease_until IS NULL OR lease_until < amocrm_now())
        ORDER BY integration_id LIMIT 1;
    END IF;
    RETURN found;
END
$$;
REVOKE ALL ON FUNCTION amocrm_next_waiting FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_next_waiting TO amocrm_runtime;

-- The one way in which deliveries go: finished ones, a batch at a time, and never the last day's.
CREATE FUNCTION amocrm_purge_deliveries(keep interval, batch integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM amocrm_deliveries WHERE id IN (
        SELECT id FROM amocrm_deliveries WHERE finished_at < amocrm_now() - greatest(keep, interval '1 day')
        ORDER BY finished_at LIMIT batch);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION amocrm_purge_deliveries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION amocrm_purge_deliveries TO amocrm_runtime;
