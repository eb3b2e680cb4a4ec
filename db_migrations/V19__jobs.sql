-- When each scheduled job has last come to its end (shared/storage/jobs.py): a schedule that was forgotten, or stopped,
-- leaves no error anywhere.
CREATE TABLE amocrm_jobs (
    name    text PRIMARY KEY,
    good_at timestamptz NOT NULL DEFAULT amocrm_now()
);
GRANT SELECT, INSERT, UPDATE ON amocrm_jobs TO amocrm_runtime;
