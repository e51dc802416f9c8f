# Runs the README: every ```sql block must run, in order and in one database, and
# where a ```text block follows next, psql must print exactly that.
use strict;
use warnings;
use Test::More;

BEGIN
{
	plan skip_all => 'initdb refuses root' if $> == 0;
	eval { require PostgreSQL::Test::Cluster; require PostgreSQL::Test::Utils; 1 }
	  or plan skip_all => "PostgreSQL::Test modules cannot be loaded: $@";
}

open my $in, '<', 'README.md' or die "README.md: $!";
my @blocks;    # [language, first line number, text]
while (my $line = <$in>)
{
	next unless $line =~ /^```(\w+)\s*$/;
	my $block = [ $1, $., '' ];
	while (defined($line = <$in>) && $line !~ /^```\s*$/)
	{
		$block->[2] .= $line;
	}
	push @blocks, $block;
}
close $in;
ok(scalar(grep { $_->[0] eq 'sql' } @blocks), 'README.md has SQL');

sub tidy
{
	my ($text) = @_;
	$text =~ s/[ \t]+$//mg;
	$text =~ s/\A\s*\n|\s+\z//g;
	return $text;
}

my $node = PostgreSQL::Test::Cluster->new('readme');
$node->init;
$node->start;
local $ENV{PGTZ} = 'UTC';
local $ENV{PGDATESTYLE} = 'ISO, YMD';
for my $i (0 .. $#blocks)
{
	my ($language, $line, $text) = @{ $blocks[$i] };
	next unless $language eq 'sql';
	my $file = PostgreSQL::Test::Utils::tempdir() . "/readme_$line.sql";
	PostgreSQL::Test::Utils::append_to_file($file, $text);
	my ($out, $err) = PostgreSQL::Test::Utils::run_command(
		[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $file ]);
	unlike($err, qr/ERROR|FATAL/, "README.md line $line runs");
	my $next = $blocks[ $i + 1 ];
	is(tidy($out), tidy($next->[2]), "README.md line $line prints what it shows")
	  if $next && $next->[0] eq 'text';
}
$node->stop;
done_testing();
