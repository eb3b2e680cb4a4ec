-- concurrently: what the overview counts, and how connections are filtered. An attempt that failed leaves an invalid
-- index; it is made anew.
DROP INDEX CONCURRENTLY IF EXISTS amocrm_integrations_status;
CREATE INDEX CONCURRENTLY amocrm_integrations_status ON amocrm_integrations (status, account_domain, widget_type);
DROP INDEX CONCURRENTLY IF EXISTS amocrm_integrations_in_trouble;
CREATE INDEX CONCURRENTLY amocrm_integrations_in_trouble ON amocrm_integrations (account_domain, widget_type)
    WHERE problem_code IS NOT NULL;
DROP INDEX CONCURRENTLY IF EXISTS amocrm_deliveries_dead;
CREATE INDEX CONCURRENTLY amocrm_deliveries_dead ON amocrm_deliveries (created_at) WHERE state = 'dead';
DROP INDEX CONCURRENTLY IF EXISTS amocrm_deliveries_oldest;
CREATE INDEX CONCURRENTLY amocrm_deliveries_oldest ON amocrm_deliveries (created_at) WHERE state = 'accepted';
DROP INDEX CONCURRENTLY IF EXISTS amocrm_integrations_with_company;
CREATE INDEX CONCURRENTLY amocrm_integrations_with_company ON amocrm_integrations (id)
    WHERE settings -> 'company' ->> 'name' <> '';
