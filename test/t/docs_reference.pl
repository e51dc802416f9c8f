# Holds doc/reference.md against the catalogs, both ways: every object of the extension has a row in a table of
# signatures, and every signature there is one of the catalogs, with the names and the defaults of its arguments.
#
# Not listed are internal functions behind another object, which is listed: functions of input and output, of operators,
# casts and operator classes, of the planner, the transition, final and combine functions of aggregates, what a trigger calls; array types,
# the types of rows, and operator families.
#
# And whatever is called `like_this(...)` in the prose of README.md and doc/ must be there: ours, PostgreSQL's, or one of
# those that are named as another system's.

use lib 'test/lib';
use Suite qw(database);

my $node = database();
my $objects = $node->safe_psql('postgres', <<'SQL', extra_params => [ '-F', "\t" ]);
CREATE TEMP TABLE member AS
SELECT classid::regclass::text AS class, objid FROM pg_depend
WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e'
  AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'enablement_metrics');

SELECT 'function', proname, pg_get_function_arguments(objid), coalesce(pg_get_function_result(objid), '')
FROM member JOIN pg_proc p ON p.oid = objid
WHERE class = 'pg_proc'
  AND NOT EXISTS (SELECT FROM pg_type WHERE objid IN (typinput, typoutput, typreceive, typsend))
  AND NOT EXISTS (SELECT FROM pg_operator WHERE oprcode = objid)
  AND NOT EXISTS (SELECT FROM pg_cast WHERE castfunc = objid AND array_length(proargtypes, 1) = 1 AND provariadic = 0)
  AND NOT EXISTS (SELECT FROM pg_amproc WHERE amproc = objid)
  AND NOT EXISTS (SELECT FROM pg_aggregate
                  WHERE objid IN (aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn))
  AND NOT EXISTS (SELECT FROM pg_proc s WHERE s.prosupport = objid)
  AND prorettype NOT IN ('event_trigger'::regtype, 'trigger'::regtype)
UNION ALL
SELECT 'operator', oprname, format_type(oprleft, NULL), concat_ws(' -> ', format_type(oprright, NULL), format_type(oprresult, NULL))
FROM member JOIN pg_operator o ON o.oid = objid WHERE class = 'pg_operator'
UNION ALL
SELECT 'cast', format_type(castsource, NULL), format_type(casttarget, NULL), ''
FROM member JOIN pg_cast c ON c.oid = objid WHERE class = 'pg_cast'
UNION ALL
SELECT 'class', opcname, amname, ''
FROM member JOIN pg_opclass c ON c.oid = objid JOIN pg_am a ON a.oid = opcmethod WHERE class = 'pg_opclass'
UNION ALL
SELECT 'named', format_type(objid, NULL), '', ''
FROM member JOIN pg_type t ON t.oid = objid WHERE class = 'pg_type' AND typcategory <> 'A' AND typrelid = 0
UNION ALL
SELECT 'named', relname, '', ''
FROM member JOIN pg_class c ON c.oid = objid WHERE class = 'pg_class' AND relkind IN ('r', 'v')
UNION ALL
SELECT 'named', evtname, '', ''
FROM member JOIN pg_event_trigger t ON t.oid = objid WHERE class = 'pg_event_trigger'
UNION ALL
SELECT 'unknown', class, objid::text, ''
FROM member WHERE class NOT IN ('pg_proc', 'pg_operator', 'pg_cast', 'pg_opclass', 'pg_opfamily', 'pg_type', 'pg_class', 'pg_event_trigger');
SQL
my %function = map { $_ => 1 } split /\n/, $node->safe_psql('postgres', 'SELECT proname FROM pg_proc UNION SELECT typname FROM pg_type');
my @types = split /\n/, $node->safe_psql('postgres', "SELECT typname FROM pg_type JOIN pg_depend ON objid = pg_type.oid AND deptype = 'e' WHERE typtype = 'b' AND typcategory <> 'A'");
$node->stop;

# A function as the page writes it: the catalog's text without the types of its defaults, OUT arguments as its result.
sub function
{
	my ($name, $arguments, $result) = @_;
	$arguments =~ s/(DEFAULT (?:'[^']*'|NULL))::[a-z ]+(\[\])?/$1/g;
	my @in = split /, (?![^']*'(?:[^']*'[^']*')*[^']*$)/, $arguments;
	my @out = map { s/^OUT //r } grep { /^OUT / } @in;
	@in = grep { !/^OUT / } @in;
	$result =~ s/^(SETOF )?.*/($1 \/\/ '') . '(' . join(', ', @out) . ')'/e if @out > 1;
	$result =~ s/^TABLE(?=\()/SETOF /;
	return "$name(" . join(', ', @in) . ')' . ($result eq '' ? '' : " -> $result");
}

my %catalog;
for (split /\n/, $objects)
{
	my ($sort, $name, $more, $rest) = split /\t/, $_, -1;
	s/timestamp with time zone/timestamptz/g for $more, $rest;
	my $signature =
		$sort eq 'function' ? function($name, $more, $rest)
	  : $sort eq 'operator' ? "$more $name $rest"
	  : $sort eq 'cast' ? "CAST ($name AS $more)"
	  : $sort eq 'class' ? "$name USING $more"
	  : $sort eq 'named' ? $name
	  : "$sort $name $more";
	$catalog{$signature} = 1;
}

# The rows of the tables whose first column is headed `signature`; every one says since when.
my (%page, @twice, @no_since);
my $in_table = 0;
open my $in, '<', 'doc/reference.md' or die "doc/reference.md: $!";
while (my $line = <$in>)
{
	my @cells = map { s/^\s+|\s+$//gr } split /(?<!\\)\|/, $line;
	shift @cells;
	pop @cells if @cells && $cells[-1] eq '';
	$in_table = @cells ? $in_table || $cells[0] eq 'signature' : 0;
	next unless $in_table && $cells[0] =~ /^`(.+)`$/;
	my $signature = $1 =~ s/\\\|/|/gr;
	# TYPE stands for each type of the extension
	for my $each ($signature =~ /\bTYPE/ ? map { $signature =~ s/TYPE/$_/gr } @types : $signature)
	{
		push @twice, $each if $page{$each}++;
	}
	push @no_since, $signature unless $cells[-1] =~ /^\d+\.\d+$/;
}
close $in;

ok(keys %catalog > 100, 'the catalogs have been read');
is(join("\n", sort grep { !$page{$_} } keys %catalog), '', 'nothing is missing from doc/reference.md');
is(join("\n", sort grep { !$catalog{$_} } keys %page), '', 'nothing in doc/reference.md is stale');
is(join("\n", @twice), '', 'nothing stands there twice');
is(join("\n", @no_since), '', 'every row says since when');

$function{$_} = 1 for qw(nullif coalesce greatest unnest windowFunnel countIf LowCardinality strata report_refresh);
my @unknown;
for my $page ('README.md', glob 'doc/*.md')
{
	my $fenced = 0;
	open my $in, '<', $page or die "$page: $!";
	while (my $line = <$in>)
	{
		$fenced = !$fenced if $line =~ /^```/;
		next if $fenced || $line =~ /^    /;
		for my $code ($line =~ /`([^`]*)`/g)
		{
			push @unknown, map { "$page line $.: $_" } grep { !$function{$_} } $code =~ /\b([A-Za-z_]\w*)\(/g;
		}
	}
	close $in;
}
is(join("\n", @unknown), '', 'every function named in passing exists');
done_testing();
