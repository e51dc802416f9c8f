# Equality and order of every type: they agree with the bytes, with hashing and with
# each other, in every form that a value can be stored in; and what stands on them
# works: DISTINCT, UNION, MERGE, joins, indexes, partitions, and JSON of whole rows.

use lib 'test/lib';
use Suite qw(database sql);
use Golden;

my $node = database(sessions => 1);
sql(Golden::fill());
my @types = Golden::types();

# Each type as bytea and back, unchecked. (CREATE CAST refuses types of other alignment.)
sql("INSERT INTO pg_cast(oid, castsource, casttarget, castfunc, castcontext, castmethod)
	SELECT (SELECT max(oid::bigint) FROM pg_cast) + 100000 + row_number() OVER (), s, d, 0, 'e', 'b'
	FROM unnest('{@{[ join ',', @types ]}}'::regtype[]) AS t, LATERAL (VALUES (t, 'bytea'::regtype), ('bytea', t)) AS c (s, d)");

is(sql("SELECT string_agg(opcname || ' ' || amname, ', ') FROM pg_opclass JOIN pg_am a ON a.oid = opcmethod WHERE opcintype::regtype::text = ANY ('{@{[ join ',', @types ]}}') AND NOT amvalidate(pg_opclass.oid)"),
	'', 'every operator class is complete');

# An aggregate's state, as a call by hand makes it, and the value that it stands for.
my $duration = '(SELECT duration_agg(5, true))';
my %open = (
	deal_history => [ "deal_history_accumulate_event(NULL, deal_event('won', '2026-01-01', 5, 's'))", "deal_history(deal_event('won', '2026-01-01', 5, 's'))" ],
	duration_summary => [ "duration_summary_add_times(NULL, '2026-01-01', '2026-02-01', '2026-03-01')", "(SELECT duration_agg(timestamptz '2026-01-01', '2026-02-01', '2026-03-01'))" ],
	funnel_summary => [ "funnel_summary_add_progress(NULL, deal_progress('{\"(lead,2026-01-01,,)\"}', as_of => '2026-03-01'))", "(SELECT funnel_agg(deal_progress('{\"(lead,2026-01-01,,)\"}', as_of => '2026-03-01')))" ],
	win_summary => [ "win_summary_add_fields(NULL, true, '{Acme}')", "(SELECT win_agg(true, '{Acme}'))" ],
	content_summary => [ "content_summary_add_event(NULL, 'view', 'ann')", "(SELECT content_agg('view', 'ann'))" ],
	quota_summary => [ "quota_summary_add_attainment(NULL, quota_attainment('{}', '2026-01-01', 100, as_of => '2026-03-01'))", "(SELECT quota_agg(quota_attainment('{}', '2026-01-01', 100, as_of => '2026-03-01')))" ],
	rollout_summary => [ "rollout_summary_add_success(NULL, 'A', '2026-02-01', '2026-01-01', true)", "(SELECT rollout_agg('A', '2026-02-01', '2026-01-01', true))" ],
	pipeline_summary => [ "pipeline_summary_add_deal(NULL, 3, 5)", "(SELECT pipeline_agg(3, 5))" ],
	log_rank_summary => [ "log_rank_summary_accumulate(NULL, $duration, $duration)", "(SELECT log_rank_agg(d, d) FROM (SELECT duration_agg(5, true) AS d) AS one)" ]);

for my $type (@types)
{
	my $n = sql("SELECT count(*) FROM kept_$type WHERE v IS NOT NULL");
	my $own_order = $type eq 'deal_event';

	# stored in other ways: short and long headers, compressed, out of line
	my @tables;
	for my $storage ('plain', 'external', 'extended', 'main')
	{
		next if $storage ne 'plain' && $type =~ /^(rate|amount)_summary$/;
		push @tables, "${type}_$storage";
		sql("CREATE TABLE ${type}_$storage (i int, v $type); ALTER TABLE ${type}_$storage ALTER v SET STORAGE $storage, SET (toast_tuple_target = 128); INSERT INTO ${type}_$storage SELECT i, v FROM kept_$type WHERE v IS NOT NULL" . ($storage eq 'plain' ? ' AND pg_column_size(v) < 2000' : ''));
	}
	my $copies = join(' UNION ALL ', map { "SELECT i, v FROM $_" } @tables);
	is(sql("SELECT count(*) FROM kept_$type AS kept JOIN ($copies) AS copies USING (i) WHERE NOT (kept.v = copies.v AND copies.v = kept.v AND ${type}_hash(kept.v) = ${type}_hash(copies.v) AND ${type}_hash_extended(kept.v, 7) = ${type}_hash_extended(copies.v, 7)) OR kept.v <> copies.v"),
		'0', "$type: equal to itself, however it is stored");

	# all pairs: exactly one of <, =, > holds, = is equality of bytes, and the order is that of the bytes
	is(sql("SELECT count(*) FROM kept_$type AS a, kept_$type AS b, LATERAL (SELECT a.v::bytea || '' AS x, b.v::bytea || '' AS y) AS bytes
		WHERE a.v IS NOT NULL AND b.v IS NOT NULL AND NOT (
			(a.v < b.v)::int + (a.v = b.v)::int + (a.v > b.v)::int = 1 AND (a.v <= b.v) = NOT (a.v > b.v) AND (a.v >= b.v) = NOT (a.v < b.v)
			AND (a.v <> b.v) = NOT (a.v = b.v) AND (a.v < b.v) = (b.v > a.v) AND ${type}_cmp(a.v, b.v) = (a.v > b.v)::int - (a.v < b.v)::int
			AND (a.v = b.v) = (x = y) AND (" . ($own_order ? 'true' : '(a.v < b.v) = (x < y)') . "))"),
		'0', "$type: the operators agree with each other and with the bytes");
	is(sql("SELECT count(*) FROM kept_$type AS a, kept_$type AS b, kept_$type AS c WHERE a.v < b.v AND b.v < c.v AND NOT a.v < c.v"), '0', "$type: the order is transitive") if $n <= 40;

	# what stands on equality, by sorting and by hashing
	my $twice = "(SELECT v FROM kept_$type UNION ALL SELECT v::text::$type FROM kept_$type)";
	my $different = sql("SELECT count(DISTINCT v::bytea || '') + 1 FROM kept_$type WHERE v IS NOT NULL");
	for my $way ('hash', 'sort')
	{
		my $set = $way eq 'hash' ? 'SET enable_sort = off; SET enable_mergejoin = off; SET enable_nestloop = off;' : 'SET enable_hashagg = off; SET enable_hashjoin = off; SET enable_nestloop = off;';
		is(sql("$set SELECT count(*) FROM (SELECT DISTINCT v FROM $twice AS t) AS d"), $different, "$type: DISTINCT by $way");
		is(sql("$set SELECT count(*) FROM (SELECT v FROM kept_$type UNION SELECT v FROM kept_$type) AS d"), $different, "$type: UNION by $way");
		is(sql("$set SELECT count(*) FROM (SELECT v FROM kept_$type EXCEPT SELECT v FROM kept_$type) AS d"), '0', "$type: EXCEPT by $way");
		is(sql("$set SELECT min(n), max(n) FROM (SELECT count(*) % 2 AS n FROM $twice AS t GROUP BY v) AS g"), '0|0', "$type: GROUP BY by $way");
		is(sql("$set SELECT count(*) FROM kept_$type AS a JOIN kept_$type AS b ON a.v = b.v WHERE a.i = b.i"), $n, "$type: join by $way");
	}
	is(sql("SELECT count(*) FROM kept_$type AS a JOIN kept_$type AS b USING (i) WHERE a.v IS DISTINCT FROM b.v"), '0', "$type: IS DISTINCT FROM");

	# MERGE, and the comparison by which dbt finds what changed for a snapshot
	is(sql("CREATE TABLE snapshot_$type AS SELECT i, v FROM kept_$type WHERE i % 2 = 0; UPDATE snapshot_$type SET v = NULL WHERE i = 0;
		MERGE INTO snapshot_$type AS s USING kept_$type AS k ON s.i = k.i WHEN MATCHED AND s.v IS DISTINCT FROM k.v THEN UPDATE SET v = k.v WHEN NOT MATCHED THEN INSERT VALUES (k.i, k.v);
		SELECT count(*) FROM snapshot_$type AS s FULL JOIN kept_$type AS k USING (i) WHERE s.v <> k.v OR (s.v IS NULL AND NOT k.v IS NULL) OR (NOT s.v IS NULL AND k.v IS NULL)"),
		'0', "$type: MERGE");

	# indexes and hash partitions; rows of 8 kB and more do not fit a btree
	is(sql("CREATE TABLE part_$type (v $type) PARTITION BY HASH (v); CREATE TABLE part_${type}_0 PARTITION OF part_$type FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE part_${type}_1 PARTITION OF part_$type FOR VALUES WITH (MODULUS 2, REMAINDER 1);
		INSERT INTO part_$type SELECT v FROM kept_$type; SET enable_seqscan = off;
		SELECT count(*) FROM kept_$type AS k WHERE v IS NOT NULL AND NOT EXISTS (SELECT FROM part_$type AS p WHERE p.v = k.v)"),
		'0', "$type: hash partitions");
	is(sql("CREATE TABLE indexed_$type AS SELECT v FROM kept_$type, generate_series(1, 20) WHERE pg_column_size(v) < 2000; CREATE INDEX ON indexed_$type (v); CREATE INDEX ON indexed_$type USING hash (v); ANALYZE indexed_$type;
		SET enable_seqscan = off; SELECT count(*) FROM (SELECT DISTINCT v FROM kept_$type WHERE pg_column_size(v) < 2000) AS k WHERE (SELECT count(*) FROM indexed_$type AS x WHERE x.v = k.v) % 20 <> 0"),
		'0', "$type: indexes find it");

	# as JSON of whole rows: the object, not a string that holds one
	my $kind = $type eq 'deal_history' ? 'array' : 'object';
	is(sql("SELECT DISTINCT k FROM kept_$type AS kept, LATERAL (VALUES (jsonb_typeof(to_jsonb(kept) -> 'v')), (json_typeof(row_to_json(kept) -> 'v')), (jsonb_typeof(jsonb_build_object('v', v) -> 'v')), (json_typeof(json_build_array(v) -> 0)), (jsonb_typeof(to_jsonb(ARRAY[v]) -> 0)), (jsonb_typeof(to_jsonb(v)))) AS t (k) WHERE v IS NOT NULL"),
		$kind, "$type: nested in the JSON of a row");
	is(sql("SELECT DISTINCT k FROM (SELECT json_agg(v) AS a, jsonb_agg(v) AS b, jsonb_object_agg(i, v) AS o FROM kept_$type WHERE v IS NOT NULL) AS t, LATERAL (SELECT json_typeof(json_array_elements(a)) UNION SELECT jsonb_typeof(jsonb_array_elements(b)) UNION SELECT jsonb_typeof(value) FROM jsonb_each(o)) AS u (k)"),
		$kind, "$type: nested by the JSON aggregates");
	is(sql("SELECT count(*) FROM kept_$type WHERE v <> v::jsonb::$type OR v <> to_jsonb(v)::$type OR v::json::jsonb <> v::jsonb"), '0', "$type: through jsonb and back it is equal");

	# a state that is still growing equals the value that it stands for
	if (my $forms = $open{$type})
	{
		is(sql("SELECT o = p AND p = o AND NOT o < p AND ${type}_hash(o) = ${type}_hash(p) AND ${type}_hash_extended(o, 1) = ${type}_hash_extended(p, 1), o::bytea || '' <> p::bytea || '' FROM (SELECT $forms->[0] AS o) AS x, (SELECT $forms->[1] AS p) AS y"),
			't|t', "$type: a state by hand equals its packed form");
	}

	# damaged bytes: an answer or XX001, never a crash
	my $answers = sql("CREATE FUNCTION compared(a $type, b $type) RETURNS text LANGUAGE plpgsql AS \$\$ BEGIN RETURN (a = b)::text || (a < b) || ${type}_hash(a) || ${type}_hash_extended(a, 1); EXCEPTION WHEN data_corrupted THEN RETURN 'XX001'; END \$\$;
		SELECT count(*) > 0 FROM (SELECT v AS v, v::bytea || '' AS bytes FROM kept_$type WHERE v IS NOT NULL AND pg_column_size(v) < 2000 LIMIT 8) AS k, generate_series(0, 47) AS at, generate_series(0, 7, 2) AS bit,
			LATERAL (SELECT CASE WHEN at < length(bytes) THEN set_byte(bytes, at, get_byte(bytes, at) # (1 << bit)) ELSE substr(bytes, 1, at % (length(bytes) + 1)) END) AS m (damaged)
		WHERE compared(damaged::$type, v) IS NOT NULL; ");
	is($answers, 't', "$type: damaged values are compared or refused");
	if (my $forms = $open{$type})
	{
		is(sql("SELECT count(*) > 0 FROM (SELECT $forms->[0] AS o) AS x, LATERAL (SELECT o::bytea || '' AS bytes) AS b, generate_series(0, length(bytes) - 1) AS at, generate_series(0, 7) AS bit, LATERAL (VALUES (set_byte(bytes, at, get_byte(bytes, at) # (1 << bit))), (substr(bytes, 1, at))) AS m (damaged) WHERE compared(damaged::$type, o) IS NOT NULL"),
			't', "$type: a damaged state is compared or refused");
	}
	sql("DROP FUNCTION compared($type, $type)");
}

# summaries of the same rows are equal, whatever their order, and in parallel plans
is(sql("CREATE TABLE rows AS SELECT g, g % 7 AS k FROM generate_series(1, 2000) AS g;
	SELECT (SELECT duration_agg(g % 90, g % 3 > 0) FROM (SELECT * FROM rows ORDER BY g) AS a) = (SELECT duration_agg(g % 90, g % 3 > 0) FROM (SELECT * FROM rows ORDER BY md5(g::text)) AS b)
		AND (SELECT rollup(d) FROM (SELECT duration_agg(g % 90, g % 3 > 0) AS d FROM rows GROUP BY k) AS c) = (SELECT duration_agg(g % 90, g % 3 > 0) FROM rows)"), 't', 'equal however the rows are split or ordered');
# rates are padded with zeros
is(sql("SELECT count(*) FROM rows WHERE rate_summary(k, 7) <> rate_summary(k, 7)::text::rate_summary"), '0', 'no stray bytes in a rate');

ok($node->safe_psql('postgres', 'SELECT 1'), 'the server is still there');
$node->stop;
done_testing();
