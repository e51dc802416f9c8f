# A point for each month with its interval; those whose state is not `final` are hollow, in a grey field, and named. `mark` is the month in which something began.
eval open_picture(narrow ? 340 : 380)
marked = first_open = last_open = NaN
last = 0
stats file(0) using (strcol(1) eq mark ? marked = $0 : 0) nooutput
stats file(0) using (strcol("state") ne "final" ? (first_open = first_open == first_open ? first_open : $0, last_open = $0) : 0, last = $0) nooutput
set ylabel y_label
set xlabel x_label
set yrange [0:*]
set xrange [-0.7:last + 0.7]
set offsets graph 0, 0, graph 0.18, 0
set grid noxtics
set key off
if (first_open == first_open) {
	set object 1 rectangle from first first_open - 0.5, graph 0 to first last_open + 0.5, graph 1 behind fillcolor rgb "#F0F0F0" fillstyle solid noborder
	if (last_open == last) {
		set label 1 not_final at graph 0.99, graph 0.97 right textcolor rgb ink
	} else {
		set label 1 not_final at first first_open - 0.5, graph 0.97 left offset 0.7, 0 textcolor rgb ink
	}
}
if (marked == marked) {
	set arrow 2 from first marked - 0.5, graph 0 to first marked - 0.5, graph 1 nohead dashtype 2 linecolor rgb ink linewidth 1.5
	set label 2 mark_label at first marked - 0.5, graph (narrow ? 0.89 : 0.97) right offset -0.7, 0 textcolor rgb ink
}
every = int(last / (narrow ? 3.5 : 8)) + 1
every = every > 3 ? int((every + 2) / 3) * 3 : every		# quarters
final(wanted) = (strcol("state") eq "final") == wanted ? column("percent") : NaN
plot file(0) using 0:(final(1)):(column("low")):(column("high")):xtic(int($0) % every == 0 ? strcol(1) : "") with yerrorbars pointtype 7 pointsize (narrow ? 0.5 : 0.7) linecolor rgb colour[1] linewidth 1.3, \
	file(0) using 0:(final(0)):(column("low")):(column("high")) with yerrorbars pointtype 6 pointsize (narrow ? 0.6 : 0.8) dashtype 3 linecolor rgb colour[2] linewidth 1.3
