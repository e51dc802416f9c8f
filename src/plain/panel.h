/*
 * panel.h
 *		A panel: units observed period by period, some of which adopt something
 *		at some time; and what would have been without it.
 *
 * Plain C. Memory comes from the host and is never freed here: the host frees
 * all of it at once. The host's interrupt function may leave by longjmp.
 *
 * Without adoption a cell is taken to be y = alpha of the unit + lambda of the
 * period. The normal equations of the lambdas, with the units eliminated, are
 * a weighted Laplacian: a graph of periods, whose edges are sums of
 * positive parts, one part a unit.
 */
#ifndef EM_PANEL_H
#define EM_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PANEL_MAX_PERIODS 1000

typedef struct PanelHost
{
	void	   *(*allocate) (size_t count, size_t size);	/* not NULL; not cleared */
	void		(*interrupt) (void);
} PanelHost;

typedef struct PanelCell
{
	uint32_t	period;
	int64_t		n;				/* above 0 */
	double		y;				/* mean of the n */
} PanelCell;

/*
 * The cohort is the first period that begins at or after the adoption, and
 * the number of periods where there is none. The split is the period in which
 * it falls: the one before the cohort when it falls within that, else the cohort.
 */
typedef struct PanelUnit
{
	uint32_t	cohort;
	uint32_t	split;
	uint32_t	ncells;			/* above 0 */
	PanelCell  *cells;			/* by ascending period */
	uint32_t	place;			/* among the units as they were given */
} PanelUnit;

typedef struct Panel
{
	const PanelHost *host;
	uint32_t	nperiods;
	uint32_t	nunits;
	PanelUnit  *units;
	double		largest;		/* |y| */
} Panel;

/*
 * Cohort and split of an adoption on a day, given the days on which the periods
 * begin, ascending. A period lasts until the next; the last one as long as the
 * one before it.
 */
extern void panel_adoption(const int32_t *begins, uint32_t nperiods, int32_t day,
						   uint32_t *cohort, uint32_t *split);

/*
 * Completes a panel whose units and cells are filled in: sorts the units by what they
 * hold, so that no result depends on their names or order.
 */
extern void panel_prepare(Panel *panel);

/* ---------- the graph of the periods ---------- */

/* Edges (i, k), i < k, at k (k - 1) / 2 + i, and after them the right side of each period. */
#define GRAPH_EDGE(i, k) ((size_t) (k) * ((k) - 1) / 2 + (i))
#define GRAPH_EDGES(nperiods) ((size_t) (nperiods) * ((nperiods) - 1) / 2)
#define GRAPH_SIZE(nperiods) (GRAPH_EDGES(nperiods) + (nperiods))

/* A cell that takes part in a fit. */
typedef struct FitCell
{
	uint32_t	period;
	double		m;				/* weight, above 0 */
	double		y;
} FitCell;

/* The weighted mean of y, and the sum of the weights. */
extern double fit_mean(const FitCell *cells, uint32_t ncells, double *total);

/* Adds a unit's part: m m' / sum of m to each edge between its periods, m (y - weighted mean of y) to the right side. */
extern void graph_add(double *graph, uint32_t nperiods, const FitCell *cells, uint32_t ncells);

/* The right side alone. */
extern void graph_add_right(double *right, const FitCell *cells, uint32_t ncells);

/* The component of each period: its earliest period. */
extern void graph_components(const double *graph, uint32_t nperiods, uint32_t *component);

/*
 * The lambda of each period, that of the earliest of each component being 0;
 * uses up the graph. Eliminates the periods from the last to the second: a
 * Cholesky factorisation of the Laplacian without those earliest ones, written
 * in edges, so that nothing is ever subtracted.
 */
extern void graph_solve(double *graph, uint32_t nperiods, double *lambda);

/* The unit's alpha within a component: the weighted mean of y - lambda; false without a cell in it. */
extern bool fit_alpha(const FitCell *cells, uint32_t ncells, const double *lambda,
					  const uint32_t *component, uint32_t wanted, double *alpha);

/* ---------- leaving one out ---------- */

/*
 * Sums over all units but one, for each unit. Adding is all that is done:
 * the sums without the first half of the units are those with the second half added, and so
 * on down, about log2(n) additions for each unit and no subtraction that could cancel.
 */
typedef struct LeaveOneOut
{
	const PanelHost *host;
	size_t		size;			/* numbers in a sum */
	void	   *context;
	void		(*add) (void *context, double *sum, uint32_t unit);
	void		(*without) (void *context, const double *sum, uint32_t unit);
	double	  **levels;
} LeaveOneOut;

/* Memory for panels of up to n units. */
extern void leave_one_out_init(LeaveOneOut *all, uint32_t n);
/* The sum of all: valid until the next call. */
extern const double *leave_none_out(LeaveOneOut *all, uint32_t n);
extern void leave_one_out(LeaveOneOut *all, uint32_t n);

#endif							/* EM_PANEL_H */
