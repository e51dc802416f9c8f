-- Competitors and content of the CRM that generate.sql makes; follows report.sql.
SET search_path = crm, public;
SET timezone = 'UTC';

\echo 'Reading how each deal ended, and against whom; as of 2025-12-31'
CREATE TABLE outcome AS
SELECT opportunity_id, history, deal_outcome(history, as_of => as_of()) AS outcome
FROM deal_histories WHERE has_kind(history, 'opportunity');
ANALYZE outcome;
CREATE TABLE wins AS SELECT win_agg(outcome) AS w FROM outcome;

\echo
\echo 'COMPETITORS: won / opportunities in which the competitor was considered, then the same under other'
\echo 'denominators. A deal with several competitors counts in full for each; fractional gives each 1/k of it.'
\echo 'lost_to = won / (won + lost to that very one): it leaves out losses to somebody else, or to nobody who is named.'
CREATE VIEW rivals AS
SELECT competitor, considered, won, lost, c.lost_to, no_decision, open,
	round(percent::numeric, 1) AS percent, round(low::numeric, 1) AS low, round(high::numeric, 1) AS high,
	round(percent(win_rate(w, competitor, 'closed'))::numeric, 1) AS of_closed, round(percent(win_rate(w, competitor, 'decided'))::numeric, 1) AS of_decided,
	round(percent(win_rate(w, competitor, 'lost_to'))::numeric, 1) AS lost_to_them, round(100 * fractional_win_rate(w, competitor)::numeric, 1) AS fractional,
	round(100 * amount_win_rate(w, competitor)::numeric, 1) AS by_amount
FROM wins, competitors(w) c
ORDER BY c.percent;
TABLE rivals;

\echo 'The deals without a competitor, and all of them.'
CREATE VIEW all_deals AS
SELECT deals, successes(r) AS won, total(r) AS closed, round(percent(r)::numeric, 1) AS percent, round(100 * i.low::numeric, 1) AS low, round(100 * i.high::numeric, 1) AS high
FROM wins, LATERAL (VALUES (1, 'uncontested', uncontested_win_rate(w, 'closed')), (2, 'all', overall_win_rate(w, 'closed'))) v(n, deals, r), confidence_interval(r) i
ORDER BY n;
TABLE all_deals;

\echo 'BY QUARTER OF CLOSING: percent won of the closed deals in which the competitor was considered, Wilson 95 % interval.'
\echo 'The programme starts with 2024 Q3; the market turned better for all in the same quarter.'
CREATE VIEW rivals_by_quarter AS
SELECT competitor, to_char(quarter, 'YYYY "Q"Q') AS quarter, c.won, c.total AS closed, round(c.percent::numeric, 1) AS percent,
	round(c.low::numeric, 1) AS low, round(c.high::numeric, 1) AS high
FROM (SELECT date_trunc('quarter', closed_at(outcome)) AS quarter, win_agg(outcome) AS w FROM outcome WHERE status(outcome) <> 'open' GROUP BY 1) x,
	competitors(w, 'closed') c
ORDER BY competitor, x.quarter;
TABLE rivals_by_quarter;

\pset format unaligned
\pset tuples_only on
SELECT chart(w, 50) FROM wins;
\pset tuples_only off
\pset format aligned

\echo
\echo 'PLATFORMS SEEN IN DEALS: won of the closed. "Won more often with it" is not "won because of it": the platform comes'
\echo 'late in a deal, so that it is seen most in deals that live long enough.'
SELECT competitor AS platform, won, total AS closed, round(percent::numeric, 1) AS percent, round(low::numeric, 1) AS low, round(high::numeric, 1) AS high
FROM (SELECT win_agg(deal_outcome(history, considered => 'platform', as_of => as_of())) AS w FROM outcome) x, competitors(w, 'closed');

\echo 'CONTENT. Audience: views, who viewed (exact up to 4,096 people a piece, then an estimate with a standard error of'
\echo '0.81 %), how long, downloads. Sellers: how often they opened, used and shared it, and how many of them.'
\echo 'Stored by month, rolled up: a person who comes back counts once.'
CREATE TABLE content_month AS
SELECT content, date_trunc('month', used_at) AS month, content_agg(action, actor, seconds) AS summary FROM content_use GROUP BY 1, 2;
CREATE VIEW content AS
SELECT content, action_count(c, 'view') AS views, distinct_actors(c, 'view') AS viewers, distinct_actors_is_exact(c, 'view') AS viewers_exact,
	round(total_seconds(c, 'view') / 3600) AS hours_viewed, round(mean(view_time(c, 'view'))::numeric, 1) AS mean_seconds, median(view_time(c, 'view')) AS median_seconds,
	action_count(c, 'download') AS downloads, action_count(c, 'open') AS opens, action_count(c, 'use') AS uses, action_count(c, 'share') AS shares,
	distinct_actors(c, 'open') AS sellers_opening, distinct_actors(c, 'use') AS sellers_using, distinct_actors(c, 'share') AS sellers_sharing
FROM (SELECT content, rollup(summary) AS c FROM content_month GROUP BY content) x
ORDER BY content;
TABLE content;

\echo 'ADOPTION BY QUARTER: of the reps employed in the quarter, the share who opened or shared anything.'
CREATE VIEW adoption AS
WITH did AS (SELECT DISTINCT date_trunc('quarter', used_at) AS quarter, action, actor FROM content_use WHERE action IN ('open', 'share'))
SELECT to_char(quarter, 'YYYY "Q"Q') AS quarter, total(opened) AS reps, round(percent(opened)::numeric, 1) AS opened, round(percent(shared)::numeric, 1) AS shared
FROM (SELECT q.quarter, rate_agg(EXISTS (SELECT FROM did d WHERE d.quarter = q.quarter AND d.actor = 'rep ' || rep_id AND d.action = 'open')) AS opened,
		rate_agg(EXISTS (SELECT FROM did d WHERE d.quarter = q.quarter AND d.actor = 'rep ' || rep_id AND d.action = 'share')) AS shared
	  FROM (SELECT DISTINCT quarter FROM did) q JOIN rep ON hired_at < q.quarter + interval '3 months' AND (left_at IS NULL OR left_at >= q.quarter)
	  GROUP BY q.quarter) x
ORDER BY x.quarter;
TABLE adoption;

\pset format unaligned
\pset tuples_only on
SELECT chart(rollup(summary), 50) FROM content_month;
\pset tuples_only off
\pset format aligned
