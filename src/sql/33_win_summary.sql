
--
-- win_summary: wins by competitor
--

@include type.sql.in TYPE=win_summary INPUT=IMMUTABLE ALIGNMENT=double STORAGE=extended
@include json.sql.in TYPE=win_summary
@include merge.sql.in TYPE=win_summary AGGREGATE=win_agg COST=200 SPACE=4096
@include plus_minus.sql.in TYPE=win_summary

COMMENT ON TYPE win_summary IS 'won, lost, undecided and open deals by competitor; made by win_agg, read by competitors and win_rate';

-- Not STRICT: the state starts as NULL, and NULL has a meaning in the arguments.
CREATE FUNCTION win_summary_add_outcome(state win_summary, outcome deal_outcome) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION win_summary_add_fields(state win_summary, won boolean, competitors text[]) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION win_summary_add_fields(state win_summary, won boolean, competitors text[], amount numeric) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 20;
CREATE FUNCTION win_summary_remove_outcome(state win_summary, outcome deal_outcome) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION win_summary_remove_fields(state win_summary, won boolean, competitors text[]) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION win_summary_remove_fields(state win_summary, won boolean, competitors text[], amount numeric) RETURNS win_summary
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION win_summary_add_outcome(win_summary, deal_outcome) IS 'transition of win_agg(deal_outcome)';
COMMENT ON FUNCTION win_summary_add_fields(win_summary, boolean, text[]) IS 'transition of win_agg(won, competitors)';
COMMENT ON FUNCTION win_summary_add_fields(win_summary, boolean, text[], numeric) IS 'transition of win_agg(won, competitors, amount)';
COMMENT ON FUNCTION win_summary_remove_outcome(win_summary, deal_outcome) IS 'inverse transition of win_agg(deal_outcome)';
COMMENT ON FUNCTION win_summary_remove_fields(win_summary, boolean, text[]) IS 'inverse transition of win_agg(won, competitors)';
COMMENT ON FUNCTION win_summary_remove_fields(win_summary, boolean, text[], numeric) IS 'inverse transition of win_agg(won, competitors, amount)';

CREATE AGGREGATE win_agg(outcome deal_outcome) (
	SFUNC = win_summary_add_outcome, STYPE = win_summary, SSPACE = 8192,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_outcome, MINVFUNC = win_summary_remove_outcome, MSTYPE = win_summary, MSSPACE = 1024,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE win_agg(deal_outcome) IS 'deals by how they ended and which competitors were considered';
CREATE AGGREGATE win_agg(won boolean, competitors text[]) (
	SFUNC = win_summary_add_fields, STYPE = win_summary, SSPACE = 8192,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_fields, MINVFUNC = win_summary_remove_fields, MSTYPE = win_summary, MSSPACE = 1024,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE win_agg(boolean, text[]) IS 'deals won or not, or open when won is NULL, by the competitors in them; to whom deals were lost is not known';
CREATE AGGREGATE win_agg(won boolean, competitors text[], amount numeric) (
	SFUNC = win_summary_add_fields, STYPE = win_summary, SSPACE = 8192,
	FINALFUNC = win_summary_final, COMBINEFUNC = win_summary_combine,
	MSFUNC = win_summary_add_fields, MINVFUNC = win_summary_remove_fields, MSTYPE = win_summary, MSSPACE = 1024,
	MFINALFUNC = win_summary_final, PARALLEL = SAFE
);
COMMENT ON AGGREGATE win_agg(boolean, text[], numeric) IS 'deals won or not, or open when won is NULL, by the competitors in them, with amounts';
COMMENT ON AGGREGATE rollup(win_summary) IS 'one summary of the deals in many';

COMMENT ON OPERATOR + (win_summary, win_summary) IS 'the deals in both';
COMMENT ON OPERATOR - (win_summary, win_summary) IS 'the deals in the first without those of the second, which must be among them';

CREATE FUNCTION win_rate(summary win_summary, competitor text, basis text DEFAULT 'considered') RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'win_summary_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION overall_win_rate(summary win_summary, basis text DEFAULT 'considered') RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'win_summary_overall_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION uncontested_win_rate(summary win_summary, basis text DEFAULT 'considered') RETURNS rate_summary
	AS 'MODULE_PATHNAME', 'win_summary_uncontested_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION win_loss_ratio(summary win_summary, competitor text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_win_loss_ratio' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION lost_to(summary win_summary, competitor text) RETURNS bigint
	AS 'MODULE_PATHNAME', 'win_summary_lost_to' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_win_rate(summary win_summary, competitor text) RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_amount_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION amount_win_rate(summary win_summary) RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_overall_amount_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION fractional_win_rate(summary win_summary, competitor text, basis text DEFAULT 'considered') RETURNS double precision
	AS 'MODULE_PATHNAME', 'win_summary_fractional_win_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION fractional_credit(summary win_summary, competitor text, basis text DEFAULT 'considered',
								  OUT won double precision, OUT total double precision) RETURNS record
	AS 'MODULE_PATHNAME', 'win_summary_fractional_credit' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION competitors(summary win_summary, basis text DEFAULT 'considered', min_deals bigint DEFAULT 0, level double precision DEFAULT 0.95,
							OUT competitor text, OUT considered bigint, OUT won bigint, OUT lost bigint, OUT lost_to bigint, OUT no_decision bigint, OUT open bigint,
							OUT total bigint, OUT percent double precision, OUT low double precision, OUT high double precision,
							OUT fractional_won double precision, OUT fractional_total double precision,
							OUT amount_won numeric, OUT amount_lost numeric, OUT mean_won double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'win_summary_competitors' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
CREATE FUNCTION outcomes(summary win_summary, OUT status text, OUT deals bigint, OUT with_amount bigint, OUT amount numeric, OUT mean double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'win_summary_outcomes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4;
CREATE FUNCTION chart(summary win_summary, width integer DEFAULT 60) RETURNS text
	AS 'MODULE_PATHNAME', 'win_summary_chart' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION win_rate(win_summary, text, text) IS 'deals won of those in which a competitor was considered; basis considered, closed, decided or lost_to (0 of 0 where there are losses and no loss names a winner): percent(win_rate(w, ''Acme''), 1)';
COMMENT ON FUNCTION overall_win_rate(win_summary, text) IS 'deals won of all, each counted once: percent(overall_win_rate(w), 1)';
COMMENT ON FUNCTION uncontested_win_rate(win_summary, text) IS 'deals won of those without any competitor: percent(uncontested_win_rate(w), 1)';
COMMENT ON FUNCTION win_loss_ratio(win_summary, text) IS 'deals won / deals lost in which a competitor was considered; NULL when none was lost';
COMMENT ON FUNCTION lost_to(win_summary, text) IS 'deals lost to this very competitor, as far as the losing event names it';
COMMENT ON FUNCTION amount_win_rate(win_summary, text) IS 'amount won / amount won and lost where a competitor was considered; NULL when there is none';
COMMENT ON FUNCTION amount_win_rate(win_summary) IS 'amount won / amount won and lost of all deals; NULL when there is none';
COMMENT ON FUNCTION fractional_win_rate(win_summary, text, text) IS 'win rate in which a deal with k competitors counts 1/k for each; NULL when the denominator is empty';
COMMENT ON FUNCTION fractional_credit(win_summary, text, text) IS 'deals won and denominator of a competitor, a deal with k competitors counting 1/k for each';
COMMENT ON FUNCTION competitors(win_summary, text, bigint, double precision) IS 'a row for each competitor with at least min_deals deals in the denominator: counts, percent won of total with its Wilson interval, fractional credit, amounts, mean amount of the won deals that have one';
COMMENT ON FUNCTION outcomes(win_summary) IS 'a row each for won, lost, no_decision and open: deals, those with an amount, their amount and its mean';
COMMENT ON FUNCTION chart(win_summary, integer) IS 'win rates against the competitors considered most often, with intervals, as text';
