# Values of every type go between databases of three encodings, as text and in binary, in each encoding that a client may
# have between them: what arrives is what the other database makes of the same rows, to the byte. A name that an encoding
# does not have is PostgreSQL's own error.

use lib 'test/lib';
use Suite qw(server);
use Golden;
use utf8;

my @encodings = qw(UTF8 LATIN1 EUC_JP);
my $node = server('encodings', extension => 0);
my $tempdir = PostgreSQL::Test::Utils::tempdir;
chmod 0777, $tempdir;

# Names that all three have. Their bytes have another order in each, and é has 1, 2 and 3 of them: lengths pass 127 on the way.
my $names = "ARRAY['è', 'é', 'ø', 'z', 'a \"ß\"', repeat('é', 80), 'lead', repeat('x', 130)]";
my $name = sub { my $n = shift; return "($names)[1 + ($n) % 8]" };
my $history = "(SELECT history_agg(k, timestamptz '2026-01-01' + j * interval '1 day', j * 1.5, " . $name->('i + j') . ") FROM unnest(ARRAY['lead', 'competitor', 'è', 'competitor', 'ø', repeat('é', 80), CASE i % 3 WHEN 0 THEN 'é' WHEN 1 THEN 'lost' ELSE 'won' END]) WITH ORDINALITY AS u (k, j) WHERE j <> i % 7)";
my $progress = "deal_progress($history, ARRAY['lead', 'è', 'ø', repeat('é', 80), 'won'], exits => ARRAY['lost', 'é', 'z', 'à', 'ñ'], optional => '{è}', within => CASE i % 2 WHEN 0 THEN interval '30 days' END, as_of => '2026-06-01')";
my %labelled = (
	deal_event => "deal_event(" . $name->('i') . ", timestamptz '2026-01-01' + i * interval '1 hour', i / 7.0, " . $name->('i / 2') . ")",
	deal_history => $history,
	deal_progress => $progress,
	deal_outcome => "deal_outcome($history, as_of => '2026-06-01')",
	funnel_summary => "(SELECT funnel_agg(p) FROM (SELECT $progress) AS t (p))",
	win_summary => "(SELECT win_agg(j % 3 = 0, ARRAY[" . $name->('j') . ', ' . $name->('j * 3 + i') . "], j * 10.5) FROM generate_series(1, i) AS j)",
	content_summary => "(SELECT content_agg(" . $name->('j') . ', ' . $name->('i * j') . " || j % 9, j) FROM generate_series(1, i) AS j)",
	rollout_summary => "(SELECT rollout_agg(" . $name->('j') . ", CASE WHEN j % 8 > 3 THEN date '2026-01-01' END, date '2026-01-01' + j % 3 * 31, j % 2 = 0) FROM generate_series(1, 10 + i) AS j)");
my @types = Golden::types();
my %value = map { $_ => $labelled{$_} // Golden::about($_)->{many} } @types;
my $make = 'SELECT i, ' . join(', ', map { "$value{$_} AS $_" } @types) . ' FROM generate_series(1, 24) AS i';
my $columns = 'i int, ' . join(', ', map { "$_ $_" } @types);

# SQL is written here in UTF-8, which psql says the client's encoding is.
sub ask
{
	my ($database, $sql) = @_;
	utf8::encode($sql);
	local $ENV{PGCLIENTENCODING} = 'UTF8';
	return $node->psql(lc $database, $sql, on_error_stop => 1);
}
sub answer
{
	my ($status, $out, $err) = ask(@_);
	return $status == 0 ? $out : "error $err";
}

# PostgreSQL has no way from LATIN1 to EUC_JP but by UTF8.
sub converts { my ($here, $there) = @_; return $here eq $there || $here eq 'UTF8' || $there eq 'UTF8' }

for my $encoding (@encodings)
{
	$node->safe_psql('postgres', "CREATE DATABASE \"\L$encoding\E\" ENCODING '$encoding' LOCALE 'C' TEMPLATE template0");
	is(answer($encoding, "CREATE EXTENSION enablement_metrics; CREATE TABLE made AS $make; CREATE TABLE kept ($columns); SELECT count(*) FROM made"), '24', "$encoding: values are made");
}
for my $from (@encodings)
{
	for my $wire (grep { converts($from, $_) } @encodings)
	{
		for my $format (qw(text binary))
		{
			my $file = "$tempdir/$from.$wire.$format";
			is(answer($from, "SET client_encoding = '$wire'; COPY made TO '$file' (FORMAT $format)"), '', "$from sends $format to a client of $wire");
			for my $to (grep { converts($_, $wire) } @encodings)
			{
				is(answer($to, "SET client_encoding = '$wire'; TRUNCATE kept; COPY kept FROM '$file' (FORMAT $format); RESET client_encoding;
					SELECT string_agg(i || ' ' || name, ', ') FROM made JOIN kept USING (i), LATERAL (VALUES " . join(', ', map { "('$_', record_image_eq(ROW(made.$_), ROW(kept.$_)))" } @types) . ") AS t (name, same) WHERE NOT same;
					SELECT count(*) FROM kept"), "\n24", "$to receives the same values from $from as $format in $wire");
			}
		}
	}
}

# What another encoding does not have, on the way out and on the way in
my %japanese = map { $_ => $labelled{$_} =~ s/è/会社/gr } keys %labelled;
is(answer('UTF8', 'CREATE TABLE japanese AS SELECT i, ' . join(', ', map { "$japanese{$_} AS $_" } sort keys %japanese) . ' FROM generate_series(9, 24) AS i'), '', 'values with Japanese names are made');
for my $type (sort keys %japanese)
{
	for my $format (qw(text binary))
	{
		my $file = "$tempdir/japanese.$type.$format";
		my ($status, undef, $error) = ask('UTF8', "\\set VERBOSITY verbose\nSET client_encoding = 'LATIN1'; COPY japanese ($type) TO '$file' (FORMAT $format)");
		like($error, qr/22P05/, "$type as $format: LATIN1 does not have the name, going out");
		is(answer('UTF8', "COPY japanese ($type) TO '$file' (FORMAT $format)"), '', "$type as $format: UTF8 has it");
		($status, undef, $error) = ask('LATIN1', "\\set VERBOSITY verbose\nSET client_encoding = 'UTF8'; COPY kept ($type) FROM '$file' (FORMAT $format)");
		like($error, qr/22P05/, "$type as $format: LATIN1 does not have the name, coming in");
		is(answer('EUC_JP', "TRUNCATE kept; SET client_encoding = 'UTF8'; COPY kept ($type) FROM '$file' (FORMAT $format); RESET client_encoding; CREATE TABLE IF NOT EXISTS japanese AS SELECT i, " . join(', ', map { "$japanese{$_} AS $_" } sort keys %japanese) . " FROM generate_series(9, 24) AS i;
			SELECT count(*) FROM (SELECT ${type}_send($type) FROM kept EXCEPT ALL SELECT ${type}_send($type) FROM japanese) AS t"), '0', "$type as $format: EUC_JP has it");
	}
}

# A name may be longer in another encoding than a label may be there: an error that says so
for my $type (qw(deal_event win_summary deal_progress))
{
	my $value = { deal_event => "deal_event(repeat('é', 200), '2026-01-01')", win_summary => "win_agg(true, ARRAY[repeat('é', 200)])", deal_progress => "deal_progress('{}', ARRAY['a', repeat('é', 200)], as_of => '2026-01-01')" }->{$type};
	is(answer('LATIN1', "SET client_encoding = 'UTF8'; COPY (SELECT $value) TO '$tempdir/long' (FORMAT binary)"), '', "$type: sent");
	my ($status, undef, $error) = ask('UTF8', "\\set VERBOSITY verbose\nSET client_encoding = 'UTF8'; COPY kept ($type) FROM '$tempdir/long' (FORMAT binary)");
	like($error, qr/54000|22P03.*out of range/, "$type: 400 bytes in UTF8 are too many");
	is(answer('LATIN1', "SET client_encoding = 'UTF8'; TRUNCATE kept; COPY kept ($type) FROM '$tempdir/long' (FORMAT binary); SELECT record_image_eq(ROW($type), ROW((SELECT $value))) FROM kept"), 't', "$type: and come back");
}

done_testing();
