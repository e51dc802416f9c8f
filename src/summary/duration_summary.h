/*
 * duration_summary.h
 *		How long something took; what has not ended yet is counted as censored.
 *
 * An exact histogram by whole unit of time, as a summary (engine.h):
 *
 *		identity	one byte, the unit (DurationUnit)
 *		sums		one: the microseconds of all observed durations
 *		keys		DURATION_KEY(whole units, DurationCategory)
 *
 * A late entrant is recorded twice: where its duration ends, and under LATE at
 * the unit in which it came under observation; it is at risk in the units
 * after that. One that ends in the very unit it entered was never seen at risk:
 * such ends have categories of their own and no LATE entry. (A late entrant
 * censored in its unit of entry needs none: LATE and CENSORED cancel.)
 *
 * Size in bytes: 8 to 29 for header, unit, sum and number of cells, and for
 * every unit and category that occurs 2 and more: a varint of the distance to
 * the one before (1 byte up to 15 units) and a varint of the count (1 byte
 * below 128).
 */
#ifndef EM_DURATION_SUMMARY_H
#define EM_DURATION_SUMMARY_H

#include "base/compat.h"
#include "utils/jsonb.h"

#include "summary/engine.h"
#include "base/instant.h"
#include "plain/survival.h"

typedef enum DurationCategory
{
	DURATION_EVENT,
	DURATION_COMPETING,
	DURATION_CENSORED,
	DURATION_LATE,
	DURATION_EVENT_AT_ENTRY,
	DURATION_COMPETING_AT_ENTRY
} DurationCategory;

#define DURATION_CATEGORIES 6

#define DURATION_KEY(units, category) ((uint64) (units) * 8 + (category))
#define DURATION_KEY_UNITS(key) ((int64) ((key) / 8))
#define DURATION_KEY_CATEGORY(key) ((int) ((key) % 8))

extern const SummaryType duration_type;

/* A summary from ascending entries, keyed as above; the sum is that of the events among them. */
extern struct varlena *duration_summary_build(int unit, const TallyEntry *entries, uint32 n,
											  Sum128 observed_microseconds);

/* A horizon as an option: 22023 unless it is a finite number of units from 0 on. */
extern double duration_check_horizon(double horizon);

/* Ascending entries as points of a survival curve; space for n. Returns how many. */
extern size_t duration_points(const TallyEntry *entries, uint32 n, SurvivalPoint *points);

/* The same of a view, in memory of the current context. */
extern SurvivalPoint *duration_view_points(const SummaryView *view, size_t *n);

/* A summary, and its points. */
typedef struct DurationCurve
{
	SummaryView view;
	SurvivalPoint *points;
	size_t		n;
} DurationCurve;

extern void duration_curve(DurationCurve *curve, Datum summary);

/* The median of ascending entries, in units; false when it is not reached. */
extern bool duration_entries_median(const TallyEntry *entries, uint32 n, double *median);

/*
 * The "histogram" of a text form: an array of rows [units, a count for each
 * category], ascending by units. A type says how many counts its rows have.
 */
typedef struct HistogramForm
{
	const char *type;			/* SQL name, for messages */
	const char *row;			/* errdetail: what a row is */
	int			categories;		/* counts in a row, or */
	int			all_categories; /* with those that are mostly absent */
	int64		most_units;
} HistogramForm;

/* Reads it into the cells of a view; false with an error saved (22P02). */
extern bool duration_read_histogram(SummaryView *view, const HistogramForm *form,
									JsonbContainer *rows, fmNodePtr escontext);

#endif							/* EM_DURATION_SUMMARY_H */
