# How the sources hang together: a file of src/ includes headers of its own folder and of the folders before it, in the
# order plain, base, history, reading, summary, report, compare, follow; and there is no circle, neither of files that
# include each other nor of objects that call each other. And every file is built: the lists of the Makefile name them.

use lib 'test/lib';
use Suite qw(:serverless);

my @folders = qw(plain base history reading summary report compare follow);
my %place = map { $folders[$_] => $_ } 0 .. $#folders;

# Known exceptions, to be mended: `folder/file -> folder/file.h`. They do not count for circles.
my %tolerated = map { $_ => 1 } ();

# Circles of a graph { node => { node => 1 } }: each is named once, as a path from a node to itself.
sub circles
{
	my ($needs) = @_;
	my %circle;
	for my $from (sort keys %$needs)
	{
		my @ways = map { [ $_ ] } sort keys %{ $needs->{$from} };
		my %seen;
		while (my $way = shift @ways)
		{
			if ($way->[-1] eq $from)
			{
				$circle{ join ' ', sort @$way } //= join ' -> ', $from, @$way;
				last;
			}
			push @ways, map { [ @$way, $_ ] } sort keys %{ $needs->{ $way->[-1] } // {} } unless $seen{ $way->[-1] }++;
		}
	}
	return join "\n", map { $circle{$_} } sort keys %circle;
}

sub runs_back
{
	my ($from, $to) = map { m{^(\w+)/} } @_;
	return $place{$to} > $place{$from};
}

#
# Includes
#
my (%includes, @against, @missing);
for my $path (sort glob 'src/*/*.[ch]')
{
	my ($file) = $path =~ m{^src/(\w+/\w+\.[ch])$} or next;
	$includes{$file} = {};
	open my $in, '<', $path or die "$path: $!";
	while (my $line = <$in>)
	{
		next unless $line =~ m{^\s*#\s*include\s+"((\w+)/\w+\.h)"} && exists $place{$2};
		my $header = $1;
		push @missing, "$file -> $header" unless -f "src/$header";
		push @against, "$file -> $header" if runs_back($file, $header);
		$includes{$file}{$header} = 1 unless $tolerated{"$file -> $header"};
	}
	close $in;
}
cmp_ok(scalar(keys %includes), '>', 80, 'the sources have been read');
is(join("\n", @missing), '', 'every header that is named by its folder is there');
is(join("\n", grep { !$tolerated{$_} } @against), '', 'no file includes a header of a later folder');
is(circles(\%includes), '', 'no files include each other');
my %found = map { $_ => 1 } @against;
is(join("\n", grep { !$found{$_} } sort keys %tolerated), '', 'every exception is still needed');

#
# Calls: the symbols that an object leaves to others, where the sources are built
#
SKIP:
{
	my @objects = glob 'src/*/*.o';
	skip 'the sources are not built here, or nm is missing', 2 if !@objects || system('nm --version >/dev/null 2>&1') != 0;
	my (%defined_in, %wanted_by, %calls, @back);
	for my $object (@objects)
	{
		my ($unit) = $object =~ m{^src/(.*)\.o$};
		for my $line (`nm $object`)
		{
			my ($sort, $symbol) = $line =~ /([A-Za-z]) (\w+)$/ or next;
			$wanted_by{$unit}{$symbol} = 1 if $sort eq 'U';
			$defined_in{$symbol} = $unit if $sort =~ /[TDRB]/;
		}
	}
	for my $unit (sort keys %wanted_by)
	{
		for my $symbol (sort keys %{ $wanted_by{$unit} })
		{
			my $other = $defined_in{$symbol} // next;
			$calls{$unit}{$other} = 1;
			push @back, "$unit: $symbol of $other" if runs_back($unit, $other);
		}
	}
	is(join("\n", @back), '', 'no object calls one of a later folder');
	is(circles(\%calls), '', 'no objects call each other');
}

#
# The Makefile
#
open my $in, '<', 'Makefile' or die "Makefile: $!";
my $makefile = do { local $/; <$in> };
close $in;
$makefile =~ s/\\\n/ /g;
for my $folder (@folders)
{
	my ($listed) = $makefile =~ /^$folder = (.*)$/m;
	is(join(' ', sort split ' ', $listed // ''), join(' ', sort map { m{/(\w+)\.c$} } glob "src/$folder/*.c"), "the Makefile lists the files of src/$folder");
}

#
# The install script: a state without bound says so to a PostgreSQL that asks
#
my %script = map { $_ => scalar qx(awk -v directory=src/sql -v major=$_ -f src/sql/include.awk src/sql/*.sql) } 18, 19;
my @unbounded = $script{18} =~ m{SSPACE = \d+ /\* unbounded \*/}g;
my @negative = $script{19} =~ m{SSPACE = -1\b}g;
cmp_ok(scalar @unbounded, '>', 10, 'some aggregates have states without bound');
is(scalar @negative, scalar @unbounded, 'and all of them are below zero from 19 on');
unlike($script{18}, qr/SSPACE = -/, 'and none before');
done_testing();
