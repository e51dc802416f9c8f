# A panel for each series (first column): percent by the second column, with its interval. `mark` is where something began.
eval open_picture(narrow ? 60 + 190 * series : 320)
top = marked = last = 0
do for [i = 0:series - 1] {
	stats file(i) using (top = column("high") > top ? column("high") : top, strcol(2) eq mark ? marked = $0 : 0, last = $0) nooutput
}
set yrange [0:top]
set xrange [-0.7:last + 0.7]
set grid noxtics
unset key
set xtics rotate by (narrow ? 0 : 45) right
if (narrow) { set xtics norotate center }
if (marked) {
	set arrow from first marked - 0.5, graph 0 to first marked - 0.5, graph 1 nohead dashtype 2 linecolor rgb ink linewidth 1.5
}
set multiplot layout (narrow ? series : 1), (narrow ? 1 : series)
do for [i = 0:series - 1] {
	set title name(i)
	set ylabel (narrow || i == 0 ? y_label : "")
	plot file(i) using 0:(column("percent")):(column("low")):(column("high")):xtic(int($0) % (narrow ? 4 : 2) == 0 ? strcol(2) : "") \
		with yerrorbars pointtype symbol[i % 3 + 1] pointsize 0.6 linewidth 1.3 linecolor rgb colour[i % 3 + 1]
}
unset multiplot
