# How the sources hang together: a file of src/ includes headers of its own folder and of the folders before it, in the
# order plain, base, history, reading, summary, report, compare, follow, and there is no circle between files.
# And every file is built: the lists of the Makefile name those of the folders.

use lib 'test/lib';
use Suite qw(:serverless);

my @folders = qw(plain base history reading summary report compare follow);
my %place = map { $folders[$_] => $_ } 0 .. $#folders;

# Known exceptions, to be mended: `folder/file -> folder/file.h`. They do not count for circles.
my %tolerated = map { $_ => 1 } (
	'base/business_days.c -> history/deal_event.h',
	'base/json.c -> history/deal_event.h',
	'base/money.c -> history/deal_event.h',
	'reading/deal_cycle.c -> summary/duration_summary.h',
	'reading/quota_attainment.c -> summary/duration_summary.h');

# A unit is a header and its source file: what one of them includes, the unit needs.
my (%needs, @against, @elsewhere);
for my $file (sort glob 'src/*/*.[ch]')
{
	my ($folder, $name) = $file =~ m{^src/(\w+)/(\w+)\.[ch]$} or next;
	(my $short = $file) =~ s{^src/}{};
	open my $in, '<', $file or die "$file: $!";
	while (my $line = <$in>)
	{
		next unless $line =~ /^\s*#\s*include\s+"([^"]+)"/;
		my $header = $1;
		next unless $header =~ m{^(\w+)/(\w+)\.h$} && exists $place{$1};
		my ($other, $unit) = ($1, $2);
		push @elsewhere, "$short -> $header" unless -f "src/$header";
		push @against, "$short -> $header" if $place{$other} > $place{$folder};
		$needs{"$folder/$name"}{"$other/$unit"} = 1 unless "$folder/$name" eq "$other/$unit" || $tolerated{"$short -> $header"};
	}
	close $in;
	$needs{"$folder/$name"} //= {};
}
cmp_ok(scalar(keys %needs), '>', 40, 'the sources have been read');
is(join("\n", @elsewhere), '', 'every header that is named by its folder is there');
is(join("\n", grep { !$tolerated{$_} } @against), '', 'no file includes a header of a later folder');

# A circle: a unit that is reached from itself. Each is named once, by the units on it.
sub path_back
{
	my ($from) = @_;
	my @ways = map { [ $_ ] } sort keys %{ $needs{$from} };
	my %seen;
	while (my $way = shift @ways)
	{
		return join(' -> ', $from, @$way) if $way->[-1] eq $from;
		next if $seen{ $way->[-1] }++;
		push @ways, map { [ @$way, $_ ] } sort keys %{ $needs{ $way->[-1] } // {} };
	}
	return;
}
my %circle;
for my $unit (sort keys %needs)
{
	my $path = path_back($unit) // next;
	my %on = map { $_ => 1 } split / -> /, $path;
	$circle{ join ' ', sort keys %on } //= $path;
}
is(join("\n", map { $circle{$_} } sort keys %circle), '', 'no circle between files');

# What no longer occurs does not stay tolerated.
my %found = map { $_ => 1 } @against;
is(join("\n", grep { !$found{$_} } sort keys %tolerated), '', 'every exception is still needed');

open my $in, '<', 'Makefile' or die "Makefile: $!";
my $makefile = do { local $/; <$in> };
close $in;
$makefile =~ s/\\\n/ /g;
for my $folder (@folders)
{
	my ($listed) = $makefile =~ /^$folder = (.*)$/m;
	is(join(' ', sort split ' ', $listed // ''), join(' ', sort map { m{/(\w+)\.c$} } glob "src/$folder/*.c"), "the Makefile lists the files of src/$folder");
}
done_testing();
