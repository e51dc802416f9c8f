# Merge laws of every aggregate, and histories against plain SQL, on random
# cases: whatever the row order, the split, the merge order and the plan, the
# values are the same bytes.
#
# SEED and CASES in the environment choose other cases.

use lib 'test/lib';
use Suite qw(database law pick);

my $seed = $ENV{SEED} // 20260301;
my $cases = $ENV{CASES} // 400;
srand($seed);

my $node = database(sessions => 1);
my $checked = 0;

sub exists_function
{
	my $name = shift;
	return $node->safe_psql('postgres', "SELECT count(*) > 0 FROM pg_proc WHERE proname = '$name'") eq 't';
}

#
# Random histories: cases of 0 to 40 events, some of them NULL in kind or
# instant; few or many labels, day to microsecond precision, ties, duplicates.
#
my @vocabularies = (
	[qw(lead mql sql opportunity won lost)],
	[qw(a b)],
	[qw(lead won competitor note), 'Closed Won', 'a "quoted", (odd) \\ label', 'é', '~', 'B', 'aa'],
	[ map { 'kind number ' . $_ } 1 .. 300 ]);
my @steps = (86400 * 1_000_000, 3600 * 1_000_000, 1_000_000, 1000, 1, 86400 * 1_000_000 / 2 + 1);
my $tempdir = PostgreSQL::Test::Utils::tempdir;
my $nevents = 0;

sub copy_field
{
	my $value = shift;
	return '\N' unless defined $value;
	$value =~ s/\\/\\\\/g;
	return $value;
}

open(my $out, '>:raw', "$tempdir/log") or die $!;
for my $case (1 .. $cases)
{
	my $kinds = pick(@vocabularies);
	my $step = pick(@steps);
	my $span = pick(1, 5, 400, 100_000);
	my $base = pick(0, 0, 0, -7_000_000_000_000_000, 820_454_400_000_000);
	my $amounts = pick(0, 0.3, 1);
	my $subjects = pick(0, 0.3, 1);
	my $decimals = pick(0, 2, 4);
	my $size = pick(1, 10, 1e9);
	my @events;
	for my $i (1 .. pick(0, 1, 2, 5, 8, 13, 40))
	{
		if (@events && rand() < 0.1)
		{
			push @events, pick(@events);
			next;
		}
		push @events,
		  [
			rand() < 0.02 ? undef : pick(@$kinds),
			rand() < 0.02 ? undef : $base + $step * int(rand($span)),
			rand() < $amounts ? sprintf("%.${decimals}f", (rand() - 0.3) * $size) : undef,
			rand() < $subjects ? pick('acme', 'Globex, Inc.', 'ü', map { "s$_" } 1 .. 9) : undef
		  ];
	}
	for my $event (@events)
	{
		$nevents++;
		printf $out "%s\n", join("\t", $case, $nevents, map { copy_field($_) } @$event);
	}
}
close $out;
$node->safe_psql('postgres', qq{
CREATE TABLE loaded(g int, i int, kind text, micros bigint, amount numeric, subject text);
COPY loaded FROM '$tempdir/log';
CREATE TABLE log AS
  SELECT g, i, kind, timestamptz '2000-01-01 00:00:00+00' + micros * interval '1 microsecond' AS at, amount, subject FROM loaded;
CREATE TABLE histories AS SELECT g, g AS i, history_agg(kind, at, amount, subject) AS h FROM log GROUP BY g;
CREATE TABLE coins AS SELECT i % 97 AS g, i, CASE hashint4(i) & 3 WHEN 0 THEN NULL WHEN 1 THEN true ELSE false END AS success FROM generate_series(1, 10000) AS i;
CREATE INDEX ON log (g);
CREATE INDEX ON coins (g);
ANALYZE;
});
note "seed $seed: $cases cases, $nevents events";

my %parallel = (
	'no workers' => "SET max_parallel_workers_per_gather = 0;",
	'two workers and leader' => "SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = on;",
	'two workers without leader' => "SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off;",
	'two workers planned, none there' => "SET max_parallel_workers_per_gather = 2; SET max_parallel_workers = 0;");
my $cheap = "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;";
my %plans = (
	'sorted groups' => 'SET enable_hashagg = off;',
	'hashed groups' => 'SET enable_sort = off;',
	'hashed groups in little memory' => "SET enable_sort = off; SET work_mem = '64kB'; SET hash_mem_multiplier = 1;",
	'sorted groups in little memory' => "SET enable_hashagg = off; SET work_mem = '64kB';");

# The laws every aggregate keeps. `build` has %s where ORDER BY goes.
sub merge_laws
{
	my (%a) = @_;
	my ($type, $from) = @a{qw(type from)};
	my $build = sub { return sprintf($a{build}, $_[0] // '') };
	my $name = $a{name} // $type;
	my $reference = "reference_" . ($name =~ s/\W+/_/gr);

	$node->safe_psql('postgres', "SET max_parallel_workers_per_gather = 0; CREATE TABLE $reference AS SELECT g, " . $build->('ORDER BY i') . " AS v FROM $from GROUP BY g; ANALYZE $reference");
	my $differs = sub {
		my $query = shift;
		return "SELECT coalesce(r.g, x.g) AS g FROM $reference AS r FULL JOIN ($query) AS x ON x.g = r.g WHERE NOT (record_image_eq(ROW(r.v), ROW(x.v))) OR r.g IS NULL OR x.g IS NULL";
	};

	law("$name: any row order", join(' UNION ALL ', map { $differs->("SELECT g, " . $build->("ORDER BY md5(i || '-$_')") . " AS v FROM $from GROUP BY g") } 1 .. 4));
	for my $parts (2, 3, 8)
	{
		law("$name: rollup of $parts parts",
			$differs->("SELECT g, rollup(v ORDER BY md5(part || 'x')) AS v FROM (SELECT g, hashint4(i + $parts) % $parts AS part, " . $build->("ORDER BY md5(i || 'y')") . " AS v FROM $from GROUP BY 1, 2) AS p GROUP BY g"));
	}
	law("$name: rollup of rollups",
		$differs->("SELECT g, rollup(v) AS v FROM (SELECT g, p1, rollup(v) AS v FROM (SELECT g, i % 2 AS p1, i % 3 AS p2, " . $build->() . " AS v FROM $from GROUP BY 1, 2, 3) AS a GROUP BY 1, 2) AS b GROUP BY g"));
	if ($a{merge})
	{
		my $part = sub { my $where = shift; return "(SELECT g, " . $build->() . " AS v FROM $from WHERE $where GROUP BY g)" };
		my $joined = "(SELECT DISTINCT g FROM $from) AS k LEFT JOIN " . $part->('i % 3 = 0') . " AS a USING (g) LEFT JOIN " . $part->('i % 3 = 1') . " AS b USING (g) LEFT JOIN " . $part->('i % 3 = 2') . " AS c USING (g)";
		# a part of no rows is NULL: leave those groups to rollup
		my $whole = 'WHERE a.v IS NOT NULL AND b.v IS NOT NULL AND c.v IS NOT NULL';
		law("$name: $a{merge} in any order",
			"SELECT g FROM (SELECT g, r.v AS r, a.v AS a, b.v AS b, c.v AS c FROM $joined JOIN $reference AS r USING (g) $whole) AS t
			 WHERE NOT (record_image_eq(ROW(a $a{merge} b $a{merge} c), ROW(r)) AND record_image_eq(ROW(c $a{merge} (b $a{merge} a)), ROW(r)) AND record_image_eq(ROW(b $a{merge} (a $a{merge} c)), ROW(r)))");
	}
	for my $plan (sort keys %plans)
	{
		law("$name: $plan", $differs->("SELECT g, " . $build->() . " AS v FROM $from GROUP BY g"), "SET max_parallel_workers_per_gather = 0; $plans{$plan}");
		for my $workers (sort keys %parallel)
		{
			law("$name: $plan, $workers", $differs->('SELECT * FROM x'),
				"$cheap $parallel{$workers} $plans{$plan} CREATE TEMP TABLE x AS SELECT g, " . $build->() . " AS v FROM $from GROUP BY g;");
		}
	}
	like($node->safe_psql('postgres', "$cheap $parallel{'two workers and leader'} EXPLAIN (COSTS off) SELECT g, " . $build->() . " AS v FROM $from GROUP BY g"),
		qr/Partial/, "$name: the parallel plans did aggregate partially");
	law("$name: one group for all",
		"SELECT 0 AS g FROM x, y, (SELECT rollup(v) AS v FROM $reference) AS z WHERE NOT (record_image_eq(ROW(x.v), ROW(y.v))) OR NOT (record_image_eq(ROW(x.v), ROW(z.v)))",
		"$cheap SET max_parallel_workers_per_gather = 0; CREATE TEMP TABLE x AS SELECT " . $build->() . " AS v FROM $from;
		 SET max_parallel_workers_per_gather = 2; SET parallel_leader_participation = off; CREATE TEMP TABLE y AS SELECT " . $build->() . " AS v FROM $from;");
	law("$name: grouping sets", "SELECT coalesce(x.g, -1) AS g FROM x LEFT JOIN $reference AS r USING (g) WHERE NOT (record_image_eq(ROW(x.v), ROW(CASE WHEN x.g IS NULL THEN (SELECT rollup(v) FROM $reference) ELSE r.v END)))",
		"CREATE TEMP TABLE x AS SELECT g, " . $build->() . " AS v FROM $from GROUP BY ROLLUP (g);");
	law("$name: running window", "SELECT w.g FROM (SELECT g, i, " . $build->() . " OVER (PARTITION BY g ORDER BY i) AS v FROM $from WHERE i % 3 = 0) AS w,
		 LATERAL (SELECT " . $build->() . " AS v FROM $from AS s WHERE s.g = w.g AND s.i <= w.i AND s.i % 3 = 0) AS s WHERE NOT (record_image_eq(ROW(w.v), ROW(s.v)))") if $a{window};
	law("$name: moving window", "SELECT w.g FROM (SELECT g, i, " . $build->() . " OVER (PARTITION BY g ORDER BY i ROWS BETWEEN 5 PRECEDING AND 2 FOLLOWING) AS v,
		 " . $build->() . " FILTER (WHERE random() >= 0) OVER (PARTITION BY g ORDER BY i ROWS BETWEEN 5 PRECEDING AND 2 FOLLOWING) AS s FROM $from) AS w WHERE NOT (record_image_eq(ROW(w.v), ROW(w.s)))") if $a{window};
	law("$name: text form", "SELECT g FROM $reference WHERE NOT (record_image_eq(ROW(v::text::$type), ROW(v)))");
	law("$name: jsonb", "SELECT g FROM $reference WHERE NOT (record_image_eq(ROW(v::jsonb::$type), ROW(v)))") if $a{jsonb};
	law("$name: sent bytes", "SELECT g FROM back FULL JOIN $reference AS r USING (g) WHERE NOT (record_image_eq(ROW(back.v), ROW(r.v))) OR ${type}_send(back.v) IS DISTINCT FROM ${type}_send(r.v)",
		"COPY $reference TO '$tempdir/$reference' (FORMAT binary); CREATE TEMP TABLE back (LIKE $reference); COPY back FROM '$tempdir/$reference' (FORMAT binary);");
	my $external = $node->safe_psql('postgres', "SELECT typstorage FROM pg_type WHERE oid = '$type'::regtype") eq 'p' ? '' : 'ALTER TABLE again ALTER v SET STORAGE external;';
	law("$name: stored and read again", "SELECT g FROM again JOIN $reference AS r USING (g) WHERE NOT (record_image_eq(ROW(again.v), ROW(r.v)))",
		"CREATE TEMP TABLE again (LIKE $reference); $external INSERT INTO again SELECT * FROM $reference;");
	$checked += $node->safe_psql('postgres', "SELECT count(*) FROM $reference");
}

merge_laws(type => 'deal_history', from => 'log', build => 'history_agg(kind, at, amount, subject %s)', merge => '||', window => 1);
merge_laws(type => 'deal_history', name => 'deal_history of events', from => 'log', build => 'history_agg(deal_event(kind, at, amount, subject) %s)', merge => '||', window => 1);
merge_laws(type => 'deal_history', name => 'deal_history kind at', from => 'log', build => 'history_agg(kind, at %s)', merge => '||');
merge_laws(type => 'deal_history', name => 'deal_history kind at amount', from => 'log', build => 'history_agg(kind, at, amount %s)', merge => '||');
merge_laws(type => 'rate_summary', from => 'coins', build => 'rate_agg(success %s)', merge => '+', window => 1, jsonb => 1)
  if exists_function('rate_agg');

if (exists_function('duration_agg'))
{
	$node->safe_psql('postgres', q{
CREATE TABLE spans AS
  SELECT i % 131 AS g, i, timestamptz '2026-01-01' + hashint4(i) % 1000 * interval '1 hour' AS started_at,
         CASE WHEN i % 3 > 0 THEN timestamptz '2026-01-01' + (1000 + abs(hashint4(-i) % 5000)) * interval '1 hour 1 microsecond' END AS ended_at,
         abs(hashint4(i + 7)) % (1 + i % 200) AS units, i % 4 > 0 AS observed
  FROM generate_series(1, 10000) AS i;
UPDATE spans SET started_at = NULL, units = NULL WHERE i % 50 = 0;
CREATE INDEX ON spans (g);
VACUUM ANALYZE spans});
	merge_laws(type => 'duration_summary', from => 'spans', build => "duration_agg(started_at, ended_at, '2026-06-01' %s)", merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'duration_summary', name => 'duration_summary in hours', from => 'spans', build => "duration_agg(started_at, ended_at, '2026-06-01', 'hour' %s)", merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'duration_summary', name => 'duration_summary of units', from => 'spans', build => 'duration_agg(units, observed %s)', merge => '+', window => 1, jsonb => 1);
}

if (exists_function('quota_agg'))
{
	$node->safe_psql('postgres', q{
CREATE TABLE lives AS
  SELECT i % 127 AS g, i, deal_history(deal_event('opportunity', at), CASE WHEN i % 5 > 0 THEN deal_event('content', at + a * interval '1 hour') END,
         CASE WHEN i % 4 > 0 THEN deal_event(CASE WHEN i % 3 > 0 THEN 'won' ELSE 'lost' END, at + b * interval '1 hour 1 microsecond', b) END) AS h
  FROM generate_series(1, 8000) AS i, LATERAL (SELECT timestamptz '2026-01-01' + hashint4(i) % 1000 * interval '1 hour', abs(hashint4(i + 1)) % 900, abs(hashint4(i + 2)) % 1800) AS l(at, a, b);
CREATE TABLE cycles AS SELECT g, row_number() OVER (ORDER BY i, exposed)::int AS i, cycle AS c FROM lives, deal_exposure(h, 'content', as_of => '2026-03-01');
INSERT INTO cycles SELECT g, 100000 + i, NULL FROM lives WHERE i % 50 = 0;
CREATE TABLE attainments AS SELECT g, i, CASE WHEN i % 60 > 0 THEN quota_attainment(h, started_at(h) - i % 40 * interval '1 day', 1 + i % 900, as_of => '2026-06-01', left_at => CASE WHEN i % 7 = 0 THEN started_at(h) + interval '20 days' END) END AS q FROM lives;
CREATE INDEX ON cycles (g);
CREATE INDEX ON attainments (g);
VACUUM ANALYZE cycles;
VACUUM ANALYZE attainments});
	merge_laws(type => 'duration_summary', name => 'duration_summary of cycles', from => 'cycles', build => 'duration_agg(c %s)', merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'quota_summary', from => 'attainments', build => 'quota_agg(q %s)', merge => '+', window => 1, jsonb => 1);
}

if (exists_function('rollout_agg'))
{
	$node->safe_psql('postgres', q{
CREATE TABLE touched AS
  SELECT i % 113 AS g, i, CASE WHEN team % 17 > 0 THEN (ARRAY['Berlin ', 'é', ''])[1 + team % 3] || team END AS team, CASE WHEN team % 3 > 0 THEN date '2026-01-01' + team * 11 END AS adopted_on,
         CASE WHEN i % 40 > 0 THEN date '2025-12-01' + abs(hashint4(i + 1)) % 12 * 30 END AS month, CASE WHEN i % 30 > 0 THEN hashint4(i + 2) % 3 = 0 END AS won,
         CASE WHEN i % 50 > 0 THEN rate_summary(abs(hashint4(i + 3)) % 5, abs(hashint4(i + 4)) % 9 + 4) END AS rate, CASE WHEN i % 60 > 0 THEN (hashint4(i + 5) % 1000003) / 64.0 END AS amount
  FROM generate_series(1, 10000) AS i, LATERAL (SELECT abs(hashint4(i)) % 40 AS team) AS x;
CREATE INDEX ON touched (g);
VACUUM ANALYZE touched});
	merge_laws(type => 'amount_summary', from => 'touched', build => 'amount_agg(amount %s)', merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'pipeline_summary', from => 'touched', build => 'pipeline_agg(nullif(i % 60, 7)::bigint, amount %s)', merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'rollout_summary', from => 'touched', build => 'rollout_agg(team, adopted_on, month, won %s)', merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'rollout_summary', name => 'rollout_summary of rates', from => 'touched', build => 'rollout_agg(team, adopted_on, month, rate %s)', merge => '+', window => 1, jsonb => 1);
	merge_laws(type => 'rollout_summary', name => 'rollout_summary of amounts', from => 'touched', build => 'rollout_agg(team, adopted_on, month, amount %s)', merge => '+', window => 1, jsonb => 1);
}

if (exists_function('log_rank_agg'))
{
	$node->safe_psql('postgres', q{
CREATE TABLE strata AS
  SELECT i % 61 AS g, i, (SELECT duration_agg(hashint4(i * 50 + j) & 63, hashint4(-j - i) % 3 <> 0) FROM generate_series(1, i % 9) AS j) AS before,
         (SELECT duration_agg(hashint4(i * 70 + j) & 127, hashint4(j - i) % 4 <> 0) FROM generate_series(1, i % 11) AS j) AS after
  FROM generate_series(1, 2000) AS i;
CREATE INDEX ON strata (g);
VACUUM ANALYZE strata});
	merge_laws(type => 'log_rank_summary', from => 'strata', build => 'log_rank_agg(before, after %s)', merge => '+', jsonb => 1);
}

my %questions = (
	'defaults' => "as_of => '2030-01-01'",
	'window' => "within => '30 days', as_of => '2010-01-01'",
	'short window' => "stages => '{a,b}', within => '1 hour', exits => '{}', as_of => '2001-01-01'",
	'stop' => "stages => '{lead,mql,sql,won}', skipped => 'stop', as_of => '2030-01-01'",
	'excluded' => "stages => '{lead,mql,won}', skipped => 'excluded', within => '400 days', as_of => '2026-06-01'");
my %further_questions = (
	'adjacent' => "mode => 'adjacent', as_of => '2030-01-01'",
	'increasing' => "mode => 'increasing', stages => '{b,a}', as_of => '2030-01-01'",
	'any order' => "mode => 'any_order', within => '90 days', as_of => '2030-01-01'",
	'steps' => "step_within => '{1 day,NULL,10 days,1 hour}', optional => '{mql}', as_of => '2030-01-01'",
	'first' => "entry => 'first', within => '10 days', as_of => '2030-01-01'",
	'latest' => "entry => 'latest', skipped => 'stop', as_of => '2030-01-01'");

if (exists_function('deal_progress'))
{
	my %all = (%questions, %further_questions);
	for my $question (sort keys %all)
	{
		my $of = sub { return "deal_progress($_[0], $all{$question})" };
		my ($as_of) = $all{$question} =~ /as_of => ('.*?')/;
		law("deal_progress $question: of any form of the history",
			"SELECT g FROM histories WHERE h IS NOT NULL AND NOT (
			 record_image_eq(ROW(" . $of->('h') . "), ROW(" . $of->('h::text::deal_history') . ")) AND
			 record_image_eq(ROW(" . $of->('h') . "), ROW(" . $of->("'{}'::deal_history || h") . ")) AND
			 record_image_eq(ROW(" . $of->('h') . "), ROW(" . $of->("as_of(h, $as_of)") . ")) AND
			 record_image_eq(ROW(" . $of->('h') . "), ROW(" . $of->("h || deal_event('note', $as_of)") . ")))");
		law("deal_progress $question: text and jsonb", "SELECT g FROM (SELECT g, " . $of->('h') . " AS p FROM histories) AS t WHERE p IS NOT NULL AND NOT (record_image_eq(ROW(p::text::deal_progress), ROW(p)) AND record_image_eq(ROW(p::jsonb::deal_progress), ROW(p)))");
		law("deal_progress $question: sent bytes", "SELECT g FROM back JOIN sent USING (g) WHERE NOT record_image_eq(ROW(back.p), ROW(sent.p))",
			"CREATE TEMP TABLE sent AS SELECT g, " . $of->('h') . " AS p FROM histories; CREATE TEMP TABLE back (LIKE sent); COPY sent TO '$tempdir/sent' (FORMAT binary); COPY back FROM '$tempdir/sent' (FORMAT binary);");
	}
}

if (exists_function('funnel_agg'))
{
	$node->safe_psql('postgres', "CREATE TABLE deals AS SELECT g % 61 AS g, i, h FROM histories; CREATE INDEX ON deals (g); ANALYZE deals");
	for my $question (sort keys %questions)
	{
		merge_laws(type => 'funnel_summary', name => "funnel_summary $question", from => 'deals', build => "funnel_agg(deal_progress(h, $questions{$question}) %s)", merge => '+', jsonb => 1);
		merge_laws(type => 'funnel_summary', name => "funnel_summary by amount, $question", from => 'deals', build => "funnel_agg(deal_progress(h, $questions{$question}), CASE WHEN mod(i, 7) > 0 THEN hashint4(i) / 64.0 END %s)", merge => '+', jsonb => 1);
	}
}

#
# Histories against plain SQL on the rows they came from
#
my $valid = "(SELECT * FROM log WHERE kind IS NOT NULL AND at IS NOT NULL)";
my $sorted = 'at, kind COLLATE "C", subject COLLATE "C" NULLS LAST, amount NULLS LAST';

$node->safe_psql('postgres', qq{
CREATE TABLE asked AS SELECT unnest(ARRAY['lead', 'won', 'a', 'b', 'kind number 7', 'é', 'competitor', 'absent']) AS k;
CREATE TABLE lists AS SELECT row_number() OVER () AS l, s::text[] AS stages FROM unnest(ARRAY['{lead,mql,sql,opportunity,won}', '{b,a}', '{won,lead}', '{absent}', '{note,"Closed Won",~,B}', '{"kind number 1","kind number 2","kind number 3"}']) AS s;
CREATE TABLE instants AS SELECT unnest(ARRAY['1800-01-01', '2000-01-01', '2000-01-02 12:00:00', '2000-03-01', '2026-01-01', '2026-06-30 01:00:00', '2400-01-01']::timestamptz[]) AS a;
});

law('events are the rows, in the total order',
	"SELECT g FROM histories AS h FULL JOIN (SELECT g, array_agg(deal_event(kind, at, amount, subject) ORDER BY $sorted) AS es FROM $valid AS v GROUP BY g) AS p USING (g)
	 WHERE (h.h IS NOT NULL AND (h.h::deal_event[] IS DISTINCT FROM p.es OR h.h::text IS DISTINCT FROM p.es::text OR ARRAY(SELECT e FROM events(h.h) AS e) <> p.es)) OR (h.h IS NULL) <> (p.es IS NULL)");
law('events(h) gives the fields of the rows',
	"(SELECT g, kind(e), occurred_at(e), amount(e), subject(e) FROM histories, events(h) AS e EXCEPT ALL SELECT g, kind, at, round(amount, 4), subject FROM $valid AS v)
	 UNION ALL (SELECT g, kind, at, round(amount, 4), subject FROM $valid AS v EXCEPT ALL SELECT g, kind(e), occurred_at(e), amount(e), subject(e) FROM histories, events(h) AS e)");
law('event_count, started_at, ended_at',
	"SELECT g FROM histories LEFT JOIN (SELECT g, count(*) AS n, min(at) AS s, max(at) AS e FROM $valid AS v GROUP BY g) AS p USING (g)
	 WHERE (event_count(h), started_at(h), ended_at(h)) IS DISTINCT FROM (p.n, p.s, p.e)");
law('first_at, last_at, has_kind, subjects',
	"SELECT g FROM histories CROSS JOIN asked,
	 LATERAL (SELECT min(at) AS f, max(at) AS l, count(*) > 0 AS there, coalesce(array_agg(DISTINCT subject COLLATE \"C\") FILTER (WHERE subject IS NOT NULL), '{}') AS s FROM $valid AS v WHERE v.g = histories.g AND v.kind = asked.k) AS p
	 WHERE h IS NOT NULL AND (first_at(h, asked.k), last_at(h, asked.k), has_kind(h, asked.k), subjects(h, asked.k)) IS DISTINCT FROM (p.f, p.l, p.there, p.s)");
law('current_kind',
	"SELECT g FROM histories CROSS JOIN lists WHERE h IS NOT NULL AND
	 (current_kind(h), current_kind(h, stages)) IS DISTINCT FROM
	 ((SELECT kind FROM $valid AS v WHERE v.g = histories.g ORDER BY at DESC, kind COLLATE \"C\" DESC LIMIT 1),
	  (SELECT kind FROM $valid AS v WHERE v.g = histories.g AND kind = ANY (stages) ORDER BY at DESC, kind COLLATE \"C\" DESC LIMIT 1))");
law('as_of',
	"SELECT g FROM histories CROSS JOIN instants WHERE h IS NOT NULL AND
	 NOT (record_image_eq(ROW(as_of(h, a)), ROW(coalesce((SELECT history_agg(kind, at, amount, subject) FROM $valid AS v WHERE v.g = histories.g AND at <= a), '{}'))))");
law('distinct_events',
	"SELECT g FROM histories AS h JOIN (SELECT g, history_agg(DISTINCT deal_event(kind, at, amount, subject)) AS d FROM $valid AS v GROUP BY g) AS p USING (g)
	 WHERE NOT (record_image_eq(ROW(distinct_events(h.h)), ROW(p.d)) AND record_image_eq(ROW(distinct_events(h.h || h.h)), ROW(p.d))) OR event_count(h.h || h.h) <> 2 * event_count(h.h)");
law('relabel',
	"SELECT g FROM histories AS h JOIN (SELECT g, history_agg(CASE kind WHEN 'lead' THEN 'won' WHEN 'a' THEN 'zz' WHEN 'kind number 7' THEN 'kind number 8' WHEN 'b' THEN 'a' ELSE kind END, at, amount, subject) AS d FROM $valid AS v GROUP BY g) AS p USING (g)
	 WHERE NOT (record_image_eq(ROW(relabel(h.h, '{\"lead\":\"won\",\"a\":\"zz\",\"kind number 7\":\"kind number 8\",\"b\":\"a\",\"x\":\"y\"}')), ROW(p.d)))");
law('constructor and casts',
	"SELECT g FROM histories AS h JOIN (SELECT g, array_agg(deal_event(kind, at, amount, subject)) AS es FROM log GROUP BY g) AS p USING (g)
	 WHERE NOT (record_image_eq(ROW(coalesce(h.h, '{}')), ROW(p.es::deal_history)) AND record_image_eq(ROW(coalesce(h.h, '{}')), ROW(deal_history(VARIADIC p.es))))");

# runs of stages: from the first event of a run until the first of another stage, or of an end that is no stage; at one
# instant in the order of the list, ends last
my $states = "SELECT g, l, a, at, CASE WHEN kind = ANY (stages) THEN kind ELSE '' END AS state, coalesce(array_position(stages, kind), 1000) AS place
	FROM $valid AS v, lists, instants WHERE (kind = ANY (stages) OR kind IN ('won', 'lost', 'no_decision')) AND at <= a";
my $runs = "SELECT *, lag(state) OVER w AS previous FROM ($states) AS s WINDOW w AS (PARTITION BY g, l, a ORDER BY at, place)";
$node->safe_psql('postgres', qq{
CREATE TABLE expected_runs AS
  SELECT g, l, a, state AS stage, at AS entered_at, left_at,
         extract(epoch FROM coalesce(left_at, a)) - extract(epoch FROM at) AS seconds, row_number() OVER w AS n
  FROM (SELECT *, lead(at) OVER w AS left_at FROM ($runs) AS r WHERE previous IS DISTINCT FROM state WINDOW w AS (PARTITION BY g, l, a ORDER BY at, place)) AS stays
  WHERE state <> '' WINDOW w AS (PARTITION BY g, l, a ORDER BY at, place);
CREATE TABLE told_runs AS
  SELECT g, l, a, t.stage, t.entered_at, t.left_at, t.days, t.n FROM histories CROSS JOIN lists CROSS JOIN instants, time_in(h, stages, a) WITH ORDINALITY AS t(stage, entered_at, left_at, days, n);
CREATE TABLE expected_moves AS
  SELECT g, l, lag(kind) OVER w AS from_stage, kind AS to_stage, at FROM $valid AS v, lists WHERE kind = ANY (stages) WINDOW w AS (PARTITION BY g, l ORDER BY at, array_position(stages, kind));
DELETE FROM expected_moves WHERE from_stage IS NULL OR from_stage = to_stage;
CREATE TABLE told_moves AS SELECT g, l, t.* FROM histories CROSS JOIN lists, transitions(h, stages) AS t;
});
law('time_in', "SELECT * FROM (SELECT g, l, a, stage, entered_at, left_at, n FROM expected_runs EXCEPT ALL SELECT g, l, a, stage, entered_at, left_at, n FROM told_runs) AS x
	UNION ALL SELECT * FROM (SELECT g, l, a, stage, entered_at, left_at, n FROM told_runs EXCEPT ALL SELECT g, l, a, stage, entered_at, left_at, n FROM expected_runs) AS y");
law('time_in: days', "SELECT g FROM expected_runs JOIN told_runs USING (g, l, a, n) WHERE abs(days - seconds / 86400) > 1e-9 * (1 + abs(days))");
law('transitions', "SELECT * FROM (SELECT g, l, from_stage, to_stage, at FROM expected_moves EXCEPT ALL SELECT g, l, from_stage, to_stage, at FROM told_moves) AS x
	UNION ALL SELECT * FROM (SELECT g, l, from_stage, to_stage, at FROM told_moves EXCEPT ALL SELECT g, l, from_stage, to_stage, at FROM expected_moves) AS y");
cmp_ok($node->safe_psql('postgres', 'SELECT count(*) FROM expected_runs'), '>', 1000, 'there were runs to compare');

# the order of events is the order of their fields
law('order of events', "SELECT g FROM (SELECT g, array_agg(i ORDER BY deal_event(kind, at, amount, subject), i) AS by_event, array_agg(i ORDER BY $sorted, i) AS by_fields FROM (SELECT i % 7 AS g, i, kind, at, round(amount, 4) AS amount, subject FROM $valid AS v) AS s GROUP BY g) AS t WHERE by_event <> by_fields");
law('text and jsonb of events', "SELECT g FROM $valid AS v, LATERAL (SELECT deal_event(kind, at, amount, subject) AS e) AS t WHERE e::text::deal_event <> e OR e::jsonb::deal_event <> e OR NOT (record_image_eq(ROW(e::text::deal_event), ROW(e)))");

cmp_ok($checked, '>=', 1000, "random cases: $checked groups under the merge laws, $cases histories against plain SQL");
$node->stop;
done_testing();
