# Values at rest and on their way: dump and restore, COPY, materialized views that
# touch only what changed, schemas and search_path, an owner without privileges,
# cancelling, and memory that does not grow with the rows.
#
# ROWS in the environment chooses how many.

use lib 'test/lib';
use Suite qw(server patience);
use Golden;

my $rows = $ENV{ROWS} // 2_000_000;
my $patience = patience();
my $node = server('storage', extension => 0);
my $tempdir = PostgreSQL::Test::Utils::tempdir;
chmod 0755, $tempdir;
my $dump = "$tempdir/dump";
my @types;

sub sql { return $node->safe_psql('storage', $_[0]) }

$node->safe_psql('postgres', 'CREATE DATABASE storage');
sql('CREATE EXTENSION enablement_metrics');

#
# A table with a column of every type that can be stored
#
my %values = map { $_ => Golden::about($_)->{many} } Golden::types();
@types = sort keys %values;
is(scalar(@types), sql("SELECT count(*) FROM pg_type JOIN pg_depend ON objid = pg_type.oid AND classid = 'pg_type'::regclass AND deptype = 'e' WHERE typtype = 'b' AND typelem = 0"), 'a column of every type of the extension');
sql('CREATE TABLE kept(i int PRIMARY KEY, ' . join(', ', map { "$_ $_" } @types) . ');
	INSERT INTO kept SELECT i, ' . join(', ', map { $values{$_} } @types) . ' FROM generate_series(1, 200) AS i;
	INSERT INTO kept(i) VALUES (0);
	CREATE TABLE large(h deal_history);
	INSERT INTO large SELECT history_agg(\'kind \' || i % 50, timestamptz \'2026-01-01\' + i * interval \'1 minute\', i, \'s\' || i % 1000) FROM generate_series(1, 100000) AS i');
my @columns = ('i', @types);
my $text = 'SELECT md5(string_agg(concat_ws(\'|\', ' . join(', ', map { "kept.$_\::text" } @columns) . '), chr(10) ORDER BY i)) FROM kept';
my $bytes = 'SELECT md5(string_agg(concat_ws(\'|\', ' . join(', ', map { "${_}_send(kept.$_)" } @types) . ')::text, chr(10) ORDER BY i)) FROM kept';
my $large = 'SELECT md5(string_agg(h::text || deal_history_send(h)::text, \'\')) FROM large';

# Stored bytes of every column, taken as bytea in a copy of the database. (CREATE
# CAST refuses types of other alignment, so the casts are written by hand.)
sub image
{
	my $database = shift;
	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS imaged");
	$node->safe_psql('postgres', "CREATE DATABASE imaged TEMPLATE $database");
	return $node->safe_psql('imaged', "INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
		SELECT (SELECT max(oid::bigint) FROM pg_cast) + 100000 + row_number() OVER (), t::regtype, 'bytea'::regtype, 0, 'e', 'b' FROM unnest('{@{[ join(',', @types) ]}}'::text[]) AS t;
		SELECT md5(string_agg(concat_ws('|', " . join(', ', map { "md5(kept.$_\::bytea)" } @types) . '), chr(10) ORDER BY i)) FROM kept');
}

for my $format (qw(plain custom))
{
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS restored');
	$node->safe_psql('postgres', 'CREATE DATABASE restored');
	# the settings of the session that dumps and of the one that restores do not matter
	local $ENV{PGTZ} = 'America/New_York';
	local $ENV{PGDATESTYLE} = 'German';
	$node->command_ok([ 'pg_dump', '--format', $format, '--file', $dump, $node->connstr('storage') ], "pg_dump, $format");
	$ENV{PGTZ} = 'Asia/Kathmandu';
	$ENV{PGDATESTYLE} = 'SQL, DMY';
	if ($format eq 'plain')
	{
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], "restore, $format");
	}
	else
	{
		$node->command_ok([ 'pg_restore', '--exit-on-error', '--dbname', $node->connstr('restored'), $dump ], "restore, $format");
	}
	for my $query ($text, $bytes, $large)
	{
		is($node->safe_psql('restored', $query), sql($query), "$format: restored values are equal");
	}
	is(image('restored'), image('storage'), "$format: restored values are the same stored bytes");
}

for my $format (qw(text csv binary))
{
	sql("COPY kept TO '$tempdir/kept.$format' (FORMAT $format); COPY large TO '$tempdir/large.$format' (FORMAT $format)");
	my $same = sql("CREATE TABLE back (LIKE kept); COPY back FROM '$tempdir/kept.$format' (FORMAT $format);
		CREATE TABLE large_back (LIKE large); COPY large_back FROM '$tempdir/large.$format' (FORMAT $format);
		SELECT count(*) FROM kept JOIN back USING (i) WHERE kept *= back;
		SELECT count(*) FROM large, large_back WHERE large *= large_back; DROP TABLE back, large_back");
	is($same, "201\n1", "COPY in $format gives back the same bytes");
}

#
# REFRESH MATERIALIZED VIEW CONCURRENTLY rewrites only the rows that changed
#
sql(q{
CREATE TABLE log AS SELECT i % 500 AS deal, (ARRAY['lead', 'mql', 'won'])[1 + i % 3] AS kind, timestamptz '2026-01-01' + i * interval '1 hour' AS at, i::numeric AS amount FROM generate_series(1, 5000) AS i;
CREATE MATERIALIZED VIEW histories AS SELECT deal, history_agg(kind, at, amount) AS history FROM log GROUP BY deal;
CREATE UNIQUE INDEX ON histories (deal);
CREATE TABLE before AS SELECT deal, xmin::text AS version, ctid::text AS place FROM histories;
});
my $rewritten = 'SELECT count(*) FROM histories AS h LEFT JOIN before AS b USING (deal) WHERE (h.xmin::text, h.ctid::text) IS DISTINCT FROM (b.version, b.place)';
sql("SET enable_hashagg = off; REFRESH MATERIALIZED VIEW CONCURRENTLY histories");
is(sql($rewritten), '0', 'nothing changed: no row rewritten');
sql("CREATE TABLE shuffled AS SELECT * FROM log ORDER BY md5(at::text); TRUNCATE log; INSERT INTO log SELECT * FROM shuffled; ANALYZE log;
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; REFRESH MATERIALIZED VIEW CONCURRENTLY histories");
is(sql($rewritten), '0', 'rows in another order, parallel plan: no row rewritten');
sql("INSERT INTO log VALUES (7, 'won', '2026-09-01', 1), (11, 'won', '2026-09-01', 1), (1000, 'lead', '2026-09-01', NULL); UPDATE log SET amount = amount + 1 WHERE deal = 13 AND kind = 'won'; REFRESH MATERIALIZED VIEW CONCURRENTLY histories");
is(sql($rewritten), '4', 'three deals changed and one new: four rows written');

#
# schemas and search_path
#
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere');
sub elsewhere { return $node->safe_psql('elsewhere', "SET search_path = ''; $_[0]") }
elsewhere('CREATE SCHEMA metrics; CREATE EXTENSION enablement_metrics SCHEMA metrics');

sub works_in
{
	my ($schema, $name) = @_;
	is(elsewhere("SELECT '{\"(won,2026-03-01T09:30:00Z,12000.5,)\",\"(lead,2026-01-01,,)\"}'::$schema.deal_history"),
		'{"(lead,2026-01-01T00:00:00Z,,)","(won,2026-03-01T09:30:00Z,12000.5,)"}', "$name: text form of a history");
	is(elsewhere("SELECT $schema.event_count($schema.history_agg(k, timestamptz '2026-01-01')) FROM pg_catalog.unnest('{a,b}'::pg_catalog.text[]) AS k"), '2', "$name: history_agg");
	is(elsewhere("SELECT (h::$schema.deal_event\[])[1] FROM (SELECT $schema.deal_history($schema.deal_event('won', '2026-03-01')) AS h) AS t"), '(won,2026-03-01T00:00:00Z,,)', "$name: array of a history");
	is(elsewhere("SELECT e FROM $schema.events('{\"(won,2026-03-01,,)\"}') AS e"), '(won,2026-03-01T00:00:00Z,,)', "$name: events");
	is(elsewhere("SELECT (h OPERATOR($schema.||) $schema.deal_event('x', '2026-04-01'))::pg_catalog.jsonb::$schema.deal_history FROM (SELECT '{}'::$schema.deal_history AS h) AS t"), '{"(x,2026-04-01T00:00:00Z,,)"}', "$name: operator and jsonb");
	is(elsewhere("SELECT stage, days FROM $schema.time_in('{\"(won,2026-03-01,,)\"}'::$schema.deal_history, '{won}', '2026-03-03Z')"), 'won|2', "$name: time_in");
	is(elsewhere("SELECT pg_catalog.count(DISTINCT e) FROM (VALUES ($schema.deal_event('a', '2026-01-01')), ($schema.deal_event('a', '2026-01-01'))) AS t(e)"), '1', "$name: ordering");
	is(elsewhere("SELECT $schema.percent($schema.rate_agg(i > 1)) FROM pg_catalog.generate_series(1, 4) AS i"), '75', "$name: rate_agg");
	is(elsewhere("SELECT $schema.depth($schema.deal_progress('{\"(lead,2026-01-01,,)\",\"(mql,2026-01-02,,)\"}', as_of => '2026-06-01'))"), '2', "$name: deal_progress");
	is(elsewhere("SELECT pg_catalog.count(*) FROM $schema.steps((SELECT $schema.funnel_agg($schema.deal_progress('{\"(lead,2026-01-01,,)\",\"(mql,2026-01-02,,)\"}', as_of => '2026-06-01'))))"), '5', "$name: funnel");
}
works_in('metrics', 'own schema, empty search_path');
elsewhere('CREATE TABLE public.kept AS SELECT metrics.history_agg(k, timestamptz \'2026-01-01\') AS h FROM pg_catalog.unnest(\'{a,b}\'::pg_catalog.text[]) AS k');
# a session that used the types before the move still works after it
is($node->safe_psql('elsewhere', "SET search_path = '';
	SELECT '{\"(a,2026-01-01,,)\"}'::metrics.deal_history;
	CREATE SCHEMA other; ALTER EXTENSION enablement_metrics SET SCHEMA other;
	SELECT '{\"(a,2026-01-01,,)\"}'::other.deal_history; SELECT h::pg_catalog.text::other.deal_history FROM public.kept"),
	"{\"(a,2026-01-01T00:00:00Z,,)\"}\n{\"(a,2026-01-01T00:00:00Z,,)\"}\n{\"(a,2026-01-01T00:00:00Z,,)\",\"(b,2026-01-01T00:00:00Z,,)\"}", 'moved within a session');
works_in('other', 'moved to another schema');
# a type of the same name elsewhere is not mistaken for ours
elsewhere('CREATE TYPE public.deal_event AS (x int)');
is($node->safe_psql('elsewhere', "SET search_path = public, other; SELECT '{\"(won,2026-03-01,,)\"}'::other.deal_history"), '{"(won,2026-03-01T00:00:00Z,,)"}', 'a namesake ahead in search_path does no harm');
elsewhere('DROP TYPE public.deal_event');
$node->command_ok([ 'pg_dump', '--file', $dump, $node->connstr('elsewhere') ], 'dump from another schema');
$node->safe_psql('postgres', 'CREATE DATABASE elsewhere_restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('elsewhere_restored') ], 'restored into another schema');
is($node->safe_psql('elsewhere_restored', 'SELECT h FROM public.kept'), elsewhere('SELECT h FROM public.kept'), 'values restored there');
elsewhere('DROP TABLE public.kept; DROP EXTENSION enablement_metrics');
is(elsewhere("SELECT count(*) FROM pg_type WHERE typname LIKE 'deal_%'"), '0', 'DROP EXTENSION leaves nothing behind');

#
# trusted: the owner of a database installs it without being superuser
#
$node->safe_psql('postgres', 'CREATE ROLE analyst LOGIN; CREATE DATABASE owned OWNER analyst');
sub analyst { return $node->safe_psql('owned', $_[0], extra_params => [ '-U', 'analyst' ]) }
analyst('CREATE SCHEMA mine; CREATE EXTENSION enablement_metrics SCHEMA mine');
is(analyst("SET search_path = mine; SELECT event_count(history_agg('won', now())), current_user"), '1|analyst', 'installed and used by the owner of a database');
analyst('DROP EXTENSION enablement_metrics; DROP SCHEMA mine');
my ($out, $err) = ('', '');
isnt($node->psql('storage', 'CREATE SCHEMA s', extra_params => [ '-U', 'analyst' ], stderr => \$err), 0, 'the same role has no rights elsewhere');

#
# cancelling
#
sql(qq{CREATE TABLE shuffle AS SELECT i, timestamptz '2026-01-01' + (i * 7919::bigint % 2000003) * interval '1 second' AS at FROM generate_series(1, $rows) AS i;
	CREATE TABLE huge AS SELECT history_agg('kind ' || i % 50, at, i) AS h FROM shuffle});
# queries of many rows, and single calls that take seconds on their own
my %long = (
	'history_agg over many groups' => "SELECT count(*) FROM (SELECT history_agg('kind ' || a.i % 5, a.at, a.i) FROM shuffle AS a, generate_series(1, 10) GROUP BY a.i % 1000) AS t",
	'history_agg of one group' => "SELECT event_count(history_agg('k', a.at, a.i)) FROM shuffle AS a, generate_series(1, 4)",
	'reading a large history' => 'SELECT sum(event_count(relabel(distinct_events(h), \'{"kind 1":"kind 2"}\'))) FROM large, generate_series(1, 10000)',
	'rows of a large history' => 'SELECT count(*) FROM large, generate_series(1, 10000), events(h)',
	'one merge of large histories' => 'SELECT event_count(h || h) FROM huge',
	'one text form' => 'SELECT length((h || h)::text) FROM huge',
	'one jsonb' => 'SELECT jsonb_array_length(h::jsonb) FROM huge');
for my $name (sort keys %long)
{
	my $started = time;
	$err = '';
	isnt($node->psql('storage', "SET statement_timeout = '300ms'; $long{$name}", stderr => \$err, stdout => \$out, timeout => 100 * $patience), 0, "$name: cancelled");
	my $took = time - $started;
	like($err, qr/canceling statement due to statement timeout/, "$name: by the timeout");
	cmp_ok($took, '<', 2.5 * $patience, sprintf('%s: promptly (%.1f s)', $name, $took));
}

#
# memory: the peak of a backend's address space over many rows, against the same over
# a hundredth of them
#
my $many = $rows / 4;
sub peak_growth
{
	my ($query, $few, $many) = @_;
	my $peak = "substring(pg_read_file('/proc/self/status') FROM 'VmPeak:\\s+(\\d+) kB')::bigint";
	my $run = join(";\n", "SET max_parallel_workers_per_gather = 0", "SET work_mem = '4MB'", sprintf($query, $few), "SELECT $peak AS p \\gset\n" . sprintf($query, $many), "SELECT 'grown ' || $peak - :p");
	my $answer = sql($run);
	return $answer =~ /grown (-?\d+)/ ? $1 / 1024 : 1e9;
}
sql("CREATE TABLE numbered AS SELECT i, i % 7 = 0 AS success FROM generate_series(1, $many) AS i; SELECT sum(i) FROM numbered");
my %steady = (
	'deal_event and its accessors' => "SELECT count(kind(e)), sum(amount(e)) FROM (SELECT deal_event('won', timestamptz '2026-01-01', i, 's') AS e FROM numbered LIMIT %d OFFSET 0) AS t",
	'text form of events' => "SELECT count(e::text::deal_event) FROM (SELECT deal_event('won', timestamptz '2026-01-01', i, 's') AS e FROM numbered LIMIT %d OFFSET 0) AS t",
	'small histories read' => "SELECT count(current_kind(h || deal_event('x', '2026-01-01'))), max(event_count(as_of(h, '2026-02-01'))) FROM (SELECT deal_history(deal_event('won', timestamptz '2026-01-01', i, 's')) AS h FROM numbered LIMIT %d OFFSET 0) AS t",
	'histories in sorted groups' => "SELECT count(h) FROM (SELECT history_agg('won', timestamptz '2026-01-01', i) AS h FROM (SELECT i FROM generate_series(1, %d) AS i ORDER BY i) AS s GROUP BY i) AS t");
$steady{'rate_agg'} = 'SELECT rate_agg(success) FROM (SELECT success FROM numbered LIMIT %d) AS t';
sql(qq{CREATE TABLE stored AS SELECT d, history_agg((ARRAY['lead', 'mql', 'sql', 'won'])[j], timestamptz '2026-01-01' + d % 300 * interval '1 day' + j * interval '5 hours') AS h FROM generate_series(1, $many / 10) AS d, generate_series(1, 1 + d % 4) AS j GROUP BY d; SELECT count(h) FROM stored});
$steady{'funnel over stored histories'} = "SELECT funnel_agg(deal_progress(h, as_of => '2027-06-01')) FROM (SELECT h FROM stored LIMIT %d / 10) AS t";
$steady{'funnel over stored histories, with a window'} = "SELECT funnel_agg(deal_progress(h, within => '30 days', as_of => '2027-06-01')) FROM (SELECT h FROM stored LIMIT %d / 10) AS t";

# long labels of wide rows are compressed in place, and comparing takes them apart
sql("CREATE TABLE padded(e deal_event, padding text); ALTER TABLE padded ALTER padding SET STORAGE plain;
	INSERT INTO padded SELECT deal_event(repeat('k', 255), timestamptz '2026-01-01' + i * 7919 % 50000 * interval '1 second', NULL, repeat('s', 255)), repeat(' ', 2000) FROM generate_series(1, $rows / 40) AS i;
	CREATE TABLE wide AS SELECT e FROM padded; DROP TABLE padded; SELECT count(e) FROM wide");
is(sql('SELECT bool_and(pg_column_size(e) < 100) FROM wide'), 't', 'events are compressed');
$steady{'sorting compressed events'} = 'SELECT count(DISTINCT e) FROM (SELECT e FROM wide LIMIT %d / 40) AS t';
$steady{'hashing compressed events'} = 'SELECT count(*) FROM (SELECT e FROM (SELECT e FROM wide LIMIT %d / 40) AS t GROUP BY e OFFSET 0) AS t';
for my $name (sort keys %steady)
{
	my $started = time;
	my $n = $name =~ /compressed/ ? $rows : $many;
	my $growth = peak_growth($steady{$name}, $n / 100, $n);
	my $most = 16 * $n / $rows + ($name =~ /sorted/ ? 8 : 0);		# 8 bytes a row; a sort takes its work_mem, and as much again
	SKIP:
	{
		skip "$name: the memory is that of valgrind", 1 if ($ENV{WATCHED} // '') eq 'valgrind';
		cmp_ok($growth, '<', $most, sprintf('%s: %d rows, peak grows by %.1f MB (%.1f s)', $name, $n, $growth, time - $started));
	}
}

$node->stop;
done_testing();
