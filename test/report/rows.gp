# A row for each label (first column): `value` with its interval, as a bar from zero or, with bar = 0, as a point beside a line at zero.
stats file(0) using 0 nooutput
rows = STATS_records
eval open_picture(80 + (narrow ? 52 : 36) * rows)
set xlabel x_label
set yrange [-rows + 0.4:0.7]
eval name_rows
set grid noytics xtics
if (bar) {
	set xrange [0:*]
	set style fill solid 0.35 noborder
} else {
	set arrow from first 0, graph 0 to first 0, graph 1 nohead linecolor rgb ink linewidth 1.5
}
unset key
set rmargin narrow ? 7 : bar ? 10 : 19
plot for [once = 1:bar] file(0) using (0):(-$0):(0):(column(value)):(-$0 - 0.3):(-$0 + (narrow ? 0.1 : 0.3)):ytic(tic(strcol(1))) with boxxyerror fillcolor rgb colour[1], \
	file(0) using (column(value)):(-$0 - (narrow ? 0.1 : 0)):(column("low")):(column("high")):ytic(tic(strcol(1))) with xerrorbars pointtype (bar ? 0 : 7) pointsize 0.8 linewidth 1.5 linecolor rgb colour[1], \
	file(0) using (column("high") == column("high") ? column("high") : column(value)):(-$0 - (narrow ? 0.1 : 0)):(strcol(value) . unit . (narrow || bar ? '' : ' (' . strcol('low') . ' to ' . strcol('high') . ')')) with labels left offset 1, 0 textcolor rgb ink
