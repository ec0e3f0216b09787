# SPDX-License-Identifier: GPL-2.0
#
# Which clauses of the fact sheets the sources given cite, in comments and in the strings of TEST().  Prints
# "CLAUSE FILE", once for each pair.  A clause is "6.4" of tdx-module.md, "C 2.7" of tdx-connect.md, or a row
# of one that is numbered: "C 2.6 row 7".  Cited is
#
#   after "fact sheet", "C", or a sheet's name: the numbers up to the next other word, "-" being a range
#   "row 7", "rows 1 to 4": of the last clause, or of the one behind "of"
#   "(6.2, 6.3)" and "[2.3]": of tdx-connect.md in lib/tdx_abi/connect.h and tests/unit/connect_*, else of
#   tdx-module.md, in lib/tdx_module and tests/unit

function cite(clause)
{
	if (!((clause, file) in cited)) {
		cited[clause, file] = 1
		print clause "\t" file
	}
}

function clause(sheet, number) { return (sheet == "C" ? "C " : "") number }

# The numbers that start at word I; returns the first word behind them.
function numbers(i, sheet,    number, first, last, range, end)
{
	for (end = 0; i <= n && !end; i++) {
		if (word[i] == "C" || word[i] == "tdx-connect.md" || word[i] == "tdx-module.md") {
			sheet = word[i] == "tdx-module.md" ? "" : "C"
			continue
		}
		if (word[i] == "-" || word[i] == "to" || word[i] == "and") {
			range = word[i] == "and" ? range : 1
			continue
		}
		number = word[i]
		end = number ~ /[;:)\]]/ || number ~ /\.,?$/
		sub(/[^0-9]+$/, "", number)
		if (number !~ /^[0-9]+(\.[0-9]+)*$/)
			break
		if (range && split(number, last, ".") == 2 && split(previous, first, ".") == 2)
			while (++first[2] < last[2])
				cite(clause(sheet, last[1] "." first[2]))
		cite(current = clause(sheet, previous = number))
		range = 0
	}
	return i
}

# The same for rows.
function row_numbers(i,    j, number, to, range)
{
	number = -1
	for (j = i; j <= n && word[j] ~ /^([0-9]+[^0-9]*|to|-|and)$/; j++)
		;
	if (word[j] == "of" && word[j + 1] == "C") {
		current = "C " word[j + 2]
		gsub(/[^C0-9. ]|\.$/, "", current)
	}
	for (; i < j; i++) {
		if (word[i] !~ /^[0-9]/) {
			range = word[i] != "and"
			continue
		}
		to = word[i] + 0
		for (number = range ? number + 1 : to; number <= to; number++)
			cite(current " row " number)
		number = to
		range = 0
		if (word[i] ~ /[.:;)]/)
			return i + 1
	}
	return i
}

function parse(text,    i, bare)
{
	bare = file ~ /^(lib\/tdx_abi\/|tests\/unit\/)connect/ ? "C" : \
	       file ~ /^(lib\/tdx_module|tests\/unit)\// ? "" : "none"
	gsub(/["*]/, " ", text)
	gsub(/[(]/, " (", text)
	gsub(/\[/, " [", text)
	n = split(text, word, " ")
	for (i = 1; i <= n; i++) {
		if (word[i] ~ /^[(]?[Ff]act$/ && word[i + 1] ~ /^sheets?$/)
			i = numbers(i + 2, "") - 1
		else if (word[i] ~ /^[(]?C$/ && word[i + 1] ~ /^[0-9]/)
			i = numbers(i + 1, "C") - 1
		else if (word[i] ~ /^[(]?tdx-(connect|module)\.md$/)
			i = numbers(i + 1, word[i] ~ /connect/ ? "C" : "") - 1
		else if (word[i] ~ /^[(]?[Rr]ows?$/ && word[i + 1] ~ /^[0-9]/ && current)
			i = row_numbers(i + 1) - 1
		else if (bare != "none" && word[i] ~ /^[(\[][0-9]+\.[0-9]+[,)\]]/) {
			word[i] = substr(word[i], 2)
			i = numbers(i, bare) - 1
		}
	}
}

FNR == 1 {
	if (file)
		parse(text)
	file = FILENAME
	text = current = ""
}
/^[ \t]*(\/\*|\*|\/\/)|\/\*|"/ {
	# Strings too, but no code between them.
	line = $0
	sub(/^[ \t]*(\/\*|\*|\/\/)/, " ", line)
	sub(/^[^"]*\/\*/, " ", line)
	text = text " " line
}
END { parse(text) }
