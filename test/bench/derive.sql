-- What the extension makes of the data, to be read back by the jobs: psql -v schema=S -f derive.sql

SET search_path = :schema, public;
DROP TABLE IF EXISTS history, funnel, win, rate, duration, funnel_large, win_large, rate_large, duration_large;

CREATE UNLOGGED TABLE history AS
SELECT deal, history_agg(kind, at) AS history, deal % 64 AS team, (deal % 997 * 12.5)::numeric(12, 2) AS amount FROM event GROUP BY deal ORDER BY deal;

-- stored summaries of 20 deals, or of 100 cycles, each; and of 1,000
CREATE UNLOGGED TABLE funnel AS
SELECT (deal - 1) / 20 AS id, funnel_agg(deal_progress(history, as_of => '2026-01-01Z')) AS summary FROM history GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE win AS
SELECT (deal - 1) / 20 AS id, win_agg(won, competitors) AS summary FROM deal GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE rate AS
SELECT (cycle - 1) / 100 AS id, rate_agg(won) AS summary FROM cycle GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE duration AS
SELECT (cycle - 1) / 100 AS id, duration_agg(started_at, ended_at, '2100-01-01Z') AS summary FROM cycle GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE funnel_large AS SELECT id / 50 AS id, rollup(summary) AS summary FROM funnel GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE win_large AS SELECT id / 50 AS id, rollup(summary) AS summary FROM win GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE rate_large AS SELECT id / 10 AS id, rollup(summary) AS summary FROM rate GROUP BY 1 ORDER BY 1;
CREATE UNLOGGED TABLE duration_large AS SELECT id / 10 AS id, rollup(summary) AS summary FROM duration GROUP BY 1 ORDER BY 1;
VACUUM ANALYZE history, funnel, win, rate, duration, funnel_large, win_large, rate_large, duration_large;
