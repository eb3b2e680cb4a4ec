-- When amoCRM has refused webhooks, or some of their settings, last: they are asked for again after a day, and when somebody
-- has connected the account since. Null: it refuses nothing. What was refused before this was known is asked for again now.
ALTER TABLE amocrm_feeds ADD COLUMN refused_at timestamptz;
UPDATE amocrm_feeds SET refused_at = to_timestamp(0) WHERE refused <> '{}' OR way = 'ask';
