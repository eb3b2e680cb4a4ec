-- Which stages of which pipelines an endpoint is told of, where the two lists do not say it: the stages won and lost have
-- the same numbers in every pipeline.
ALTER TABLE amocrm_endpoints ADD COLUMN stages jsonb NOT NULL DEFAULT '[]';
