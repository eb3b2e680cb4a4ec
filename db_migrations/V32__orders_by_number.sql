-- concurrently: an order by the shop's number, and by its deal. An attempt that failed leaves an invalid index; it is made
-- anew.
DROP INDEX CONCURRENTLY IF EXISTS amocrm_deliveries_of_order;
CREATE INDEX CONCURRENTLY amocrm_deliveries_of_order ON amocrm_deliveries (integration_id, (summary ->> 'order'))
    WHERE action = 'submit_order';
DROP INDEX CONCURRENTLY IF EXISTS amocrm_deliveries_of_order_deal;
CREATE INDEX CONCURRENTLY amocrm_deliveries_of_order_deal ON amocrm_deliveries
    (integration_id, (coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id'))
    WHERE action = 'submit_order';
