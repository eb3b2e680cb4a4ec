-- The walk from one waiting account to the next goes by the index amocrm_deliveries_turns. The planner expects one row to
-- be due, and would rather sort it: where thousands are, it sorted them at every step.
ALTER FUNCTION amocrm_next_waiting SET enable_sort = off;
