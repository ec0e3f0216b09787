# SPDX-License-Identifier: GPL-2.0
#
# Reads what gcov -t -b -c prints of every object, in one stream, and adds up: a line or a branch of a header
# counts once, and is reached if it is in any object.  Prints "FILE LINES REACHED BRANCHES TAKEN" for each file
# under lib/, and to MISSING "FILE:LINE" of what no test reached, "FILE:LINE branch N" of what none took.

/^ *-: *0:Source:/ {
	file = $0
	sub(/.*Source:/, "", file)
	next
}
file !~ /^lib\// { next }
/^branch/ {
	# Of a line that was never executed, gcov does not count what its branches did.
	at = file ":" line " branch " $2
	if (!(at in taken)) {
		taken[at] = 0
		branches[file]++
	}
	if ($3 == "taken" && $4 != "0" && !taken[at]++)
		reached_branches[file]++
	next
}
/^(function|call|unconditional)/ { next }
/^ *[^:]*: *[0-9]+:/ {
	split($0, part, ":")
	count = part[1]
	line = part[2] + 0
	gsub(/[ *]/, "", count)
	if (count == "-" || line == 0)
		next
	at = file ":" line
	if (!(at in executed)) {
		executed[at] = 0
		lines[file]++
	}
	if (count !~ /^[#=]/ && !executed[at]++)
		reached_lines[file]++
}
END {
	for (file in lines)
		print file, lines[file], reached_lines[file] + 0, branches[file] + 0, \
			reached_branches[file] + 0
	for (at in executed)
		if (!executed[at])
			print at >MISSING
	for (at in taken)
		if (!taken[at])
			print at >MISSING
}
