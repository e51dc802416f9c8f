-- who has come to the end by each day: percent with its 95 % interval, and how many were still to be seen on that day
CREATE OR REPLACE FUNCTION by_day(d duration_summary, days int) RETURNS TABLE (day int, percent numeric, low numeric, high numeric, at_risk bigint) LANGUAGE sql IMMUTABLE STRICT AS $$
	SELECT day, round(100 * reached_within(d, day)::numeric, 1), round(100 * i.low::numeric, 1), round(100 * i.high::numeric, 1),
		coalesce((SELECT c.at_risk FROM curve(d) c WHERE c.elapsed >= day ORDER BY c.elapsed LIMIT 1), 0)
	FROM generate_series(0, days) day LEFT JOIN LATERAL reached_within_interval(d, day) i ON true
$$;
