# SPDX-License-Identifier: GPL-2.0
#
# Reads the visits of tests/unit/visits.c and prints the table of S-EPT entry states and accesses.  SUMMARY gets
# "ROWS GAPS".  A cell without a visit is a gap, unless the pair can't be: those are named here, with the reason.

function row(actor, access, title)
{
	actors[++rows] = actor
	accesses[rows] = access
	titles[rows] = title
}

# The states in which ACCESS never finds an entry.
function never(access, names,    i, n, name)
{
	n = split(names, name, " ")
	for (i = 1; i <= n; i++)
		impossible[access, name[i]] = 1
}

BEGIN {
	states = "none FREE NL_MAPPED NL_BLOCKED MAPPED BLOCKED PENDING PENDING_BLOCKED " \
		 "MMIO_MAPPED MMIO_BLOCKED MMIO_PENDING"
	columns = split(states, state, " ")
	row("host", "MEM_SEPT_ADD", "TDH.MEM.SEPT.ADD")
	row("host", "MEM_PAGE_ADD", "TDH.MEM.PAGE.ADD")
	row("host", "MR_EXTEND", "TDH.MR.EXTEND")
	row("host", "MEM_PAGE_AUG", "TDH.MEM.PAGE.AUG")
	row("host", "MEM_RANGE_BLOCK", "TDH.MEM.RANGE.BLOCK")
	row("host", "MEM_PAGE_REMOVE", "TDH.MEM.PAGE.REMOVE")
	row("host", "MMIO_MAP", "TDH.MMIO.MAP")
	row("host", "MMIO_BLOCK", "TDH.MMIO.BLOCK")
	row("host", "MMIO_UNMAP", "TDH.MMIO.UNMAP")
	row("TD", "PAGE_ACCEPT", "TDG.MEM.PAGE.ACCEPT")
	row("TD", "MMIO_ACCEPT", "TDG.MMIO.ACCEPT")
	row("TD", "read", "load")
	row("TD", "write", "store")
	row("TD", "fetch", "fetch")
	row("module", "operand-in", "TDCALL operand, read")
	row("module", "operand-out", "TDCALL operand, written")
	# These look at level 0, where no entry points to a table.
	never("MEM_PAGE_ADD", "NL_MAPPED NL_BLOCKED")
	never("MEM_PAGE_AUG", "NL_MAPPED NL_BLOCKED")
	never("MR_EXTEND", "NL_MAPPED NL_BLOCKED")
	# RAM leaves are 4K, and this one looks at level 1 and up.
	never("MEM_SEPT_ADD", "MAPPED BLOCKED PENDING PENDING_BLOCKED")
	# A walk to level 0 goes through NL_MAPPED, and stops at all others.
	never("read", "NL_MAPPED")
	never("write", "NL_MAPPED")
	never("fetch", "NL_MAPPED")
	never("operand-in", "NL_MAPPED")
	never("operand-out", "NL_MAPPED")
	short["EPT_ENTRY_STATE_INCORRECT"] = "state"
	short["EPT_WALK_FAILED"] = "walk"
	short["EPT_ENTRY_NOT_PRESENT"] = "absent"
	short["GPA_RANGE_NOT_BLOCKED"] = "not blocked"
	short["GPA_RANGE_ALREADY_BLOCKED"] = "already"
	short["TLB_TRACKING_NOT_DONE"] = "not tracked"
	short["PAGE_ALREADY_ACCEPTED"] = "already"
	short["PAGE_SIZE_MISMATCH"] = short["MMIO_ACCEPT_SIZE_MISMATCH"] = "size"
}

$1 == "sept" && !(($2, $3, $4) in visited) {
	visited[$2, $3, $4] = 1
	answer = $4 in short ? short[$4] : $4
	if (substr(answer, 1, 2) == "->")
		answer = substr(answer, 3) == $3 ? "ok" : "**" substr(answer, 3) "**"
	else if (answer == "ok")
		answer = "**ok**"
	cell[$2, $3] = cell[$2, $3] (cell[$2, $3] ? ", " : "") answer
}

END {
	printf "| by | access |"
	for (c = 1; c <= columns; c++)
		printf " %s |", state[c]
	printf "\n|---|---|"
	for (c = 1; c <= columns; c++)
		printf "---|"
	print ""
	for (r = 1; r <= rows; r++) {
		printf "| %s | %s |", actors[r], titles[r]
		for (c = 1; c <= columns; c++) {
			at = accesses[r] SUBSEP state[c]
			text = cell[at]
			if (at in impossible) {
				text = text ? text " (!)" : "-"
			} else {
				possible++
				if (!text) {
					text = "GAP"
					gaps++
				}
			}
			printf " %s |", text
		}
		print ""
	}
	print possible + 0, gaps + 0 >SUMMARY
}
