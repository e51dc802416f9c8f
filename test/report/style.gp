# What all pictures share. Given: base (data is base.0.tsv, base.1.tsv ...), series (how many), width (720 for a desk, 360 for a telephone).
set encoding utf8
set datafile separator "\t"
set datafile commentschars ""
set datafile missing ""
set datafile columnheaders
narrow = width < 500
file(i) = sprintf("%s.%d.tsv", base, i)
name(i) = system(sprintf("tail -n 1 '%s' | cut -f 1", file(i)))
open_picture(height) = sprintf("set terminal svg size %d, %d dynamic font 'sans-serif,13' noenhanced linewidth 1.2", width, height)

# Okabe and Ito's colours: told apart by the colour-blind, and by their symbol or dash as well
array colour[3] = ["#0072B2", "#D55E00", "#009E73"]
array symbol[3] = [7, 5, 9]
ink = "#333333"
faint = "#D9D9D9"
set border 3 linecolor rgb "#767676"
set tics out nomirror textcolor rgb ink
set xlabel textcolor rgb ink
set ylabel textcolor rgb ink
set key textcolor rgb ink
set title textcolor rgb ink
set grid linecolor rgb faint linetype 1

# The labels of rows: left of the axis at a desk, above their row on a telephone.
tic(label) = narrow ? "" : label
name_rows = "array text[rows]; stats file(0) using (text[int($0) + 1] = strcol(1), 0) nooutput; set ytics scale 0 noenhanced; " \
	. "if (narrow) { do for [k = 1:rows] { set label k sprintf('%s', text[k]) at graph 0, first 1.4 - k left offset 0.3, 0 textcolor rgb ink } }"
