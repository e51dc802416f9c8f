
--
-- history_problems: what to know of a history before believing a report
--

-- Not STRICT: a NULL option is an error. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION history_problems(
	history deal_history,
	stages text[] DEFAULT '{lead,mql,sql,opportunity,won}',
	won text[] DEFAULT '{won}',
	lost text[] DEFAULT '{lost}',
	no_decision text[] DEFAULT '{no_decision}',
	as_of timestamptz DEFAULT now(),
	OUT problem text, OUT at timestamptz, OUT detail text
) RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20 ROWS 1;
COMMENT ON FUNCTION history_problems(deal_history, text[], text[], text[], text[], timestamptz)
	IS 'a row for each problem of a history that can mislead a report: other kinds than expected, endings undone or restated, dates against instants, instants that cannot be, several deals in one';
