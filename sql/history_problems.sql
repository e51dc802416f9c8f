--
-- history_problems: what to know of a history before believing a report
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS enablement_metrics;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = 'ISO';
\pset format unaligned

-- each problem, and next to it a history that does not have it
CREATE TEMP TABLE told (problem text, n int, history deal_history);
INSERT INTO told VALUES
	('nothing', 1, '{"(lead,2026-01-01T09:00:00Z,,)","(opportunity,2026-01-05T19:51:00Z,100,)","(competitor,2026-01-07,,Globex)","(won,2026-02-01,120,)"}'),
	('nothing', 2, '{}'),
	('nothing', 3, NULL),
	('nothing', 4, '{"(won,2026-02-01,120,)"}'),
	('unknown_kinds', 1, '{"(Lead,2026-01-01,,)","(Closed Won,2026-01-05,,)"}'),
	('unknown_kinds', 2, '{"(content,2026-01-01,,ROI sheet)"}'),
	('unknown_kinds', 3, (SELECT history_agg('kind ' || i, timestamptz '2026-01-01') FROM generate_series(1, 13) AS i)),
	('ended_before_it_began', 1, '{"(won,2026-01-01,5,)","(lead,2026-01-05,,)"}'),
	('ended_before_it_began', 2, '{"(lead,2026-01-05,,)","(won,2026-01-05,5,)"}'),
	('date_against_instant', 1, '{"(won,2026-01-05,5,)","(opportunity,2026-01-05T19:51:00Z,,)"}'),
	('date_against_instant', 2, '{"(opportunity,2026-01-03T10:00:00Z,,)","(won,2026-01-05,5,)","(opportunity,2026-01-05T14:00:00Z,,)","(opportunity,2026-01-05T15:00:00Z,,)"}'),
	('date_against_instant', 3, '{"(won,2026-01-05T00:00:01Z,5,)","(opportunity,2026-01-05T19:51:00Z,,)"}'),
	('date_against_instant', 4, '{"(lost,2026-01-05,,)","(opportunity,2026-01-05T19:51:00Z,,)","(opportunity,2026-01-07,,)"}'),
	('restated', 1, '{"(opportunity,2026-01-01,5,)","(note,2026-01-02,,)","(opportunity,2026-01-03,5,)","(opportunity,2026-01-04,7,)"}'),
	('restated', 2, '{"(opportunity,2026-01-01,5,)","(sql,2026-01-02,,)","(opportunity,2026-01-03,5,)"}'),
	('reopened', 1, '{"(opportunity,2026-01-01,,)","(lost,2026-02-01,,)","(sql,2026-04-01,,)","(lost,2026-05-01,,)","(opportunity,2026-06-01,,)"}'),
	('reopened', 2, '{"(opportunity,2026-01-01,,)","(lost,2026-02-01,,)","(competitor,2026-04-01,,Globex)"}'),
	('two_endings_at_once', 1, '{"(opportunity,2026-01-01,9,)","(lost,2026-02-01,,)","(won,2026-02-01,,)"}'),
	('won_without_amount', 1, '{"(opportunity,2026-01-01,,)","(won,2026-02-01,,)","(won,2026-02-03,,)"}'),
	('won_without_amount', 2, '{"(opportunity,2026-01-01,9,)","(won,2026-02-01,,)"}'),
	('duplicate_event', 1, '{"(lead,2026-01-01,,)","(note,2026-01-02,1,a)","(note,2026-01-02,1,a)","(note,2026-01-02,1,b)"}'),
	('after_as_of', 1, '{"(lead,2026-01-01,,)","(won,2027-02-01,1,)","(won,2027-02-02,1,)"}'),
	('implausible_instant', 1, '{"(lead,1969-12-31T23:59:59Z,,)"}'),
	('implausible_instant', 2, '{"(lead,1970-01-01,,)"}'),
	('implausible_instant', 3, '{"(lead,56971-01-01,,)","(mql,56971-01-01,,)"}'),
	('many_deals', 1, '{"(opportunity,2026-01-05,,)","(won,2026-02-01,7,deal 1)","(sql,2026-02-01,,)","(won,2026-02-02,7,deal 2)"}'),
	('many_deals', 2, (SELECT history_agg(k, timestamptz '2026-01-01' + i * interval '1 hour') FROM generate_series(1, 11) AS i, unnest('{lead,mql}'::text[]) AS k)),
	('many_deals', 3, (SELECT history_agg('lead', timestamptz '2026-01-01' + i * interval '1 hour') FROM generate_series(1, 11) AS i));
SELECT told.problem, n, p.problem AS found, at, detail FROM told LEFT JOIN LATERAL history_problems(history, as_of => '2026-06-30') AS p ON true ORDER BY told.problem COLLATE "C", n, p.problem COLLATE "C";

-- the first thing to ask of new data
SELECT p.problem, count(*), min(told.problem COLLATE "C" || ' ' || n) AS first FROM told, history_problems(history, as_of => '2026-06-30') AS p GROUP BY 1 ORDER BY p.problem COLLATE "C";

-- what is not there as of a date is no problem as of it
SELECT as_of, problem FROM (VALUES (timestamptz '2026-01-15'), ('2026-03-01'), ('2026-06-30')) AS v (as_of)
	LEFT JOIN LATERAL history_problems('{"(opportunity,2026-01-01,,)","(lost,2026-02-01,,)","(opportunity,2026-04-01,,)"}', as_of => as_of) AS p ON problem <> 'after_as_of' ORDER BY 1;

-- another vocabulary; an ending among the stages is an ending
SELECT problem, detail FROM history_problems('{"(Angebot,2026-01-01,,)","(Absage,2026-02-01,,)","(Angebot,2026-03-01,,)","(Auftrag,2026-04-01,,)"}', '{Angebot,Auftrag}', '{Auftrag}', '{Absage}', '{}', '2026-06-30');
SELECT problem, detail FROM history_problems('{"(lead,2026-01-01,,)","(lost,2026-02-01,,)","(lead,2026-03-01,,)"}', '{lead,lost}', as_of => '2026-06-30');

-- whatever is in it, it is no error; damage aside
SELECT count(*) FROM history_problems('{"(a,294276-12-31T23:59:59.999999Z,,)","(lead,\"4714-11-24T00:00:00Z BC\",,)","(won,\"4714-11-24T00:00:00Z BC\",,)"}', as_of => '294276-12-31T23:59:59.999999Z');
SELECT count(*) AS no_as_of FROM history_problems('{"(Lead,2026-01-01,,)"}', as_of => NULL);
-- options are: also where there is no history
SELECT * FROM history_problems(NULL, won => '{won,lost}');
SELECT * FROM history_problems('{}', no_decision => '{x}', lost => '{x}');
SELECT * FROM history_problems('{}', stages => NULL);
SELECT * FROM history_problems('{}', stages => '{}');
SELECT * FROM history_problems('{}', lost => '{lost,NULL}');
SELECT * FROM history_problems('{}', stages => '{lead,lead}');
SELECT * FROM history_problems('{}', as_of => 'infinity');
-- each of several endings before a stage is looked at
SELECT problem, at FROM history_problems('{"(no_decision,2025-11-02,,)","(won,2026-01-05,5,)","(opportunity,2026-01-05 19:51,,)"}', as_of => '2026-06-30');
SELECT problem, at FROM history_problems('{"(won,2026-01-05,5,)","(won,2026-01-05 01:00,5,)","(opportunity,2026-01-05 19:51,,)"}', as_of => '2026-06-30');
SELECT problem, at FROM history_problems('{"(won,2026-01-02,1,)","(won,2026-01-03,1,)","(lead,2026-01-05,,)"}', as_of => '2026-06-30');
