
--
-- business_days: days between two instants without weekends and holidays
--

-- Not STRICT: NULL holidays are none.
CREATE FUNCTION business_days(
	from_at timestamptz,
	until_at timestamptz,
	holidays date[] DEFAULT '{}',
	zone text DEFAULT 'UTC',
	weekend integer[] DEFAULT '{6,7}'
) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION business_days(timestamptz, timestamptz, date[], text, integer[])
	IS 'business days after the day of from_at up to and including that of until_at: duration_agg(business_days(...), observed); weekend numbers days from 1, Monday, to 7, Sunday';
