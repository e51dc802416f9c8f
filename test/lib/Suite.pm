# What the TAP files share. A file begins with
#
#	use lib 'test/lib';
#	use Suite qw(database sql law);
#
# which brings strict, warnings and Test::More too, and skips the file as root, whom initdb refuses, and without
# PostgreSQL's test modules. With `:serverless` in the list nothing is skipped; no_server() then gives the reason, or undef.
#
# database(...) gives the file a database on the server of the run, when ENABLEMENT_METRICS_SERVER names one
# ("HOST PORT USER PASSWORD", which test/run sets), and a server of its own otherwise. server(NAME, ...) always gives a
# server of its own: for files that change its settings, kill its processes, make roles, or read its log.
# Both are PostgreSQL::Test::Cluster objects whose database `postgres` belongs to the file.
package Suite;

use strict;
use warnings;
use Fcntl ();
use Test::More ();
use Time::HiRes ();

my %exported = map { $_ => 1 } qw(server database sql law pick patience run_files run_report data_directory no_server server_stayed_up);
my ($node, $no_server, $shared);

sub import
{
	my ($class, @names) = @_;
	my $caller = caller;

	strict->import;
	warnings->import;
	Test::More->export_to_level(1);

	{
		no strict 'refs';
		*{"${caller}::time"} = \&Time::HiRes::time;
	}
	my $serverless = grep { $_ eq ':serverless' } @names;
	$no_server = $> == 0 ? 'initdb refuses root'
	  : eval { require PostgreSQL::Test::Cluster; require PostgreSQL::Test::Utils; require IPC::Run; 1 } ? undef
	  : "PostgreSQL::Test modules cannot be loaded: $@";
	Test::More::plan(skip_all => $no_server) if defined $no_server && !$serverless;

	for my $name (grep { $_ ne ':serverless' } @names)
	{
		$exported{$name} or die "Suite has no $name";
		no strict 'refs';
		*{"${caller}::$name"} = \&$name;
	}
}

sub no_server { return $no_server }

# How much longer than usual to wait: PG_TEST_TIMEOUT_DEFAULT, of which 180 s is the default, is more on a slow server.
sub patience { return $PostgreSQL::Test::Utils::timeout_default / 180 }

# A server of the file's own, started. Options: settings, a hash of settings; new and init, lists of arguments of those
# methods; extension => 0 leaves the extension out of the database postgres; sessions => 1: as of database. demo => NAME makes a database NAME with the
# CRM of test/demo/crm.sql, in schema crm; generated => NAME one without the four views that map it.
sub server
{
	my ($name, %option) = @_;
	my %settings = (timezone => "'UTC'", fsync => 'off', jit => 'off', autovacuum => 'off', log_statement => 'none', %{ $option{settings} // {} });
	my @init = @{ $option{init} // [] };
	my $crm = $option{demo} // $option{generated};

	my $own = PostgreSQL::Test::Cluster->new($name, @{ $option{new} // [] });
	if ($option{new}) { $own->init(extra => initdb_options(), @init) }		# programs of its own
	else { init_as($own, defined $crm ? 'demo' : 'new', @init) }
	$own->append_conf('postgresql.conf', join '', map { "$_ = $settings{$_}\n" } sort keys %settings);
	$own->start;
	take_demo($own, $crm, defined $option{generated}) if defined $crm;
	$own->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics') unless exists $option{extension} && !$option{extension};
	$node //= $own;
	bless $own, 'Suite::Server' if $option{sessions};
	return $own;
}

sub initdb_options { return [ '--encoding=UTF8', '--locale=' . ($ENV{TEST_LOCALE} // 'C.UTF-8') ] }

# The method init, on a copy of a data directory of the run in the place of a new one: `new` is as initdb leaves it, `demo`
# has a database demo too, and a file demo.log with what psql said when it was made.
sub init_as
{
	my ($own, $kind, @init) = @_;
	my $run = \&PostgreSQL::Test::Utils::system_or_bail;

	no warnings 'redefine';
	local *PostgreSQL::Test::Utils::system_or_bail = sub {
		my @command = @_;
		return $run->(@command) unless $command[0] eq 'initdb';
		my $new = once('new', sub { my $made = shift; $run->(map { $_ eq $own->data_dir ? $made : $_ } @command) });
		my $from = $kind eq 'new' ? $new : once($kind, sub { make_demo($new, @_) });
		$run->('cp', '-RPp', $from, $own->data_dir);
	};
	$own->init(extra => initdb_options(), @init);
}

# A directory that the first file of the run to ask for it makes; a file that runs alone makes its own.
sub once
{
	my ($name, $make) = @_;
	no warnings 'once';
	my $place = $shared //= $ENV{ENABLEMENT_METRICS_SERVER} ? "$PostgreSQL::Test::Utils::tmp_check/shared" : PostgreSQL::Test::Utils::tempdir();
	mkdir $place;

	open my $lock, '>', "$place/$name.lock" or die "$place/$name.lock: $!";
	flock $lock, Fcntl::LOCK_EX() or die "$place/$name.lock: $!";
	if (!-d "$place/$name")
	{
		$make->("$place/$name.new");
		rename "$place/$name.new", "$place/$name" or die "$place/$name: $!";
	}
	return "$place/$name";
}

sub make_demo
{
	my ($new, $made) = @_;
	my $maker = PostgreSQL::Test::Cluster->new('demo_maker');
	init_as($maker, 'new');
	$maker->append_conf('postgresql.conf', "autovacuum = off\njit = off\nmax_wal_size = 64MB\nmin_wal_size = 32MB\n");
	$maker->start;
	$maker->safe_psql('postgres', 'CREATE DATABASE demo');
	$maker->psql('demo', "CREATE EXTENSION enablement_metrics;\n\\i test/demo/crm.sql\n", stdout => \my $out, stderr => \my $error, on_error_stop => 1);
	$maker->safe_psql('postgres', 'CHECKPOINT');
	$maker->stop;

	my $run = \&PostgreSQL::Test::Utils::system_or_bail;
	$run->('cp', '-RPp', $maker->data_dir, $made);
	$run->('cp', '-p', "$new/postgresql.conf", $made);
	PostgreSQL::Test::Utils::append_to_file("$made/demo.log", "$out$error");
}

# Gives the database demo of a server its name.
sub take_demo
{
	my ($own, $name, $unmapped) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 2;
	Test::More::unlike(PostgreSQL::Test::Utils::slurp_file($own->data_dir . '/demo.log'), qr/ERROR|FATAL/, 'the CRM is generated');

	$own->safe_psql('template1', 'DROP DATABASE postgres') if $name eq 'postgres';
	$own->safe_psql('template1', "ALTER DATABASE demo RENAME TO $name");
	$own->safe_psql($name, 'DROP VIEW crm.reps, crm.content_events, crm.settings; DROP MATERIALIZED VIEW crm.deals') if $unmapped;
}

# A database with the extension, on the server of the run if there is one. settings: those that a database can have.
# sessions => 1 lets safe_psql and sql use sessions that stay open: for files of many short statements, none of which
# needs a session of its own (as one does that measures the memory of a session).
sub database
{
	my (%option) = @_;
	my %settings = (timezone => "'UTC'", jit => 'off', %{ $option{settings} // {} });
	if (!$ENV{ENABLEMENT_METRICS_SERVER})
	{
		my $own = server('main', %option, settings => {});
		$own->safe_psql('postgres', "ALTER DATABASE postgres SET $_ = $settings{$_}") for sort keys %settings;
		return $own;
	}

	(my $name = $0) =~ s{.*/|\.pl$}{}g;
	$node = Suite::Database->new($name, split / /, $ENV{ENABLEMENT_METRICS_SERVER});
	$node->{sessions} = $option{sessions};
	$node->administer(qq(CREATE DATABASE "$name" TEMPLATE template0));
	$node->administer(qq(ALTER DATABASE "$name" SET $_ = $settings{$_})) for sort keys %settings;
	$node->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics') unless exists $option{extension} && !$option{extension};
	return $node;
}

# The answer to a query, on the first server or database that the file asked for.
sub sql { return $node->safe_psql('postgres', $_[0]) }

# Statements in a session that stays open, since most of a short one is the start of psql. Each call finds it as a new one.
# Returns true, and what psql printed and warned of: on an error false and the message, and the next call gets another session.
my %session;		# of a connection string and PG* variables

sub ask
{
	my ($statements, $seconds, $own, $database) = @_;
	$own //= $node;
	local %ENV = $own->_get_env();
	my $connection = $own->connstr($database // 'postgres');
	my $open = $session{ join "\n", $connection, map { "$_=$ENV{$_}" } sort grep { /^PG/ } keys %ENV } //= {};
	my $end = '-- end of the answer';

	if (!$open->{psql} || !$open->{psql}->pumpable)
	{
		@$open{qw(in out error)} = ('', '', '');
		$open->{timer} = IPC::Run::timeout($seconds);
		$open->{psql} = IPC::Run::start([ 'psql', '-XAtq', '-d', $connection, '-v', 'ON_ERROR_STOP=1', '-f', '-' ],
			'<', \$open->{in}, '>', \$open->{out}, '2>', \$open->{error}, $open->{timer});
	}
	$open->{timer}->start($seconds);
	@$open{qw(out error)} = ('', '');
	$open->{in} .= "DISCARD ALL;\n$statements\n;\n\\echo $end\n\\warn $end\n";
	my $answered = eval {
		$open->{psql}->pump until ($open->{out} =~ /^$end$/m && $open->{error} =~ /^$end$/m) || !$open->{psql}->pumpable;
		1;
	};
	my ($out, $error) = map { $open->{$_} =~ s/^$end\n//mr } qw(out error);
	return (1, $out, $error) if $answered && $open->{psql}->pumpable;
	$error .= $@ unless $answered;
	eval { $answered ? $open->{psql}->finish : $open->{psql}->kill_kill };
	%$open = ();
	return (0, $error);
}

# Ends the sessions that are open.
sub part
{
	for my $open (values %session)
	{
		eval { $open->{psql}->finish } if $open->{psql};
	}
	%session = ();
}

END { local $?; part() }

# A law is a query (g, ...) of the cases that break it: the test passes when there are none. settings go before it.
sub law
{
	my ($name, $query, $settings) = @_;
	my $started = Time::HiRes::time();
	my ($sound, $out) = ask(($settings // '') . "SELECT g FROM ($query) AS broken GROUP BY g ORDER BY g", 120 * patience());
	my @broken = $sound ? split(/\n/, $out) : ();

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	Test::More::ok($sound && !@broken, sprintf('%s (%.1f s)', $name, Time::HiRes::time() - $started));
	Test::More::diag("$name: $out") unless $sound;
	Test::More::diag("$name: broken for " . scalar(@broken) . " cases, first @broken[0 .. ($#broken > 4 ? 4 : $#broken)]") if @broken;
}

# One of its arguments, at random.
sub pick { return $_[ int(rand(@_)) ] }

# Runs files with psql -f in a database, from a directory, and tests that there is no error; returns what psql prints.
# Relative names of files are those of the repository.
sub run_files
{
	my ($database, $directory, @files) = @_;
	require Cwd;
	my $home = Cwd::getcwd();
	local %ENV = $node->_get_env();

	chdir $directory or die "$directory: $!";
	my ($out, $error) = PostgreSQL::Test::Utils::run_command([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-P', 'footer=off',
		'-d', $node->connstr($database), map { ('-f', m{^/} ? $_ : "$home/$_") } @files ]);
	chdir $home;

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	Test::More::unlike($error, qr/ERROR|FATAL/, join(' ', map { s{.*/}{}r } @files) . ' run without an error');
	return $out;
}

# Runs report/enablement-report on a database, with options, and tests that there is no error; returns what it writes.
sub run_report
{
	my ($database, @options) = @_;
	local %ENV = $node->_get_env();
	my ($out, $error) = PostgreSQL::Test::Utils::run_command([ 'report/enablement-report', '--dbname', $node->connstr($database), @options ]);

	local $Test::Builder::Level = $Test::Builder::Level + 1;
	Test::More::unlike($error, qr/ERROR|FATAL|^enablement-report: /m, "enablement-report @options runs without an error");
	return $out;
}

# The directory of real data sets that ENABLEMENT_METRICS_DATA names; the file is skipped where it names none.
sub data_directory
{
	my $data = $ENV{ENABLEMENT_METRICS_DATA} // '';
	Test::More::plan(skip_all => 'ENABLEMENT_METRICS_DATA names no directory') unless -d $data;
	return $data;
}

# Tests that no process of a server of the file's own died.
sub server_stayed_up
{
	my $own = $_[0] // $node;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	Test::More::unlike(PostgreSQL::Test::Utils::slurp_file($own->logfile), qr/was terminated by signal|server process .* exited|PANIC|TRAP:/, 'the server never went down');
}

# A server whose safe_psql uses sessions that stay open, but for what psql or a session of its own must do.
package Suite::Server;

our @ISA = ('PostgreSQL::Test::Cluster');

my $apart = qr{\\(?!x)|/proc/self|\b(?:BEGIN\s*;|TRANSACTION|PREPARE|COMMIT|ROLLBACK|LOAD|DATABASE|ROLE|SYSTEM|EXTENSION|SUBSCRIPTION|pg_backend_pid|pg_terminate_backend)\b}i;

sub safe_psql
{
	my ($self, $database, $statements, %how) = @_;
	if (%how || $statements =~ $apart)
	{
		Suite::part();
		return $self->SUPER::safe_psql($database, $statements, %how);
	}

	my ($sound, $out, $error) = Suite::ask($statements, $PostgreSQL::Test::Utils::timeout_default, $self, $database);
	die "error running SQL: '$out'\nwith sql '$statements'" unless $sound;
	print "#### Begin standard error\n$error\n#### End standard error\n" if $error ne '';
	chomp $out;
	return $out;
}

# A database on a server that others use at the same time, in the place of a PostgreSQL::Test::Cluster.
package Suite::Database;

our @ISA = ('Suite::Server');

sub new
{
	my ($class, $name, $host, $port, $user, $password) = @_;
	return bless { _name => $name, _host => $host, _port => $port, user => $user, password => $password // '' }, $class;
}

# The database `postgres` of the file; others that it makes by create_database() carry its name too.
sub connstr
{
	my ($self, $database) = @_;
	my $name = !defined $database || $database eq 'postgres' ? $self->{_name} : $database;
	return $self->SUPER::connstr($name);
}

sub _get_env
{
	my ($self, @changes) = @_;
	return $self->SUPER::_get_env(PGUSER => $self->{user}, PGPASSWORD => $self->{password}, @changes);
}

sub safe_psql
{
	my ($self, @arguments) = @_;
	return $self->{sessions} ? $self->SUPER::safe_psql(@arguments) : $self->PostgreSQL::Test::Cluster::safe_psql(@arguments);
}

sub administer
{
	my ($self, $statement) = @_;
	return $self->safe_psql('template1', $statement);
}

sub stop
{
	my ($self) = @_;
	$self->administer(qq(DROP DATABASE IF EXISTS "$self->{_name}" WITH (FORCE)));
}

1;
