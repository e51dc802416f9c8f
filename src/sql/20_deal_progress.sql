
--
-- deal_progress: how far along an ordered list of stages
--

-- STABLE for the reason given at deal_event_in.
@include type.sql.in TYPE=deal_progress INPUT=STABLE ALIGNMENT=double STORAGE=extended
@include equalimage.sql.in TYPE=deal_progress
@include json.sql.in TYPE=deal_progress

COMMENT ON TYPE deal_progress IS 'how far a deal came along an ordered list of stages: depth, instants, status; many make a funnel_summary';

-- Not STRICT: a NULL option means that there is none. Stays IMMUTABLE: now() is only the default of as_of.
CREATE FUNCTION deal_progress(
	history deal_history,
	stages text[] DEFAULT '{lead,mql,sql,opportunity,won}',
	within interval DEFAULT NULL,
	step_within interval[] DEFAULT NULL,
	mode text DEFAULT 'ordered',
	skipped text DEFAULT 'passed',
	optional text[] DEFAULT NULL,
	exits text[] DEFAULT '{lost,no_decision}',
	entry text DEFAULT 'best',
	as_of timestamptz DEFAULT now()
) RETURNS deal_progress
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10;
COMMENT ON FUNCTION deal_progress(deal_history, text[], interval, interval[], text, text, text[], text[], text, timestamptz)
	IS 'how far a deal came along the stages: mode ordered, adjacent, increasing or any_order; skipped passed, stop or excluded; entry best, first or latest; within counts to the microsecond, and ''90'' is 90 seconds';

CREATE FUNCTION depth(progress deal_progress) RETURNS integer
	AS 'MODULE_PATHNAME', 'deal_progress_depth' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION status(progress deal_progress) RETURNS text
	AS 'MODULE_PATHNAME', 'deal_progress_status' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION stage_times(progress deal_progress) RETURNS timestamptz[]
	AS 'MODULE_PATHNAME', 'deal_progress_stage_times' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION stage_time(progress deal_progress, stage text) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_progress_stage_time' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION entered_at(progress deal_progress) RETURNS timestamptz
	AS 'MODULE_PATHNAME', 'deal_progress_entered_at' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION depth(deal_progress) IS 'the place of the deepest stage of the winning chain, from 1; 0 when never entered';
COMMENT ON FUNCTION status(deal_progress) IS 'not_entered, converted, exited, expired (the window is over) or open';
COMMENT ON FUNCTION stage_times(deal_progress) IS 'the instants of the winning chain, one per stage; NULL where skipped or not reached';
COMMENT ON FUNCTION stage_time(deal_progress, text) IS 'the instant of one stage of the winning chain; NULL where skipped or not reached';
COMMENT ON FUNCTION entered_at(deal_progress) IS 'the earliest instant of the winning chain; NULL when never entered';
