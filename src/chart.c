/*
 * chart.c
 *		Charts in plain text: labels, bars, intervals and a small canvas.
 */
#include "chart.h"

#include <math.h>

#include "mb/pg_wchar.h"

void
chart_check_width(int width)
{
	if (width < CHART_MIN_WIDTH || width > CHART_MAX_WIDTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("chart width %d is out of range", width),
				 errhint("A width is %d to %d characters.", CHART_MIN_WIDTH, CHART_MAX_WIDTH)));
}

int
chart_label_width(Label label)
{
	return pg_mbstrlen_with_len(label.data, label.length);
}

/* Characters that would move the cursor stand as "?". */
static void
append_printable(StringInfo out, const char *data, int length)
{
	for (int i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) data[i];

		/* in every server encoding a byte below 128 is a character of its own */
		appendStringInfoChar(out, c < 0x20 || c == 0x7f ? '?' : data[i]);
	}
}

void
chart_label(StringInfo out, Label label, int columns)
{
	int			width = chart_label_width(label);

	if (width <= columns)
	{
		append_printable(out, label.data, label.length);
		appendStringInfoSpaces(out, columns - width);
	}
	else
	{
		int			kept = Max(columns - 2, 0);

		append_printable(out, label.data,
						 pg_mbcharcliplen(label.data, label.length, kept));
		for (int i = kept; i < columns; i++)
			appendStringInfoChar(out, '.');
	}
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

void
chart_interval(StringInfo out, double low, double value, double high, int width)
{
	int			bar = filled(value, width);
	int			left = Min((int) (Max(low, 0.0) * width), width - 1);
	int			right = Min((int) (Max(high, 0.0) * width), width - 1);

	for (int i = 0; i < width; i++)
		appendStringInfoChar(out,
							 i == left || i == right ? '|' :
							 i < bar ? '#' :
							 i > left && i < right ? '-' : ' ');
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
