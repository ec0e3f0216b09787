# SPDX-License-Identifier: GPL-2.0
#
# COUNT of the mutants that list.awk prints, a third of each kind, none twice: the same for the same SEED.

function random(below)
{
	state = state * 16807 % 2147483647
	return state % below
}

{ line[$1, n[$1]++] = $0 }

END {
	state = SEED * 65537 % 2147483646 + 1
	for (i = 0; i < 10; i++)
		random(2)
	split("relation statement constant", kind, " ")
	for (i = 0; i < COUNT; i++) {
		k = kind[i % 3 + 1]
		if (!n[k])
			continue
		at = random(n[k])
		print line[k, at]
		line[k, at] = line[k, --n[k]]
	}
}
