# Upgrades of the extension. A released version is installed, tables are filled, the
# extension is updated, and all that the catalog knows of it is compared with a fresh
# installation of the new version.
#
# As long as there is no second version the rehearsal makes one, 1.1, by the rules
# that a real one will follow: a script that adds and replaces. It then leaves things
# out of that script one by one, and the comparison must notice each.
#
# The server runs from a copy of its own installation, so that scripts can be put
# there without touching the real one.

use lib 'test/lib';
use Suite qw(server);
use Golden;
use File::Basename qw(basename dirname);
use File::Copy qw(copy);

use File::Path qw(make_path);

#
# A private installation: what finds its files by its own place is copied, the rest linked.
#
my $prefix = PostgreSQL::Test::Utils::tempdir;
my %place = map { chomp(my $value = `pg_config --$_`); $_ => $value } qw(bindir sharedir pkglibdir);
make_path(map { "$prefix$_" } values %place, "$place{sharedir}/extension");
my %own = map { $_ => 1 } qw(postgres postgres.watched initdb pg_ctl pg_config);
for my $program (glob "$place{bindir}/*")
{
	my $to = "$prefix$place{bindir}/" . basename($program);
	if ($own{ basename($program) }) { copy($program, $to) or die $!; chmod 0755, $to }
	else { symlink $program, $to }
}
symlink $_, "$prefix$place{pkglibdir}/" . basename($_) for grep { -f } glob "$place{pkglibdir}/*";
symlink $_, "$prefix$place{sharedir}/" . basename($_) for grep { basename($_) ne 'extension' } glob "$place{sharedir}/*";
my $extensions = "$prefix$place{sharedir}/extension";
symlink $_, "$extensions/" . basename($_) for grep { basename($_) !~ /^enablement_metrics/ } glob "$place{sharedir}/extension/*";
copy($_, $extensions) for grep { /enablement_metrics/ } glob "$place{sharedir}/extension/*";

my $node = server('upgrade', new => [ install_path => $prefix . dirname($place{bindir}) ], extension => 0);
like($node->safe_psql('postgres', "SELECT setting FROM pg_config WHERE name = 'SHAREDIR'"), qr/^\Q$prefix\E/, 'the server runs from its own installation');

sub contents { my $file = shift; open(my $in, '<', $file) or die "$file: $!"; local $/; my $text = <$in>; close $in; return $text }
sub write_file { my ($file, $text) = @_; open(my $out, '>', $file) or die "$file: $!"; print $out $text; close $out }
sub fresh_database
{
	my ($name, $template) = @_;
	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name" . ($template ? " TEMPLATE $template" : ''));
}

#
# All that the catalog knows of the extension, object by object, without OIDs.
#
my $catalog = q{
SELECT pg_describe_object(d.classid, d.objid, 0) || E'\n\tcomment: ' || coalesce(obj_description(d.objid, d.classid::regclass::name), 'NONE') || E'\n\t' ||
	CASE d.classid::regclass::text
	WHEN 'pg_proc' THEN (
		SELECT concat_ws(' ', 'acl', proacl, 'cost', procost, 'rows', prorows, CASE WHEN prokind = 'a' THEN
			(SELECT concat_ws(' ', proparallel, provolatile, pg_get_function_arguments(a.aggfnoid), prorettype::regtype, aggkind, aggnumdirectargs,
				aggtransfn::regprocedure, aggfinalfn::regprocedure, aggcombinefn::regprocedure, aggserialfn::regprocedure, aggdeserialfn::regprocedure, aggmtransfn::regprocedure, aggminvtransfn::regprocedure,
				aggmfinalfn::regprocedure, aggfinalextra, aggmfinalextra, aggfinalmodify, aggmfinalmodify, aggsortop::regoperator, aggtranstype::regtype, aggtransspace, aggmtranstype::regtype, aggmtransspace, agginitval, aggminitval)
			 FROM pg_aggregate AS a WHERE a.aggfnoid = p.oid)
			ELSE translate(pg_get_functiondef(p.oid), E'\n', ' ') END)
		FROM pg_proc AS p WHERE p.oid = d.objid)
	WHEN 'pg_type' THEN (
		SELECT concat_ws(' ', typtype, typlen, typbyval, typcategory, typispreferred, typalign, typstorage, typcollation, typelem::regtype, typarray::regtype, typinput, typoutput, typreceive, typsend, typmodin, typmodout, typanalyze, typsubscript, typdefault, typacl)
		FROM pg_type AS t WHERE t.oid = d.objid)
	WHEN 'pg_operator' THEN (
		SELECT concat_ws(' ', oprkind, oprresult::regtype, oprcode::regprocedure, oprcom::regoperator, oprnegate::regoperator, oprrest, oprjoin, oprcanmerge, oprcanhash)
		FROM pg_operator AS o WHERE o.oid = d.objid)
	WHEN 'pg_cast' THEN (
		SELECT concat_ws(' ', castfunc::regprocedure, castcontext, castmethod) FROM pg_cast AS c WHERE c.oid = d.objid)
	WHEN 'pg_opclass' THEN (
		SELECT concat_ws(' ', (SELECT opfname FROM pg_opfamily AS f WHERE f.oid = opcfamily), opcintype::regtype, opcdefault, opckeytype::regtype) FROM pg_opclass AS o WHERE o.oid = d.objid)
	WHEN 'pg_opfamily' THEN concat_ws(' ',
		(SELECT string_agg(concat_ws(' ', amopstrategy, amopopr::regoperator, amoppurpose), ', ' ORDER BY amopstrategy, amopopr::regoperator::text) FROM pg_amop WHERE amopfamily = d.objid),
		(SELECT string_agg(concat_ws(' ', amprocnum, amproc::regprocedure), ', ' ORDER BY amprocnum, amproc::text) FROM pg_amproc WHERE amprocfamily = d.objid))
	END
FROM pg_depend AS d WHERE d.deptype = 'e' AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'enablement_metrics')
	-- array types come with their element types, row types with their tables, and count as members from 18 on
	AND NOT EXISTS (SELECT FROM pg_type AS t WHERE d.classid = 'pg_type'::regclass AND t.oid = d.objid AND (t.typcategory = 'A' OR t.typrelid <> 0))
ORDER BY 1};

sub objects { return { map { $_ => 1 } split /\n(?=[^\t])/, $node->safe_psql($_[0], $catalog) } }

# What is in the database `old` and not in `new`, or the other way round, described; empty when they agree.
my $expected;		# the objects of `new`
sub differences
{
	my $found = objects('old');
	return join("\n", (map { "only old: $_" } grep { !$expected->{$_} } sort keys %$found), (map { "only new: $_" } grep { !$found->{$_} } sort keys %$expected));
}

# Tables and what hangs on the extension, as a user has them before an upgrade.
my $users_own = q{
CREATE TABLE log AS SELECT i % 20 AS deal, (ARRAY['lead', 'mql', 'won', 'lost'])[1 + i % 4] AS kind, timestamptz '2026-01-01' + i * interval '1 hour' AS at FROM generate_series(1, 400) AS i;
CREATE MATERIALIZED VIEW histories AS SELECT deal, history_agg(kind, at) AS history FROM log GROUP BY deal;
CREATE VIEW report AS SELECT percent(conversion(funnel_agg(deal_progress(history, '{lead,mql,won}', within => '100 days', as_of => '2026-06-01')))) AS won,
	median(duration_agg(deal_cycle(history, '{lead}', as_of => '2026-06-01'))) AS days FROM histories;
CREATE TABLE events(e deal_event, CHECK (amount(e) >= 0 OR amount(e) IS NULL));
CREATE INDEX ON events (e);
CREATE INDEX ON events (occurred_at(e));
INSERT INTO events SELECT deal_event(kind, at, deal) FROM log;
};
my $answers = 'SELECT * FROM report; SELECT count(*) FROM events; SELECT e FROM events ORDER BY e LIMIT 3; SELECT md5(string_agg(history::text, chr(10) ORDER BY deal)) FROM histories';

# Installs $from, fills it, updates to $to, and compares with a fresh $to. Returns the differences.
# Without a name for what is tested it looks for those alone, against the fresh $to of the call before.
sub upgrade
{
	my ($from, $to, $what) = @_;
	if ($what)
	{
		fresh_database('new');
		$node->safe_psql('new', "CREATE EXTENSION enablement_metrics VERSION '$to'");
		$expected = objects('new');
		fresh_database('made');
		$node->safe_psql('made', "CREATE EXTENSION enablement_metrics VERSION '$from'; $users_own");
	}
	fresh_database('old', 'made');
	$node->safe_psql('old', Golden::fill()) if $what;
	my $before = $node->safe_psql('old', $answers);
	is($node->safe_psql('old', Golden::differences()), '', "$what: the old SQL works with the new library") if $what;
	my ($stdout, $stderr);
	my $rc = $node->psql('old', "ALTER EXTENSION enablement_metrics UPDATE TO '$to'", stdout => \$stdout, stderr => \$stderr);
	return "the update fails: $stderr" if $rc != 0;
	if ($what)
	{
		is($node->safe_psql('old', "SELECT extversion FROM pg_extension WHERE extname = 'enablement_metrics'"), $to, "$what: updated");
		is($node->safe_psql('old', Golden::differences()), '', "$what: all values of all types are as they were");
		is($node->safe_psql('old', $answers), $before, "$what: views, indexes and constraints answer as before");
		is($node->safe_psql('old', "REFRESH MATERIALIZED VIEW histories; REINDEX TABLE events; $answers"), $before, "$what: and when made again");
		my $dump = "$prefix/dump.sql";
		$node->command_ok([ 'pg_dump', '--file', $dump, $node->connstr('old') ], "$what: dumped after the upgrade");
		fresh_database('restored');
		$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, $node->connstr('restored') ], "$what: and restored");
		is($node->safe_psql('restored', $answers), $before, "$what: with the same answers");
	}
	return differences();
}

#
# Every upgrade script there is
#
my $control = contents('enablement_metrics.control');
my ($newest) = $control =~ /^default_version = '(.*)'/m or die 'no default_version';
my @released = map { m{--([^-]+)\.sql$} } glob 'src/sql/upgrade/enablement_metrics--*.sql';
is(upgrade($_, $newest, "$_ to $newest"), '', "$_ to $newest: the catalog is that of a fresh $newest") for @released;
note 'no version before ' . $newest . ' was released' unless @released;
is($node->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics; ' . $catalog) =~ /comment: NONE/ ? 'some' : '', '', 'every object has its comment');

#
# The rehearsal: 1.1 adds a function, replaces one, and adds a comment, an operator and an aggregate.
#
my $base = contents("$extensions/enablement_metrics--$newest.sql");		# as make installed it
my $guard = '\echo Use "ALTER EXTENSION enablement_metrics UPDATE" to load this file. \quit' . "\n";
my @steps = (
	"CREATE FUNCTION kind_length(event deal_event) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT octet_length(kind(event))';\n",
	"COMMENT ON FUNCTION kind_length(deal_event) IS 'Bytes of the kind of an event.';\n",
	"CREATE OR REPLACE FUNCTION percent(rate rate_summary) RETURNS double precision LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE COST 7 AS 'MODULE_PATHNAME', 'rate_summary_percent';\n",
	"CREATE OPERATOR ## (LEFTARG = deal_history, RIGHTARG = text, FUNCTION = has_kind);\n",
	"COMMENT ON OPERATOR ## (deal_history, text) IS 'Is there an event of this kind?';\n",
	"CREATE CAST (deal_event AS integer) WITH FUNCTION kind_length(deal_event);\n",
	"CREATE AGGREGATE total_kinds(event deal_event) (SFUNC = history_of_kinds, STYPE = integer, INITCOND = '0', PARALLEL = SAFE);\n");
$steps[6] = "CREATE FUNCTION history_of_kinds(state integer, event deal_event) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT state + octet_length(kind(event))';\n" . $steps[6];

sub rehearse
{
	my ($script, $what) = @_;
	write_file("$extensions/enablement_metrics--$newest--rehearsal.sql", $guard . $script);
	return upgrade($newest, 'rehearsal', $what);
}
write_file("$extensions/enablement_metrics--rehearsal.sql", $base . join('', @steps));
is(rehearse(join('', @steps), 'rehearsal'), '', 'rehearsal: the catalog is that of a fresh installation');
is($node->safe_psql('old', "SELECT kind_length(deal_event('won', now())), deal_history(deal_event('won', now())) ## 'won', deal_event('won', now())::integer"), '3|t|3', 'rehearsal: what is new works');

# what the comparison must not miss
for my $i (0 .. $#steps)
{
	my ($first) = $steps[$i] =~ /^(.{0,40})/;
	# (where what the next one builds on is not there, the update itself fails)
	like(rehearse(join('', @steps[ grep { $_ != $i } 0 .. $#steps ])), $i == 0 || $i == 3 ? qr/^the update fails: .*does not exist/ : qr/^only /, "left out of the upgrade script: $first ... is noticed");
}
my %changed = (
	'volatility' => sub { s/INTEGER LANGUAGE sql IMMUTABLE/integer LANGUAGE sql STABLE/i },
	'parallel safety' => sub { s/STRICT PARALLEL SAFE AS 'SELECT octet/STRICT AS 'SELECT octet/ },
	'strictness' => sub { s/IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT octet/IMMUTABLE PARALLEL SAFE AS 'SELECT octet/ },
	'cost' => sub { s/COST 7/COST 8/ },
	'a parameter name' => sub { s/kind_length\(event deal_event\)/kind_length(e deal_event)/ },
	'a comment' => sub { s/Bytes of the kind/Octets of the kind/ },
	'a context of a cast' => sub { s/(WITH FUNCTION kind_length\(deal_event\));/$1 AS ASSIGNMENT;/ },
	'the initial state of an aggregate' => sub { s/INITCOND = '0'/INITCOND = '1'/ },
	'something that the script forgot to drop' => sub { $_ .= 'CREATE FUNCTION left_over() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$;' });
for my $what (sort keys %changed)
{
	my $script = join('', @steps);
	$changed{$what}->() for $script;
	isnt($script, join('', @steps), "changed: $what");
	like(rehearse($script), qr/^only /, "noticed: $what");
}
#
# Row-level security: aggregates see the rows that a policy lets through, and no operator
# or function of the extension looks at others before the policy does.
#
fresh_database('secured');
$node->safe_psql('secured', q{CREATE EXTENSION enablement_metrics; CREATE ROLE rep1; CREATE ROLE rep2;
	CREATE TABLE deal(owner name, e deal_event, h deal_history, r rate_summary);
	INSERT INTO deal SELECT 'rep' || 1 + i % 2, deal_event('won', timestamptz '2026-01-01' + i * interval '1 day', i), deal_history(deal_event('lead', timestamptz '2026-01-01' + i * interval '1 day')), rate_summary(i, 100) FROM generate_series(1, 10) AS i;
	CREATE INDEX ON deal (e); CREATE INDEX ON deal USING hash (e); ALTER TABLE deal ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON deal USING (owner = current_user);
	GRANT SELECT, INSERT, UPDATE ON deal TO rep1, rep2});
for my $rep (1, 2)
{
	my $sum = $rep == 1 ? 30 : 25;
	is($node->safe_psql('secured', "SET ROLE rep$rep; SELECT count(*), successes(rollup(r)), event_count(rollup(h)), (SELECT sum(amount(x)) FROM events(history_agg(e)) AS x) FROM deal"), "5|$sum|5|$sum", "rep$rep: aggregates over own rows alone");
	is($node->safe_psql('secured', "SET ROLE rep$rep; SET enable_seqscan = off; SELECT count(*) FROM deal WHERE e = deal_event('won', '2026-01-02', 1)"), $rep - 1, "rep$rep: found by an index only where it is one's own");
}
is($node->safe_psql('secured', q{SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc AS p JOIN pg_depend AS d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e' WHERE proleakproof OR prosecdef}), '', 'no function claims to be leakproof, or runs with the rights of its owner');
like($node->safe_psql('secured', "SET ROLE rep1; EXPLAIN (COSTS off) SELECT FROM deal WHERE kind(e) = 'won'"), qr/Filter: \(\(owner = CURRENT_USER\) AND .*kind\(e\)/s, 'the policy comes before the functions of a query');
isnt($node->psql('secured', "SET ROLE rep1; INSERT INTO deal VALUES ('rep2', deal_event('won', '2026-01-01'), NULL, NULL)"), 0, 'no rows for others');
$node->stop;
done_testing();
