--
-- deal_progress: how far along an ordered list of stages
--
\getenv directory PG_ABS_SRCDIR
\set shared :directory '/test/lib/regress.sql'
\i :shared
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
SET intervalstyle = 'postgres';

CREATE FUNCTION pg_temp.same(deal_progress, deal_progress) RETURNS boolean LANGUAGE sql
AS $$ SELECT record_image_eq(ROW($1), ROW($2)) $$;

-- below, time is in days, and day 0 is 2026-01-01
CREATE FUNCTION pg_temp.day(day numeric) RETURNS timestamptz LANGUAGE sql
AS $$ SELECT timestamptz '2026-01-01 00:00:00Z' + day::float8 * interval '1 day' $$;
CREATE FUNCTION pg_temp.day(at timestamptz) RETURNS numeric LANGUAGE sql
AS $$ SELECT trim_scale((extract(epoch FROM at) - extract(epoch FROM timestamptz '2026-01-01 00:00:00Z')) / 86400) $$;
-- 'a@0 b@2.5' is an event a at day 0 and an event b at day 2.5
CREATE FUNCTION pg_temp.history(events text) RETURNS deal_history LANGUAGE sql
AS $$ SELECT coalesce(history_agg(split_part(event, '@', 1), pg_temp.day(split_part(event, '@', 2)::numeric)), '{}')
      FROM string_to_table(nullif(events, ''), ' ') AS event $$;
-- depth and status, when the attempt ended, the instant of each stage
CREATE FUNCTION pg_temp.told(p deal_progress) RETURNS text LANGUAGE sql
AS $$ SELECT depth(p) || ' ' || status(p) || coalesce(' ' || pg_temp.day((p::jsonb ->> 'ended_at')::timestamptz), '') || ': ' ||
        string_agg(coalesce(pg_temp.day(at)::text, '.'), ' ' ORDER BY i)
      FROM unnest(stage_times(p)) WITH ORDINALITY AS times (at, i) $$;
-- the reading of such a history; stages a, b, c as of day 100 unless the options say otherwise
CREATE FUNCTION pg_temp.ask(events text, options text DEFAULT '') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT pg_temp.told(deal_progress(pg_temp.history(%L)%s%s%s))', events,
		CASE WHEN options LIKE '%stages =>%' THEN '' ELSE $x$, stages => '{a,b,c}'$x$ END,
		CASE WHEN options LIKE '%as_of =>%' THEN '' ELSE ', as_of => pg_temp.day(100)' END,
		', ' || nullif(options, '')) INTO answer;
	RETURN answer;
END $$;

--
-- one deal, the default stages, all accessors
--
CREATE TEMPORARY TABLE deal AS SELECT deal_history(
	deal_event('lead', '2026-01-01Z'), deal_event('mql', '2026-01-03 12:00:00.000001Z'), deal_event('call', '2026-01-04Z'),
	deal_event('opportunity', '2026-02-01Z', 5000), deal_event('competitor', '2026-02-02Z', NULL, 'acme'), deal_event('lead', '2026-02-03Z')) AS history;
CREATE TEMPORARY TABLE reading AS SELECT deal_progress(history, as_of => '2026-03-01Z') AS p FROM deal;
SELECT depth(p), status(p), entered_at(p), stage_times(p) FROM reading;
SELECT stage, stage_time(p, stage) FROM reading, unnest('{lead,mql,sql,opportunity,won}'::text[]) AS stage;
\pset format unaligned
SELECT p FROM reading;
SELECT deal_progress(history, '{lead,"of \"note\"",won}', '90 days 12 hours', '{NULL,30 days}', 'increasing', 'stop', '{"of \"note\""}', '{nowhere,lost}', 'latest', '2026-08-01') FROM deal;
-- never entered
SELECT deal_progress(history, '{trial,won}', as_of => '2026-03-01Z') FROM deal;
\pset format aligned
SELECT deal_progress_send(deal_progress(history, '{lead,won}', exits => '{}', as_of => '2026-03-01Z')) FROM deal;
SELECT pg_column_size(p) FROM reading;
-- options by place and by name; in SQL an option that is left out has its default
SELECT pg_temp.same(deal_progress(history, '{lead,mql}', '2 days', NULL, 'ordered', 'passed', NULL, '{lost,no_decision}', 'best', '2026-03-01Z'),
	deal_progress(as_of => '2026-03-01Z', within => '2 days', stages => '{lead,mql}', history => history)) AS same FROM deal;
SELECT status(deal_progress(history)) AS now, (deal_progress(history)::jsonb ->> 'ended_at')::timestamptz = now() AS as_of_now FROM deal;

--
-- the cases of the reference table
--
SELECT events, options, pg_temp.ask(events, options) FROM (VALUES
	('a@0 c@1 b@2 c@3', ''),
	('a@0 b@1 c@2 a@3 b@4 d@5', $$stages => '{a,b,c,d}'$$),
	('a@1 b@2 a@2', $$stages => '{a,b}', mode => 'increasing'$$)) AS v (events, options);

--
-- skipped stages
--
SELECT events, pg_temp.ask(events, $$skipped => 'passed'$$) AS passed, pg_temp.ask(events, $$skipped => 'stop'$$) AS stop,
	pg_temp.ask(events, $$skipped => 'excluded'$$) AS excluded, pg_temp.ask(events, $$skipped => 'stop', optional => '{b}'$$) AS optional
FROM unnest(ARRAY[
	'a@0 b@1 c@2',
	'a@0 c@2',			-- b skipped
	'a@0 c@2 b@3',		-- b after c
	'a@0 b@3 c@2 c@4',	-- a c too early, another in time
	'b@1 c@2',			-- no entry, however far it got
	'a@0 b@0 c@0',		-- within a day
	'']) AS events;
-- two stages skipped, one of them or both allowed to be
SELECT options, pg_temp.ask('a@0 d@3', $$stages => '{a,b,c,d}', skipped => 'stop', $$ || options) FROM unnest(ARRAY[
	$$optional => NULL$$, $$optional => '{}'$$, $$optional => '{b}'$$, $$optional => '{c}'$$, $$optional => '{b,c}'$$]) AS options;
-- the last stage converts, optional or not; the first one cannot be optional (see the errors below)
SELECT events, pg_temp.ask(events, $$skipped => 'stop', optional => '{c}'$$) FROM unnest(ARRAY['b@0 c@1', 'a@0 b@1', 'a@0 b@1 c@2']) AS events;

--
-- exits
--
SELECT events, options, pg_temp.ask(events, options) FROM (VALUES
	('a@0 b@1 lost@2', ''),
	('a@0 b@1 lost@2 lost@3', ''),			-- the first exit ends it
	('a@0 lost@1 b@2', ''),					-- reopened: one in the middle does not
	('a@0 b@1 lost@2 b@3 c@4', ''),
	('a@0 b@1 lost@2 b@3', ''),				-- reopened, and back where it was: open, and the earliest b counts
	('a@0 b@1 lost@2 a@3', ''),				-- a stage that is in no better chain reopens as well
	('a@0 b@1 lost@2 b@3 lost@4 lost@5', ''),	-- lost again
	('a@0 b@1 lost@2 b@2', ''),				-- at one instant the exit counts
	('a@0 b@1 lost@2 b@3', $$within => '10 days'$$),	-- the deadline is that of the chain
	('a@0 b@1 lost@2 b@20 lost@21', $$within => '10 days'$$),
	('a@0 b@1 no_decision@2', ''),
	('lost@0 a@1 b@2', ''),					-- before the entry
	('a@0 b@1 c@2 lost@2', ''),				-- won and lost at one instant
	('a@0 b@1 lost@1', ''),					-- lost where it stands
	('a@0 lost@0', ''),
	('lost@0 b@0 a@0 c@0', ''),
	('a@0 b@1 churn@2 lost@3', $$exits => '{lost,churn}'$$),
	('a@0 b@1 lost@2', $$exits => '{}'$$),
	('a@0 b@1 c@2 lost@3', '')) AS v (events, options);

--
-- entries: a recycled lead, a deal that goes back
--
SELECT events, options, pg_temp.ask(events, $$entry => 'best'$$ || options) AS best,
	pg_temp.ask(events, $$entry => 'first'$$ || options) AS first, pg_temp.ask(events, $$entry => 'latest'$$ || options) AS latest
FROM (VALUES
	('a@0 b@5 a@50 b@52 c@53', ''),
	('a@0 b@5 a@50 b@52 c@53', $$, within => '10 days'$$),
	('a@0 b@1 c@2 a@50', ''),
	('a@0 b@1 c@2 a@50', $$, within => '10 days'$$),
	('a@0 a@0 b@1', ''),
	('a@0 b@1 lost@3 a@50', ''),
	('a@0 b@1 lost@3 a@50', $$, as_of => pg_temp.day(49)$$),	-- the second entry is not known yet
	('b@0 c@1', '')) AS v (events, options);
SELECT events, pg_temp.ask(events) AS passed, pg_temp.ask(events, $$skipped => 'stop'$$) AS stop
FROM unnest(ARRAY['c@0 b@1 a@2', 'a@0 c@1 b@2', 'a@0 b@1 a@2 b@3', 'b@0 a@1 c@2 b@3 c@4']) AS events;

--
-- as_of
--
SELECT as_of, pg_temp.ask('a@0 b@2 lost@4 c@6', format('as_of => pg_temp.day(%s)', as_of)) AS no_window,
	pg_temp.ask('a@0 b@2 lost@4 c@6', format($$within => '3 days', as_of => pg_temp.day(%s)$$, as_of)) AS three_days
FROM unnest('{-1,0,1,2,3,3.5,4,5,6,7}'::numeric[]) AS as_of;

--
-- windows are inclusive; 1 day = 24 hours
--
SELECT events, options, pg_temp.ask(events, options) FROM (VALUES
	('a@0 b@0 c@1', $$within => '0'$$),
	('a@0 b@0 c@1', $$within => '0', as_of => pg_temp.day(0)$$),
	('a@0 b@0 c@0', $$within => '0'$$),
	('a@0 c@1 a@1 b@1', $$within => '0'$$),
	('a@0 b@1 c@3', $$within => '3 days'$$),
	('a@0 b@1 c@3', $$within => '2 days 23:00'$$),
	('a@0 b@1 c@3', $$within => '72 hours'$$),
	('a@0 b@1 c@3', $$within => '4 days -24 hours'$$),
	('a@0 a@2 b@3 c@5', $$within => '3 days'$$),				-- another entry makes it
	('a@0 b@1 a@2 c@4', $$within => '3 days'$$),
	('a@0 b@1 a@2 c@4', $$within => '3 days', skipped => 'stop'$$),
	('a@0 b@1', $$within => '3 days', as_of => pg_temp.day(3)$$),	-- the last day is still open
	('a@0 b@1', $$within => '3 days', as_of => pg_temp.day(3.1)$$),
	('a@0 b@1 lost@3', $$within => '3 days'$$),
	('a@0 b@1 lost@3.1', $$within => '3 days'$$),				-- it had expired before
	('a@0 b@1', $$within => '2147483647 days'$$),
	('a@0 b@1 c@99', $$within => '2147483647 days'$$)) AS v (events, options);

-- to the microsecond
SELECT microseconds, d.depth, d.status, d.stage_times
FROM generate_series(0, 3) AS microseconds,
	deal_history(deal_event('a', '2026-01-01 00:00:00.999999Z'), deal_event('b', '2026-01-01 00:00:01Z'), deal_event('c', '2026-01-01 00:00:01.000001Z')) AS h,
	deal_progress(h, '{a,b,c}', make_interval(secs => microseconds / 1e6), as_of => '2026-01-01 00:00:01.000001Z') AS p,
	LATERAL (SELECT depth(p), status(p), stage_times(p)) AS d;

-- from one end of time to the other: the distance does not fit into 63 bits
CREATE TEMPORARY TABLE eternity AS SELECT deal_history(deal_event('a', '4714-11-24 00:00:00Z BC'), deal_event('b', '2026-01-01Z'),
	deal_event('c', '294276-12-31 23:59:59.999999Z')) AS h;
SELECT w.within, mode, depth(p), status(p), stage_times(p), p::jsonb -> 'definition' -> 'within_microseconds' AS microseconds, p::jsonb ->> 'ended_at' AS ended_at
FROM eternity, (VALUES (interval '2147483647 days 2562047788:00:54.775807'), ('2147483647 days'), ('106751991 days 04:00:54.775807'), ('106751991 days'), (NULL)) AS w (within),
	unnest('{ordered,any_order}'::text[]) AS mode, deal_progress(h, '{a,b,c}', w.within, mode => mode, as_of => '294276-12-31 23:59:59.999999Z') AS p;
-- deadlines end with time
SELECT within, step_within, status(p), p::jsonb ->> 'ended_at' AS ended_at
FROM (VALUES (interval '1 day', NULL::interval[]), ('0', NULL), ('2147483647 days', NULL), (NULL, '{2147483647 days}'), (NULL, '{1 day}'), (NULL, '{0}')) AS w (within, step_within),
	deal_progress(deal_history(deal_event('a', '294276-12-31 12:00:00Z')), '{a,b}', within, step_within, as_of => '294276-12-31 23:59:59.999999Z') AS p;
SELECT mode, depth(p), status(p), stage_times(p)
FROM unnest('{ordered,adjacent,increasing,any_order}'::text[]) AS mode,
	deal_progress(deal_history(deal_event('b', '4714-11-24 00:00:00Z BC'), deal_event('a', '4714-11-24 00:00:00Z BC'), deal_event('c', '4714-11-24 00:00:00.000001Z BC')),
		'{a,b,c}', '1 microsecond', mode => mode, as_of => '4714-11-25 00:00:00Z BC') AS p;

--
-- step_within bounds the time to the very next stage
--
SELECT events, options, pg_temp.ask(events, $$step_within => $$ || options) FROM (VALUES
	('a@0 b@5 c@6', $$'{3 days,NULL}', skipped => 'stop'$$),	-- over when b did not come in time
	('a@0 b@5 c@6', $$'{3 days,NULL}', skipped => 'stop', as_of => pg_temp.day(3)$$),
	('a@0 b@5 c@6', $$'{3 days,NULL}'$$),						-- without b there is no such step
	('a@0 b@5 c@6', $$'{5 days,1 day}', skipped => 'stop'$$),
	('a@0 b@2 b@8 c@10', $$'{NULL,3 days}'$$),					-- the b that leads on
	('a@0 b@2 b@8 c@12', $$'{NULL,3 days}', skipped => 'stop'$$),
	('a@0 a@4 b@5', $$'{3 days,NULL}', skipped => 'stop'$$),
	('a@0 b@1', $$'{NULL,3 days}'$$),							-- the last stage may not be missing
	('a@0 b@1', $$'{NULL,3 days}', within => '2 days'$$),		-- the smaller deadline
	('a@0 b@1 lost@4', $$'{NULL,3 days}'$$),
	('a@0 b@1 lost@5', $$'{NULL,3 days}'$$),
	('a@0', $$'{3 days,NULL}'$$),								-- b may be missing, so nothing is over
	('a@0', $$'{3 days,NULL}', skipped => 'stop', optional => '{b}'$$),
	('a@0', $$'{NULL,3 days}', skipped => 'stop'$$),
	('a@0 b@0 c@1', $$'{0,0}', skipped => 'stop'$$),
	('a@0 b@99', $$'{2147483647 days,NULL}'$$)) AS v (events, options);
SELECT pg_temp.ask('a@0', $$stages => '{a}', step_within => '{}'$$) AS one_stage, pg_temp.ask('b@0', $$stages => '{a}', within => '1 day'$$) AS none;

--
-- mode adjacent
--
SELECT events, pg_temp.ask(events, $$mode => 'adjacent'$$) AS passed, pg_temp.ask(events, $$mode => 'adjacent', skipped => 'stop'$$) AS stop
FROM unnest(ARRAY[
	'a@0 b@1 c@2',
	'a@0 x@1 b@2 c@3',		-- x is neither stage nor exit
	'a@0 c@1 b@2 c@3',
	'a@0 lost@1 b@2 c@3',
	'a@0 a@1 b@2 c@3',
	'a@0 b@1 b@2 c@3',
	'a@0 b@2 lost@2 c@3',	-- what shares the instant is not between
	'a@0 lost@0 b@1 a@1 c@2',
	'a@0 b@0 c@0']) AS events;
-- mode increasing
SELECT events, pg_temp.ask(events) AS ordered, pg_temp.ask(events, $$mode => 'increasing'$$) AS increasing
FROM unnest(ARRAY['a@0 b@0 c@0', 'a@0 b@0 b@1 c@1 c@2', 'a@0 b@0 c@1', 'a@0 lost@0']) AS events;
-- mode any_order: all of the first stages in one window; skipped and entry have no meaning
SELECT events, options, pg_temp.ask(events, $$mode => 'any_order'$$ || options) FROM (VALUES
	('c@0 b@1 a@2', ''),
	('b@0 c@1', ''),
	('a@0 c@1', ''),
	('a@0 c@1', $$, optional => '{b}'$$),
	('a@0 c@1', $$, skipped => 'excluded', entry => 'latest'$$),
	('b@0 a@5 c@6 b@7', $$, within => '2 days'$$),
	('b@0 a@1 c@2 a@10 b@10', $$, within => '1 day'$$),
	('b@1 a@2', $$, within => '3 days'$$),			-- the window began with b
	('b@1 a@2', $$, within => '3 days', as_of => pg_temp.day(4)$$),
	('b@1 lost@1.5 a@2', ''),
	('b@1 a@2 lost@3', ''),
	('b@1 a@2 lost@2', ''),
	('a@0 b@0 c@0', $$, within => '0'$$)) AS v (events, options);
SELECT entered_at(p), stage_times(p) FROM deal_progress(pg_temp.history('c@0 b@1 a@2'), '{a,b,c}', mode => 'any_order', as_of => pg_temp.day(9)) AS p;
SELECT pg_temp.same(deal_progress(h, '{a,b}', mode => 'any_order', as_of => '2026-03-01Z'),
	deal_progress(h, '{a,b}', mode => 'any_order', skipped => 'stop', entry => 'first', as_of => '2026-03-01Z')) AS same FROM pg_temp.history('b@0 a@1') AS h;

--
-- NULL
--
SELECT deal_progress(NULL) IS NULL AS no_history, deal_progress('{}', as_of => NULL) IS NULL AS no_as_of,
	depth(NULL) IS NULL AS depth, status(NULL::deal_progress) IS NULL AS status, stage_times(NULL) IS NULL AS stage_times,
	stage_time(NULL, 'a') IS NULL AS stage_time, stage_time(p, NULL) IS NULL AS no_stage, entered_at(NULL::deal_progress) IS NULL AS entered_at FROM reading;
SELECT entered_at(p) IS NULL AS entered_at, stage_times(p), status(p) FROM deal_progress('{}', as_of => '2026-03-01Z') AS p;
SELECT option, pg_temp.failure(format($$SELECT deal_progress(NULL, %s => NULL)$$, option)) AS error
FROM unnest('{stages,within,step_within,mode,skipped,optional,exits,entry}'::text[]) AS option;

--
-- options that change from row to row, and from call to call
--
CREATE TEMPORARY TABLE options AS
	SELECT row_number() OVER () AS i, mode, skipped, entry, stages, exits, optional, within, CASE WHEN mode <> 'any_order' THEN step_within END AS step_within
	FROM unnest('{ordered,adjacent,increasing,any_order}'::text[]) AS mode, unnest('{passed,stop,excluded}'::text[]) AS skipped, unnest('{best,first,latest}'::text[]) AS entry,
		(VALUES ('{a,b,c}'::text[], '{lost}'::text[], '{b}'::text[]), ('{a,c}', '{b}', NULL), ('{"a longer label that has no code",a,b,c}', '{}', NULL), ('{b,c,a}', '{lost,x}', '{c}')) AS l (stages, exits, optional),
		(VALUES (interval '5 days'), (NULL), ('1 day')) AS w (within), unnest(ARRAY[interval '2 days', NULL]) AS step,
		LATERAL (SELECT array_agg(CASE WHEN s % 2 = 1 THEN step END) FROM generate_series(1, cardinality(stages) - 1) AS s) AS steps (step_within);
CREATE FUNCTION pg_temp.by_constants(h deal_history, o options) RETURNS deal_progress LANGUAGE plpgsql AS $$
DECLARE
	p deal_progress;
BEGIN
	EXECUTE format('SELECT deal_progress($1, %L, %L, %L, %L, %L, %L, %L, %L, %L)',
		o.stages, o.within, o.step_within, o.mode, o.skipped, o.optional, o.exits, o.entry, pg_temp.day(20)) USING h INTO p;
	RETURN p;
END $$;
CREATE FUNCTION pg_temp.by_variables(h deal_history, o options) RETURNS deal_progress LANGUAGE plpgsql AS $$
BEGIN
	RETURN deal_progress(h, o.stages, o.within, o.step_within, o.mode, o.skipped, o.optional, o.exits, o.entry, pg_temp.day(20));
END $$;
SELECT count(*) AS rows, count(DISTINCT by_column::text) AS different, count(*) FILTER (WHERE NOT pg_temp.same(by_column, by_constant)) AS by_column_differs,
	count(*) FILTER (WHERE NOT pg_temp.same(by_variable, by_constant)) AS by_variable_differs
FROM (SELECT deal_progress(h, stages, within, step_within, mode, skipped, optional, exits, entry, pg_temp.day(20)) AS by_column,
		pg_temp.by_constants(h, o) AS by_constant, pg_temp.by_variables(h, o) AS by_variable
	  FROM options AS o, pg_temp.history('a@0 c@1 lost@2 b@3 a@4 b@5 c@5 b@8 lost@9 c@9 a@12') AS h ORDER BY i * 7 % 433) AS readings;
SET plan_cache_mode = force_generic_plan;
PREPARE reading AS SELECT pg_temp.told(deal_progress(h, '{a,b,c}', $1, mode => $2, as_of => $3)) FROM unnest(ARRAY[pg_temp.history('b@0 a@1 b@2'), pg_temp.history('a@0 b@1')]) AS h;
EXECUTE reading('1 day', 'ordered', pg_temp.day(9));
EXECUTE reading(NULL, 'any_order', pg_temp.day(2));
RESET plan_cache_mode;

--
-- text, jsonb and binary form
--
CREATE TEMPORARY TABLE kept AS
	SELECT i, deal_progress(eternity.h, stages, within, step_within, mode, skipped, optional, exits, entry, '294276-12-31 23:59:59.999999Z') AS p FROM options, eternity
	UNION ALL
	SELECT i, deal_progress(h, stages, within, step_within, mode, skipped, optional, exits, entry, pg_temp.day(as_of))
	FROM options, pg_temp.history('a@0 c@1 b@3 lost@3 a@4') AS h, unnest('{-5,3,9}'::int[]) AS as_of
	UNION ALL
	SELECT 0, NULL;
CREATE TEMPORARY TABLE back (LIKE kept);
\copy kept TO 'results/deal_progress.copy' WITH (FORMAT binary)
\copy back FROM 'results/deal_progress.copy' WITH (FORMAT binary)
SELECT count(*) AS readings, count(DISTINCT status(p)) AS statuses, count(*) FILTER (WHERE NOT pg_temp.same(p, p::text::deal_progress)) AS text_differs,
	count(*) FILTER (WHERE NOT pg_temp.same(p, p::jsonb::deal_progress)) AS jsonb_differs FROM kept;
SELECT count(*) AS missing_or_different FROM (SELECT p::text, deal_progress_send(p) FROM kept EXCEPT ALL SELECT p::text, deal_progress_send(p) FROM back) AS x;
-- keys in any order; without an end only where there is none; instants of any zone; exits sorted
\pset format unaligned
SELECT '{"definition":{"exits":["y","x"],"entry":"best","optional":["b"],"mode":"ordered","skipped":"stop","stages":["a","b"],"within_microseconds":5,"step_within_microseconds":[null]},
	"stage_times":["2026-01-01 02:00:00+02", "2026-01-01T00:00:00.000005Z"],"depth":2,"status":"converted","version":1}'::deal_progress;
\pset format aligned

--
-- bad input
--
CREATE FUNCTION pg_temp.bad(options text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.failure(format('SELECT deal_progress(''{}'', %s)', options)) $$;
SELECT options, pg_temp.bad(options) AS error FROM unnest(ARRAY[
	$$stages => '{}'$$,
	$$stages => '{a,NULL}'$$,
	$$stages => '{a,b,a}'$$,
	$$stages => '{a,""}'$$,
	$$stages => '{{a},{b}}'$$,
	$$exits => '{NULL}'$$,
	$$exits => '{lost,lost}'$$,
	$$exits => '{""}'$$,
	$$exits => '{lost,won}'$$,
	$$exits => '{{x}}'$$]) AS options;
SELECT pg_temp.bad(format('stages => %L', ARRAY['a', repeat('x', 256)])) AS long_label;
SELECT pg_temp.bad(format('stages => %L', array_agg('s' || i))) AS many_stages FROM generate_series(1, 33) AS i;
SELECT pg_temp.bad(format('exits => %L', array_agg('s' || i))) AS many_exits FROM generate_series(1, 33) AS i;
SELECT options, pg_temp.bad(options) AS error FROM unnest(ARRAY[
	$$within => '-1 day'$$,
	$$within => '-1 microsecond'$$,
	$$within => '1 day -25 hours'$$,
	$$within => '-2147483648 days -1 microsecond'$$,
	$$within => '1 month'$$,
	$$within => '-1 year'$$,
	$$within => '1 month -30 days'$$,
	$$step_within => '{1 day,1 day,1 day}'$$,
	$$step_within => '{1 day,1 day,1 day,1 day,1 day}'$$,
	$$step_within => '{}'$$,
	$$step_within => '{NULL,NULL,NULL,-1 day}'$$,
	$$step_within => '{NULL,NULL,1 year,NULL}'$$,
	$$step_within => '{{1 day,1 day},{1 day,1 day}}'$$,
	$$step_within => '{1 day,NULL,NULL,NULL}', mode => 'any_order'$$]) AS options;
SELECT pg_temp.bad($$step_within => '{NULL,NULL,NULL,NULL}', mode => 'any_order'$$) AS no_bound_at_all;
SELECT options, pg_temp.bad(options) AS error FROM unnest(ARRAY[
	$$optional => '{trial}'$$,
	$$optional => '{lead}'$$,
	$$mode => 'any_order', optional => '{sql,lead}'$$,
	$$optional => '{mql,NULL}'$$,
	$$optional => '{mql,mql}'$$,
	$$optional => '{lost}'$$,
	$$mode => 'strict'$$,
	$$mode => ''$$,
	$$mode => 'Ordered'$$,
	$$skipped => 'exclude'$$,
	$$entry => 'last'$$,
	$$as_of => 'infinity'$$,
	$$as_of => '-infinity'$$]) AS options;
SELECT pg_temp.failure($$SELECT stage_time(p, 'lost') FROM reading$$) AS error;
SELECT pg_temp.failure($$SELECT stage_time(p, '') FROM reading$$) AS error;
-- an error in one row leaves nothing behind for the next call
SELECT pg_temp.failure($$SELECT deal_progress('{}', mode => m) FROM unnest('{ordered,any_order,unordered,ordered}'::text[]) AS m$$);
-- 32 of each
SELECT depth(p), status(p), cardinality(stage_times(p)) AS stages, pg_temp.same(p, p::text::deal_progress) AS same
FROM (SELECT array_agg('s' || i) AS stages, array_agg('e' || i) AS exits, history_agg('s' || i, pg_temp.day(i)) AS h FROM generate_series(1, 32) AS i) AS l,
	deal_progress(h, stages, '31 days', array_fill(interval '1 day', '{31}'), skipped => 'stop', exits => exits, optional => stages[2:], as_of => pg_temp.day(99)) AS p;

-- JSON: what is wrong with a reading, one change at a time
CREATE FUNCTION pg_temp.bad_json(path text[], value jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT pg_temp.failure(format('SELECT %L::deal_progress', jsonb_set(
		deal_progress(pg_temp.history('a@0 b@1'), '{a,b,c}', '9 days', as_of => pg_temp.day(2))::jsonb, path, value)))
$$;
SELECT path, value, pg_temp.bad_json(path, value) AS error FROM (VALUES
	('{version}'::text[], '2'::jsonb),
	('{colour}', '"red"'),
	('{status}', '"converted"'),
	('{status}', '"not_entered"'),
	('{status}', '"lost"'),
	('{status}', '5'),
	('{depth}', '0'),
	('{depth}', '1'),
	('{depth}', '3'),
	('{depth}', '-1'),
	('{depth}', '4'),
	('{depth}', '2.5'),
	('{depth}', '"2"'),
	('{stage_times}', 'null'),
	('{stage_times}', '[]'),
	('{stage_times}', '{}'),
	('{stage_times,0}', 'null'),
	('{stage_times,0}', '0'),
	('{stage_times,0}', '"yesterday, or so"'),
	('{stage_times,0}', '"infinity"'),
	('{stage_times,0}', '"2026-01-04"'),
	('{stage_times,2}', '"2026-01-04"'),
	('{ended_at}', 'null'),
	('{ended_at}', '17'),
	('{ended_at}', '"2026-01-01"'),
	('{ended_at}', '"-infinity"'),
	('{definition}', '[]'),
	('{definition,colour}', '"red"'),
	('{definition,stages}', '[]'),
	('{definition,stages}', '"a"'),
	('{definition,stages}', '["a","b"]'),
	('{definition,stages,2}', '"a"'),
	('{definition,stages,2}', '"lost"'),
	('{definition,stages,2}', '3'),
	('{definition,stages,2}', '""'),
	('{definition,mode}', '"sideways"'),
	('{definition,mode}', 'null'),
	('{definition,skipped}', '"never"'),
	('{definition,entry}', '""'),
	('{definition,exits}', '["lost","lost"]'),
	('{definition,exits}', 'null'),
	('{definition,optional}', '["d"]'),
	('{definition,optional}', '["a"]'),
	('{definition,within_microseconds}', '-1'),
	('{definition,within_microseconds}', '9223372036854775808'),
	('{definition,within_microseconds}', '"9 days"'),
	('{definition,step_within_microseconds}', '[null]'),
	('{definition,step_within_microseconds,0}', '-5'),
	('{definition,step_within_microseconds,0}', '[]')) AS v (path, value);
SELECT key, pg_temp.failure(format('SELECT %L::jsonb::deal_progress', p::jsonb - key)) AS without
FROM reading, jsonb_object_keys(p::jsonb) AS key;
SELECT key, pg_temp.failure(format('SELECT %L::deal_progress', p::jsonb #- ARRAY['definition', key])) AS without
FROM reading, jsonb_object_keys(p::jsonb -> 'definition') AS key;
SELECT input, pg_temp.failure(format('SELECT %L::deal_progress', input)) AS error FROM unnest(ARRAY['', 'open', '{', '[]', 'null', '{}', '17']) AS input;
-- the end of an attempt without conversion cannot be left out, not even in the last century
SELECT pg_temp.failure($$SELECT '{"version":1,"status":"open","depth":1,"stage_times":["1999-01-01T00:00:00Z",null],"ended_at":null,"definition":{"stages":["a","b"],"mode":"ordered","skipped":"passed",
	"entry":"best","exits":[],"optional":[],"within_microseconds":null,"step_within_microseconds":[null]}}'::deal_progress$$);
