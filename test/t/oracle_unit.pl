# The unit tests of the files that know no PostgreSQL: each names its own compiler
# line in its head comment (`cc ... `), and prints TAP. Under valgrind where the server is.
use lib 'test/lib';
use Suite qw(:serverless);

use File::Temp qw(tempdir);

my @units = glob 'test/unit/*.c';
plan skip_all => 'no C compiler (cc)' if system('cc --version >/dev/null 2>&1') != 0;
plan skip_all => 'no unit tests' unless @units;

my ($under, $patience) = ($ENV{WATCHED} // '') eq 'valgrind' ? ('valgrind --quiet --error-exitcode=99', 3600) : ('', 120);
my $directory = tempdir(CLEANUP => 1);
for my $unit (@units)
{
	my ($name) = $unit =~ m{([^/]+)\.c$};
	open my $in, '<', $unit or die "$unit: $!";
	my ($compile) = map { /^ \*\s+(cc\s.*\S)/ ? $1 : () } <$in>;
	close $in;
	ok($compile, "$unit says how it is compiled") or next;
	$compile =~ s/-o\s+\S+/-o $directory\/$name/;
	is(system($compile), 0, $compile) or next;
	my @lines = `timeout $patience $under $directory/$name`;
	my $status = $?;
	my @failed = grep { /^not ok/ } @lines;
	diag(@failed) if @failed;
	ok($status == 0 && !@failed && grep({ /^ok/ } @lines), sprintf('%s: %d checks', $name, scalar(grep { /^ok/ } @lines)));
}
done_testing();
