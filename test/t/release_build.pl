# What the Makefile and the scripts of test/ say before they do anything, and what they leave when they are stopped:
# an old PostgreSQL, none at all, no network, a locale that is not here, a SIGTERM.

use lib 'test/lib';
use Suite qw(:serverless);
use File::Temp qw(tempdir);

my $directory = tempdir(CLEANUP => 1);
sub program
{
	my ($name, $text) = @_;
	open my $out, '>', "$directory/$name" or die "$directory/$name: $!";
	print $out "#!/bin/sh\n$text\n";
	close $out;
	chmod 0755, "$directory/$name";
	return "$directory/$name";
}

# The output and exit status of a shell command.
sub shell
{
	open my $pipe, '-|', 'bash', '-c', "exec 2>&1; $_[0]" or die "bash: $!";
	local $/;
	my $out = <$pipe> // '';
	close $pipe;
	return ($out, $? >> 8);
}

#
# make
#
my $make = 'env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES make --no-print-directory';
for my $version (qw(13.11 14.9 9.6.24))
{
	my $config = program('pg_config', qq{case \$1 in --version) echo 'PostgreSQL $version (Debian $version-1)' ;; *) echo /nowhere ;; esac});
	my ($major) = $version =~ /^(\d+)/;
	for my $target (qw(all install installcheck))
	{
		my ($out, $status) = shell("$make PG_CONFIG=$config $target");
		is($out =~ s/^make: .*\n//mr, "needs PostgreSQL 15 or later, found $major at $config; name another with PG_CONFIG=\n", "make $target with PostgreSQL $version: one line");
		isnt($status, 0, '... and no success');
	}
	my ($out, $status) = shell(". test/common.sh; PG_CONFIG=$config; find_postgres");
	is($out, "needs PostgreSQL 15 or later, found $major at $config; name another with PG_CONFIG=\n", "the scripts say the same of PostgreSQL $version");
}
my ($out, $status) = shell("$make PG_CONFIG=$directory/none");
like($out, qr{^found no development files of a PostgreSQL server by "\Q$directory\E/none": run test/setup, or name a pg_config with PG_CONFIG=\n}, 'make without a PostgreSQL: one line');
($out, $status) = shell("$make PG_CONFIG=$directory/none help");
is($status, 0, 'make help needs none');
my @named = $out =~ /^make (\w+)/mg;
open my $makefile, '<', 'Makefile' or die "Makefile: $!";
my @lines = <$makefile>;
close $makefile;
my %targets = map { $_ => 1 } map { split ' ', $_ } map { /^\.PHONY: (.*)/ ? $1 : () } @lines;
is(join(' ', sort keys %targets), 'demo help report test', 'the targets beside those of PGXS');
cmp_ok(scalar(@lines), '<', 100, 'the Makefile is short');

#
# test/README.md names what there is to run
#
my $readme = do { local $/; open my $in, '<', 'test/README.md' or die "test/README.md: $!"; <$in> };
my @programs = grep { -x && !-d && !m{^test/(?:oracle|upgrade|report)/(?!run$)} } glob 'test/* test/*/*';
is(join(' ', grep { $readme !~ /`\Q$_\E\b/ } @programs), '', 'test/README.md names every program');
is(join(' ', grep { my @there = glob "$_*"; !@there } $readme =~ /`(test\/[\w.\/]+)/g), '', '... and none that is not there');

#
# set-up without a network: what is missing, and what to do by hand
#
mkdir "$directory/IPC";
open my $broken, '>', "$directory/IPC/Run.pm" or die $!;
print $broken "die 'hidden by the test';\n";
close $broken;
program('apt-get', 'echo "E: no network" >&2; exit 100');
program('apt-cache', 'exit 100');
program('sudo', 'exec "$@"');
unlink "$directory/pg_config";
($out, $status) = shell("PATH=$directory:\$PATH PERL5LIB=$directory test/setup");
like($out, qr/^Missing here: .*libipc-run-perl/, 'set-up says what is missing');
like($out, qr/As root: apt-get update && apt-get install .*libipc-run-perl$/m, '... and what to type, when the package lists cannot be read');
isnt($status, 0, '... and ends without success');

#
# a locale that is not on this machine
#
($out, $status) = shell(q(LC_ALL=xx_XX.UTF-8 LANG=yy_YY bash -c '. test/common.sh; locale 2>&1' 2>/dev/null | grep -E "^LC_ALL|Cannot"));
is($out, "LC_ALL=C.UTF-8\n", 'what the scripts start gets a locale that every machine has');

#
# SIGTERM: no server stays, nor its files
#
SKIP:
{
	skip 'initdb refuses root', 3 if $> == 0;
	skip 'pg_virtualenv is not here', 3 if system('command -v pg_virtualenv >/dev/null') != 0;
	my $work = "$directory/work";
	mkdir $work;
	my $script = program('script', qq(unset WORK; exec bash -c '. test/common.sh; find_postgres; work=$work; guarded env TMPDIR=$work pg_virtualenv -v "\$version" sleep 600'));
	my $pid = fork // die "fork: $!";
	if ($pid == 0)
	{
		open STDOUT, '>', "$directory/log";
		open STDERR, '>&', \*STDOUT;
		exec $script;
	}
	my $seconds = 0;
	sleep 1 while !glob("$work/*/data/*/*/postmaster.pid $work/*/*/*/*/postmaster.pid $work/*/*/*/postmaster.pid") && $seconds++ < 60;
	my $found = `find $work -name postmaster.pid`;
	isnt($found, '', 'a server runs') or diag(`cat $directory/log; find $work | head`);
	kill TERM => $pid;
	$seconds = 0;
	my $ended;
	sleep 1 until ($ended = waitpid($pid, 1)) || $seconds++ > 30;		# WNOHANG
	is($ended, $pid, 'the script ends at once');
	my @left = grep { my $line = do { local $/; open my $in, '<', "$_/cmdline" or (); $in ? <$in> : '' }; defined $line && $line =~ /\Q$work\E/ } glob '/proc/[0-9]*';
	is(scalar(@left), 0, 'no process of it is left');
	ok(!-e $work, 'nor its files');
}
done_testing();
