/*
 * chart.c
 *		Charts in plain text: labels, bars, intervals and a small canvas.
 */
#include "base/chart.h"

#include <math.h>

#include "mb/pg_wchar.h"

#include "base/options.h"
#include "plain/proportion.h"

void
chart_check_width(int width)
{
	(void) check_bounds("chart width", width, CHART_MIN_WIDTH, CHART_MAX_WIDTH);
}

int
chart_drawing_width(int width, int beside)
{
	return Max(width - beside, CHART_MIN_WIDTH);
}

/* The bytes of the character at `data`, and the columns it takes: 2 for a wide one, 1 for the "?" of what would move the cursor. */
static int
read_character(const char *data, const char *end, int *columns)
{
	/* in every server encoding a byte below 128 is a character of its own */
	int			length = Min(pg_mblen(data), (int) (end - data));

	*columns = pg_dsplen(data);
	if (*columns < 0)
		*columns = 1;
	return length;
}

int
chart_label_width(Label label)
{
	const char *end = label.data + label.length;
	int			width = 0;
	int			columns;

	for (const char *at = label.data; at < end; width += columns)
		at += read_character(at, end, &columns);
	return width;
}

void
chart_label(StringInfo out, Label label, int columns)
{
	const char *end = label.data + label.length;
	bool		cut = chart_label_width(label) > columns;
	int			space = cut ? Max(columns - 2, 0) : columns;
	int			used = 0;

	for (const char *at = label.data; at < end;)
	{
		int			width;
		int			length = read_character(at, end, &width);

		if (used + width > space)
			break;
		if (pg_dsplen(at) < 0)
			appendStringInfoChar(out, '?');
		else
			appendBinaryStringInfo(out, at, length);
		used += width;
		at += length;
	}
	for (; used < columns; used++)
		appendStringInfoChar(out, cut ? '.' : ' ');
}

/* The number of characters that stand for a fraction; anything above nothing shows. */
static int
filled(double fraction, int width)
{
	int			n;

	if (!(fraction > 0))
		return 0;
	n = (int) floor(Min(fraction, 1.0) * width + 0.5);
	return Max(n, 1);
}

void
chart_bar(StringInfo out, double value, double maximum, int width, bool fill)
{
	int			n = maximum > 0 ? filled(value / maximum, width) : 0;

	for (int i = 0; i < n; i++)
		appendStringInfoChar(out, '#');
	if (fill)
		appendStringInfoSpaces(out, width - n);
}

/* One character of an interval and of the bar that leads to it. */
static char
interval_character(int at, int left, int mark, int right)
{
	if (at == left)
		return left == right ? '|' : '[';
	if (at == right)
		return ']';
	if (at < left)
		return '#';
	if (at > right)
		return ' ';
	return at == mark ? 'o' : '-';
}

/*
 * A bar from 0 to an interval, and the value as "o" within it, all between 0 and 1:
 *	"#####[-o--]" for low, value, high at the 6th, 8th and 11th character; "|" where low and high fall on one. At an end of
 *	the interval the value has no mark.
 */
static void
chart_interval(StringInfo out, double low, double value, double high, int width)
{
	int			mark = filled(value, width) - 1;
	int			left = Min((int) (Max(low, 0.0) * width), width - 1);
	int			right = Min((int) (Max(high, 0.0) * width), width - 1);

	for (int i = 0; i < width; i++)
		appendStringInfoChar(out, interval_character(i, left, mark, right));
}

void
chart_rate(StringInfo out, int64 successes, int64 total, int bar_width)
{
	double		low;
	double		high;

	appendStringInfoChar(out, '|');
	if (wilson_interval(successes, total, CHART_LEVEL, &low, &high))
	{
		double		rate = (double) successes / (double) total;

		chart_interval(out, low, rate, high, bar_width);
		appendStringInfo(out, "| %5.1f%%", percent_of(successes, total));
	}
	else
	{
		appendStringInfoSpaces(out, bar_width);
		appendStringInfoString(out, "|      -");
	}
}

void
chart_number(StringInfo out, double value, int digits)
{
	appendStringInfo(out, "%.*g", digits, value);
}

void
canvas_init(Canvas *canvas, int columns, int rows)
{
	canvas->columns = columns;
	canvas->rows = rows;
	canvas->cells = palloc((Size) columns * rows);
	memset(canvas->cells, ' ', (Size) columns * rows);
}

void
canvas_put(Canvas *canvas, int column, int row, char mark)
{
	if (column >= 0 && column < canvas->columns && row >= 0 && row < canvas->rows)
		canvas->cells[(Size) row * canvas->columns + column] = mark;
}

void
canvas_line(Canvas *canvas, int column, int from_row, int to_row, char mark)
{
	for (int row = Min(from_row, to_row); row <= Max(from_row, to_row); row++)
		canvas_put(canvas, column, row, mark);
}

void
canvas_append_row(const Canvas *canvas, int row, StringInfo out)
{
	const char *cells = canvas->cells + (Size) row * canvas->columns;
	int			length = canvas->columns;

	while (length > 0 && cells[length - 1] == ' ')
		length--;
	appendBinaryStringInfo(out, cells, length);
}
