# Every function of the extension, as the catalog lists them, called from SQL with
# NULLs, with empty, smallest, largest and impossible arguments, with values of its
# types from test/golden, sound and damaged, and with what other calls gave, states
# of aggregates among it. The answer is a value that can be put out, or an error with
# a SQLSTATE of its own; never a crash, nor an error that "cannot happen".
#
# The extension is in a schema of its own, search_path is empty, and the caller is a
# role without privileges: none of the functions may depend on any of that.
#
# SEED and CALLS (random calls of a function of three arguments or more) in the environment choose others.

use lib 'test/lib';
use Suite qw(server pick server_stayed_up);
use Golden;

srand($ENV{SEED} // 20260302);
my $random_calls = $ENV{CALLS} // 200;
my $node = server('calls', settings => { statement_timeout => int($PostgreSQL::Test::Utils::timeout_default * 2 / 3) . 's', max_stack_depth => '2MB' }, extension => 0);
my $tempdir = PostgreSQL::Test::Utils::tempdir;
chmod 0755, $tempdir;
sub sql { return $node->safe_psql('postgres', "SET search_path = metrics, public; $_[0]") }

sql(q{CREATE SCHEMA metrics; CREATE EXTENSION enablement_metrics SCHEMA metrics;
CREATE ROLE analyst; GRANT USAGE ON SCHEMA metrics TO analyst;
ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO analyst; ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO analyst;
SET search_path = public;
CREATE TABLE call(id int PRIMARY KEY, function text, query text);
CREATE TABLE outcome(id int, state text, message text)});
my $version = sql("SELECT current_setting('server_version_num')");
my $ours = "JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'enablement_metrics')";

#
# Arguments. The first of each list is an ordinary one.
#
my %arguments = (
	'text' => [ "'won'", 'NULL', "''", "'a'", "'lead'", "'Globex'", "'view'", "'day'", "'considered'", "'exact'", "'bh'", "'any_order'", "'month'", "'no such zone'", "repeat('x', 255)", "repeat('é', 128)", "repeat('x', 100000)" ],
	'timestamp with time zone' => [ "'2026-03-01 09:30:00+00'", 'NULL', "'2026-01-01'", "'2027-01-01'", "'infinity'", "'-infinity'", "'4714-11-24 00:00:00+00 BC'", "'294276-12-31 23:59:59.999999+00'" ],
	'text[]' => [ "'{lead,mql,won}'", 'NULL', "'{}'", "'{won}'", "'{a,b}'", "'{lost}'", "'{NULL}'", "'{{a,b},{c,d}}'", "'{a,a}'", "'[5:6]={a,b}'", "ARRAY['']", "ARRAY[repeat('x', 256)]", "(SELECT array_agg(i::text) FROM generate_series(1, 33) AS i)", "(SELECT array_agg(i::text) FROM generate_series(1, 2000) AS i)" ],
	'double precision' => [ '0.95', 'NULL', '0', "'-0'", '0.5', '1', '-1', '10', '1e308', "'4.9e-324'", "'NaN'", "'Infinity'", "'-Infinity'" ],
	'jsonb' => [ q('{"version":1,"successes":1,"total":2}'), 'NULL', "'{}'", "'[]'", "'null'", "'1'", "'[[[[]]]]'", q('{"won":"lead","lead":1}'), q('{"version":1e400}'), q('{"kind":"","at":"infinity"}'), "jsonb_build_object(repeat('k', 1000), 1)" ],
	'boolean' => [ 'true', 'NULL', 'false' ],
	'integer' => [ '10', 'NULL', '0', '1', '-1', '1000', '1001', '2147483647', '-2147483648' ],
	'bigint' => [ '10', 'NULL', '0', '1', '-1', '9223372036854775807', '-9223372036854775808' ],
	'numeric' => [ '100.5', 'NULL', '0', '-1', '0.00005', '0.0001', '922337203685477.5807', '922337203685477.5808', "'NaN'", "'Infinity'", "'-Infinity'", "'1e1000'", "'1e-1000'" ],
	'interval' => [ "'30 days'", 'NULL', "'0'", "'-1 day'", "'1 month'", "'0.000001 seconds'", "'2147483647 days'", "'178000000 years'", ($version >= 170000 ? "'infinity'" : ()) ],
	'uuid' => [ "'00000000-0000-0000-0000-000000000001'", 'NULL', "'ffffffff-ffff-ffff-ffff-ffffffffffff'" ],
	'date' => [ "'2026-03-02'", 'NULL', "'2026-01-01'", "'2027-01-01'", "'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'" ],
	'date[]' => [ "'{2026-03-02,2026-03-09}'", 'NULL', "'{}'", "'{NULL}'", "'{2026-03-09,2026-03-02}'", "'{infinity}'", "'{{2026-03-02},{2026-03-09}}'", "'{4713-01-01 BC,5874897-12-31}'" ],
	'integer[]' => [ "'{6,7}'", 'NULL', "'{}'", "'{NULL}'", "'{0}'", "'{1,2,3,4,5,6,7}'", "'{{1},{2}}'" ],
	'numeric[]' => [ "'{1,2}'", 'NULL', "'{}'", "'{NULL}'", "'{NaN}'", "'{-1}'", "'{{1,2},{3,4}}'", "'{0}'" ],
	'interval[]' => [ "'{1 day,2 days}'", 'NULL', "'{}'", "'{NULL,NULL}'", "'{1 month,-1 day}'", "'{{1 day},{2 days}}'" ],
	'oid' => [ '0', 'NULL', '25' ],
	'name' => [ "'deal'", 'NULL', "''", "'xmin'", "'no such name'", "repeat('x', 63)" ],
	'regclass' => [ "'pg_catalog.pg_class'", 'NULL', '0', "'pg_catalog.pg_stats'", '4294967295' ],
	'regtype' => [ "'bigint'", 'NULL', '0', "'metrics.deal_event'" ],
	'xid' => [ "'10'", 'NULL', "'0'", "'3'", "'4294967295'" ],
	'xid8' => [ "'10'", 'NULL', "'0'", "'18446744073709551615'" ],
	'bytea' => [ "'\\x00'", 'NULL', "''" ]);

# Values of test/golden, sound; their stored bytes damaged; and a place for the results of calls.
my @types = split /\n/, sql(q{SELECT typname FROM pg_type JOIN pg_depend ON objid = pg_type.oid AND classid = 'pg_type'::regclass AND deptype = 'e' WHERE typtype = 'b' AND typelem = 0 ORDER BY 1});
sql("INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
	SELECT (SELECT max(oid::bigint) FROM pg_cast) + 100000 + row_number() OVER (), s, d, 0, 'e', 'b'
	FROM unnest('{@{[ join ',', @types ]}}'::regtype[]) AS t, LATERAL (VALUES (t, 'bytea'::regtype), ('bytea', t)) AS c (s, d)");
for my $type (@types)
{
	my @values = map { $_->{value} } Golden::values_of($type);
	splice @values, 8;
	push @values, "win_agg(true, '{lead,mql,won}')" if $type eq 'win_summary';		# one that ordinary arguments can be removed from
	sql("CREATE TABLE public.pool_$type(i serial PRIMARY KEY, v $type); INSERT INTO public.pool_$type(v) VALUES " . join(', ', map { "((SELECT $_))" } @values));
	my @stored = map { pack 'H*', $_ } split /\n/, sql("SELECT encode(v::bytea || ''::bytea, 'hex') FROM pool_$type ORDER BY i");
	my @damaged = ('', "\1", "\1\1", "\xff" x 24, "\0" x 24);
	for (1 .. 12)
	{
		my $bytes = pick(@stored);
		substr($bytes, int(rand(length $bytes)), 1) = chr(int(rand(256))) for 1 .. pick(1, 2, 5);
		$bytes = substr($bytes, 0, int(rand(length $bytes))) if rand() < 0.3;
		push @damaged, $bytes;
	}
	sql("INSERT INTO public.pool_$type(v) VALUES " . join(', ', map { "('\\x" . unpack('H*', $_) . "'::bytea::$type)" } @damaged));
	# what a call gave, perhaps a state: the newest, and those of other calls
	my $value = sub { "(SELECT v FROM public.pool_$type WHERE i = $_[0])" };
	$arguments{$type} = [ $value->(2), 'NULL', (map { $value->($_) } 1, 3 .. @values + @damaged), "(SELECT v FROM public.pool_$type ORDER BY i DESC LIMIT 1)", map { $value->(@values + @damaged + $_) } 1, 3, 7, 15, 25, 35 ];
	push @{ $arguments{jsonb} }, "(SELECT to_jsonb(v::text) FROM public.pool_$type WHERE i = 2)", "(SELECT v::jsonb FROM public.pool_$type WHERE i = 1)";
	my $texts = $arguments{cstring} //= [ "'{}'", 'NULL', "''", "'('", "'{\"version\":1}'", "repeat('{', 10000)" ];
	push @$texts, "(SELECT v::text FROM public.pool_$type WHERE i = 1)", "(SELECT left(v::text, length(v::text) / 2) FROM public.pool_$type WHERE i = 2)";
}
$arguments{'deal_event[]'} = [ "(SELECT array_agg(v) FROM public.pool_deal_event WHERE i < 5)", 'NULL', "'{}'", "'{NULL}'", "(SELECT array_agg(v) FROM public.pool_deal_event WHERE i > 5)", "ARRAY[(SELECT array_agg(v) FROM public.pool_deal_event WHERE i < 3)]" ];

# A value of an argument's type. cstring has no cast but the input function of another type.
my %ours = map { $_ => 1 } @types, 'deal_event[]';
sub typed { my ($type, $value) = @_; return $type eq 'cstring' ? "textout($value\::text)" : "$value\::" . ($ours{$type} ? "metrics.$type" : $type) }

#
# The functions
#
my @functions = map { my @f = split /\|/, $_, -1; { oid => $f[0], name => $f[1], kind => $f[2], variadic => $f[3] eq 't', set => $f[4] eq 't', result => $f[5], arguments => [ split /;/, $f[6] ], defaults => [ split /;/, $f[7], -1 ] } }
  split /\n/, sql("SELECT p.oid, p.proname, prokind, provariadic <> 0, proretset, prorettype::regtype, coalesce((SELECT string_agg(t::regtype::text, ';' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)), ''),
	coalesce((SELECT string_agg(coalesce(pg_get_function_arg_default(p.oid, n::int), CASE p.proargnames[n] WHEN 'unit' THEN quote_literal('day') ELSE '' END), ';' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n)), '')
	FROM pg_proc AS p $ours WHERE p.prorettype <> 'trigger'::regtype ORDER BY p.oid");
cmp_ok(scalar(@functions), '>', 300, 'the catalog lists the functions of the extension (' . @functions . ')');
my %unknown = map { $_ => 1 } grep { !$arguments{$_} && $_ ne 'internal' } map { @{ $_->{arguments} } } @functions;
is(join(', ', sort keys %unknown), '', 'there are arguments for every type that a function takes');

my ($id, @calls) = (0);
for my $function (@functions)
{
	# what is ordinary for an option is its default
	my @lists = map { [ grep { $_ ne '' } $function->{defaults}[$_] // '', @{ $arguments{ $function->{arguments}[$_] } // [] } ] } 0 .. $#{ $function->{arguments} };
	next if grep { !@$_ } @lists;
	my @choices;
	# each value of each argument beside ordinary ones, then at random
	for my $i (0 .. $#lists)
	{
		for my $value (@{ $lists[$i] })
		{
			push @choices, [ map { $_ == $i ? $value : $lists[$_][0] } 0 .. $#lists ];
		}
	}
	push @choices, [ map { pick(@$_) } @lists ] for 1 .. $random_calls * (@lists < 3 ? @lists / 3 : 1);
	push @choices, [ map { 'NULL' } @lists ];
	my %seen;
	@choices = grep { !$seen{ join ';', @$_ }++ } @choices;

	my $row = sub { my $choice = shift; join ', ', map { typed($function->{arguments}[$_], $choice->[$_]) } 0 .. $#lists };
	my @queries;
	if ($function->{kind} eq 'f')
	{
		for my $choice (@choices)
		{
			my @values = map { typed($function->{arguments}[$_], $choice->[$_]) } 0 .. $#lists;
			$values[-1] = "VARIADIC $values[-1]" if $function->{variadic};
			my $call = "metrics.$function->{name}(" . join(', ', @values) . ')';
			# of our types, the results are arguments of later calls, up to a number
			push @queries, (grep { $_ eq $function->{result} } @types) && !$function->{set}
			  ? "WITH given AS (INSERT INTO public.pool_$function->{result}(v) SELECT r FROM (SELECT $call AS r OFFSET 0) AS t RETURNING v) SELECT md5(v::text || metrics.$function->{result}_send(v)::text) FROM given"
			  : $function->{result} eq 'cstring' ? "SELECT md5(textin($call))" : "SELECT count(r::text) FROM (SELECT $call AS r) AS t";
		}
	}
	else
	{
		my $columns = join ', ', map { "c$_" } 0 .. $#lists;
		my $size = 1;			# a row of ordinary arguments alone, then four rows a time
		while (my @rows = splice @choices, 0, $size)
		{
			my $rows = '(VALUES ' . join(', ', map { '(' . $row->($_) . ')' } @rows) . ") AS t ($columns)";
			push @queries, "SELECT metrics.$function->{name}($columns)::text FROM $rows" if $function->{kind} eq 'a';
			push @queries, "SELECT count(r) FROM (SELECT (metrics.$function->{name}($columns) OVER (ROWS BETWEEN 1 PRECEDING AND CURRENT ROW))::text AS r FROM $rows) AS u";
			$size = 4;
		}
	}
	push @calls, map { [ ++$id, $function->{oid}, $_ ] } @queries;
}
note scalar(@calls) . ' calls';
open(my $file, '>', "$tempdir/calls") or die $!;
print $file join("\t", map { my $field = $_; $field =~ s/\\/\\\\/g; $field } @$_), "\n" for @calls;
close $file;
sql("COPY call FROM '$tempdir/calls'; ANALYZE call");

# A batch at a time; after a crash, the call that did it is found by halves.
sub run_calls
{
	my ($first, $last) = @_;
	my $stderr;
	my $rc = $node->psql('postgres', "SET search_path = ''; SET ROLE analyst; DO \$d\$
DECLARE
	c record;
BEGIN
	FOR c IN SELECT id, query FROM public.call WHERE id BETWEEN $first AND $last ORDER BY id LOOP
		BEGIN
			EXECUTE c.query;
			INSERT INTO public.outcome VALUES (c.id, '00000');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO public.outcome VALUES (c.id, SQLSTATE, SQLERRM);
		END;
	END LOOP;
END \$d\$", stderr => \$stderr, on_error_stop => 1);
	return 1 if $rc == 0;
	$node->poll_query_until('postgres', 'SELECT true');
	if ($last > $first)
	{
		my $middle = int(($first + $last) / 2);
		return run_calls($first, $middle) && run_calls($middle + 1, $last);
	}
	diag("this call breaks the server: $calls[$first - 1][2]\n$stderr");
	return 0;
}

my $started = time;
my $ok = 1;
for (my $first = 1; $first <= @calls; $first += 2000)
{
	$ok &= run_calls($first, $first + 1999 < @calls ? $first + 1999 : scalar(@calls));
}
ok($ok, sprintf('%d calls of %d functions, without privileges and search_path: no crash (%.1f s)', scalar(@calls), scalar(@functions), time - $started));
is(sql('SELECT count(DISTINCT id) FROM outcome'), scalar(@calls), 'every call was made');
# functions of tables say no by the errors of tables and schemas (classes 42, 3F), and here there is none that they could say yes to
my $of_tables = "('regclass'::regtype = ANY ((SELECT proargtypes FROM pg_proc WHERE oid = function::oid)::oid[]))";
my $strange = "(state !~ '^(00000|22|54|XX001)' AND NOT (state ~ '^(42|3F)' AND $of_tables))";
is(sql("SELECT string_agg(DISTINCT state, ' ') FROM outcome JOIN call USING (id) WHERE $strange"), '', 'each gave an answer or an error of its own');
my $others = sql("SELECT state || ' ' || left(message, 100) || ' in ' || left(min(query), 400) || ' (' || count(*) || ')' FROM outcome JOIN call USING (id) WHERE $strange GROUP BY state, message ORDER BY 1 LIMIT 10");
diag($others) if $others;
is(sql("SELECT string_agg(function::oid::regprocedure::text, ', ') FROM (SELECT function FROM call LEFT JOIN outcome USING (id) GROUP BY 1 HAVING bool_and(state IS DISTINCT FROM '00000')) AS t WHERE NOT $of_tables"), '', 'every function answered some of its calls');
note('errors: ' . sql("SELECT string_agg(state || ' ' || n, ', ') FROM (SELECT state, count(*) AS n FROM outcome GROUP BY 1 ORDER BY 2 DESC) AS t"));

#
# What takes `internal` cannot be called: there is no such value in SQL.
#
my @internal = grep { grep { $_ eq 'internal' } @{ $_->{arguments} } } @functions;
my @called;
for my $function (@internal)
{
	next if $function->{kind} ne 'f';
	for my $null ('NULL', 'NULL::internal', "'x'::internal")
	{
		my $stderr = '';
		my $rc = $node->psql('postgres', "SELECT metrics.$function->{name}(" . join(', ', map { $_ eq 'internal' ? $null : typed($_, $arguments{$_}[0]) } @{ $function->{arguments} }) . ')', stderr => \$stderr);
		push @called, "$function->{name} with $null: $rc $stderr" if $rc == 0 || $stderr !~ /cannot accept a value of type internal|cannot cast type|does not exist|is not unique/;
	}
}
is(join("\n", @called), '', scalar(@internal) . ' functions take internal: PostgreSQL refuses to call them');

server_stayed_up();
$node->stop;
done_testing();
