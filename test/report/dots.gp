# A row for each label (first column), and on it a symbol for each of the columns named in `shown`: filled for the first `filled` of them.
stats file(0) using 0 nooutput
rows = STATS_records
eval open_picture(narrow ? 150 + 40 * rows : 120 + 30 * rows)
set xlabel x_label
set xrange [0:*]
set yrange [-rows + 0.4:0.7]
eval name_rows
set grid ytics noxtics
set key tmargin left noenhanced Left reverse maxrows (narrow ? 3 : 2) samplen 1
plot for [i = 1:words(shown)] file(0) using (column(word(shown, i))):(-$0 - (narrow ? 0.15 : 0)):ytic(tic(strcol(1))) \
	with points pointtype (i <= filled ? 5 + 2 * i : 6 + 2 * (i - filled)) pointsize 0.9 linewidth 1.5 linecolor rgb colour[i <= filled ? 1 : 2] title word(shown, i)
