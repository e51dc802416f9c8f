/*
 * panel.c
 *		Units by periods, the fit of what would have been, leaving one unit out.
 */
#include "plain/panel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------- units ---------- */

void
panel_adoption(const int32_t *begins, uint32_t nperiods, int32_t day,
			   uint32_t *cohort, uint32_t *split)
{
	uint32_t	low = 0;
	uint32_t	high = nperiods;
	int64_t		end;

	while (low < high)
	{
		uint32_t	middle = low + (high - low) / 2;

		if (begins[middle] >= day)
			high = middle;
		else
			low = middle + 1;
	}
	*cohort = *split = low;
	if (low == 0)
		return;
	if (low < nperiods)
		end = begins[low];
	else if (nperiods > 1)
		end = 2 * (int64_t) begins[low - 1] - begins[low - 2];
	else
		end = begins[0];
	if (begins[low - 1] < day && day < end)
		*split = low - 1;
}

static int
compare_cells(const PanelCell *a, const PanelCell *b)
{
	if (a->period != b->period)
		return a->period < b->period ? -1 : 1;
	if (a->n != b->n)
		return a->n < b->n ? -1 : 1;
	return (a->y > b->y) - (a->y < b->y);
}

/* By the cells first, so that dealing the cohorts anew leaves the order as it is. */
static int
compare_units(const void *left, const void *right)
{
	const PanelUnit *a = left;
	const PanelUnit *b = right;

	if (a->ncells != b->ncells)
		return a->ncells < b->ncells ? -1 : 1;
	for (uint32_t i = 0; i < a->ncells; i++)
	{
		int			order = compare_cells(&a->cells[i], &b->cells[i]);

		if (order != 0)
			return order;
	}
	if (a->cohort != b->cohort)
		return a->cohort < b->cohort ? -1 : 1;
	if (a->split != b->split)
		return a->split < b->split ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

void
panel_prepare(Panel *panel)
{
	panel->largest = 0;
	for (uint32_t u = 0; u < panel->nunits; u++)
	{
		panel->units[u].place = u;
		for (uint32_t i = 0; i < panel->units[u].ncells; i++)
			panel->largest = fmax(panel->largest, fabs(panel->units[u].cells[i].y));
	}
	qsort(panel->units, panel->nunits, sizeof(PanelUnit), compare_units);
}

/* ---------- the graph of the periods ---------- */

double
fit_mean(const FitCell *cells, uint32_t ncells, double *total)
{
	double		mean = 0;

	*total = 0;
	for (uint32_t i = 0; i < ncells; i++)
		*total += cells[i].m;
	for (uint32_t i = 0; i < ncells; i++)
		mean += cells[i].m / *total * cells[i].y;
	return mean;
}

void
graph_add_right(double *right, const FitCell *cells, uint32_t ncells)
{
	double		total;
	double		mean = fit_mean(cells, ncells, &total);

	for (uint32_t i = 0; i < ncells; i++)
		right[cells[i].period] += cells[i].m * (cells[i].y - mean);
}

void
graph_add(double *graph, uint32_t nperiods, const FitCell *cells, uint32_t ncells)
{
	double		total;

	(void) fit_mean(cells, ncells, &total);
	for (uint32_t k = 0; k < ncells; k++)
	{
		double	   *edges = graph + GRAPH_EDGE(0, (size_t) cells[k].period);
		double		share = cells[k].m / total;

		for (uint32_t i = 0; i < k; i++)
			edges[cells[i].period] += cells[i].m * share;
	}
	graph_add_right(graph + GRAPH_EDGES(nperiods), cells, ncells);
}

static uint32_t
find_component(const uint32_t *component, uint32_t period)
{
	while (component[period] != period)
		period = component[period];
	return period;
}

void
graph_components(const double *graph, uint32_t nperiods, uint32_t *component)
{
	for (uint32_t k = 0; k < nperiods; k++)
	{
		const double *edges = graph + GRAPH_EDGE(0, (size_t) k);

		component[k] = k;
		for (uint32_t i = 0; i < k; i++)
			if (edges[i] > 0)
			{
				uint32_t	a = find_component(component, i);
				uint32_t	b = find_component(component, k);

				component[a > b ? a : b] = a > b ? b : a;
			}
	}
	/* a component of an earlier period is final by now */
	for (uint32_t k = 0; k < nperiods; k++)
		component[k] = component[component[k]];
}

void
graph_solve(double *graph, uint32_t nperiods, double *lambda)
{
	double	   *right = graph + GRAPH_EDGES(nperiods);

	/* a period that goes leaves edges between all of its neighbours, and its right side to them */
	for (uint32_t k = nperiods; k-- > 1;)
	{
		double	   *edges = graph + GRAPH_EDGE(0, (size_t) k);
		double		total = 0;

		for (uint32_t i = 0; i < k; i++)
			total += edges[i];
		lambda[k] = total;
		if (total == 0)
			continue;
		for (uint32_t i = 0; i < k; i++)
		{
			double		share = edges[i] / total;
			double	   *to = graph + GRAPH_EDGE(0, (size_t) i);

			if (share == 0)
				continue;
			right[i] += share * right[k];
			for (uint32_t j = 0; j < i; j++)
				to[j] += share * edges[j];
		}
	}

	for (uint32_t k = 0; k < nperiods; k++)
	{
		const double *edges = graph + GRAPH_EDGE(0, (size_t) k);
		double		sum = right[k];
		double		total = k > 0 ? lambda[k] : 0;

		if (total == 0)
		{
			lambda[k] = 0;
			continue;
		}
		for (uint32_t i = 0; i < k; i++)
			sum += edges[i] * lambda[i];
		lambda[k] = sum / total;
	}
}

bool
fit_alpha(const FitCell *cells, uint32_t ncells, const double *lambda,
		  const uint32_t *component, uint32_t wanted, double *alpha)
{
	double		total = 0;
	double		sum = 0;

	for (uint32_t i = 0; i < ncells; i++)
		if (component[cells[i].period] == wanted)
		{
			total += cells[i].m;
			sum += cells[i].m * (cells[i].y - lambda[cells[i].period]);
		}
	*alpha = sum / total;
	return total > 0;
}

/* ---------- leaving one out ---------- */

void
leave_one_out_init(LeaveOneOut *all, uint32_t n)
{
	uint32_t	depth = 2;

	for (uint32_t width = n; width > 1; width = (width + 1) / 2)
		depth++;
	all->levels = all->host->allocate(depth, sizeof(double *));
	for (uint32_t i = 0; i < depth; i++)
		all->levels[i] = all->host->allocate(all->size > 0 ? all->size : 1, sizeof(double));
}

static void
add_range(LeaveOneOut *all, double *sum, uint32_t from, uint32_t to)
{
	for (uint32_t u = from; u < to; u++)
	{
		all->host->interrupt();
		all->add(all->context, sum, u);
	}
}

static void
clear(double *sum, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum[i] = 0;
}

const double *
leave_none_out(LeaveOneOut *all, uint32_t n)
{
	clear(all->levels[0], all->size);
	add_range(all, all->levels[0], 0, n);
	return all->levels[0];
}

/* levels[depth] is the sum of all outside of [from, to). */
static void
leave_range(LeaveOneOut *all, uint32_t from, uint32_t to, uint32_t depth)
{
	uint32_t	middle = from + (to - from) / 2;
	double	   *next = all->levels[depth + 1];

	if (to - from == 1)
	{
		all->host->interrupt();
		all->without(all->context, all->levels[depth], from);
		return;
	}
	memcpy(next, all->levels[depth], all->size * sizeof(double));
	add_range(all, next, middle, to);
	leave_range(all, from, middle, depth + 1);
	memcpy(next, all->levels[depth], all->size * sizeof(double));
	add_range(all, next, from, middle);
	leave_range(all, middle, to, depth + 1);
}

void
leave_one_out(LeaveOneOut *all, uint32_t n)
{
	clear(all->levels[0], all->size);
	if (n > 0)
		leave_range(all, 0, n, 0);
}
