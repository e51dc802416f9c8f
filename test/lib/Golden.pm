# The values of test/golden, and tables of them: for tests that send values somewhere and look at what arrives; and
# what else a test must know of a type. `perl -I test/lib -MGolden -e 'print Golden::fill'`.
package Golden;

use strict;
use warnings;
use File::Basename qw(basename dirname);

my $folder = dirname(__FILE__) . '/../golden';

sub types { return map { basename($_, '.v1') } sort glob "$folder/*.v1" }

# What is between <> in a file: the same byte or character many times.
sub expand { my $form = shift; $form =~ s/<([^*<>]+)\*(\d+)>/$1 x $2/ge; return $form }
sub shorten { my ($form, $unit) = @_; $form =~ s/($unit)\1{31,}/"<$1*" . length($&) \/ length($1) . '>'/ge; return $form }

# All values of a type: { value => SQL, text =>, send =>, stored => }.
sub values_of
{
	my $type = shift;
	my @values;
	open(my $in, '<', "$folder/$type.v1") or die "$type: $!";
	while (my $line = <$in>)
	{
		push @values, {} if $line =~ /^value /;
		$values[-1]{$1} = $1 eq 'value' ? $2 : expand($2) if $line =~ /^(value|text|send|stored) (.*)$/;
	}
	close $in;
	return @values;
}

# What the other lines of a type's file say: ask, sound, may (lists of expressions of v), many (a value made from i), and
# rows (a hash: the arguments of an aggregate => a row of them made from i).
sub about
{
	my $type = shift;
	my %about = (ask => [], sound => [], may => [], rows => {});
	open(my $in, '<', "$folder/$type.v1") or die "$type: $!";
	while (my $line = <$in>)
	{
		if ($line =~ /^(ask|sound|may) (.*)$/) { push @{ $about{$1} }, $2 }
		elsif ($line =~ /^many (.*)$/) { $about{many} = $1 }
		elsif ($line =~ /^rows (\S.*?) \| (.*)$/) { $about{rows}{$1} = row($2) }
	}
	close $in;
	return \%about;
}

# What {WORD} stands for in a row.
my %piece = (
	event => q{deal_event((ARRAY['lead', 'won', 'a "b", (c)', 'é'])[1 + i % 4], timestamptz '2026-01-01' + i * 37 % 400 * interval '1 hour 1 microsecond', CASE WHEN i % 2 = 0 THEN i / 7.0 END, CASE WHEN i % 3 = 0 THEN 's ' || i % 9 END)},
	stage => q{(ARRAY['lead', 'mql', 'won', 'lost', 'competitor'])[1 + i * 7 % 5]},
	at => q{timestamptz '2026-01-01' + i * 37 % 400 * interval '1 hour'},
	deal => q{(SELECT history_agg((ARRAY['lead', 'mql', 'sql', 'opportunity', 'won', 'lost', 'competitor'])[1 + (i * j) % 7], timestamptz '2026-01-01' + (i * j) % 90 * interval '5 hours', i * j / 3.0, 'C' || (i + j) % 6) FROM generate_series(1, 6) AS j)},
	name => q{(ARRAY['a', 'é "x"', 'long name with spaces', 'Z'])[1 + i % 4]},
	days => q{(SELECT duration_agg((i * j) % 23, j % 3 > 0) FROM generate_series(1, 5) AS j)},
	later => q{(SELECT duration_agg((i + j * j) % 19, j % 4 > 0) FROM generate_series(1, 5) AS j)});
sub row { return $_[0] =~ s/\{(event|stage|at|deal|name|days|later)\}/$piece{$1}/gr }

# SQL that makes a table kept_TYPE(i, v) of each type with all its values, and a NULL.
sub fill
{
	my $sql = '';
	for my $type (types())
	{
		my @values = values_of($type);
		$sql .= "CREATE TABLE kept_$type(i int PRIMARY KEY, v $type);\n";
		$sql .= "INSERT INTO kept_$type SELECT $_, $values[$_]{value};\n" for 0 .. $#values;
		$sql .= "INSERT INTO kept_$type VALUES (-1, NULL);\n";
	}
	return $sql;
}

# A query whose answer is empty while every table holds the values that were put there, to the byte
# (as made anew here, and as their binary form is stored in the file).
sub differences
{
	my @parts;
	for my $type (types())
	{
		my @values = values_of($type);
		push @parts, "SELECT '$type ' || i FROM (VALUES " . join(', ', map { "($_, (SELECT $values[$_]{value}), '\\x$values[$_]{send}'::bytea)" } 0 .. $#values)
		  . ", (-1, NULL, NULL)) AS made (i, v, send) FULL JOIN kept_$type AS kept USING (i) WHERE NOT coalesce(record_image_eq(ROW(kept.v), ROW(made.v)), false) OR ${type}_send(kept.v) IS DISTINCT FROM send";
	}
	return join(' UNION ALL ', @parts) . ';';
}

1;
