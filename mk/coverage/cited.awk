# SPDX-License-Identifier: GPL-2.0
#
# Joins two outputs of clauses.awk, of lib/ and of the tests: "CLAUSE<tab>LIB FILES<tab>TEST FILES" for each clause
# that lib/ cites.  A whole section is also tested by who cites a part of it, a clause by who cites a row of it.

function add(list, name,    base)
{
	base = name
	sub(/.*\//, "", base)
	return list (list ? " " : "") base
}

# Is PART the clause WHOLE, or in it?
function within(part, whole)
{
	return part == whole || index(part, whole ".") == 1 && whole !~ /\./ || index(part, whole " row ") == 1
}

NR == FNR {
	lib[$1] = add(lib[$1], $2)
	next
}
{
	for (clause in lib)
		if (within($1, clause) && !((clause, $2) in seen)) {
			seen[clause, $2] = 1
			tests[clause] = add(tests[clause], $2)
		}
}
END {
	for (clause in lib) {
		n = split(tests[clause], name, " ")
		printf "%s\t%s\t%s%s%s\n", clause, lib[clause], name[1], (n > 1 ? " " name[2] : ""), \
			(n > 2 ? " and " n - 2 " more" : "")
	}
}
