-- When an integration may call amoCRM again. A 429 that one instance receives holds all of them.
CREATE TABLE amocrm_rate (
    integration_id  uuid PRIMARY KEY REFERENCES amocrm_integrations (id),
    next_free_at    timestamptz NOT NULL
);

-- An integration as the functions see it: the row, and what the clock says about it. Updatable, like the table.
CREATE VIEW amocrm_connections AS
SELECT i.*,
       coalesce(i.access_expires_at > amocrm_now() + interval '60 seconds', false) AS access_is_fresh,
       coalesce(i.access_expires_at > amocrm_now(), false) AS access_is_alive,
       greatest(0, extract(epoch FROM i.refresh_not_before - amocrm_now()))::float8 AS refresh_wait_seconds,
       greatest(0, extract(epoch FROM (SELECT r.next_free_at FROM amocrm_rate r WHERE r.integration_id = i.id)
                                      - amocrm_now()))::float8 AS hold_seconds
FROM amocrm_integrations i;
