# Golden bytes: every value of test/golden, in each of its forms, is read to the
# value that its SQL makes, and written to the same bytes again. test/golden/README
# says what the files hold.

use lib 'test/lib';
use Suite qw(database sql);
use Golden;

my $little_endian = pack('L', 1) eq pack('V', 1);
my $node = database(extension => 0);
my $tempdir = PostgreSQL::Test::Utils::tempdir;
chmod 0755, $tempdir;

sql('CREATE EXTENSION enablement_metrics');
my @types = split /\n/, sql(q{SELECT typname FROM pg_type JOIN pg_depend ON objid = pg_type.oid AND classid = 'pg_type'::regclass AND deptype = 'e' WHERE typtype = 'b' AND typelem = 0 ORDER BY 1});
is(join(' ', Golden::types()), "@types", 'there is a file for every type');

# Each type as bytea and back, unchecked. (CREATE CAST refuses types of other alignment.)
sql("INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
	SELECT (SELECT max(oid::bigint) FROM pg_cast) + 100000 + row_number() OVER (), s, d, 0, 'e', 'b'
	FROM unnest('{@{[ join ',', @types ]}}'::regtype[]) AS t, LATERAL (VALUES (t, 'bytea'::regtype), ('bytea', t)) AS c (s, d)");

sub quoted { my $text = shift; $text =~ s/'/''/g; return "'$text'" }

for my $type (@types)
{
	my @values = Golden::values_of($type);
	cmp_ok(scalar(@values), '>=', 3, "$type: there are values");

	if ($ENV{WRITE_GOLDEN})
	{
		open(my $in, '<', "test/golden/$type.v1") or die "$type: $!";
		chomp(my @lines = <$in>);
		close $in;
		my @written;
		for my $i (0 .. $#lines)
		{
			push @written, $lines[$i];
			next unless $lines[$i] =~ /^value (.*)/ && ($lines[ $i + 1 ] // '') !~ /^text /;
			my ($text, $send, $stored) = split /\t/, sql("SELECT v::text || E'\\t' || encode(${type}_send(v), 'hex') || E'\\t' || encode(v::bytea || ''::bytea, 'hex') FROM (SELECT $1) AS t (v)");
			push @written, 'text ' . Golden::shorten($text, '.'), 'send ' . Golden::shorten($send, '[0-9a-f]{2}'), 'stored ' . Golden::shorten($stored, '[0-9a-f]{2}');
		}
		open(my $out, '>', "test/golden/$type.v1") or die "$type: $!";
		print $out map { "$_\n" } @written;
		close $out;
		next;
	}

	# all values of the type in one table: made, read from text, from the binary form and from stored bytes
	open(my $file, '>:raw', "$tempdir/$type") or die $!;
	print $file "PGCOPY\n\xff\r\n\0", pack('NN', 0, 0);
	print $file pack('n', 2), pack('NN', 4, $_), pack('N', length($values[$_]{send}) / 2), pack('H*', $values[$_]{send}) for 0 .. $#values;
	print $file pack('n', 0xffff);
	close $file;
	sql("CREATE TABLE received_$type(i int, v $type); COPY received_$type FROM '$tempdir/$type' (FORMAT binary);
		CREATE TABLE made_$type(i int, v $type, t text, s bytea, b $type); -- as its own type, the bytes lie where its fields are aligned
		" . join(";\n", map { "INSERT INTO made_$type SELECT $_, $values[$_]{value}, " . quoted($values[$_]{text}) . ", '\\x$values[$_]{send}', '\\x$values[$_]{stored}'::bytea::$type" } 0 .. $#values));
	my $from = "made_$type AS m JOIN received_$type AS r USING (i)";
	my $bytes = $little_endian ? 'm.b' : 'm.v';
	my %checks = (
		'is made as it was' => "record_image_eq(ROW(m.v), ROW($bytes)) AND m.v::text = t AND ${type}_send(m.v) = s",
		'text form is read' => "record_image_eq(ROW(t::$type), ROW(m.v))",
		'binary form is read' => 'record_image_eq(ROW(r.v), ROW(m.v))',
		'stored bytes are read' => "$bytes\::text = t AND ${type}_send($bytes) = s");
	for my $check (sort keys %checks)
	{
	  SKIP:
		{
			skip 'the stored bytes in the file are little-endian', 1 if $check =~ /^stored/ && !$little_endian;
			is(sql("SELECT string_agg(i::text, ' ' ORDER BY i) FILTER (WHERE NOT coalesce($checks{$check}, false)) || ' of ' || count(*) FROM $from") || 'none differs', 'none differs', "$type: each value $check");
			is(sql("SELECT count(*) FROM $from"), scalar(@values), "$type: every value was looked at") if $check =~ /^is/;
		}
	}
}
$node->stop;
done_testing();
