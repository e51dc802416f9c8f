-- What the extension makes of the data, to be read back by the jobs: psql -v schema=S -f derive.sql

SET search_path = :schema, public;

CREATE UNLOGGED TABLE history AS
SELECT deal, history_agg(kind, at) AS history FROM event GROUP BY deal ORDER BY deal;

-- stored summaries of 20 deals, or of 100 cycles, each
CREATE UNLOGGED TABLE funnel AS
SELECT (deal - 1) / 20 AS id, funnel_agg(deal_progress(history, as_of => '2026-01-01Z')) AS summary FROM history GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE win AS
SELECT (deal - 1) / 20 AS id, win_agg(won, competitors) AS summary FROM deal GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE rate AS
SELECT (cycle - 1) / 100 AS id, rate_agg(won) AS summary FROM cycle GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE duration AS
SELECT (cycle - 1) / 100 AS id, duration_agg(started_at, ended_at, '2100-01-01Z') AS summary FROM cycle GROUP BY 1 ORDER BY 1;
VACUUM ANALYZE history, funnel, win, rate, duration;
