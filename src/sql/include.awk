# Joins the SQL files into the install script. A line
#
#	@include FILE NAME=VALUE ...
#
# stands for the lines of FILE, in the directory of this script, with VALUE wherever FILE says @NAME@.
#
# A state that grows with the rows says `SSPACE = n /* unbounded */`. From PostgreSQL 19 on (major) that is a number below
# zero, which keeps the planner from aggregating below joins; older servers take n for the size of a usual one.
function put(line) {
	if (major >= 19)
		sub(/SSPACE = [0-9]+ \/\* unbounded \*\//, "SSPACE = -1", line)
	print line
}
$1 == "@include" {
	file = directory "/" $2
	while ((status = (getline line < file)) > 0) {
		for (i = 3; i <= NF; i++) {
			split($i, pair, "=")
			gsub("@" pair[1] "@", pair[2], line)
		}
		if (line ~ /@[A-Z]+@/) {
			print FILENAME ": " $0 ": no value for " line > "/dev/stderr"
			failed = 1
		}
		put(line)
	}
	if (status < 0) {
		print FILENAME ": cannot read " file > "/dev/stderr"
		failed = 1
	}
	close(file)
	next
}
{ put($0) }
END { exit failed }
