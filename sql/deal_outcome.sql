--
-- deal_outcome: how a deal ended and who else was in it
--
SET timezone = 'UTC';

-- the last state decides: an ending stands until an open state undoes it, and one that is restated is one
CREATE TABLE outcome_deals (id int PRIMARY KEY, what text, history deal_history);
INSERT INTO outcome_deals VALUES
	(1, 'won', '{"(competitor,2026-01-02T00:00:00Z,,Globex)","(won,2026-01-09T00:00:00Z,1200.5,)"}'),
	(2, 'lost, to whom is known', '{"(competitor,2026-01-02T00:00:00Z,,Umbra)","(competitor,2026-01-03T00:00:00Z,,Globex)","(lost,2026-01-09T00:00:00Z,,Umbra)"}'),
	(3, 'lost, reopened, won', '{"(lost,2026-01-02T00:00:00Z,100,Globex)","(reopened,2026-01-03T00:00:00Z,,)","(won,2026-01-09T00:00:00Z,90,)"}'),
	(4, 'won, but given back', '{"(won,2026-01-02T00:00:00Z,100,)","(lost,2026-01-09T00:00:00Z,,)"}'),
	(5, 'reopened', '{"(won,2026-01-02T00:00:00Z,100,)","(competitor,2026-01-03T00:00:00Z,,Late)","(opportunity,2026-01-04T00:00:00Z,500,)"}'),
	(6, 'no decision', '{"(opportunity,2026-01-01T00:00:00Z,70,)","(no_decision,2026-01-04T00:00:00Z,,)"}'),
	(7, 'open', '{"(opportunity,2026-01-01T00:00:00Z,70,)","(competitor,2026-01-03T00:00:00Z,,Globex)","(opportunity,2026-01-04T00:00:00Z,80,)"}'),
	(8, 'nothing at all', '{}'),
	(9, 'met at the closing instant, and twice', '{"(competitor,2026-01-01T00:00:00Z,,Globex)","(competitor,2026-01-04T00:00:00Z,,Globex)","(competitor,2026-01-04T00:00:00Z,,Acme)","(competitor,2026-01-04T00:00:00Z,,)","(lost,2026-01-04T00:00:00Z,,Globex)"}'),
	(10, 'only after as_of', '{"(won,2027-01-01T00:00:00Z,1,)"}'),
	(11, 'facts do not reopen it', '{"(won,2026-01-02T00:00:00Z,100,)","(competitor,2026-01-03T00:00:00Z,,Late)","(reopened,2026-01-04T00:00:00Z,500,)"}'),
	(12, 'restated: closed at the first, for the last amount', '{"(won,2026-01-02T00:00:00Z,1000,)","(competitor,2026-01-03T00:00:00Z,,Globex)","(won,2026-01-04T00:00:00Z,1100,)","(won,2026-01-05T00:00:00Z,,)"}'),
	(13, 'reopened and won again', '{"(won,2026-01-02T00:00:00Z,1000,)","(opportunity,2026-01-03T00:00:00Z,,)","(won,2026-01-04T00:00:00Z,,)"}'),
	(14, 'lost, then given up', '{"(lost,2026-01-02T00:00:00Z,,Globex)","(no_decision,2026-01-03T00:00:00Z,,)"}'),
	(15, 'the last competitor named', '{"(lost,2026-01-02T00:00:00Z,,Globex)","(lost,2026-01-03T00:00:00Z,,Umbra)","(lost,2026-01-04T00:00:00Z,,)"}'),
	(16, 'an amount between two statements of one ending', '{"(opportunity,2026-01-01T00:00:00Z,5,)","(won,2026-01-02T00:00:00Z,,)","(quote,2026-01-03T00:00:00Z,7,)","(won,2026-01-04T00:00:00Z,,)","(quote,2026-01-05T00:00:00Z,9,)"}'),
	(17, 'the ending and an open state at one instant', '{"(opportunity,2026-01-02T00:00:00Z,,)","(lost,2026-01-02T00:00:00Z,,)"}');
SELECT id, what, status(o), closed_at(o), amount(o), considered(o), lost_to(o)
FROM outcome_deals, deal_outcome(history, as_of => '2026-06-30') o ORDER BY id;

-- as_of is inclusive, and what comes after it does not exist
SELECT as_of, status(o), closed_at(o), amount(o), considered(o)
FROM outcome_deals, unnest('{2026-01-01,2026-01-02,2026-01-08 23:59:59.999999,2026-01-09}'::timestamptz[]) as_of, deal_outcome(history, as_of => as_of) o
WHERE id = 3 ORDER BY as_of;

-- at one instant: won, then lost, then no_decision, then open, however they are spelled; the first subject, and the largest amount
SELECT status(deal_outcome(deal_history '{"(lost,2026-01-02T00:00:00Z,,)","(won,2026-01-02T00:00:00Z,,)","(no_decision,2026-01-02T00:00:00Z,,)"}'));
SELECT status(deal_outcome('{"(z,2026-01-02T00:00:00Z,,)","(a,2026-01-02T00:00:00Z,,)"}', won => '{a}', lost => '{z}')) AS a_wins,
	   status(deal_outcome('{"(z,2026-01-02T00:00:00Z,,)","(a,2026-01-02T00:00:00Z,,)"}', won => '{z}', lost => '{a}')) AS z_wins,
	   status(deal_outcome('{"(z,2026-01-02T00:00:00Z,,)","(a,2026-01-02T00:00:00Z,,)"}', lost => '{z}', no_decision => '{a}')) AS z_loses;
SELECT lost_to(o), amount(o) FROM deal_outcome(deal_history '{"(lost,2026-01-02T00:00:00Z,5,)","(lost,2026-01-02T00:00:00Z,,Umbra)","(lost,2026-01-02T00:00:00Z,3,Globex)","(lost,2026-01-02T00:00:00Z,,Globex)"}') o;
SELECT lost_to(o), amount(o) FROM deal_outcome('{"(Closed Lost,2026-01-02T00:00:00Z,5,)","(lost,2026-01-02T00:00:00Z,,Umbra)"}', lost => '{Closed Lost,lost}') o;

SELECT amount(deal_outcome('{"(a,2026-01-02T00:00:00Z,5,)","(b,2026-01-02T00:00:00Z,3,)"}')) AS of_a, amount(deal_outcome('{"(a,2026-01-02T00:00:00Z,3,)","(b,2026-01-02T00:00:00Z,5,)"}')) AS of_b,
	   amount(deal_outcome('{"(opportunity,2026-01-02T00:00:00Z,9,)","(won,2026-01-02T00:00:00Z,7,)","(won,2026-01-02T00:00:00Z,-8,)"}')) AS of_the_ending;

-- which states are open ones is an option; without any an ending stands for ever
SELECT status(deal_outcome(h)) AS not_a_state, status(deal_outcome(h, open => '{trial}')) AS reopened, status(deal_outcome(h, open => '{}')) AS stands
FROM (VALUES (deal_history '{"(lost,2026-01-02T00:00:00Z,,)","(trial,2026-01-03T00:00:00Z,,)"}')) AS v (h);

-- other vocabularies; content and platforms in place of competitors
SELECT status(o), considered(o), lost_to(o)
FROM deal_outcome('{"(content,2026-01-01T00:00:00Z,,ROI sheet)","(platform,2026-01-01T00:00:00Z,,Compass)","(competitor,2026-01-01T00:00:00Z,,Globex)","(Closed Lost,2026-01-02T00:00:00Z,,Globex)"}',
				  lost => '{Closed Lost,disqualified}', considered => 'content') o;
SELECT considered(deal_outcome('{"(platform,2026-01-01T00:00:00Z,,Compass)","(platform,2026-01-03T00:00:00Z,,Beacon)"}', considered => 'platform'));
SELECT status(deal_outcome('{"(won,2026-01-01T00:00:00Z,,)"}', won => '{}')) AS nothing_wins;
SELECT considered(deal_outcome('{"(lost,2026-01-01T00:00:00Z,,Globex)"}', considered => 'lost')) AS the_losing_event_as_well;
-- more than 64 kinds and subjects
SELECT status(o), cardinality(considered(o)), (considered(o))[1:3]
FROM (SELECT deal_outcome(history_agg('kind ' || i, timestamptz '2026-01-01' + i * interval '1 day', NULL, 'subject ' || i)
						  || history_agg('competitor', timestamptz '2026-01-01' + i * interval '1 hour', NULL, 'subject ' || i % 150),
						  won => '{kind 100}', as_of => '2026-12-31') AS o FROM generate_series(1, 200) i) x;

-- input and output
SELECT o FROM outcome_deals, deal_outcome(history, as_of => '2026-06-30') o ORDER BY id;
SELECT count(*) FILTER (WHERE record_image_eq(ROW(o), ROW(o::text::deal_outcome)) AND record_image_eq(ROW(o), ROW(o::jsonb::deal_outcome))) AS same, count(*)
FROM outcome_deals, deal_outcome(history, as_of => '2026-06-30') o;
SELECT deal_outcome '{"version":1,"status":"won","closed_at":"2000-01-01T00:00:00Z","considered":[]}';
SELECT deal_outcome '{"version":1,"status":"won","considered":[]}';
SELECT deal_outcome '{"version":1,"status":"open","closed_at":"2026-01-01","considered":[]}';
SELECT deal_outcome '{"version":1,"status":"open","considered":["b","a"]}';
SELECT deal_outcome '{"version":1,"status":"open","considered":["a","a"]}';
SELECT deal_outcome '{"version":1,"status":"open","considered":[""]}';
SELECT deal_outcome '{"version":1,"status":"won","closed_at":"2026-01-01","considered":[],"lost_to":"A"}';
SELECT deal_outcome '{"version":1,"status":"won","closed_at":"infinity","considered":[]}';
SELECT deal_outcome '{"version":1,"status":"gone","considered":[]}';
SELECT deal_outcome '{"version":2,"status":"open","considered":[]}';
SELECT deal_outcome '{"version":1,"status":"open","considered":[],"more":1}';
SELECT deal_outcome '{"version":1,"status":"open","considered":[],"amount":"12"}';
SELECT deal_outcome '{"version":1,"status":"open","considered":[],"amount":1e30}';
SELECT deal_outcome '[]';

-- NULL and bad options
SELECT deal_outcome(NULL::deal_history) IS NULL AS no_history, deal_outcome('{}', as_of => NULL) IS NULL AS no_as_of;
SELECT deal_outcome('{}', won => NULL);
SELECT deal_outcome('{}', considered => NULL);
SELECT deal_outcome('{}', considered => '');
SELECT deal_outcome('{}', won => '{won,lost}');
SELECT deal_outcome('{}', no_decision => '{odd}', lost => '{odd}');
SELECT deal_outcome('{}', won => '{won,opportunity}');
SELECT deal_outcome('{}', open => '{lead,lost}');
SELECT deal_outcome('{}', open => NULL);
SELECT deal_outcome('{}', open => '{lead,NULL}');
SELECT deal_outcome('{}', won => '{won,won}');
SELECT deal_outcome('{}', lost => '{NULL}');
SELECT deal_outcome('{}', lost => '{{a},{b}}');
SELECT deal_outcome('{}', lost => ARRAY[repeat('x', 256)]);
SELECT deal_outcome('{}', lost => (SELECT array_agg('l' || i) FROM generate_series(1, 101) i));
SELECT deal_outcome('{}', as_of => 'infinity');

-- options that change from row to row
SELECT w, status(deal_outcome(history, won => w, as_of => '2026-06-30', open => '{lead}'))
FROM outcome_deals, (VALUES (1, '{won}'::text[]), (2, '{opportunity}'), (3, '{won}'), (4, '{}')) v(n, w) WHERE id = 5 ORDER BY n;
SELECT o, status(deal_outcome(history, as_of => '2026-06-30', open => o))
FROM outcome_deals, (VALUES (1, '{opportunity}'::text[]), (2, '{lead}'), (3, '{opportunity}')) v(n, o) WHERE id = 5 ORDER BY n;

DROP TABLE outcome_deals;
