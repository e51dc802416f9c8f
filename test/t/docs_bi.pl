# Runs doc/bi.md as printed, over the report's views of the generated CRM; each query of the Grafana dashboard; and, where the
# npm package pg is at hand or can be had, the Vega-Lite chart.

use lib 'test/lib';
use Suite qw(server);

my $page = 'doc/bi.md';
my $node = server('bi', demo => 'bi', extension => 0);

# What psql prints, errors among it.
sub psql
{
	my ($input, @options) = @_;
	my $out = '';
	IPC::Run::run([ 'psql', '-Xq', @options, '-d', $node->connstr('bi') ], '<', \$input, '>&', \$out);
	return $out;
}

sub tidy { return join "\n", map { s/\s+$//r } split /\n/, $_[0] =~ s/\A\s*\n|\s+\z//gr }

unlike(psql('', '-v', 'ON_ERROR_STOP=1', '-v', 'schema=crm', '-f', 'report/views.sql'), qr/ERROR|FATAL/, 'the views of the generated CRM');

#
# The page
#
my $text = PostgreSQL::Test::Utils::slurp_file($page);
my (@blocks, $reason);
while ($text =~ /^<!-- not run: (.+) -->$|^```(\w+)\n(.*?)^```$/msg)
{
	if (defined $1) { $reason = $1; next }
	push @blocks, { language => $2, text => $3, reason => $reason };
	$reason = undef;
}
my $script = join '', map { "\\echo -- block $_\n$blocks[$_]{text}\n" } grep { $blocks[$_]{language} eq 'sql' && !$blocks[$_]{reason} } 0 .. $#blocks;
my %printed = ('', split /^-- block (\d+)\n/m, psql($script));
for my $i (sort { $a <=> $b } grep { /\d/ } keys %printed)
{
	my $next = $blocks[ $i + 1 ];
	is(tidy($printed{$i}), $next && $next->{language} eq 'text' ? tidy($next->{text}) : '', "block $i of $page prints what it shows");
}
cmp_ok(scalar keys %printed, '>', 3, 'and all blocks ran');

#
# The dashboard: every panel has a query that gives rows, to a role that may read the views alone.
#
use JSON::PP;
my $dashboard = decode_json(PostgreSQL::Test::Utils::slurp_file('examples/grafana.json'));
my (%id, %taken, @overlap);
my $run = sub {
	my ($query, $name) = @_;
	$query =~ s/\$\{schema\}/crm/g;
	$query =~ s/\$\{team:sqlstring\}/'Berlin', 'Lyon', 'London'/g;
	$query =~ s/\$__timeFilter\(([^()]*)\)/$1 BETWEEN '2023-01-01T00:00:00Z' AND '2026-01-01T00:00:00Z'/g;
	unlike($query, qr/\$/, "$name: no macro is left");
	my $rows = psql("SET ROLE bi_reader;\n$query", '-At');
	unlike($rows, qr/ERROR/, "$name: the query runs");
	return $rows;
};
for my $panel (@{ $dashboard->{panels} })
{
	my ($title, $query) = ($panel->{title}, $panel->{targets}[0]{rawSql});
	my $grid = $panel->{gridPos};
	ok(!$id{ $panel->{id} }++ && length $panel->{description}, "$title: an id of its own, and a description");
	for my $x ($grid->{x} .. $grid->{x} + $grid->{w} - 1)
	{
		for my $y ($grid->{y} .. $grid->{y} + $grid->{h} - 1) { push @overlap, $title if $taken{"$x $y"}++ || $x > 23 }
	}
	cmp_ok($run->($query, $title) =~ tr/\n//, '>', $title =~ /Problems|leaves out/ ? 0 : 1, "$title: it has rows");
	like($query, qr/ AS time,/, "$title: a series has a time") if $panel->{targets}[0]{format} eq 'time_series';
}
is("@overlap", '', 'no panel covers another');
cmp_ok($run->($dashboard->{templating}{list}[1]{query}, 'the variable team') =~ tr/\n//, '==', 24, 'the list of teams');

#
# node-postgres
#
SKIP:
{
	my $modules = $ENV{NODE_PATH} // 'build/npm/node_modules';
	my $quiet = sub { my ($directory, @command) = @_; my $out = ''; return eval { IPC::Run::run(\@command, '<', \undef, '>&', \$out, init => sub { chdir $directory }) } };
	skip 'node-postgres: there is no node', 5 unless $quiet->('.', 'node', '--version');
	if (!-d "$modules/pg")
	{
		my $place = PostgreSQL::Test::Utils::tempdir();
		skip 'node-postgres: npm cannot install pg here', 5
		  unless $quiet->($place, 'timeout', '120', 'npm', 'install', '--no-audit', '--no-fund', '--fetch-retries=0', '--silent', 'pg@8');
		$modules = "$place/node_modules";
	}
	require Cwd;
	local %ENV = ($node->_get_env(), NODE_PATH => Cwd::abs_path($modules), PGHOST => $node->host, PGPORT => $node->port, PGDATABASE => 'bi', PGUSER => scalar getpwuid($<));
	my ($spec, $said) = PostgreSQL::Test::Utils::run_command([ 'node', 'examples/vega_lite.js', 'crm' ]);
	is($said, '', 'node-postgres reads the view');
	my $chart = decode_json($spec);
	my $values = $chart->{data}{values};
	is(scalar @$values, psql('SELECT count(*) FROM crm.report_conversion_by_month WHERE n = 1', '-At') + 0, 'the chart has a value for each month');
	like($spec, qr/"month": "2023-01-01",\s+"reached": \d+,\s+"converted": \d+,/, 'counts are numbers, months are as in the database');
	is(join(' ', map { $_->{encoding}{y}{field} } @{ $chart->{layer} }), 'low percent', 'intervals and points');
	($spec, $said) = PostgreSQL::Test::Utils::run_command([ 'node', 'examples/vega_lite.js', 'no"where' ]);
	like($said, qr/^relation "no"where\.report_conversion_by_month" does not exist$/, 'an error is told');
}
$node->stop;
done_testing();
