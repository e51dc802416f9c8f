--
-- one story per deal: what raw CRM data looks like, and what every reading makes of it
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 0;

-- what the readings say of a deal as of a date
CREATE FUNCTION pg_temp.story(history deal_history, as_of timestamptz, OUT outcome text, OUT closed date, OUT amount numeric, OUT funnel text, OUT cycle text, OUT days float8, OUT waiting text) LANGUAGE sql AS $$
	SELECT status(o), closed_at(o)::date, amount(o), status(p), status(c), extract(day FROM duration(c)),
	       (SELECT stage || ' ' || days FROM time_in(history, '{opportunity}', as_of) WHERE left_at IS NULL)
	FROM deal_outcome(history, as_of => as_of) AS o, deal_progress(history, '{opportunity,won}', as_of => as_of) AS p, deal_cycle(history, as_of => as_of) AS c
$$;

-- created at an instant, closed on a date: by days
SELECT reading, s.* FROM (VALUES (deal_history '{"(opportunity,2026-01-05T19:51:00Z,,)","(won,2026-01-05,900,)"}')) AS deal (history),
	LATERAL (VALUES (1, 'as it is', history), (2, 'by day', by_day(history))) AS v (n, reading, h), pg_temp.story(h, '2026-06-30') AS s ORDER BY n;
SELECT h, problem FROM (VALUES (deal_history '{"(opportunity,2026-01-05T19:51:00Z,,)","(won,2026-01-05,900,)"}')) AS deal (history),
	LATERAL (VALUES ('as it is', history), ('by day', by_day(history))) AS v (reading, h) LEFT JOIN LATERAL history_problems(h, as_of => '2026-06-30') ON true ORDER BY reading;
-- the columns themselves: the error says it
SELECT duration_agg('2026-01-05 19:51', '2026-01-05', '2026-06-30');

-- a closed deal waits in no stage
SELECT * FROM time_in(deal_history '{"(opportunity,2026-01-01,,)","(won,2026-01-11,500,)"}', '{opportunity}', '2026-06-30');

-- lost in February, reopened in April, won in May
SELECT as_of::date, s.* FROM (VALUES (deal_history '{"(opportunity,2026-01-10,,)","(lost,2026-02-10,,Globex)","(opportunity,2026-04-10,,)","(won,2026-05-15,700,)"}')) AS deal (history),
	unnest('{2026-03-01,2026-04-15,2026-06-30}'::timestamptz[]) AS as_of, pg_temp.story(history, as_of) AS s;

-- won, and written again when the amount is corrected, or every day
SELECT v.*, s.* FROM (VALUES
	('corrected', deal_history '{"(opportunity,2026-01-01,1000,)","(won,2026-02-01,1000,)","(won,2026-02-20,1100,)"}'),
	('every day', '{"(opportunity,2026-01-01,1000,)","(won,2026-02-01,1000,)","(won,2026-02-02,1000,)","(won,2026-02-03,1100,)"}')) AS v (written, history), pg_temp.story(history, '2026-06-30') AS s;
SELECT state_changes('{"(opportunity,2026-01-01,1000,)","(won,2026-02-01,1000,)","(won,2026-02-02,1000,)","(won,2026-02-03,1100,)"}', '{opportunity,won}');

-- ended without a decision
SELECT * FROM pg_temp.story('{"(opportunity,2026-01-01,1000,)","(no_decision,2026-02-01,,)"}', '2026-06-30');
SELECT exposed, status(cycle) FROM deal_exposure(deal_history '{"(opportunity,2026-01-01,1000,)","(content,2026-01-10,,)","(no_decision,2026-02-01,,)"}', 'content', as_of => '2026-06-30');
SELECT step, stage, reached, open, exited FROM (SELECT funnel_agg(1, kind, at, '{opportunity,won}', NULL, '2026-06-30') AS f
	FROM (VALUES ('opportunity', timestamptz '2026-01-01'), ('no_decision', '2026-02-01')) AS e (kind, at)) AS x, steps(f);

-- the first stage cannot be missing
SELECT deal_progress(deal_history '{}', optional => '{lead}');

-- a win that is dated before its lead: open in the funnel, won by its end
SELECT problem, detail FROM history_problems('{"(won,2026-01-01,100,)","(lead,2026-01-20,,)"}', as_of => '2026-06-30');

-- a window of 90 seconds, milliseconds for seconds, a forgotten GROUP BY
SELECT status(deal_progress(deal_history '{"(lead,2026-01-01,,)","(won,2026-01-02,,)"}', '{lead,won}', within => '90', as_of => '2026-06-30')) AS ninety_seconds,
       status(deal_progress(deal_history '{"(lead,2026-01-01,,)","(won,2026-01-02,,)"}', '{lead,won}', within => '90 days', as_of => '2026-06-30')) AS ninety_days;
SELECT problem, detail FROM (SELECT history_agg('lead', to_timestamp(1767225600000)) AS history) AS x, history_problems(history, as_of => '2026-06-30');
SELECT problem, detail FROM (SELECT history_agg(kind, timestamptz '2026-01-01' + deal * interval '1 day') AS history FROM generate_series(1, 20) AS deal, unnest('{lead,won}'::text[]) AS kind) AS x,
	history_problems(history, as_of => '2026-06-30');
