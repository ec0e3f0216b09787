# SPDX-License-Identifier: GPL-2.0
#
# The table of leaves from the output of rows.awk.

$1 == "TDH" || $1 == "TDG" {
	n = split($4, status, " ")
	success = "no"
	refused = ""
	for (i = 1; i <= n; i++)
		if (status[i] == "SUCCESS")
			success = "yes"
		else
			refused = refused (refused ? ", " : "") status[i]
	n = split($3, program, " ")
	name = $2
	gsub(/_/, ".", name)
	print "| " $1 "." name " | " success " | " refused " | " \
		(n > 2 ? program[1] " and " n - 1 " more" : $3) " |"
}
