# The values of test/golden, and tables of them: for tests that send values somewhere
# and look at what arrives. `perl -I test/lib -MGolden -e 'print Golden::fill'`.
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
