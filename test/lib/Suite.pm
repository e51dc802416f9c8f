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
use Test::More ();
use Time::HiRes ();

my %exported = map { $_ => 1 } qw(server database sql law pick patience run_files run_report data_directory no_server server_stayed_up);
my ($node, $no_server);

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
# methods; extension => 0 leaves the extension out.
sub server
{
	my ($name, %option) = @_;
	my %settings = (timezone => "'UTC'", fsync => 'off', jit => 'off', autovacuum => 'off', log_statement => 'none', %{ $option{settings} // {} });

	my $own = PostgreSQL::Test::Cluster->new($name, @{ $option{new} // [] });
	$own->init(extra => [ '--encoding=UTF8', '--locale=' . ($ENV{TEST_LOCALE} // 'C.UTF-8') ], @{ $option{init} // [] });
	$own->append_conf('postgresql.conf', join '', map { "$_ = $settings{$_}\n" } sort keys %settings);
	$own->start;
	$own->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics') unless exists $option{extension} && !$option{extension};
	$node //= $own;
	return $own;
}

# A database with the extension, on the server of the run if there is one. settings: those that a database can have.
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
	$node->administer(qq(CREATE DATABASE "$name" TEMPLATE template0));
	$node->administer(qq(ALTER DATABASE "$name" SET $_ = $settings{$_})) for sort keys %settings;
	$node->safe_psql('postgres', 'CREATE EXTENSION enablement_metrics') unless exists $option{extension} && !$option{extension};
	return $node;
}

# The answer to a query, on the first server or database that the file asked for.
sub sql { return $node->safe_psql('postgres', $_[0]) }

# Statements in a session that stays open, since most of a short one is the start of psql. Each call finds it as a new one.
# Returns true, and what psql printed: on an error false and the message, and the next call gets another session.
my %session;

sub ask
{
	my ($statements, $seconds) = @_;
	my $end = '-- end of the answer';

	if (!$session{psql})
	{
		local %ENV = $node->_get_env();
		@session{qw(in out error)} = ('', '', '');
		$session{timer} = IPC::Run::timeout($seconds);
		$session{psql} = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-v', 'ON_ERROR_STOP=1', '-f', '-' ],
			'<', \$session{in}, '>', \$session{out}, '2>', \$session{error}, $session{timer});
	}
	$session{timer}->start($seconds);
	@session{qw(out error)} = ('', '');
	$session{in} .= "DISCARD ALL;\n$statements\n;\n\\echo $end\n\\warn $end\n";
	my $answered = eval {
		$session{psql}->pump until ($session{out} =~ /^$end$/m && $session{error} =~ /^$end$/m) || !$session{psql}->pumpable;
		1;
	};
	my ($out, $error) = map { $session{$_} =~ s/^$end\n//mr } qw(out error);
	return (1, $out) if $answered && $session{psql}->pumpable;
	$error .= $@ unless $answered;
	eval { $answered ? $session{psql}->finish : $session{psql}->kill_kill };
	%session = ();
	return (0, $error);
}

END { eval { $session{psql}->finish } if $session{psql} }

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

# A database on a server that others use at the same time, in the place of a PostgreSQL::Test::Cluster.
package Suite::Database;

our @ISA = ('PostgreSQL::Test::Cluster');

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
