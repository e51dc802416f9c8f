-- The queries of the check, one a paragraph. The first word of the line above each says what its plan must show:
-- partial: parts of the aggregates are computed where the rows are, and combined; whole: groups do not cross machines.

-- partial: funnel by team, from stored histories
SELECT team, funnel_agg(deal_progress(history, within => '60 days', as_of => '2026-07-01'))::text FROM deal GROUP BY team ORDER BY team

-- partial: the same as a report
WITH all_deals AS MATERIALIZED (SELECT funnel_agg(deal_progress(history, within => '60 days', as_of => '2026-07-01')) AS funnel FROM deal)
SELECT s.* FROM all_deals, steps(funnel) AS s ORDER BY step

-- partial: conversion and its interval by month
WITH monthly AS MATERIALIZED (SELECT month, rate_agg(has_kind(history, 'won')) AS won FROM deal GROUP BY month)
SELECT month, successes(won), total(won), percent(won), low, high FROM monthly, confidence_interval(won) ORDER BY month

-- partial: win rate by competitor
WITH wins AS MATERIALIZED (SELECT win_agg(deal_outcome(history, as_of => '2026-07-01')) AS wins FROM deal)
SELECT c.* FROM wins, competitors(wins) AS c ORDER BY competitor

-- partial: wins by team, from columns
SELECT team, win_agg(has_kind(history, 'won'), subjects(history, 'competitor'), 100.5)::text FROM deal GROUP BY team ORDER BY team

-- partial: sales cycle by team
SELECT team, duration_agg(deal_cycle(history, as_of => '2026-07-01'))::text, median(duration_agg(deal_cycle(history, as_of => '2026-07-01'))) FROM deal GROUP BY team ORDER BY team

-- partial: days to win by team, from instants
SELECT team, duration_agg(started_at(history), last_at(history, 'won'), '2026-07-01', 'hour')::text FROM deal GROUP BY team ORDER BY team

-- partial: days in whole numbers
SELECT duration_agg((deal_id % 40)::integer, deal_id % 3 > 0)::text FROM deal

-- partial: time to quota by year of hire
SELECT hire_year, quota_agg(quota_attainment(history, hired_at, quota, as_of => '2026-07-01'))::text FROM rep GROUP BY hire_year ORDER BY hire_year

-- partial: content, names of actors and sketches
SELECT content, md5(content_agg(action, actor, seconds)::text), action_count(content_agg(action, actor, seconds), 'view'), distinct_actors(content_agg(action, actor, seconds), 'view') FROM content_use GROUP BY content ORDER BY content

-- partial: content of everybody, without times
SELECT md5(content_agg(action, actor)::text), distinct_actors(content_agg(action, actor), 'use') FROM content_use

-- partial: days rolled up to months
SELECT month, rollup(won)::text, rollup(funnel)::text, rollup(wins)::text, rollup(cycles)::text FROM daily GROUP BY month ORDER BY month

-- partial: histories by team, from events
SELECT team, md5(history_agg(kind, at, amount, subject)::text) FROM event GROUP BY team ORDER BY team

-- partial: histories by team, from event values and from histories
SELECT team, md5(rollup(history)::text), event_count(rollup(history)) FROM deal GROUP BY team ORDER BY team

-- partial: before and after over strata (floating point: to ten digits)
WITH strata AS MATERIALIZED (SELECT mantel_haenszel_agg(before_rate, after_rate) AS m, log_rank_agg(before_cycle, after_cycle) AS l FROM stratum)
SELECT r.strata, r.skipped, round(crude_difference_points::numeric, 10), round(common_difference_points::numeric, 10), round(r.chi2::numeric, 10), r.mix_shift, l::text FROM strata, compare(m) AS r

-- whole: one history per deal
SELECT deal_id, history_agg(kind, at, amount, subject)::text FROM event GROUP BY deal_id ORDER BY deal_id
