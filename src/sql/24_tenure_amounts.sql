
--
-- tenure_amounts: what a rep won in each month since hire
--

-- Not STRICT: a NULL history is one without deals, and a NULL left_at stands for none. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION tenure_amounts(
	history deal_history,
	hired_at timestamptz,
	as_of timestamptz DEFAULT now(),
	left_at timestamptz DEFAULT NULL,
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	zone text DEFAULT 'UTC',
	OUT tenure_month integer,
	OUT amount numeric
) RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 ROWS 24;
COMMENT ON FUNCTION tenure_amounts(deal_history, timestamptz, timestamptz, timestamptz, text[], text[], text)
	IS 'what a rep won in each month since hire, the first being 1: whole observed months only, 0 where nothing was won';
