# Runs doc/cookbook.md and doc/comparison.md: every ```sql block must run on the generated CRM of the demo, in order
# and in one session, and where a ```text block follows next, psql must print exactly that.
use strict;
use warnings;
use Test::More;

BEGIN
{
	plan skip_all => 'initdb refuses root' if $> == 0;
	eval { require PostgreSQL::Test::Cluster; require PostgreSQL::Test::Utils; 1 }
	  or plan skip_all => "PostgreSQL::Test modules cannot be loaded: $@";
}

my @blocks;    # [where, SQL, what it prints or undef]
for my $book ('doc/cookbook.md', 'doc/comparison.md')
{
	my $language = '';
	my $before = @blocks;
	open my $in, '<', $book or die "$book: $!";
	while (my $line = <$in>)
	{
		next unless $line =~ /^```(\w+)\s*$/;
		my ($was, $where, $text) = ($language, "$book line $.", '');
		$language = $1;
		while (defined($line = <$in>) && $line !~ /^```\s*$/)
		{
			$text .= $line;
		}
		push @blocks, [ $where, $text, undef ] if $language eq 'sql';
		$blocks[-1][2] = $text if $language eq 'text' && $was eq 'sql';
	}
	close $in;
	ok(@blocks > $before, "$book has SQL");
}

sub tidy
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\s*\n|\s+\z//g;
	return $text;
}

my $node = PostgreSQL::Test::Cluster->new('cookbook');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics');
my $file = PostgreSQL::Test::Utils::tempdir() . '/cookbook.sql';
PostgreSQL::Test::Utils::append_to_file($file, "\\echo -- $_->[0]\n$_->[1]") for @blocks;
local $ENV{PGDATESTYLE} = 'ISO, YMD';
my ($out, $err) = PostgreSQL::Test::Utils::run_command(
	[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', 'test/demo/generate.sql', '-f', $file ]);
unlike($err, qr/ERROR|FATAL/, 'all of it runs');
my %printed = ('', split /^-- (doc\/\S+ line \d+)\n/m, $out);
for my $block (@blocks)
{
	my ($where, $sql, $expected) = @$block;
	is(tidy($printed{$where} // 'nothing: did not get there'), tidy($expected // ''), "$where prints what it shows");
}
$node->stop;
done_testing();
