-- Somebody has said that what comes with this key asks for neither a phone nor an e-mail: it is not told of any more.
ALTER TABLE amocrm_site_keys ADD COLUMN accepts_without_person boolean NOT NULL DEFAULT false;
