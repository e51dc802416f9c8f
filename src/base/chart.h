/*
 * chart.h
 *		Charts in plain text: what the charts of all summaries share.
 *
 * ASCII only but for labels, so that they read the same in every server encoding. The width
 * is that of a whole line, labels and figures included; the drawing gets what they leave, and
 * never less than CHART_MIN_WIDTH.
 */
#ifndef EM_CHART_H
#define EM_CHART_H

#include "base/compat.h"
#include "lib/stringinfo.h"

#include "base/label.h"

#define CHART_MIN_WIDTH 10
#define CHART_MAX_WIDTH 1000
/* a longer label is cut */
#define CHART_NAME_COLUMNS 24
#define CHART_LEVEL 0.95

/* 22023 unless the width is within the limits. */
extern void chart_check_width(int width);

/* Columns for the drawing in a line of `width`, when `beside` are taken by what stands beside it. */
extern int	chart_drawing_width(int width, int beside);

/* Columns (not bytes) that a label takes on a screen. */
extern int	chart_label_width(Label label);

/* A label in exactly `columns` columns: filled with blanks, or cut and ended with ".."; line ends and the like as "?". */
extern void chart_label(StringInfo out, Label label, int columns);

/* A bar of value / maximum of `width` characters, filled with blanks to the width when `fill`. */
extern void chart_bar(StringInfo out, double value, double maximum, int width, bool fill);

/* A rate with its 95 % Wilson interval: "|#####[-o--]   |  55.0%", with CHART_RATE_BESIDE columns beside the bar. */
#define CHART_RATE_BESIDE 9
extern void chart_rate(StringInfo out, int64 successes, int64 total, int bar_width);

/* A number in at most `digits` significant digits, without exponent or trailing zeros where it can. */
extern void chart_number(StringInfo out, double value, int digits);

/* A canvas of characters for curves; (0, 0) is the upper left corner. */
typedef struct Canvas
{
	int			columns;
	int			rows;
	char	   *cells;
} Canvas;

extern void canvas_init(Canvas *canvas, int columns, int rows);
extern void canvas_put(Canvas *canvas, int column, int row, char mark);
/* A vertical run in one column, both ends included, in either order. */
extern void canvas_line(Canvas *canvas, int column, int from_row, int to_row, char mark);
/* One row without trailing blanks and without a line end. */
extern void canvas_append_row(const Canvas *canvas, int row, StringInfo out);

#endif							/* EM_CHART_H */
