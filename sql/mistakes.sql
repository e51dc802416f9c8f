--
-- mistakes: what the first hour brings, and the way out that the message names (doc/troubleshooting.md)
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
\set VERBOSITY default

-- a window in months
SELECT deal_progress(deal_history '{}', within => '6 months');
-- an exit among the stages, here and in the raw form
SELECT deal_progress(deal_history '{}', stages => '{lead,opportunity,won,lost}');
SELECT funnel_agg(1, 'lead', now(), '{lead,won,lost}');
-- any close, without taking it out of what competes
SELECT deal_cycle(deal_history '{}', to_kinds => '{won,lost}');
-- a stage by another name, and two the wrong way round
CREATE TEMP TABLE funnel AS SELECT funnel_agg(deal_progress(deal_history '{"(lead,2026-01-01,,)"}', as_of => '2026-01-31')) AS f;
SELECT conversion(f, 'Lead', 'won') FROM funnel;
SELECT conversion(f, 'won', 'lead') FROM funnel;
SELECT stage_duration(f, 'won') FROM funnel;
-- funnels of different stages, durations of different units
SELECT f + (SELECT funnel_agg(deal_progress(deal_history '{"(lead,2026-01-01,,)"}', stages => '{lead,won}', as_of => '2026-01-31'))) FROM funnel;
SELECT duration_agg(deal_cycle(deal_history '{"(opportunity,2026-01-01,,)"}', as_of => '2026-01-31', unit => unit)) FROM unnest('{day,hour}'::text[]) AS unit;
-- the end before the start
SELECT duration_agg('2026-02-01', '2026-01-01', '2026-03-01');
-- a literal history without its type
SELECT deal_progress('{"(lead,2026-01-01,,)"}');
-- empty text for nothing
SELECT deal_event('competitor', '2026-01-01', NULL, '');
SELECT win_agg(true, ARRAY['Globex', '']);
SELECT content_agg('view', '');
-- a level in percent, and words that are not among those accepted
SELECT confidence_interval(rate_summary(1, 2), 95);
SELECT deal_progress(deal_history '{}', mode => 'strict');
SELECT win_rate(win_agg(true, '{Globex}'), 'Globex', 'all');
SELECT duration_agg('2026-01-01', NULL, '2026-03-01', 'days');
SELECT quota_attainment(NULL, '2026-01-01', 10000, ramp => '{5000}');
-- a step too many
SELECT deal_progress(deal_history '{}', stages => '{lead,mql,won}', step_within => '{30 days,60 days,90 days}');
-- a mapping that is none
SELECT relabel(deal_history '{}', '["Closed Won"]');
