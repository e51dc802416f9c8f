# `make install datadir=DIR/share pkglibdir=DIR/lib` puts everything below a directory of one's own, and PostgreSQL 18 and
# later find it there: extension_control_path names where the control file is, dynamic_library_path where the library is.
# (`prefix=DIR` alone says the same where the server was built without directories of its own; Debian's is built with.)

use lib 'test/lib';
use Suite qw(server);
use Cwd qw(getcwd);
use File::Find qw(find);

my $pg_config = $ENV{PG_CONFIG} // 'pg_config';
my ($version) = `$pg_config --version` =~ /^PostgreSQL (\d+)/;
plan(skip_all => "extension_control_path came with PostgreSQL 18, this is $version") if $version < 18;

my $prefix = PostgreSQL::Test::Utils::tempdir;
my $out = `env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES make -s with_llvm=no install datadir=$prefix/share pkglibdir=$prefix/lib 2>&1`;
is($?, 0, 'make install under a prefix') or diag($out);
my %found;
find(sub { $found{$_} = $File::Find::dir if /^enablement_metrics(?:\.control|--1\.0\.sql|\.so|\.dylib)$/ }, $prefix);
my ($library) = grep { /\.(?:so|dylib)$/ } keys %found;
ok($found{'enablement_metrics.control'} && $found{'enablement_metrics--1.0.sql'} && $library, 'control file, script and library are below it')
  or diag(`find $prefix`);
my $share = ($found{'enablement_metrics.control'} // '') =~ s{/extension$}{}r;

# The control path without $system: what the server's own directory holds cannot help. Its libraries stay behind ours, for plpgsql.
my $node = server('prefix', extension => 0, settings => { extension_control_path => "'$share'", dynamic_library_path => "'$found{$library}:\$libdir'" });
is($node->safe_psql('postgres', q{CREATE EXTENSION enablement_metrics; SELECT percent(rate_agg(i % 4 = 0)) FROM generate_series(1, 8) AS i}), '25', 'the extension is created from there, and answers');
is($node->safe_psql('postgres', q{SELECT deal_history_out(deal_history(deal_event('won', '2026-01-02')))}), '{"(won,2026-01-02T00:00:00Z,,)"}', '... in another session, too');
SKIP:
{
	skip 'no /proc here', 1 unless -r '/proc/self/maps';
	like($node->safe_psql('postgres', q{SELECT percent(rate_summary(1, 4)); SELECT pg_read_file('/proc/self/maps')}), qr{\Q$found{$library}/$library\E}, 'the library in use is that one');
}

done_testing();
