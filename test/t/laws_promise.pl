# A deal_progress whose options are constants is read when it is looked at (src/reading/progress_promise.h). Whichever way it
# travels until then, it is the value that it is elsewhere, to the byte; and so is the funnel that counts it.
#
# What it is elsewhere: options that a column gives are no constants, and make a value at once. DEALS: how many there are.

use lib 'test/lib';
use Suite qw(database sql);

database(sessions => 1);

my $deals = $ENV{DEALS} // 3000;
my $rows = $deals + 6;

sql(qq{
	CREATE TABLE option (within interval, stages text[], as_of timestamptz);
	INSERT INTO option VALUES ('40 days', '{lead,mql,sql,opportunity,won}', '2026-03-01Z');
	CREATE TABLE deal (id int PRIMARY KEY, team int, history deal_history);
	-- stages and exits in any order and at equal instants, with other kinds, amounts and subjects in some
	INSERT INTO deal
		SELECT d, d % 7, history_agg(deal_event(
			(ARRAY['lead', 'lead', 'mql', 'mql', 'sql', 'opportunity', 'won', 'lost', 'meeting', 'e-mail', 'a kind of our own'])[1 + r % 11],
			timestamptz '2026-01-01Z' + (r / 11 % 90) * interval '1 day' + CASE WHEN d % 3 = 0 THEN (r % 1000) * interval '1 second' ELSE interval '0' END,
			CASE WHEN d % 4 > 1 AND (d % 4 = 3 OR r % 2 = 0) THEN r % 100 END,
			CASE WHEN d % 5 > 2 AND (d % 5 = 4 OR r % 3 = 0) THEN 'rival ' || r % 3 END))
		FROM generate_series(1, $deals) AS d,
			LATERAL (SELECT (hashint8(d * 100 + e)::bigint + 2147483648)::bigint AS r FROM generate_series(1, 1 + d % 13) AS e) AS x
		GROUP BY d;
	INSERT INTO deal VALUES (0, 0, NULL), (-1, 0, deal_history('[]'::jsonb));
	-- the same in and out of line, compressed or not
	INSERT INTO deal
		SELECT -2 - n, n, history_agg(deal_event(CASE WHEN e % 50 = 0 THEN 'lead' WHEN e % 77 = 0 THEN 'mql' ELSE 'kind ' || e % 40 END,
			timestamptz '2026-01-01Z' + e * interval '1 hour'))
		FROM generate_series(0, 3) AS n, generate_series(1, 1000 + n * 4000) AS e GROUP BY n;
	-- what it is at once
	CREATE TABLE expected AS
		SELECT id, team, deal_progress(history, stages, within, as_of => o.as_of) AS p FROM deal, option AS o;
	CREATE VIEW promised AS
		SELECT id, team, deal_progress(history, '{lead,mql,sql,opportunity,won}', '40 days', as_of => '2026-03-01Z') AS p FROM deal;
	ANALYZE;
});

is(sql("SELECT count(*), count(p), count(DISTINCT status(p)) FROM expected"), "$rows|" . ($rows - 1) . "|5", 'the deals end in every way');
is(sql("SELECT count(DISTINCT pg_column_size(p)) > 4 FROM expected"), 't', 'and come differently far');

# Rows of (id, p) that must be the expected ones, byte by byte.
sub same
{
	my ($query, $name) = @_;
	is(sql(qq{
		SELECT count(*), count(*) FILTER (WHERE deal_progress_send(r.p) IS DISTINCT FROM deal_progress_send(e.p)),
			count(*) FILTER (WHERE r.p IS DISTINCT FROM e.p), count(*) FILTER (WHERE r.p::text IS DISTINCT FROM e.p::text)
		FROM ($query) AS r(id, p) FULL JOIN expected AS e USING (id)}), "$rows|0|0|0", $name);
}

same('SELECT id, p FROM promised', 'a subquery that is pulled up');
same('SELECT id, p FROM promised OFFSET 0', 'one that is not');
same('SELECT id, p FROM promised ORDER BY p, id', 'ORDER BY');
same('SELECT id, p FROM (SELECT * FROM promised ORDER BY id DESC OFFSET 0) AS x', 'a sort that carries it');
same('WITH x AS MATERIALIZED (SELECT id, p FROM promised) SELECT * FROM x', 'a materialized CTE');
same('WITH RECURSIVE x AS (SELECT id, p, 1 AS n FROM promised UNION ALL SELECT id, p, n + 1 FROM x WHERE n < 3) SELECT id, p FROM x WHERE n = 3', 'a recursive CTE');
same('SELECT a.id, a.p FROM promised AS a JOIN promised AS b USING (id)', 'a join');
same('SELECT a.id, (SELECT b.p FROM promised AS b WHERE b.id = a.id) FROM deal AS a', 'a scalar subquery');
same('SELECT a.id, x.p FROM deal AS a, LATERAL (SELECT deal_progress(a.history, within => \'40 days\', as_of => \'2026-03-01Z\') AS p OFFSET 0) AS x', 'LATERAL');
same('SELECT a.id, x.p FROM deal AS a, LATERAL deal_progress(a.history, within => \'40 days\', as_of => \'2026-03-01Z\') AS x(p)', 'a function in FROM');
same('SELECT id, p FROM promised WHERE id % 2 = 0 UNION SELECT id, p FROM promised WHERE id % 2 <> 0', 'UNION');
same('SELECT id, p FROM promised INTERSECT SELECT id, p FROM expected', 'INTERSECT');
same('SELECT DISTINCT id, p FROM promised', 'DISTINCT');
same('SELECT DISTINCT ON (id) id, p FROM promised ORDER BY id, p', 'DISTINCT ON');
same('SELECT id, p FROM promised GROUP BY id, p', 'GROUP BY');
same('SELECT id, (array_agg(p))[1] FROM promised GROUP BY id', 'array_agg');
same('SELECT u.id, u.p FROM (SELECT array_agg(id ORDER BY id) AS i, array_agg(p ORDER BY id) AS a FROM promised) AS x, unnest(i, a) AS u(id, p)', 'array_agg in order, and unnest');
same('SELECT id, (ARRAY[NULL, p])[2] FROM promised', 'ARRAY');
same('SELECT id, (ARRAY(SELECT p))[1] FROM promised', 'ARRAY of a subquery');
same('SELECT (r.x).id, (r.x).p FROM (SELECT x FROM promised AS x OFFSET 0) AS r', 'a whole row');
same('SELECT id, (ROW(id, team, p)::expected).p FROM promised', 'ROW');
same('SELECT id, (jsonb_populate_record(NULL::expected, to_jsonb(x))).p FROM (SELECT id, p FROM promised) AS x', 'to_jsonb');
same('SELECT id, p::text::deal_progress FROM promised', 'its text');
same('SELECT id, COALESCE(NULL, p) FROM promised', 'COALESCE');
same('SELECT id, CASE WHEN id > 5 THEN p ELSE p END FROM promised', 'CASE');
same('SELECT id, NULLIF(p, NULL) FROM promised', 'NULLIF');
same('SELECT id, GREATEST(p, p) FROM promised', 'GREATEST');
same('SELECT id, lag(p, 0) OVER (ORDER BY id) FROM promised', 'lag over no distance');
same('SELECT id, first_value(p) OVER (PARTITION BY id) FROM promised', 'first_value');
same('SELECT id, (array_agg(p) OVER (ORDER BY id ROWS 3 PRECEDING))[least(4, row_number() OVER (ORDER BY id))] FROM promised', 'array_agg over a window');
same('SELECT id, p FROM (SELECT id, p, generate_series(1, 3) AS n FROM promised) AS x WHERE n = 3', 'a set-returning function beside it');
same('SELECT id, p FROM (SELECT id, unnest(ARRAY[p, p]) AS p, generate_series(1, 2) AS n FROM promised) AS x WHERE n = 2', 'a set-returning function of it');
same('SELECT id, p FROM promised FETCH FIRST ' . $rows . ' ROWS ONLY', 'FETCH FIRST');

# lag and lead over a distance: the value of another row
is(sql(q{
	SELECT count(*), count(*) FILTER (WHERE q IS DISTINCT FROM e.p OR r IS DISTINCT FROM e.p) FROM
		(SELECT lead(id) OVER w AS id, lead(p) OVER w AS q, lead(p, 1, p) OVER w AS r FROM promised WINDOW w AS (ORDER BY id)) AS x JOIN expected AS e USING (id)}),
	($rows - 1) . '|0', 'lead');
is(sql(q{
	SELECT count(*), count(*) FILTER (WHERE q IS DISTINCT FROM e.p) FROM
		(SELECT lag(id, 2) OVER w AS id, lag(p, 2) OVER w AS q FROM promised WINDOW w AS (ORDER BY id)) AS x JOIN expected AS e USING (id)}),
	($rows - 2) . '|0', 'lag');

#
# Kept, and sent
#
for my $kept (
	[ 'a table', 'CREATE TABLE kept AS SELECT id, p FROM promised' ],
	[ 'INSERT', 'CREATE TABLE kept (id int, p deal_progress); INSERT INTO kept SELECT id, p FROM promised' ],
	[ 'out of line', 'CREATE TABLE kept (id int, p deal_progress); ALTER TABLE kept ALTER p SET STORAGE EXTERNAL; INSERT INTO kept SELECT id, p FROM promised' ],
	[ 'UPDATE', 'CREATE TABLE kept (id int, p deal_progress); INSERT INTO kept SELECT id FROM deal; UPDATE kept SET p = x.p FROM promised AS x WHERE x.id = kept.id' ],
	[ 'ON CONFLICT', 'CREATE TABLE kept (id int PRIMARY KEY, p deal_progress); INSERT INTO kept SELECT id FROM deal; INSERT INTO kept SELECT id, p FROM promised ON CONFLICT (id) DO UPDATE SET p = excluded.p' ],
	[ 'RETURNING', 'CREATE TABLE kept (id int, p deal_progress); WITH x AS (UPDATE deal SET team = team RETURNING id, deal_progress(history, within => \'40 days\', as_of => \'2026-03-01Z\') AS p) INSERT INTO kept SELECT * FROM x' ],
	[ 'a materialized view', 'CREATE MATERIALIZED VIEW kept AS SELECT id, p FROM promised' ],
	[ 'a generated column', q{CREATE TABLE kept (id int, history deal_history, p deal_progress GENERATED ALWAYS AS
		(deal_progress(history, '{lead,mql,sql,opportunity,won}', '40 days', NULL, 'ordered', 'passed', NULL, '{lost,no_decision}', 'best', timestamptz '2026-03-01Z')) STORED);
		INSERT INTO kept SELECT id, history FROM deal} ],
	[ 'a trigger', q{CREATE TABLE kept (id int, p deal_progress, history deal_history);
		CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.p := deal_progress(NEW.history, within => '40 days', as_of => '2026-03-01Z'); NEW.history := NULL; RETURN NEW; END$$;
		CREATE TRIGGER fill BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION fill(); INSERT INTO kept (id, history) SELECT id, history FROM deal} ],
	[ 'COPY', 'CREATE TABLE kept (id int, p deal_progress); %s' ],
	[ 'COPY in binary', 'CREATE TABLE kept (id int, p deal_progress); %s' ],
)
{
	my ($name, $script) = @$kept;
	if ($name =~ /^COPY/)
	{
		my $format = $name =~ /binary/ ? 'binary' : 'text';
		$script = qq{CREATE TABLE kept (id int, p deal_progress);
			DO \$\$ BEGIN
				EXECUTE format('COPY (SELECT id, p FROM promised) TO %L (FORMAT $format)', current_setting('data_directory') || '/promise.copy');
				EXECUTE format('COPY kept FROM %L (FORMAT $format)', current_setting('data_directory') || '/promise.copy');
			END \$\$};
	}
	sql($script);
	same('SELECT id, p FROM kept', $name);
	sql($name =~ /view/ ? 'DROP MATERIALIZED VIEW kept' : 'DROP TABLE kept');
}

# an index on it, and statistics of it
sql(q{
	CREATE INDEX by_progress ON deal (deal_progress(history, '{lead,mql,sql,opportunity,won}', '40 days', NULL, 'ordered', 'passed', NULL, '{lost,no_decision}', 'best', timestamptz '2026-03-01Z'));
	ANALYZE deal;
});
is(sql(q{SET enable_seqscan = off; SELECT count(*) FROM deal AS d JOIN expected AS e USING (id)
	WHERE deal_progress(d.history, '{lead,mql,sql,opportunity,won}', '40 days', NULL, 'ordered', 'passed', NULL, '{lost,no_decision}', 'best', timestamptz '2026-03-01Z') = e.p}),
	$rows - 1, 'an index on it finds every value');
sql('DROP INDEX by_progress');

#
# PL/pgSQL, SQL functions, cursors, prepared statements
#
sql(q{
	CREATE FUNCTION of_variable(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ DECLARE p deal_progress; q deal_progress; BEGIN p := deal_progress(h, within => '40 days', as_of => '2026-03-01Z'); q := p; h := NULL; p := NULL; RETURN q; END $$;
	CREATE FUNCTION of_expression(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ BEGIN RETURN deal_progress(h, within => '40 days', as_of => '2026-03-01Z'); END $$;
	CREATE FUNCTION of_record(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ DECLARE r record; e expected; BEGIN SELECT deal_progress(h, within => '40 days', as_of => '2026-03-01Z') AS p, 1 AS n INTO r; e.p := r.p; r := NULL; RETURN e.p; END $$;
	CREATE FUNCTION of_array(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ DECLARE a deal_progress[]; BEGIN a[3] := deal_progress(h, within => '40 days', as_of => '2026-03-01Z'); RETURN a[3]; END $$;
	CREATE FUNCTION of_exception(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ DECLARE p deal_progress; BEGIN
			BEGIN p := deal_progress(h, within => '40 days', as_of => '2026-03-01Z'); PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN h := NULL; END; RETURN p; END $$;
	CREATE FUNCTION of_dynamic(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ DECLARE p deal_progress; BEGIN EXECUTE 'SELECT deal_progress($1, within => ''40 days'', as_of => ''2026-03-01Z'')' INTO p USING h; RETURN p; END $$;
	CREATE FUNCTION of_changing(h deal_history) RETURNS deal_progress LANGUAGE plpgsql AS
		$$ DECLARE p deal_progress; q deal_progress; w interval; BEGIN
			FOR i IN 1 .. 3 LOOP w := (i + 1) * interval '10 days'; q := p; p := deal_progress(h, within => w, as_of => '2026-03-01Z'); END LOOP; RETURN p; END $$;
	CREATE FUNCTION of_out(h deal_history, OUT p deal_progress, OUT n int) LANGUAGE plpgsql AS
		$$ BEGIN n := 1; p := deal_progress(h, within => '40 days', as_of => '2026-03-01Z'); END $$;
	CREATE FUNCTION of_sql(h deal_history) RETURNS deal_progress LANGUAGE sql AS
		$$ SELECT deal_progress(h, within => '40 days', as_of => '2026-03-01Z') LIMIT 1 $$;
	CREATE FUNCTION of_inlined(h deal_history) RETURNS deal_progress LANGUAGE sql AS
		$$ SELECT deal_progress(h, within => '40 days', as_of => '2026-03-01Z') $$;
	CREATE FUNCTION set_of_sql() RETURNS TABLE (id int, p deal_progress) LANGUAGE sql VOLATILE AS
		$$ SELECT id, deal_progress(history, within => '40 days', as_of => '2026-03-01Z') FROM deal $$;
	CREATE FUNCTION progresses() RETURNS SETOF deal_progress LANGUAGE sql VOLATILE AS
		$$ SELECT deal_progress(history, within => '40 days', as_of => '2026-03-01Z') FROM deal ORDER BY id $$;
	CREATE FUNCTION set_of_query() RETURNS TABLE (id int, p deal_progress) LANGUAGE plpgsql AS
		$$ BEGIN RETURN QUERY SELECT d.id, deal_progress(history, within => '40 days', as_of => '2026-03-01Z') FROM deal AS d; END $$;
	CREATE FUNCTION set_of_next() RETURNS TABLE (id int, p deal_progress) LANGUAGE plpgsql AS
		$$ DECLARE d deal; BEGIN FOR d IN SELECT * FROM deal LOOP id := d.id; p := deal_progress(d.history, within => '40 days', as_of => '2026-03-01Z'); RETURN NEXT; END LOOP; END $$;
	CREATE FUNCTION set_of_cursor() RETURNS TABLE (id int, p deal_progress) LANGUAGE plpgsql AS
		$$ DECLARE c SCROLL CURSOR FOR SELECT x.id, x.p FROM promised AS x; r record; BEGIN
			OPEN c; MOVE LAST IN c; MOVE NEXT IN c;
			LOOP FETCH PRIOR FROM c INTO r; EXIT WHEN NOT FOUND; id := r.id; p := r.p; RETURN NEXT; END LOOP; CLOSE c; END $$;
});
same("SELECT id, $_(history) FROM deal", $_)
	for qw(of_variable of_expression of_record of_array of_exception of_dynamic of_changing of_sql of_inlined);
same('SELECT id, (of_out(history)).p FROM deal', 'of_out');
same("SELECT id, p FROM $_()", $_) for qw(set_of_sql set_of_query set_of_next set_of_cursor);
same('SELECT x.id, x.p FROM (SELECT (set_of_sql()).*) AS x', 'a set-returning SQL function in the SELECT list');
same('SELECT d.id, p FROM (SELECT progresses() AS p, generate_series(1, ' . $rows . ') AS n) AS x JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM deal) AS d USING (n)', 'row by row');

like(sql(q{
	PREPARE reading(interval, timestamptz) AS SELECT count(*) FILTER (WHERE x.p IS DISTINCT FROM deal_progress(d.history, o.stages, $1, as_of => $2))
		FROM (SELECT id, deal_progress(history, within => $1, as_of => $2) AS p FROM deal OFFSET 0) AS x JOIN deal AS d USING (id), option AS o;
	SET plan_cache_mode = force_generic_plan;
	EXECUTE reading('1 day', '2026-03-01Z'); EXECUTE reading('40 days', '2026-02-01Z'); EXECUTE reading(NULL, '2026-02-01Z');
	SET plan_cache_mode = force_custom_plan;
	EXECUTE reading('1 day', '2026-03-01Z'); EXECUTE reading('40 days', '2026-02-01Z'); EXECUTE reading(NULL, '2026-02-01Z');
}), qr/^0\n0\n0\n0\n0\n0$/, 'prepared statements whose options change');
is(sql(q{
	BEGIN;
	DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT p::text FROM promised WHERE id IN (5, 7) ORDER BY id;
	DECLARE d NO SCROLL CURSOR FOR SELECT p FROM promised WHERE id IN (5, 7) ORDER BY id;
	FETCH d; FETCH d;
	COMMIT;
	FETCH LAST c; FETCH PRIOR c;
}), sql("SELECT p FROM expected WHERE id = 5; SELECT p FROM expected WHERE id = 7; SELECT p FROM expected WHERE id = 7; SELECT p FROM expected WHERE id = 5"), 'cursors, one of them held');
like(sql('EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF) SELECT id, p FROM promised'), qr/deal_progress\(/, 'EXPLAIN ANALYZE');

#
# Counted
#
my $funnels = sql('SELECT md5(funnel_agg(p)::text) FROM expected');
my $by_team = sql('SELECT team, md5(funnel_agg(p)::text) FROM expected GROUP BY team ORDER BY team');
for my $settings ('SET max_parallel_workers_per_gather = 0', 'SET enable_hashagg = off', 'SET enable_sort = off', 'SET jit_above_cost = 0',
	'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2',
	'SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off',
	"SET work_mem = '64kB'; SET hash_mem_multiplier = 1")
{
	is(sql("$settings; SELECT md5(funnel_agg(p)::text) FROM promised"), $funnels, "a funnel: $settings");
	is(sql("$settings; SELECT team, md5(funnel_agg(p)::text) FROM promised GROUP BY team ORDER BY team"), $by_team, "funnels by team: $settings");
}
is(sql("SELECT md5(funnel_agg(p)::text) FROM ($_) AS x"), $funnels, "the funnel of: $_")
	for 'SELECT p FROM promised OFFSET 0', 'SELECT p FROM promised ORDER BY id', 'SELECT p FROM promised UNION ALL SELECT p FROM promised LIMIT ' . $rows,
	'SELECT CASE WHEN id % 2 = 0 THEN x.p ELSE e.p END AS p FROM promised AS x JOIN expected AS e USING (id)';
is(sql('SELECT md5(funnel_agg(p ORDER BY id DESC)::text) FROM promised'), $funnels, 'in an order');
is(sql('SELECT md5(funnel_agg(p, id % 9)::text), md5(funnel_agg(p, NULL)::text) FROM promised'), sql('SELECT md5(funnel_agg(p, id % 9)::text), md5(funnel_agg(p, NULL)::text) FROM expected'), 'with amounts');
is(sql('SELECT funnel_agg(DISTINCT p) FROM promised'), sql('SELECT funnel_agg(DISTINCT p) FROM expected'), 'of distinct values');
is(sql('SELECT funnel_agg(p) FILTER (WHERE depth(p) > 1) FROM (SELECT p FROM promised OFFSET 0) AS x'), sql('SELECT funnel_agg(p) FROM expected WHERE depth(p) > 1'), 'looked at before it is counted');
is(sql('SELECT team, md5(funnel_agg(p)::text) FROM promised GROUP BY GROUPING SETS ((team), ()) ORDER BY team'), "$by_team\n|$funnels", 'GROUPING SETS');
is(sql('SELECT md5(string_agg(f::text, chr(10) ORDER BY id)) FROM (SELECT id, funnel_agg(p) OVER (ORDER BY id ROWS 20 PRECEDING) AS f FROM promised LIMIT 300) AS x'),
	sql('SELECT md5(string_agg(f::text, chr(10) ORDER BY id)) FROM (SELECT id, funnel_agg(p) OVER (ORDER BY id ROWS 20 PRECEDING) AS f FROM expected LIMIT 300) AS x'), 'over a moving window');

# other options, each against the same by columns
for my $options ("within => NULL", "within => '1 day'", "skipped => 'stop'", "skipped => 'stop', optional => '{mql}'", "skipped => 'excluded'", "mode => 'increasing'", "mode => 'adjacent'",
	"mode => 'any_order'", "entry => 'first'", "entry => 'latest', within => '9 days'", "step_within => '{1 day,NULL,NULL,9 days}'", "exits => '{}'",
	"stages => '{lead}'", "stages => '{meeting,e-mail,a kind of our own,lost}', exits => '{won}'", "stages => '{lead,mql,sql,opportunity,won,meeting,e-mail,k1,k2,k3,k4,k5,k6,k7,k8}'")
{
	# a stage list from a column is no constant, whatever the other options are
	my $stages = $options =~ /stages => ('[^']*')/ ? $1 : "'{lead,mql,sql,opportunity,won}'";
	(my $others = $options) =~ s/stages => '[^']*',?\s*//;
	$others = $others eq '' ? '' : "$others, ";
	for my $as_of ('2026-03-01Z', '2026-01-20Z', '2025-01-01Z')
	{
		is(sql("SELECT md5(string_agg(deal_progress(history, stages => $stages, $others as_of => '$as_of')::text, '' ORDER BY id)), md5(funnel_agg(deal_progress(history, stages => $stages, $others as_of => '$as_of'))::text) FROM deal"),
			sql("SELECT md5(string_agg(deal_progress(history, stages => s, $others as_of => '$as_of')::text, '' ORDER BY id)), md5(funnel_agg(deal_progress(history, stages => s, $others as_of => '$as_of'))::text) FROM deal, (SELECT ${stages}::text[] AS s FROM option OFFSET 0) AS o"),
			"$options as of $as_of");
	}
}

done_testing();
