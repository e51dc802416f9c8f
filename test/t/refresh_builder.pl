# The builder of refresh_histories: what it makes of random events is byte by byte what history_agg() makes of them, for
# every type of key, for amounts and subjects or without, with much memory and with little, where it writes temporary
# files; rows that are no events fail their deals and no others. What is cancelled or fails on the way leaves nothing.
#
# SEED in the environment chooses other events.

use lib 'test/lib';
use Suite qw(server);

my $seed = $ENV{SEED} // 20261128;
my $node = server('builder', sessions => 1, settings => { log_temp_files => 0, client_min_messages => 'error' });

# one value of each type for the deal n
my %keys = (
	a_smallint => '(n - 300)::smallint', an_int => 'n', a_bigint => '(n - 300) * 40000000000', a_numeric => 'n::numeric * 1.5',
	a_float => "(CASE WHEN n = 7 THEN 'NaN' ELSE (n - 300)::text END)::float8",
	a_text => "repeat('deal ', n % 60) || n", a_char => "('k' || n)::char(9)", a_name => "('n' || n)::name", a_bytea => "decode(md5(n::text), 'hex')",
	a_uuid => 'md5(n::text)::uuid', a_date => "'2026-01-01'::date + n", a_boolean => 'n % 2 = 0',
	a_composite => "ROW(NULLIF(n, 5), 's' || n)::ref", a_scaled => "ROW(NULLIF(n, 5) * 1.5)::scaled", an_array => 'ARRAY[n, NULL, n]', a_range => 'int4range(n, n + 2)',
	an_enum => "(ARRAY['small', 'large'])[1 + n % 2]::size", a_domain => "('code ' || n)::code",
	an_interval => "n * interval '1 day'", some_bits => 'n::bit(12)', some_money => 'n::money',
	a_weak_key => 'n::text::weak',
);
my @columns = sort keys %keys;

$node->safe_psql('postgres', <<"SQL");
SELECT setseed(($seed % 1000) / 1000.0);
CREATE TYPE ref AS (a int, b text);
CREATE TYPE scaled AS (a numeric);
CREATE TYPE size AS ENUM ('small', 'large');
CREATE DOMAIN code AS text COLLATE "C" CHECK (value <> '');
-- a type whose hash tells next to nothing, and whose equality makes no full join
CREATE TYPE weak;
CREATE FUNCTION weak_in(cstring) RETURNS weak LANGUAGE internal IMMUTABLE STRICT AS 'int4in';
CREATE FUNCTION weak_out(weak) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'int4out';
CREATE TYPE weak (INPUT = weak_in, OUTPUT = weak_out, LIKE = int4);
CREATE FUNCTION weak_eq(weak, weak) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4eq';
CREATE FUNCTION weak_lt(weak, weak) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'int4lt';
CREATE FUNCTION weak_cmp(weak, weak) RETURNS int LANGUAGE internal IMMUTABLE STRICT AS 'btint4cmp';
CREATE FUNCTION weak_hash(weak) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT \$1::text::int % 3';
CREATE OPERATOR === (LEFTARG = weak, RIGHTARG = weak, FUNCTION = weak_eq, COMMUTATOR = ===);
CREATE OPERATOR <<< (LEFTARG = weak, RIGHTARG = weak, FUNCTION = weak_lt);
CREATE OPERATOR CLASS weak_order DEFAULT FOR TYPE weak USING btree AS OPERATOR 1 <<<, OPERATOR 3 ===, FUNCTION 1 weak_cmp(weak, weak);
CREATE OPERATOR CLASS weak_hash DEFAULT FOR TYPE weak USING hash AS OPERATOR 1 ===, FUNCTION 1 weak_hash(weak);

CREATE TABLE raw AS
	SELECT (random() ^ 2 * 600)::int AS n, '2026-01-01'::timestamptz + (random() * 1e6)::int * interval '1 minute' AS at,
		CASE WHEN random() < 0.1 THEN 'kind ' || (random() * 500)::int WHEN random() < 0.02 THEN NULL WHEN random() < 0.02 THEN ''
			ELSE (ARRAY['lead', 'mql', 'sql', 'opportunity', 'won', 'Besuch'])[1 + (random() * 5)::int] END AS kind,
		(random() * 1000)::int / 10.0 AS amount, (ARRAY['Globex', 'Initech', '', repeat('z', 255)])[1 + (random() * 3)::int] AS subject, random() AS dice
	FROM generate_series(1, 12000);
CREATE TABLE event AS
	SELECT ${\ join ', ', map { "$keys{$_} AS $_" } @columns }, kind, CASE WHEN dice > 0.01 THEN at END AS at, amount, NULLIF(amount, round(amount)) AS partly, subject,
		CASE WHEN n BETWEEN 20 AND 25 AND dice < 0.3 THEN 'infinity' ELSE at END AS bad_at,
		CASE WHEN n BETWEEN 23 AND 30 AND dice < 0.3 THEN 1e15 WHEN n = 40 AND dice < 0.5 THEN 'NaN' ELSE amount END AS bad_amount,
		CASE WHEN n BETWEEN 50 AND 60 AND dice < 0.2 THEN repeat('x', 256) ELSE kind END AS bad_kind,
		at - interval '9 years' * dice AS stamp
	FROM raw;
-- keys that are equal and not the same
UPDATE event SET a_numeric = (a_numeric::text || '00')::numeric, a_scaled = ROW((a_numeric::text || '00')::numeric)::scaled
	WHERE amount < 30 AND a_numeric <> round(a_numeric) AND (a_scaled).a IS NOT NULL;

-- the same by the aggregate
CREATE FUNCTION truth(key name, arguments text) RETURNS TABLE (deal text, history bytea) LANGUAGE plpgsql AS \$\$
BEGIN
	RETURN QUERY EXECUTE format('SELECT min(%1\$I::text), deal_history_send(history_agg(%2\$s)) FROM (SELECT %1\$I, nullif(kind, '''') AS kind, at, amount, partly,
		nullif(subject, '''') AS subject FROM event) e WHERE %1\$I IS DISTINCT FROM NULL GROUP BY %1\$I HAVING history_agg(%2\$s) IS NOT NULL', key, arguments);
END
\$\$;
SQL
$node->safe_psql('postgres', <<'SQL');
CREATE FUNCTION same(key name) RETURNS text LANGUAGE sql AS $$
	SELECT CASE key WHEN 'a_numeric' THEN 'trim_scale(%s::numeric)::text' WHEN 'a_scaled' THEN 'coalesce(trim_scale((%s::scaled).a)::text, '''')' ELSE '%s' END
$$;
CREATE FUNCTION wrong(target regclass, key name) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
	same CONSTANT text := same(key);
BEGIN
	EXECUTE format('SELECT count(*) FROM (SELECT %1$I::text AS deal, deal_history_send(history) AS history FROM %2$s) t
		FULL JOIN expected x ON %3$s = %4$s WHERE t.history IS DISTINCT FROM x.history',
		key, target, format(same, 'x.deal'), format(same, 't.deal')) INTO n;
	RETURN n;
END
$$;
SQL

$node->safe_psql('postgres', <<'SQL');
-- takes away all events of some deals, and changes some of others, most of all by their amount, less than their size
CREATE FUNCTION disturb(key name) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('DELETE FROM event WHERE hashtext(%s) %% 7 = 0', format(same(key), format('%I::text', key)));
	EXECUTE format('UPDATE event SET amount = amount + 1, partly = partly + 1, kind = CASE WHEN hashtext(%1$s) %% 3 = 0 THEN kind ELSE ''lead'' END
		WHERE hashtext(%1$s) %% 5 = 0', format(same(key), format('%I::text', key)));
END
$$;
-- what a full refresh is to write and to remove
CREATE FUNCTION to_do(target regclass, key name) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('SELECT format(''%%s|%%s'', count(*) FILTER (WHERE x.history IS NOT NULL AND t.history IS DISTINCT FROM x.history), count(*) FILTER (WHERE x.history IS NULL))
		FROM (SELECT %1$I::text AS deal, deal_history_send(history) AS history FROM %2$s) t FULL JOIN expected x ON %3$s = %4$s',
		key, target, format(same(key), 'x.deal'), format(same(key), 't.deal')) INTO answer;
	RETURN answer;
END
$$;
SQL

my @memory = qw(64kB 4MB 256MB);
my %shapes = (
	'kind, at' => '', 'kind, at, amount' => ", amount => 'amount'", 'kind, at, partly' => ", amount => 'partly'",
	'kind, at, NULL, subject' => ", subject => 'subject'", 'kind, at, partly, subject' => ", amount => 'partly', subject => 'subject'",
);

sub files_left { return $node->safe_psql('postgres', 'SELECT count(*) FROM pg_ls_tmpdir()') }

# With little memory and much: a refresh of a table that is empty, and one of a table that is full and wrong.
sub check_refreshes
{
	my ($target, $key, $arguments) = @_;
	my $wrong = "SELECT wrong('$target', '$key')";

	$node->safe_psql('postgres', "DROP TABLE IF EXISTS $target, expected; SELECT track_histories('event', '$target', '$key', 'kind', 'at'$shapes{$arguments});
		CREATE TABLE expected AS SELECT * FROM truth('$key', '$arguments')");
	# long headers throughout
	$node->safe_psql('postgres', "ALTER TABLE $target ALTER history SET STORAGE plain") if $key eq 'a_date';
	for my $memory (@memory)
	{
		$node->safe_psql('postgres', "TRUNCATE $target; SET work_mem = '$memory'; SELECT refresh_histories('$target')");
		is($node->safe_psql('postgres', $wrong), 0, "$target ($arguments), work_mem $memory: filled");
		my ($some) = split /\|/, $node->safe_psql('postgres', "SELECT count(*) FROM $target");
		$node->safe_psql('postgres', "DELETE FROM $target WHERE ctid IN (SELECT ctid FROM $target ORDER BY ctid LIMIT 10);
			UPDATE $target SET history = history || history WHERE ctid IN (SELECT ctid FROM $target ORDER BY ctid DESC LIMIT 10)");
		my $put_right = $node->safe_psql('postgres', "SET work_mem = '$memory'; SELECT deals_refreshed, deals_removed FROM refresh_histories('$target', full => true)");
		is($put_right, ($some < 20 ? $some : 20) . '|0', "$target ($arguments), work_mem $memory: compared");
		is($node->safe_psql('postgres', $wrong), 0, "$target ($arguments), work_mem $memory: put right");
		my ($to_do, $done, $left, $again) = split /\n/, $node->safe_psql('postgres', <<"SQL");
SET work_mem = '$memory';
BEGIN;
DO \$\$ BEGIN PERFORM disturb('$key'); END \$\$;
TRUNCATE expected;
INSERT INTO expected SELECT * FROM truth('$key', '$arguments');
SELECT to_do('$target', '$key');
SELECT deals_refreshed, deals_removed FROM refresh_histories('$target', full => true);
$wrong;
SELECT deals_refreshed, deals_removed FROM refresh_histories('$target', full => true);
ROLLBACK;
SQL
		is($done, $to_do, "$target ($arguments), work_mem $memory: deals and events taken away");
		is("$left, $again", '0, 0|0', "$target ($arguments), work_mem $memory: and nothing is left to do");
	}
}

check_refreshes("of_$_", $_, (sort keys %shapes)[ length($_) % 5 ]) for @columns;
check_refreshes('of_an_int', 'an_int', $_) for sort keys %shapes;

# letters of a collation that does not tell large from small
SKIP:
{
	skip 'no ICU', 2 if $node->psql('postgres', "CREATE COLLATION same (provider = icu, locale = 'und-u-ks-level2', deterministic = false)") != 0;
	$node->safe_psql('postgres', <<'SQL');
CREATE TABLE lettered AS SELECT (CASE WHEN an_int % 2 = 0 THEN 'Deal ' ELSE 'dEAL ' END || an_int / 2)::text COLLATE same AS deal, kind, at FROM event;
SELECT track_histories('lettered', 'letters', 'deal', 'kind', 'at');
SET work_mem = '64kB';
SELECT refresh_histories('letters');
SQL
	is($node->safe_psql('postgres', <<'SQL'), 0, 'equal under a collation');
SELECT count(*) FROM letters l FULL JOIN (SELECT lower(deal COLLATE "C") AS deal, history_agg(nullif(kind, ''), at) AS history FROM lettered GROUP BY 1) x ON lower(l.deal COLLATE "C") = x.deal
WHERE l.history IS DISTINCT FROM x.history AND x.history IS NOT NULL
SQL
	cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM letters'), '<', 310, 'of two ways to write a deal one is left');
}

# rows that are no events, and stamps
$node->safe_psql('postgres', "SELECT track_histories('event', 'dirty', 'an_int', 'bad_kind', 'bad_at', 'bad_amount', changed => 'stamp')");
for my $memory (@memory)
{
	$node->safe_psql('postgres', "TRUNCATE dirty; SET work_mem = '$memory'; SELECT refresh_histories('dirty')");
	is($node->safe_psql('postgres', <<'SQL'), 't|t|t|t', "rows that are no events, work_mem $memory");
WITH fresh AS (
	SELECT an_int, min(event_problem(nullif(bad_kind, ''), bad_at, bad_amount, NULL)) AS problem,
		history_agg(nullif(bad_kind, ''), bad_at, bad_amount) FILTER (WHERE event_problem(nullif(bad_kind, ''), bad_at, bad_amount, NULL) IS NULL) AS history
	FROM event GROUP BY an_int)
SELECT count(problem) > 15, jsonb_object_agg(an_int::text, problem) FILTER (WHERE problem IS NOT NULL) = (SELECT failed FROM tracked_histories WHERE target = 'dirty'::regclass),
	bool_and(dirty.history IS NOT DISTINCT FROM CASE WHEN problem IS NULL THEN fresh.history END),
	(SELECT newest FROM tracked_histories WHERE target = 'dirty'::regclass) = (SELECT max(stamp) FILTER (WHERE stamp <= now()) FROM event)
FROM fresh LEFT JOIN dirty USING (an_int)
SQL
}

# more events, half of them of one deal
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE many AS SELECT i, CASE WHEN i % 2 = 0 THEN 0 ELSE hashint4(i) % 40000 END AS deal, (ARRAY['lead', 'mql', 'won'])[1 + i % 3] AS kind,
	'2026-01-01'::timestamptz + hashint4(i * 7) % 100000 * interval '1 minute' AS at FROM generate_series(1, 300000) i;
SELECT track_histories('many', 'long', 'deal', 'kind', 'at');
SQL
for my $memory (@memory)
{
	my $from = -s $node->logfile;
	$node->safe_psql('postgres', "TRUNCATE long; SET work_mem = '$memory'; SELECT refresh_histories('long')");
	my $log = PostgreSQL::Test::Utils::slurp_file($node->logfile, $from);
	is($node->safe_psql('postgres', <<'SQL'), 0, "300,000 events, half of one deal, work_mem $memory");
SELECT count(*) FROM long FULL JOIN (SELECT deal, history_agg(kind, at) AS history FROM many GROUP BY deal) x USING (deal)
WHERE deal_history_send(long.history) IS DISTINCT FROM deal_history_send(x.history)
SQL
	if ($memory eq '256MB') { unlike($log, qr/temporary file/, 'all of it in memory') }
	else { like($log, qr/temporary file/, "temporary files with work_mem $memory") }
	is(files_left(), 0, 'and none is left');
}

# stored histories as PostgreSQL keeps them, the large one elsewhere or compressed or both; two that change keep their size
for my $storage (qw(extended external main))
{
	my $full = "SELECT deals_refreshed, deals_removed FROM refresh_histories('long', full => true)";
	$node->safe_psql('postgres', "ALTER TABLE long ALTER history SET STORAGE $storage; TRUNCATE long; SELECT refresh_histories('long')");
	is($node->safe_psql('postgres', $full), '0|0', "storage $storage: all is the same");
	is($node->safe_psql('postgres', "BEGIN; UPDATE many SET kind = 'mql' WHERE i IN (6, 9); $full; $full; ROLLBACK"), "2|0\n0|0", "storage $storage: two have changed");
}

# a table whose histories may be NULL, and one that inherits from it
$node->safe_psql('postgres', <<'SQL');
CREATE TABLE taken_up (deal int PRIMARY KEY, history deal_history, refreshed_at timestamptz);
CREATE TABLE heir () INHERITS (taken_up);
SELECT track_histories('many', 'taken_up', 'deal', 'kind', 'at');
SELECT refresh_histories('taken_up');
UPDATE taken_up SET history = NULL WHERE deal = 0;
INSERT INTO taken_up VALUES (-50000, NULL), (-50001, (SELECT history FROM taken_up LIMIT 1));
INSERT INTO heir SELECT deal, history || history FROM taken_up WHERE deal > 0 ORDER BY deal LIMIT 10;
INSERT INTO heir SELECT -50002 - i, history FROM taken_up, generate_series(0, 2) i WHERE deal = 0;
UPDATE heir SET history = deal_history(VARIADIC '{}'::deal_event[]) WHERE deal < -50002;
SQL
is($node->safe_psql('postgres', "SELECT deals_refreshed, deals_removed FROM refresh_histories('taken_up', full => true)"), '1|3',
	'without histories or events, and in a table that inherits');
is($node->safe_psql('postgres', "SELECT deal, history IS NULL FROM taken_up WHERE deal < -49999 OR history IS NULL ORDER BY deal"), "-50002|t\n-50000|t",
	'a row without a history and without events stays');

# events that workers read
my $parallel = $node->safe_psql('postgres', "SELECT 'SET ' || name || ' = on' FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')");
$node->safe_psql('postgres', "TRUNCATE long; $parallel; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET work_mem = '64kB'; SELECT refresh_histories('long'); DELETE FROM long WHERE deal % 2 = 1; UPDATE long SET history = history || history WHERE deal % 3 = 0;
	INSERT INTO long VALUES (-50000, (SELECT history FROM long WHERE deal = 0), now()); SELECT refresh_histories('long', full => true)");
is($node->safe_psql('postgres', <<'SQL'), 0, 'with workers');
SELECT count(*) FROM long FULL JOIN (SELECT deal, history_agg(kind, at) AS history FROM many GROUP BY deal) x USING (deal)
WHERE deal_history_send(long.history) IS DISTINCT FROM deal_history_send(x.history)
SQL

# what is cancelled or fails while it reads, builds or writes leaves nothing
$node->safe_psql('postgres', <<'SQL');
CREATE ROLE careful;
GRANT CREATE ON SCHEMA public TO careful;
GRANT SELECT ON many TO careful;
SET ROLE careful;
SELECT track_histories('many', 'short', 'deal', 'kind', 'at');
SELECT refresh_histories('short');
DELETE FROM short WHERE deal % 2 = 0;
RESET ROLE;
CREATE FUNCTION cancel() RETURNS boolean LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT pg_cancel_backend(pg_backend_pid())';
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''stopped''; END';
ALTER TABLE many ENABLE ROW LEVEL SECURITY;
SQL
my $digest = 'SELECT count(*), sum(hashtext(deal_history_send(history)::text)) FROM short';
my $before = $node->safe_psql('postgres', $digest);
my $guarded = 'CREATE POLICY p ON many USING (true); ALTER TABLE short ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; CREATE POLICY p ON short';
my %ends = (
	'an error while it reads' => [ 'CREATE POLICY p ON many USING (1 / (i - 200000) IS NOT NULL)', qr/division by zero/ ],
	'cancelled while it reads' => [ 'CREATE POLICY p ON many USING (CASE WHEN i = 200000 THEN cancel() ELSE true END)', qr/canceling statement/ ],
	'an error while it reads the histories' => [ "$guarded USING (1 / (deal - 1001) IS NOT NULL)", qr/division by zero/ ],
	'cancelled while it reads the histories' => [ "$guarded USING (CASE WHEN deal = 1001 THEN cancel() ELSE true END)", qr/canceling statement/ ],
	'an error while it writes' => [ 'CREATE POLICY p ON many USING (true); CREATE TRIGGER t BEFORE INSERT ON short FOR EACH ROW EXECUTE FUNCTION stop()', qr/stopped/ ],
);
for my $end (sort keys %ends)
{
	my ($setup, $message) = @{ $ends{$end} };
	for my $call ("SELECT refresh_histories('short', full => true)", "DO \$\$ BEGIN PERFORM refresh_histories('short', full => true); EXCEPTION WHEN division_by_zero OR raise_exception OR query_canceled THEN RAISE WARNING '%', sqlerrm; END \$\$")
	{
		my ($out, $error);
		$node->safe_psql('postgres', $setup);
		$node->psql('postgres', "SET client_min_messages = warning; SET work_mem = '64kB'; $call; SELECT count(*) FROM pg_ls_tmpdir()", stdout => \$out, stderr => \$error);
		like($error, $message, $end);
		is($out, $call =~ /^DO/ ? 0 : '', "$end: nothing else is told, and no file is left in the session");
		$node->safe_psql('postgres', 'DROP POLICY p ON many; DROP POLICY IF EXISTS p ON short; ALTER TABLE short DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY; DROP TRIGGER IF EXISTS t ON short');
		is($node->safe_psql('postgres', $digest), $before, "$end: the table is as it was");
		is(files_left(), 0, "$end: no temporary file is left");
	}
}
$node->safe_psql('postgres', "CREATE POLICY p ON many USING (true); SELECT refresh_histories('short', full => true)");
isnt($node->safe_psql('postgres', $digest), $before, 'and the next refresh puts it right');

unlike(PostgreSQL::Test::Utils::slurp_file($node->logfile), qr/leak|still referenced/, 'no temporary file was forgotten');
Suite::server_stayed_up($node);
$node->stop;
done_testing();
