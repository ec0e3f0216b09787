# SPDX-License-Identifier: GPL-2.0
#
# Which numbers of the ABI the model has, and which of these the unit tests met when they ran.  Files in this
# order: lib/tdx_abi/*.h, lib/tdx_module/*.[ch], then the visits of each program (tests/unit/visits.c).  Prints
# "KIND<tab>NAME<tab>PROGRAMS<tab>HOW" for each number that the model uses.

BEGIN {
	kind["TDX_STATUSES"] = kind["TDX_CONNECT_STATUSES"] = "status"
	kind["TDX_OPERANDS"] = "operand"
	kind["TDX_EXIT_REASONS"] = "reason"
	kind["TDH_LEAVES"] = kind["TDH_CONNECT_LEAVES"] = "TDH"
	kind["TDG_LEAVES"] = kind["TDG_CONNECT_LEAVES"] = "TDG"
	prefix["status"] = "TDX_HI_"
	prefix["operand"] = "TDX_OP_"
	prefix["reason"] = "TDX_EXIT_"
	prefix["TDH"] = "TDH_"
	prefix["TDG"] = "TDG_"
}

function define(token, of, name)
{
	order[++tokens] = token
	kind_of[token] = of
	name_of[token] = name
}

# A field's key: the id without what describes the access.  Bit 62 is zero in all of them.
function field_key(hex) { return tolower(substr(hex, 3, 2) "00000000" substr(hex, 13, 6)) }

FILENAME ~ /^lib\/tdx_abi\// {
	if ($1 == "#define" && $2 ~ /\(X\)$/) {
		list = substr($2, 1, length($2) - 3)
	} else if ($1 ~ /^X\(/ && list in kind) {
		split($1, part, /[(,]/)
		define(prefix[kind[list]] part[2], kind[list], part[2])
	} else if ($1 == "#define" && $2 ~ /^TDX_FIELD_/ && $3 ~ /^0x[0-9a-f]+ULL$/ && $2 !~ /_(MASK|MBZ|NULL|NON_ARCH)$/) {
		define($2, "field", substr($2, 11))
		token_of[field_key($3)] = $2
	}
	next
}
FILENAME ~ /^lib\/tdx_module\// {
	# TDX_STATUS(NAME, stands for TDX_HI_NAME.
	gsub(/TDX_STATUS\(/, "TDX_HI_")
	n = split($0, part, /[^A-Za-z0-9_]+/)
	for (i = 1; i <= n; i++)
		used[part[i]] = 1
	next
}

function met(token, how)
{
	program = FILENAME
	sub(/.*\//, "", program)
	if (!((token, program) in seen)) {
		seen[token, program] = 1
		programs[token] = programs[token] (programs[token] ? " " : "") program
	}
	if (!((token, how) in ways)) {
		ways[token, how] = 1
		how_of[token] = how_of[token] (how_of[token] ? " " : "") how
	}
}

$1 == "leaf" {
	met($2, $3)
	met("TDX_HI_" $3, $2)
}
$1 == "operand" { met("TDX_OP_" $2, "") }
$1 == "exit" || $1 == "ve" { met("TDX_EXIT_" $2, $1) }
$1 == "field" && $2 in token_of { met(token_of[$2], "") }

END {
	for (i = 1; i <= tokens; i++)
		if (order[i] in used)
			printf "%s\t%s\t%s\t%s\n", kind_of[order[i]], name_of[order[i]], programs[order[i]], how_of[order[i]]
}
