-- Is the data fit for a report? Prints what history_problems() finds in the deals, then what looks wrong in the mapping; stops
-- with an error that names views and columns where no report can be made. It changes nothing:
--
--     psql -v schema=crm -f check.sql

\set dry_run true
\ir views.sql
