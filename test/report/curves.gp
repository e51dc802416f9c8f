# Steps by day for each series (first column), `per` of them in a panel, with their intervals unless band = 0, and below the
# axis, for each `every` days, how many were still to be seen. A picture's settings may name a `top` and where the `legend` stands.
if (!exists("top")) { top = 100 }
if (!exists("legend")) { legend = "bottom right" }
panels = (series + per - 1) / per
eval open_picture((340 + 40 * per) * (narrow ? panels : 1))
set ylabel y_label
set yrange [0:top]
set grid noxtics
eval "set key " . legend . " Left reverse samplen 1.5 width -2 spacing 1.1 noenhanced"
set style fill transparent solid 0.18 noborder
set bmargin 3.5 + 2 * per
set lmargin 9
set rmargin 3
set tmargin panels > 1 ? 2.5 : 1.5
last = 0
stats file(0) using (last = column("day"), 0) nooutput
ticks = last / every + 1
array text[ticks]
set xrange [0:last]
set xlabel x_label offset 0, -2 * per
set multiplot layout (narrow ? panels : 1), (narrow ? 1 : panels)
do for [p = 0:panels - 1] {
	if (panels > 1) { set title sprintf("%s", value(sprintf("title%d", p + 1))) }
	from = p * per
	to = from + per - 1 < series - 1 ? from + per - 1 : series - 1
	do for [k = 1:ticks] { text[k] = sprintf("%d", (k - 1) * every) }
	do for [i = from:to] {
		stats file(i) using (int(column("day")) % every == 0 ? (text[int(column("day")) / every + 1] = text[int(column("day")) / every + 1] . "\n\n" . strcol("at_risk"), 0) : 0) nooutput
		set label i - from + 1 still . name(i) at graph 0, graph 0 left offset -1, -2.5 - 2 * (i - from) textcolor rgb colour[i - from + 1] noenhanced
	}
	set xtics (sprintf("%s", text[1]) 0)
	do for [k = 2:ticks] { set xtics add (sprintf("%s", text[k]) (k - 1) * every) }
	plot for [i = from:to] file(i) using (column("day")):(band ? column("low") : NaN):(column("high")) with filledcurves fillcolor rgb colour[i - from + 1] notitle, \
		for [i = from:to] file(i) using (column("day")):(column("percent")) with steps linecolor rgb colour[i - from + 1] dashtype i - from + 1 linewidth 2 title name(i)
}
unset multiplot
