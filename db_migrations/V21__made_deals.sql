-- What has come to its deal by itself, by the deal's number: a form that made it, an order, what completed either. Its
-- own `lead_id` is null, because it was accepted before anybody knew of a deal.
CREATE INDEX amocrm_deliveries_of_made_deal ON amocrm_deliveries
    (integration_id, (coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id'))
    WHERE lead_id IS NULL
      AND coalesce(steps -> 'lead', steps -> 'incoming_lead') -> 'result' -> 'lead_id' IS NOT NULL;
