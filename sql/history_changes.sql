--
-- || and NULL, time_in and endings, state_changes, by_day: what makes a history simpler to read
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET extra_float_digits = 0;

-- || skips NULL on either side; nothing at all stays NULL
SELECT deal_history '{"(a,2026-01-01,,)"}' || NULL AS literal, NULL || deal_history '{"(a,2026-01-01,,)"}' AS left_literal,
       NULL::deal_history || deal_event('b', '2026-01-02') AS event_alone, NULL::deal_history || '{}' AS empty;
SELECT (NULL::deal_history || NULL::deal_event) IS NULL AS no_event, (NULL::deal_history || NULL::deal_history) IS NULL AS no_history;
-- so that a deal without a row on the other side of a LEFT JOIN stays
SELECT d.deal, d.history || c.history AS history
FROM (VALUES (1, deal_history '{"(lead,2026-01-01,,)"}'), (2, '{"(lead,2026-01-02,,)"}')) AS d (deal, history)
     LEFT JOIN (VALUES (2, deal_history '{"(content,2026-01-03,,ROI sheet)"}')) AS c (deal, history) USING (deal)
ORDER BY 1;

-- an ending ends the stay, unless ends says otherwise; what comes after it is a new stay
SELECT n, t.* FROM (VALUES
	(1, deal_history '{"(opportunity,2026-01-01,,)","(won,2026-01-11,,)"}'),
	(2, '{"(opportunity,2026-01-01,,)","(lost,2026-01-11,,)","(opportunity,2026-02-01,,)","(no_decision,2026-02-03,,)"}'),
	(3, '{"(opportunity,2026-01-01,,)","(lost,2026-07-01,,)"}')) AS v (n, history), time_in(history, '{lead,opportunity}', '2026-06-30') AS t ORDER BY 1, 3;
SELECT t.* FROM time_in(deal_history '{"(opportunity,2026-01-01,,)","(won,2026-01-11,,)"}', '{opportunity}', '2026-06-30', ends => '{}') AS t;
SELECT t.* FROM time_in(deal_history '{"(Offer,2026-01-01,,)","(Signed,2026-01-11,,)"}', '{Offer}', '2026-06-30', '{Signed}') AS t;
-- one that is listed as a stage is one
SELECT t.* FROM time_in(deal_history '{"(opportunity,2026-01-01,,)","(won,2026-01-11,,)"}', '{opportunity,won}', '2026-01-31') AS t;
-- at one instant stages come in the order of the list, then ends, whatever they are called
SELECT t.* FROM time_in(deal_history '{"(opportunity,2026-01-01,,)","(sql,2026-01-01,,)","(lost,2026-01-01,,)"}', '{sql,opportunity}', '2026-01-31') AS t;
SELECT t.* FROM time_in(deal_history '{"(b,2026-01-01,,)","(a,2026-01-01,,)"}', '{b,a}', '2026-01-31') AS t;
SELECT t.* FROM transitions('{"(b,2026-01-01,,)","(a,2026-01-01,,)"}', '{b,a}') AS t;
SELECT count(*) AS null_ends FROM time_in(deal_history '{"(a,2026-01-01,,)"}', '{a}', '2026-01-31', NULL) AS t;
SELECT * FROM time_in(deal_history '{}', '{a}', '2026-01-31', '{won,NULL}') AS t;
SELECT * FROM time_in(deal_history '{}', '{a}', '2026-01-31', '{won,won}') AS t;

-- state_changes: a snapshot a day
SELECT state_changes(history_agg(stage, day, amount), '{opportunity,won}')
FROM (VALUES ('opportunity', timestamptz '2026-01-01', 1000), ('opportunity', '2026-01-02', 1000), ('opportunity', '2026-01-03', 1200),
             ('won', '2026-01-04', 1200), ('won', '2026-01-05', NULL), ('won', '2026-01-06', 1100)) AS snapshot (stage, day, amount);
-- other events stay, also those that are there twice; a run that comes back is another one
SELECT state_changes('{"(note,2026-01-01,,)","(note,2026-01-01,,)","(opportunity,2026-01-01,,)","(note,2026-01-02,,)","(opportunity,2026-01-03,,)","(lost,2026-01-04,,Globex)","(lost,2026-01-05,,)","(opportunity,2026-01-06,,)"}', '{opportunity,lost}');
-- at one instant the largest amount and the first subject; kinds in the order of the list
SELECT state_changes('{"(a,2026-01-01,5,y)","(a,2026-01-01,7,)","(a,2026-01-01,6,x)"}', '{a}');
SELECT state_changes('{"(a,2026-01-01,,)","(b,2026-01-01,,)","(a,2026-01-02,,)"}', '{b,a}') AS b_first, state_changes('{"(a,2026-01-01,,)","(b,2026-01-01,,)","(a,2026-01-02,,)"}', '{a,b}') AS a_first;
-- nothing to change, and twice is once
SELECT state_changes('{}', '{a}') AS empty, state_changes('{"(a,2026-01-01,,)","(a,2026-01-02,,)"}', '{}') AS no_kinds, state_changes(NULL, '{a}') IS NULL AS no_history, state_changes('{}', NULL) IS NULL AS null_kinds;
SELECT count(*) FILTER (WHERE once::text = state_changes(once, '{b,a}')::text) AS idempotent, count(*)
FROM (SELECT state_changes(history_agg((array['a','b','c','a'])[1 + (hashint4(i) & 3)], timestamptz '2026-01-01' + (hashint4(-i) & 7) * interval '1 day', i, nullif('s' || i % 3, 's0')), '{b,a}') AS once
      FROM generate_series(1, 4000) AS i GROUP BY i / 8) AS x;
SELECT state_changes('{}', '{a,NULL}');
SELECT state_changes('{}', '{a,a}');

-- by_day: dates and instants are compared by days
SELECT by_day('{"(opportunity,2026-01-05T19:51:00Z,,)","(won,2026-01-05T00:00:00Z,900,)"}');
SELECT zone, by_day('{"(lead,2026-03-01T04:30:00Z,,)"}', zone) FROM unnest('{UTC,America/New_York,Asia/Kolkata}'::text[]) AS zone;
-- a day that has two midnights begins at the first of them; one that has none at its first instant
SELECT by_day('{"(a,2026-11-01T04:30:00Z,,)","(b,2026-11-01T05:30:00Z,,)","(c,2026-11-01T03:30:00Z,,)"}', 'America/Havana') AS two, by_day('{"(a,2018-11-04T12:00:00Z,,)"}', 'America/Sao_Paulo') AS none;
SELECT count(*) FILTER (WHERE by_day(h)::text = by_day(by_day(h))::text) AS idempotent,
       count(*) FILTER (WHERE started_at(by_day(h, zone)) = date_trunc('day', started_at(h), zone)) AS as_date_trunc, count(*)
FROM generate_series(1, 3000) AS i, unnest('{UTC,Europe/Berlin,Pacific/Apia,Asia/Kathmandu}'::text[]) AS zone,
     LATERAL deal_history(deal_event('a', timestamptz '1995-01-01' + i * interval '97 hours 31 minutes')) AS h;
SELECT by_day('{}') AS empty, by_day(NULL) IS NULL AS no_history, by_day('{}', NULL) IS NULL AS null_zone;
SELECT by_day('{}', 'Mars/Olympus');
SELECT by_day('{"(a,\"4714-11-24T00:00:00Z BC\",,)"}', 'America/New_York');
