# The page that `make report` writes: its tables show what the SQL gives, its pictures draw what its tables show, it
# needs nothing from elsewhere, it is well formed, and no label of the data gets out of its place.

use lib 'test/lib';
use Suite qw(server);

use utf8;

plan skip_all => 'gnuplot is not here: test/setup report installs it' if system('command -v gnuplot >/dev/null') != 0;

use Cwd qw(getcwd);
my $home = getcwd();
my $node = server('page', settings => { max_connections => 20 }, extension => 0);
my $temp = PostgreSQL::Test::Utils::tempdir();
if ($node->psql('postgres', "SELECT xmlparse(DOCUMENT '<a/>')") != 0)
{
	$node->stop;
	plan skip_all => 'this PostgreSQL is built without libxml';
}

# psql -f in a database, from a directory
sub run_files
{
	my ($database, $directory, @files) = @_;
	chdir $directory or die "$directory: $!";
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), map { ('-f', $_) } @files ]);
	chdir $home;
	unlike($err, qr/ERROR|FATAL/, "$database: @{[ map { s!.*/!!r } @files ]} run");
}

# the page on a database, as text
sub page
{
	my ($database, $set) = @_;
	my $file = "$temp/$database.html";
	local $ENV{PGHOST} = $node->host;
	local $ENV{PGPORT} = $node->port;
	local $ENV{PGDATABASE} = $database;
	PostgreSQL::Test::Utils::command_ok([ "$home/test/report/make_page", $set, $file ], "$database: make_page");
	open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
	local $/;
	return scalar <$in>;
}

# rows as psql prints them, fields by |
sub rows
{
	my ($database, $query) = @_;
	my ($out, $err) = PostgreSQL::Test::Utils::run_command([ 'psql', '-XAtq', '-P', 'null=–', '-d', $node->connstr($database), '-c', $query ]);
	utf8::decode($out);
	return split /\n/, $out;
}

# What holds for every page: parts, references, form, and every table cell by cell.
sub check_page
{
	my ($database, $html) = @_;
	like($html, qr/\A<!DOCTYPE html>\n<html lang="en">/, "$database: HTML, in English");
	my @outside = $html =~ m{(https?://(?!www\.w3\.org/)[^\s"'<]*|<script|<link|<iframe|<img|<object|<embed|\@import|url\(|\bon\w+\s*=\s*"|\bsrc\s*=\s*")}gi;
	is("@outside", '', "$database: nothing from elsewhere, no script");
	my %id;
	$id{$_}++ for $html =~ /\bid=["']([^"']+)["']/g;
	is(join(' ', grep { $id{$_} > 1 } sort keys %id), '', "$database: every id is there once");
	is(join(' ', grep { !$id{$_} } $html =~ /(?:href=["']#|aria-labelledby=")([^"']+)["']/g), '', "$database: every reference leads somewhere");
	my $pictures = () = $html =~ /<svg class="wide"/g;
	my $small = () = $html =~ /<svg class="narrow"/g;
	ok($pictures > 0 && $pictures == $small, "$database: $pictures pictures, each for a desk and for a telephone");
	unlike($html, qr/NaN|<!--picture/, "$database: no picture is missing or broken");

	# well formed: the server's XML parser takes it; its cells come from there too
	$node->safe_psql($database, 'DROP TABLE IF EXISTS public.page; CREATE TABLE public.page (doc xml)');
	my $load = "$temp/load.sql";
	open my $out, '>', $load or die "$load: $!";
	print $out "\\set page `cat '$temp/$database.html'`\nINSERT INTO public.page SELECT xmlparse(DOCUMENT :'page');\n";
	close $out;
	my ($stdout, $stderr) = PostgreSQL::Test::Utils::run_command([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr($database), '-f', $load ]);
	is($stderr, '', "$database: well formed");

	my (%shown, %heads);
	for my $row (rows($database, <<'SQL'))
SELECT id, n, line, string_agg(value, '|' ORDER BY col), bool_or(head)
FROM page, XMLTABLE('//table' PASSING doc COLUMNS n FOR ORDINALITY, id text PATH 'ancestor::section/@id', whole xml PATH '.') t,
	XMLTABLE('//tr' PASSING whole COLUMNS line FOR ORDINALITY, head boolean PATH 'boolean(ancestor::thead)', cells xml PATH '.') r,
	XMLTABLE('//th|//td' PASSING cells COLUMNS col FOR ORDINALITY, value text PATH 'string(.)') c
GROUP BY 1, 2, 3 ORDER BY 2, 3
SQL
	{
		my ($id, $n, $line, @cells) = split /\|/, $row, -1;
		my $head = pop @cells;
		@cells = map { /^-?[\d,]+(\.\d+)?$/ ? tr/,//dr : $_ eq 'yes' ? 't' : $_ eq 'no' ? 'f' : $_ } @cells;
		if ($head eq 't') { $heads{$id}{$n} = join('|', map { tr/ /_/r } @cells) }
		else { push @{ $shown{$id}{$n} }, join('|', @cells) }
	}
	my ($schema) = rows($database, 'SELECT data_schema FROM report.page');
	my $cells = 0;
	for my $figure (rows($database, q{SELECT id, coalesce(drawn, ''), coalesce(points, '') FROM report.figure ORDER BY n}))
	{
		my ($id, $drawn, $points) = split /\|/, $figure, -1;
		my @tables = ([ $id, 'true' ], $points ne '' ? [ $drawn, $points ] : ());
		my @numbers = sort { $a <=> $b } keys %{ $shown{$id} // {} };
		is(scalar @numbers, scalar @tables, "$database, $id: as many tables as are promised");
		for my $i (0 .. $#tables)
		{
			my ($view, $condition) = @{ $tables[$i] };
			is_deeply($shown{$id}{ $numbers[$i] }, [ rows($database, "SET search_path = $schema, public; SELECT * FROM $view WHERE $condition") ], "$database, $id: the table is $view");
			is($heads{$id}{ $numbers[$i] }, join('|', rows($database, "SELECT attname FROM pg_attribute WHERE attrelid = '$schema.$view'::regclass AND attnum > 0 ORDER BY attnum")), "$database, $id: under its columns");
		}
	}
}

# the wide picture of a figure
sub picture
{
	my ($html, $id) = @_;
	return $html =~ m{<section id="$id".*?<svg class="wide"(.*?)</svg>}s ? $1 : '';
}

# where a picture's axis has its numbers: a function from pixels to values (axis 0: x, 1: y)
sub scale
{
	my ($svg, $axis) = @_;
	my $anchor = $axis ? 'end' : 'middle';
	my @ticks;
	while ($svg =~ m{translate\(([\d.]+),([\d.]+)\)"[^>]*text-anchor="$anchor">\s*<text>\s*(-?[\d.]+)</text>}g)
	{
		push @ticks, [ $axis ? $2 : $1, $3 ];
	}
	my ($first, $last) = @ticks[ 0, -1 ];
	my $step = ($last->[1] - $first->[1]) / ($last->[0] - $first->[0]);
	# the baseline of a label on the y axis is below its tick
	my $off = 0;
	if ($axis)
	{
		my ($zero) = $svg =~ m{d='M[\d.]+,([\d.]+) L[\d.]+,\g1 [^']*'/>\s*<g transform="translate\([\d.]+,$first->[0]\)}s;
		$off = $zero - $first->[0] if defined $zero;
	}
	return sub { return $first->[1] + ($_[0] - $first->[0] - $off) * $step };
}

sub near
{
	my ($got, $want, $tolerance, $what) = @_;
	my @far = grep { !defined $got->[$_] || abs($got->[$_] - $want->[$_]) > $tolerance } 0 .. $#$want;
	ok(@$got == @$want && !@far, $what) or diag("drawn: @$got\ntable: @$want");
}

#
# the generated CRM
#
$node->safe_psql('postgres', 'CREATE DATABASE crm');
$node->safe_psql('crm', 'CREATE EXTENSION enablement_metrics');
run_files('crm', $home, 'test/demo/generate.sql');
$node->safe_psql('postgres', 'CREATE DATABASE hostile TEMPLATE crm');
my @report = map { "test/demo/$_.sql" } qw(report report_wins report_time report_comparison);
run_files('crm', $home, @report);
my $html = page('crm', 'crm');
check_page('crm', $html);
cmp_ok(length $html, '<', 1_500_000, 'the page is not heavy');

# some of its sentences, counted by plain SQL from the tables of the CRM
my $sentence = sub {
	my ($what, $query) = @_;
	my ($text) = rows('crm', "SET search_path = crm; $query");
	like($html =~ s/\x{a0}/ /gr, qr/\Q$text\E/, "$what: $text");
};
$sentence->('funnel', q{
	SELECT format('Of %s leads, %s (%s %%) became opportunities and %s (%s %%) customers', to_char(count(*), 'FM99,999'), to_char(sum(o), 'FM99,999'), round(100.0 * sum(o) / count(*), 1), sum(w), round(100.0 * sum(w) / count(*), 1))
	FROM (SELECT bool_or(stage_name IN ('opportunity', 'won'))::int AS o, bool_or(stage_name = 'won')::int AS w
		  FROM (SELECT *, min(changed_at) FILTER (WHERE stage_name = 'lead') OVER (PARTITION BY opportunity_id) AS entered FROM opportunity_history) h
		  WHERE changed_at BETWEEN entered AND entered + interval '180 days' GROUP BY opportunity_id) x});
$sentence->('win rate', q{
	SELECT format('We won %s of %s', count(*) FILTER (WHERE won), to_char(count(*), 'FM9,999'))
	FROM (SELECT bool_or(stage_name = 'won') AS won
		  FROM (SELECT *, CASE WHEN ended >= staged THEN ended END AS closed		-- a stage after it undoes an ending
				FROM (SELECT *, max(changed_at) FILTER (WHERE stage_name IN ('won', 'lost', 'no_decision')) OVER (PARTITION BY opportunity_id) AS ended,
						max(changed_at) FILTER (WHERE stage_name IN ('lead', 'mql', 'sql', 'opportunity')) OVER (PARTITION BY opportunity_id) AS staged
					  FROM opportunity_history) e) h
		  GROUP BY opportunity_id HAVING bool_or(stage_name = 'competitor' AND subject = 'Globex' AND (closed IS NULL OR changed_at <= closed))) x});
$sentence->('content', q{
	SELECT format('viewed the %s pieces %s times (%s hours) and downloaded them %s times; sellers opened them %s times, used them in %s talks and shared them %s times',
		count(DISTINCT content), n('view'), round(sum(seconds) FILTER (WHERE action = 'view') / 3600), n('download'), n('open'), n('use'), n('share')) FROM content_use}
	  =~ s/n\('(\w+)'\)/to_char(count(*) FILTER (WHERE action = '$1'), 'FM999,999')/gr);
$sentence->('before and after', q{
	SELECT format('Of %s leads before the programme', to_char(count(*), 'FM9,999')) FROM lead WHERE created_at < programme_start()});
$sentence->('time to quota', q{SELECT format('Of %s reps hired since 2023', count(*)) FROM rep WHERE hired_at >= '2023-01-01'});

# the pictures, read with a ruler
my $svg = picture($html, 'platforms');
my $x = scale($svg, 0);
near([ map { $x->($_) } $svg =~ /gpPt6' transform='translate\(([\d.]+),/g ], [ rows('crm', 'SELECT due_to_platform FROM crm.platforms') ], 0.03, 'platforms: the points stand where the table says');
my ($lines) = $svg =~ /stroke='rgb\(  0, 114, 178\)'\s+d='([^']+)'/;
my @whisker;
push @whisker, $1, $3 while $lines =~ /M([\d.]+),([\d.]+) L([\d.]+),\g2\s/g;
near([ map { $x->($_) } @whisker ], [ map { split /\|/ } rows('crm', 'SELECT low, high FROM crm.platforms') ], 0.03, 'platforms: so do the intervals');
$svg = picture($html, 'months');
my $y = scale($svg, 1);
for my $kind ([ 6, 'final', '=' ], [ 5, 'not final', '<>' ])
{
	my ($symbol, $name, $sign) = @$kind;
	near([ map { $y->($_) } $svg =~ /gpPt$symbol' transform='translate\([\d.]+,([\d.]+)\) scale\([\d.]+\)' color='rgb/g ], [ rows('crm', "SELECT percent FROM crm.months WHERE state $sign 'final' ORDER BY month") ],
		0.1, "months: the points that are $name");
}
like($svg, qr/>not final: \d+ leads open</, 'months: named in words, too');
$svg = picture($html, 'cycle_length');
is(join(' ', grep { $svg !~ /<text>$_<\/text>/ } rows('crm', 'SELECT at_risk FROM crm.cycle_by_day WHERE day % 30 = 0')), '', 'curves: the numbers at risk are below them');

#
# labels as an enemy would write them
#
my @hostile = (q{<script>alert("1")</script> & 'q' \n {x}_2 `date` %s$(date)}, q{"unbalanced & <b>}, q{<img src=x onerror=alert(1)> "Compass" & \t}, q{# "ROI" & </td></table> \\}, q{]]> --> '; DROP TABLE page});
my @label = map { s/'/''/gr } @hostile;
$node->safe_psql('hostile', qq{SET search_path = crm; SET standard_conforming_strings = on;
UPDATE opportunity_history SET subject = '$label[0]' WHERE subject = 'Globex';
UPDATE opportunity_history SET subject = '$label[1]' WHERE subject = 'Initech';
UPDATE team SET platform = '$label[2]' WHERE platform = 'Compass';
UPDATE content_use SET content = '$label[3]' WHERE content = 'ROI sheet';
UPDATE content_use SET content = '$label[4]' WHERE content = 'Battle card'});
run_files('hostile', $home, @report);
$html = page('hostile', 'crm');
check_page('hostile', $html);
my $escape = sub { my $text = shift; $text =~ s/&/&amp;/g; $text =~ s/</&lt;/g; $text =~ s/>/&gt;/g; return $text };
for my $label (@hostile)
{
	like($html, qr{<th scope="row">\Q@{[ $escape->($label) ]}\E</th>}, "in a table: $label");
	my $drawn = $escape->($label) =~ s/"/”/gr =~ s/\\/⧵/gr =~ s/(?<!\]\])&gt;/>/gr;
	like($html, qr{<text>\Q$drawn\E</text>}, "in a picture: $label");
}

#
# real data
#
for my $set ([ olist => 'olist_marketing_funnel' ], [ maven_crm => 'maven_crm' ], [ deskdrop => 'deskdrop' ])
{
	my ($name, $directory) = @$set;
	my $data = ($ENV{ENABLEMENT_METRICS_DATA} // '../shared/data') . "/$directory";
	SKIP:
	{
		skip "no real data: $data is not there (set ENABLEMENT_METRICS_DATA)", 1 unless -d $data;
		$node->safe_psql('postgres', "CREATE DATABASE $name");
		$node->safe_psql($name, 'CREATE EXTENSION enablement_metrics');
		run_files($name, $data, "$home/test/demo/$name.sql");
		my $page = page($name, $name);
		check_page($name, $page);
		like($page, qr/<section id="left-out".*<li>/s, "$name: says what it cannot tell");
	}
}

$node->stop;
done_testing();
