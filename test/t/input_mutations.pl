# Damaged input: bits flipped, bytes lost, inserted or repeated, lengths changed,
# in the binary form, the text form, the jsonb form and the stored bytes of every
# type. The answer is an error with a SQLSTATE of its own or a sound value; never
# a crash, an internal error or an allocation a length field asked for.
#
# SEED and MUTATIONS in the environment choose others.

use lib 'test/lib';
use Suite qw(server pick server_stayed_up);
use Golden;

use File::Temp;

my $seed = $ENV{SEED} // 20260302;
my $binary_mutations = $ENV{MUTATIONS} // 2000;
my $text_mutations = int($binary_mutations / 2);
my $batch = 1000;
srand($seed);

my $node = server('mutations', sessions => 1, settings => { statement_timeout => int($PostgreSQL::Test::Utils::timeout_default * 2 / 3) . 's' });
my $tempdir = PostgreSQL::Test::Utils::tempdir;
chmod 0755, $tempdir;
# a file for each binary mutation: in memory, where there is a file system for that
my $mutants = -w '/dev/shm' ? File::Temp::tempdir(DIR => '/dev/shm', CLEANUP => 1) : $tempdir;
chmod 0755, $mutants;

#
# The types: values to start from, and what to ask of a value that was let in
#
my @types;
for my $name (Golden::types())
{
	my @seeds = map { $_->{value} } grep { length $_->{send} < 8000 } Golden::values_of($name);
	push @types, { name => $name, seeds => \@seeds, %{ Golden::about($name) } };
}
@types = grep { my $n = $_->{name}; grep { $_ eq $n } split /,/, $ENV{TYPES} } @types if $ENV{TYPES};

# An error of these classes is an answer: data exception, program limit, damaged
# value, and the protocol error of a message that ends too early.
my $answers = '^(22|54|XX001|08P01)';

$node->safe_psql('postgres', q{
CREATE TABLE outcome(type text, form text, id int, step text, state text, message text);
CREATE TABLE mutation(id int, input text);
CREATE FUNCTION memory_peak() RETURNS bigint LANGUAGE sql AS
$$ SELECT substring(pg_read_file('/proc/self/status') FROM 'VmPeak:\s+(\d+) kB')::bigint $$;
});

for my $type (@types)
{
	my $name = $type->{name};
	my $asks = '';
	for my $mode (qw(ask may))
	{
		for my $expression (@{ $type->{$mode} // [] })
		{
			(my $label = $expression) =~ s/'/''/g;
			my $tolerated = $mode eq 'may' ? "'$answers'" : "allowed";
			$asks .= "BEGIN PERFORM $expression; EXCEPTION WHEN OTHERS THEN IF SQLSTATE !~ $tolerated THEN INSERT INTO outcome VALUES ('$name', form, id, '$label', SQLSTATE, SQLERRM); END IF; answer := coalesce(answer, SQLSTATE); END;\n";
		}
	}
	for my $expression (@{ $type->{sound} // [] })
	{
		(my $label = $expression) =~ s/'/''/g;
		$asks .= "IF allowed = '^never' THEN IF NOT coalesce($expression, false) THEN INSERT INTO outcome VALUES ('$name', form, id, 'unsound: $label', '', v::text); END IF; END IF;\n";
	}
	$node->safe_psql('postgres', qq{
CREATE TABLE seed_$name(v $name);
INSERT INTO seed_$name SELECT unnest(ARRAY[@{[ join(', ', map { "($_)" } @{ $type->{seeds} }) ]}]);
CREATE TABLE hurt_$name(v $name);
-- Asks everything of a value; gives the SQLSTATE of the first complaint. A value
-- that came in through the door must be sound: then `allowed` matches no SQLSTATE.
CREATE FUNCTION ask_$name(v $name, form text, id int, allowed text) RETURNS text LANGUAGE plpgsql AS \$f\$
DECLARE
	answer text;
BEGIN
$asks
	RETURN answer;
END \$f\$;
-- values let in by COPY are asked where they arrive, and not stored
CREATE FUNCTION arrived_$name() RETURNS trigger LANGUAGE plpgsql AS \$f\$
DECLARE
	id int := current_setting('mutation.id');
BEGIN
	IF NEW.v IS NULL THEN		-- a length of -1
		RETURN NULL;
	END IF;
	PERFORM ask_$name(NEW.v, 'binary form', id, '^never');
	BEGIN
		IF NOT record_image_eq(ROW(NEW.v::text::$name), ROW(NEW.v)) OR ${name}_send(NEW.v::text::$name) <> ${name}_send(NEW.v) THEN
			INSERT INTO outcome VALUES ('$name', 'binary form', id, 'not canonical', '', NEW.v::text);
		END IF;
	EXCEPTION WHEN OTHERS THEN
		INSERT INTO outcome VALUES ('$name', 'binary form', id, 'text form', SQLSTATE, SQLERRM);
	END;
	RETURN NULL;
END \$f\$;
CREATE TRIGGER arrived BEFORE INSERT ON hurt_$name FOR EACH ROW EXECUTE FUNCTION arrived_$name();
});
}

sub mutate
{
	my ($data, $bytes) = @_;
	for (1 .. pick(1, 1, 1, 2, 3))
	{
		my $n = length $data;
		my $at = $n ? int(rand($n)) : 0;
		my $how = int(rand(9));
		if ($how == 0 || $how == 1)
		{
			substr($data, $at, 1) = chr(ord(substr($data, $at, 1)) ^ (1 << int(rand(8)))) if $n;
		}
		elsif ($how == 2) { $data = substr($data, 0, $at) }
		elsif ($how == 3) { substr($data, $at, pick(1, 1, 2, 4, 8)) = '' if $n }
		elsif ($how == 4) { substr($data, $at, 0) = join('', map { chr(int(rand(256))) } 1 .. pick(1, 1, 2, 4, 8, 40)) }
		elsif ($how == 5) { my $part = substr($data, $at, 1 + int(rand(16))); substr($data, $at, 0) = $part x pick(1, 2, 50) if $n }
		elsif ($how == 6)
		{
			# a field of 1, 2, 4 or 8 bytes set to a bound
			my $field = pick("\x00", "\x7f", "\x80", "\xff", "\x00\x00\x00\x00", "\x7f\xff\xff\xff", "\xff\xff\xff\xff", "\x80\x00\x00\x00", "\x00\x00\xff\xff", "\x3f\xff\xff\xff",
				"\x7f\xff\xff\xff\xff\xff\xff\xff", "\x80\x00\x00\x00\x00\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff");
			substr($data, $at, length $field) = $field if $n >= $at + length $field;
		}
		elsif ($how == 7) { substr($data, $at, 1) = chr((ord(substr($data, $at, 1)) + pick(1, 255)) & 255) if $n }
		elsif ($how == 8) { my $from = int(rand($n || 1)); substr($data, $at, 4) = substr($data, $from, 4) if $n > 8 && $at + 4 <= $n && $from + 4 <= $n }
	}
	return $data;
}

# Runs ids first..last of a loop; after a crash, finds the first id that did it.
sub run_batch
{
	my ($type, $form, $first, $last, $loop) = @_;
	my ($stdout, $stderr) = ('', '');
	my $rc = $node->psql('postgres', sprintf($loop, $first, $last), stdout => \$stdout, stderr => \$stderr, on_error_stop => 1);
	return 1 if $rc == 0;
	$node->poll_query_until('postgres', 'SELECT true');
	if ($last > $first)
	{
		my $middle = int(($first + $last) / 2);
		return run_batch($type, $form, $first, $middle, $loop) && run_batch($type, $form, $middle + 1, $last, $loop);
	}
	diag("$type, $form: mutation $first breaks the server or the loop: $stderr");
	return 0;
}

sub report
{
	my ($type, $form, $count, $started) = @_;
	my $unexpected = $node->safe_psql('postgres', "SELECT count(*) FROM outcome WHERE type = '$type' AND form = '$form' AND (state !~ '$answers|^00000' OR step <> 'input')");
	is($unexpected, '0', sprintf('%s: %d mutations of the %s: sound or an error of its own (%.1f s)', $type, $count, $form, time - $started));
	diag($node->safe_psql('postgres', "SELECT concat_ws(' | ', type, form, step, state, count(*) || ' times', 'first id ' || min(id), left(min(message), 120)) FROM outcome
		WHERE type = '$type' AND form = '$form' AND (state !~ '$answers|^00000' OR step <> 'input') GROUP BY type, form, step, state ORDER BY count(*) DESC LIMIT 12")) if $unexpected;
	my $states = $node->safe_psql('postgres', "SELECT string_agg(CASE state WHEN '00000' THEN 'accepted' ELSE state END || ' ' || n, ', ' ORDER BY n DESC) FROM (SELECT state, count(*) AS n FROM outcome WHERE type = '$type' AND form = '$form' AND step = 'input' GROUP BY 1) AS t");
	note("$type, $form: $states");
	is($node->safe_psql('postgres', "SELECT count(*) FROM outcome WHERE type = '$type' AND form = '$form' AND step = 'input'"), $count, "$type: every mutation of the $form was tried");
	my $growth = $node->safe_psql('postgres', "SELECT coalesce(max(message::bigint), 0) / 1024 FROM outcome WHERE type = '$type' AND form = '$form memory'");
	cmp_ok($growth, '<', 200, "$type: mutations of the $form allocate within reason ($growth MB)");
}

sub measured
{
	my ($type, $form, $body) = @_;
	return "SELECT memory_peak() AS before \\gset\n$body;\nINSERT INTO outcome VALUES ('$type', '$form memory', %1\$d, 'memory', '', memory_peak() - :before);";
}

for my $type (@types)
{
	my $name = $type->{name};
	my $started = time;

	#
	# binary form, through COPY
	#
	$node->safe_psql('postgres', "COPY seed_$name TO '$tempdir/$name.seed' (FORMAT binary)");
	my $copied = PostgreSQL::Test::Utils::slurp_file("$tempdir/$name.seed");
	my $offset = 19;
	my @payloads;
	while ((my $fields = unpack('n', substr($copied, $offset, 2))) != 0xffff)
	{
		my $length = unpack('N', substr($copied, $offset + 2, 4));
		push @payloads, substr($copied, $offset + 6, $length);
		$offset += 6 + $length;
	}
	is(scalar(@payloads), scalar(@{ $type->{seeds} }), "$name: binary form of the seeds");

	# all single bits and all truncations of the shorter seeds first, then at random
	my @mutants;
	for my $payload (grep { length($_) <= 80 } @payloads)
	{
		push @mutants, substr($payload, 0, $_) for 0 .. length($payload) - 1;
		for my $bit (0 .. 8 * length($payload) - 1)
		{
			my $mutant = $payload;
			vec($mutant, $bit, 1) ^= 1;
			push @mutants, $mutant;
		}
	}
	@mutants = @mutants[ 0 .. $binary_mutations / 2 - 1 ] if @mutants > $binary_mutations / 2;
	push @mutants, mutate(pick(@payloads), 1) while @mutants < $binary_mutations;
	mkdir "$mutants/$name";
	for my $id (1 .. @mutants)
	{
		open(my $file, '>:raw', "$mutants/$name/$id") or die $!;
		my $length = length $mutants[ $id - 1 ];
		# now and then the length in the COPY stream lies too
		$length += pick(-1, 1, 4, 1000, -$length - 1, 0x7fffffff - $length) if $id % 100 == 0;
		print $file "PGCOPY\n\xff\r\n\0", pack('NN', 0, 0), pack('n', 1), pack('N', $length & 0xffffffff), $mutants[ $id - 1 ], pack('n', 0xffff);
		close $file;
	}
	my $ok = 1;
	my $form = 'binary form';
	my $loop = measured($name, $form, qq{DO \$d\$
BEGIN
	FOR id IN %1\$d .. %2\$d LOOP
		PERFORM set_config('mutation.id', id::text, false);
		BEGIN
			EXECUTE 'COPY hurt_$name FROM ''$mutants/$name/' || id || ''' (FORMAT binary)';
			INSERT INTO outcome VALUES ('$name', '$form', id, 'input', '00000');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO outcome VALUES ('$name', '$form', id, 'input', SQLSTATE, SQLERRM);
		END;
	END LOOP;
END \$d\$});
	for (my $first = 1; $first <= @mutants; $first += $batch)
	{
		my $last = $first + $batch - 1 > @mutants ? scalar(@mutants) : $first + $batch - 1;
		$ok &= run_batch($name, $form, $first, $last, $loop);
	}
	ok($ok, "$name: no crash from the $form");
	report($name, $form, scalar(@mutants), $started);
	system("rm -rf '$mutants/$name'");

	#
	# stored bytes: the value as bytea, its content mutated, taken back unchecked
	#
	$started = time;
	$form = 'stored bytes';
	# (CREATE CAST refuses types of other alignment; every value here is on the heap, hence aligned)
	$node->safe_psql('postgres', "INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
		SELECT (SELECT max(oid::bigint) FROM pg_cast) + row_number() OVER () + 100000, s, d, 0, 'e', 'b'
		FROM (VALUES ('$name'::regtype, 'bytea'::regtype), ('bytea', '$name')) AS c(s, d); TRUNCATE mutation");
	my @stored = map { pack('H*', $_) } split /\n/, $node->safe_psql('postgres', "SELECT encode((v::bytea || ''::bytea), 'hex') FROM seed_$name");
	open(my $file, '>', "$tempdir/mutation") or die $!;
	for my $id (1 .. $text_mutations)
	{
		print $file "$id\t", unpack('H*', mutate(pick(@stored), 1)), "\n";
	}
	close $file;
	$node->safe_psql('postgres', "COPY mutation FROM '$tempdir/mutation'; CREATE INDEX IF NOT EXISTS mutation_id ON mutation(id); ANALYZE mutation");
	$loop = measured($name, $form, qq{DO \$d\$
DECLARE
	m record;
	value $name;
BEGIN
	FOR m IN SELECT id, decode(input, 'hex') AS bytes FROM mutation WHERE id BETWEEN %1\$d AND %2\$d LOOP
		value := m.bytes::$name;
		INSERT INTO outcome VALUES ('$name', '$form', m.id, 'input', coalesce(ask_$name(value, '$form', m.id, '$answers'), '00000'));
	END LOOP;
END \$d\$});
	$ok = 1;
	for (my $first = 1; $first <= $text_mutations; $first += $batch)
	{
		my $last = $first + $batch - 1 > $text_mutations ? $text_mutations : $first + $batch - 1;
		$ok &= run_batch($name, $form, $first, $last, $loop);
	}
	ok($ok, "$name: no crash from the $form");
	report($name, $form, $text_mutations, $started);

	#
	# text and jsonb forms
	#
	my @forms = ([ 'text form', $name, 'text' ]);
	push @forms, [ 'jsonb form', 'jsonb', 'jsonb' ]
	  if $node->safe_psql('postgres', "SELECT count(*) FROM pg_cast WHERE castsource = 'jsonb'::regtype AND casttarget = '$name'::regtype") eq '1';
	for my $each (@forms)
	{
		my ($form, $through) = @$each;
		$started = time;
		my @texts = map { pack('H*', $_) } split /\n/, $node->safe_psql('postgres', "SELECT encode(convert_to(v::$each->[2]::text, 'UTF8'), 'hex') FROM seed_$name");
		my @pieces = ('"', "'", '\\', '(', ')', '{', '}', ',', ' ', "\t", ':', '[', ']', 'NULL', 'null', 'true', '-', '.', 'e', 'E400', '0', '9', '99999999999999999999', '1e5', 'infinity', 'NaN', 'BC', 'Z', '+99', 'T', 'é',
			'\\u0000', '\\"', '""', '{}', '()', '-1', '294277', '"version":2', '"version":1', 'a' x 300);
		open(my $file, '>:raw', "$tempdir/mutation") or die $!;
		for my $id (1 .. $text_mutations)
		{
			my $text = pick(@texts);
			utf8::decode($text);
			for (1 .. pick(1, 1, 1, 2, 3, 6))
			{
				my $n = length $text;
				my $at = $n ? int(rand($n)) : 0;
				my $how = int(rand(6));
				if ($how == 0) { substr($text, $at, 1) = chr(1 + int(rand(126))) if $n }
				elsif ($how == 1) { substr($text, $at, pick(1, 1, 2, 5)) = '' if $n }
				elsif ($how == 2) { substr($text, $at, 0) = do { my $p = pick(@pieces); utf8::decode($p); $p } }
				elsif ($how == 3) { my $part = substr($text, $at, 1 + int(rand(20))); substr($text, $at, 0) = $part }
				elsif ($how == 4) { $text = substr($text, 0, $at) if rand() < 0.3 }
				elsif ($how == 5) { substr($text, $at, 1) = do { my $p = pick(@pieces); utf8::decode($p); $p } if $n }
			}
			utf8::encode($text);
			$text =~ s/\0//g;
			print $file "$id\t", unpack('H*', $text), "\n";
		}
		close $file;
		$node->safe_psql('postgres', "TRUNCATE mutation; COPY mutation FROM '$tempdir/mutation'");
		my $loop = measured($name, $form, qq{DO \$d\$
DECLARE
	m record;
	value $name;
BEGIN
	FOR m IN SELECT id, convert_from(decode(input, 'hex'), 'UTF8') AS t FROM mutation WHERE id BETWEEN %1\$d AND %2\$d LOOP
		BEGIN
			value := m.t::${through}::$name;
			INSERT INTO outcome VALUES ('$name', '$form', m.id, 'input', '00000');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO outcome VALUES ('$name', '$form', m.id, 'input', SQLSTATE, SQLERRM);
			CONTINUE;
		END;
		IF value IS NOT NULL THEN
			PERFORM ask_$name(value, '$form', m.id, '^never');
			IF NOT (record_image_eq(ROW(value::text::$name), ROW(value))) THEN
				INSERT INTO outcome VALUES ('$name', '$form', m.id, 'not canonical', '', value::text);
			END IF;
		END IF;
	END LOOP;
END \$d\$});
		$ok = 1;
		for (my $first = 1; $first <= $text_mutations; $first += $batch)
		{
			my $last = $first + $batch - 1 > $text_mutations ? $text_mutations : $first + $batch - 1;
			$ok &= run_batch($name, $form, $first, $last, $loop);
		}
		ok($ok, "$name: no crash from the $form");
		report($name, $form, $text_mutations, $started);
	}
}

#
# Soft errors: whatever input refuses, it refuses without throwing.
#
SKIP:
{
	skip 'soft errors came with PostgreSQL 16', 1
	  if $node->safe_psql('postgres', "SELECT current_setting('server_version_num')::int >= 160000") ne 't';
	my $most = '9223372036854775807';
	my $funnel = $node->safe_psql('postgres', "SELECT funnel_agg(deal_progress(deal_history(deal_event('lead', '2026-01-01')), as_of => '2026-02-01'))");
	(my $outcomes = $funnel) =~ s/"outcomes":\[/"outcomes":[[1,"open",$most],[1,"open",$most],/;
	(my $days = $funnel) =~ s/"step_days":\[/"step_days":[[1,0,$most,0,0],[1,0,$most,0,0],/;
	my @inputs = (
		[ 'deal_event', '(lead,infinity,,)' ], [ 'deal_event', '(lead,2026-01-01,1e99,)' ], [ 'deal_event', '("",2026-01-01,,)' ], [ 'deal_event', '(' . 'x' x 256 . ',2026-01-01,,)' ],
		[ 'deal_history', '{"(lead,2026-01-01,NaN,)"}' ], [ 'deal_history', '{' ],
		[ 'rate_summary', '{"version":1,"successes":2,"total":1}' ], [ 'rate_summary', "{\"version\":1,\"successes\":1,\"total\":${most}0}" ],
		[ 'duration_summary', "{\"version\":1,\"unit\":\"day\",\"total_microseconds\":0,\"histogram\":[[0,0,0,$most,0],[1,0,0,$most,0]]}" ],
		[ 'deal_progress', '{"version":1,"status":"open"}' ],
		[ 'quota_attainment', '{"version":1,"status":"open","hired_at":"2024-01-01","observed_until":"2024-01-02","cycles":2,"won_cycles":1,"attained":1e131071,"target":5}' ],
		[ 'funnel_summary', $outcomes ], [ 'funnel_summary', $days ]);
	my @wrong = grep { my ($type, $input) = @$_; $input =~ s/'/''/g; my ($rc, $out) = $node->psql('postgres', "SELECT pg_input_is_valid('$input', '$type')"); $rc != 0 || $out ne 'f' } @inputs;
	is(join("\n", map { "$_->[0] $_->[1]" } @wrong), '', 'malformed text of ' . @inputs . ' kinds is refused softly');
}

#
# open forms, which only a direct call of a transition function gives away: every byte changed in turn, then merged
#
for my $each (
	[ 'content_summary', "content_summary_add_event(content_summary_add_event(content_summary_add_event(content_summary_add_event(NULL, repeat('v', 10), 'b', 4),
		repeat('u', 10), 'c'), repeat('w', 10), 'd', 9), repeat('z', 10), 'e')", "(SELECT content_agg('a' || g, 'p' || g, g) FROM generate_series(1, 9) g)" ],
	[ 'win_summary', "win_summary_add_fields(win_summary_add_fields(NULL, true, '{aaaaaaaaaaaaaaaaaaaa,bbbbbbbbbbbbbbb}'), false, '{ccccccccccccccc}', 5)",
		"(SELECT win_agg(true, ARRAY['a' || g]) FROM generate_series(1, 9) g)" ])
{
	my ($name, $open, $other) = @$each;
	my $outcomes = $node->safe_psql('postgres', qq{
SET client_min_messages = warning;
INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
SELECT (SELECT max(oid::bigint) FROM pg_cast) + row_number() OVER () + 100000, s, d, 0, 'e', 'b'
FROM (VALUES ('$name'::regtype, 'bytea'::regtype), ('bytea', '$name')) AS c(s, d)
WHERE NOT EXISTS (SELECT FROM pg_cast WHERE castsource = s AND casttarget = d);
CREATE TEMPORARY TABLE merged (state text, message text);
DO \$d\$
DECLARE
	bytes bytea := ($open)::bytea;
	other $name := $other;
	value int;
BEGIN
	FOR at IN 0 .. octet_length(bytes) - 1 LOOP
		FOR value IN SELECT unnest('{0,2,30,40,63,255}'::int[]) LOOP
			BEGIN
				PERFORM (set_byte(bytes, at, value)::$name + other)::text;
			EXCEPTION WHEN OTHERS THEN
				INSERT INTO merged VALUES (SQLSTATE, SQLERRM);
			END;
		END LOOP;
	END LOOP;
END \$d\$;
SELECT count(*) FILTER (WHERE state = 'XX001') > 100, string_agg(DISTINCT state || ' ' || message, ', ') FILTER (WHERE state NOT IN ('XX001', '22003', '54000')) FROM merged});
	is($outcomes, 't|', "$name: damage to an open form is told as such");
}

# a row beyond all names, whose low 32 bits are those of one that is there
{
	my $high = unpack('C', pack('S', 1)) ? 6 : 1;	# byte of a key

	is($node->safe_psql('postgres', qq{
SET client_min_messages = warning;
CREATE TEMPORARY TABLE told (state text);
DO \$d\$
DECLARE
	bytes bytea := win_summary_add_fields(win_summary_add_fields(NULL, true, '{a,b}'), false, '{c}', 5)::bytea;
	at int := 20 + 8 * 16 + 16;					-- of the slots for cells: behind header, sums and size
BEGIN
	FOR slot IN 0 .. 15 LOOP
		CONTINUE WHEN substr(bytes, at + slot * 16 + 1, 8) = '\\x0000000000000000';
		BEGIN
			PERFORM set_byte(bytes, at + slot * 16 + $high, 2)::win_summary::text;
			INSERT INTO told VALUES ('fine');
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO told VALUES (SQLSTATE);
		END;
	END LOOP;
END \$d\$;
SELECT string_agg(state, ' ') FROM told}), 'XX001 XX001 XX001 XX001 XX001', 'win_summary: a row beyond 32 bits is damage');
}

server_stayed_up();
$node->stop;
done_testing();
