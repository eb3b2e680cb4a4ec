-- The latest delivery that has completed what a body had become, after the rules were mended.
ALTER TABLE amocrm_incoming ADD again_id uuid;
