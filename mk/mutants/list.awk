# SPDX-License-Identifier: GPL-2.0
#
# Every mutant of the C sources given that we know how to make: a relation flipped, a one-line statement dropped, an
# integer constant off by one.  Prints "KIND<tab>FILE<tab>LINE<tab>BEFORE<tab>AFTER", whole lines without indentation.

function mutant(kind, after,    before)
{
	before = $0
	sub(/^[ \t]+/, "", before)
	sub(/^[ \t]+/, "", after)
	gsub(/\t+/, " ", before)
	gsub(/\t+/, " ", after)
	print kind "\t" FILENAME "\t" FNR "\t" before "\t" after
}

# Put NEW where the LENGTH characters from AT on are.
function with(at, length_, new) { return substr($0, 1, at - 1) new substr($0, at + length_) }

BEGIN {
	flip["=="] = "!="
	flip["!="] = "=="
	flip["<"] = "<="
	flip["<="] = "<"
	flip[">"] = ">="
	flip[">="] = ">"
	flip["&&"] = "||"
	flip["||"] = "&&"
}

FNR == 1 {
	comment = 0
	previous = ""
}

{
	# Of the same length, with blanks for comments and for what is in quotes.
	code = $0
	if (comment) {
		if (!match(code, /\*\//))
			next
		code = sprintf("%*s", RSTART + 1, "") substr(code, RSTART + 2)
		comment = 0
	}
	while (match(code, /\/\*([^*]|\*[^\/])*\*\/|"[^"]*"|'[^']*'/))
		code = substr(code, 1, RSTART - 1) sprintf("%*s", RLENGTH, "") substr(code, RSTART + RLENGTH)
	if (match(code, /\/[*\/].*/)) {
		comment = substr(code, RSTART, 2) == "/*"
		code = substr(code, 1, RSTART - 1)
	}
	if (code ~ /^#[ \t]*(include|undef|if|endif)/ || code !~ /[^ \t]/)
		next

	for (at = 1; at <= length(code); at++) {
		two = substr(code, at, 2)
		if (two == "->" || two == "<<" || two == ">>") {
			at++
		} else if (two in flip) {
			mutant("relation", with(at, 2, flip[two]))
			at++
		} else if (substr(two, 1, 1) in flip) {
			mutant("relation", with(at, 1, flip[substr(two, 1, 1)]))
		}
	}

	# A longer array that nobody looks behind the end of is the same program.
	array = code ~ /^\t*(static|const|struct|u?int[0-9]+_t|unsigned)[^=]*\[[^\]]*\][^=]*;/
	rest = array ? "" : code
	for (at = 1; match(rest, /[A-Za-z0-9_.]+/); rest = substr(rest, RSTART + RLENGTH)) {
		word = substr(rest, RSTART, RLENGTH)
		at += RSTART - 1
		if (word ~ /^(0x[0-9a-f]+|[0-9]+)[UL]*$/) {
			mutant("constant", with(at, RLENGTH, "(" word " + 1)"))
			if (word !~ /^0[UL]*$/)
				mutant("constant", with(at, RLENGTH, "(" word " - 1)"))
		}
		at += RLENGTH
	}

	# A statement in one line: no declaration, and not the end of an expression.
	if (code ~ /^\t+[^ \t].*;[ \t]*$/ && previous ~ /([;{}):]|else|do)[ \t]*$/ &&
	    code !~ /^\t+(static|const|struct|enum|union|typedef|extern|unsigned|int|bool|size_t|u?int[0-9]+_t|for|while)[ \t(]/ &&
	    code !~ /^\t+(if|\}|\?|:|&&|\|\|)/)
		mutant("statement", with(match($0, /[^ \t]/), length($0), ";"))
	previous = code
}
