# Joins the SQL files into the install script. A line
#
#	@include FILE NAME=VALUE ...
#
# stands for the lines of FILE, in the directory of this script, with VALUE wherever FILE says @NAME@.
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
		print line
	}
	if (status < 0) {
		print FILENAME ": cannot read " file > "/dev/stderr"
		failed = 1
	}
	close(file)
	next
}
{ print }
END { exit failed }
