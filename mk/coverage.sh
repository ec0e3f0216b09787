#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# coverage.sh MAKE...: build the unit tests with gcov and tests/unit/visits.c, run them, print what they reach of
# lib/, and write docs/coverage.md.  Exit code 1: below the bounds.

. mk/lib.sh

# Of what is built natively, in percent.
MIN_LINES=90
MIN_BRANCHES=80
# Of the rows that the model implements, in percent.
MIN_ROWS=90

dir=$O/coverage
visits=$dir/visited
doc=docs/coverage.md
command -v gcov >/dev/null || die "gcov is missing; it comes with gcc"

wrap=-Wl
for entry in seamcall td_event page_accept translate guest_copy md_sys_rd md_td_rd md_td_guest_rd \
	md_td_guest_wr md_vcpu_rd md_vcpu_wr; do
	wrap=$wrap,--wrap=tdx_$entry
done
"$@" UNIT_DIR="$dir" UNIT_CHECKS='-O0 --coverage -fprofile-update=atomic' UNIT_LINK="$wrap" unit-programs ||
	die "the unit tests could not be built"

# Threads of model_stress race: what they reach is another thing in each run.
programs=
for source in tests/unit/*.c; do
	program=$dir/$(basename "$source" .c)
	[ ! -x "$program" ] || [ "${program##*/}" = model_stress ] || programs="$programs $program"
done
find "$dir" -name '*.gcda' -delete
rm -rf "$visits"
mkdir -p "$visits"
# shellcheck disable=SC2086 # a list; its paths have no spaces
UNIT_VISITS=$visits tests/unit/run.sh "$dir/counts" $programs >"$dir/run.log" || {
	cat "$dir/run.log" >&2
	die "unit tests fail; there is no coverage of a red tree"
}

# ---- lines and branches

# What has no native build has lines all the same: compile it, to count them.
other=$dir/other
rm -rf "$other"
for source in $(find lib -name '*.c' | sort); do
	[ ! -e "$dir/${source%.c}.o" ] || continue
	mkdir -p "$other/${source%/*}"
	$CC -std=gnu11 -O0 --coverage -ffreestanding -fno-builtin -Ilib -Iguest -w -c \
		-o "$other/${source%.c}.o" "$source" || die "can't compile $source"
done

# lines DIR MISSING.  From the .gcno, which the compiler leaves: what never ran counts, too.
lines()
{
	find "$1/lib" -name '*.gcno' -print0 | sort -z | xargs -0 gcov -t -b -c 2>/dev/null |
		awk -v MISSING="$2" -f mk/coverage/lines.awk | sort
}
rm -f "$dir/missing" "$dir/missing.other"
lines "$dir" "$dir/missing" >"$dir/lines"
# A header is counted where it is used natively.
lines "$other" "$dir/missing.other" | awk 'NR == FNR { known[$1] = 1; next } !($1 in known)' "$dir/lines" - \
	>"$dir/lines.other"

# total FILE...: "LINES REACHED BRANCHES TAKEN"
total() { cat "$@" | awk '{ l += $2; r += $3; b += $4; t += $5 } END { print l + 0, r + 0, b + 0, t + 0 }'; }
# percent PART OF: rounded down
percent() { echo $(($2 ? 1000 * $1 / $2 : 1000)) | sed 's/.$/.&/; s/^\./0./'; }

# shellcheck disable=SC2046 # numbers
set -- $(total "$dir/lines")
native="$(percent "$2" "$1")% of $1 lines, $(percent "$4" "$3")% of $3 branches"
enough=$((100 * $2 >= MIN_LINES * $1 && 100 * $4 >= MIN_BRANCHES * $3))
# shellcheck disable=SC2046 # numbers
set -- $(total "$dir/lines" "$dir/lines.other")
all="$(percent "$2" "$1")% of $1 lines, $(percent "$4" "$3")% of $3 branches"

awk '{
	printf "%-28s %5d lines %5.1f%%  %5d branches %5.1f%%\n", $1, $2, 100 * $3 / $2, $4, $4 ? 100 * $5 / $4 : 100
}' "$dir/lines"
awk '{ printf "%-28s %5d lines, not natively built\n", $1, $2 }' "$dir/lines.other"

# ---- rows of the fact sheets, S-EPT

awk -f mk/coverage/rows.awk lib/tdx_abi/*.h lib/tdx_module/*.[ch] "$visits"/* >"$dir/rows"
# shellcheck disable=SC2046 # paths of the tree
awk -f mk/coverage/clauses.awk $(find lib -name '*.[chS]' | sort) >"$dir/clauses.lib"
awk -f mk/coverage/clauses.awk tests/unit/*.[ch] tests/guest/*.[ch] >"$dir/clauses.tests"
awk -F '\t' -f mk/coverage/cited.awk "$dir/clauses.lib" "$dir/clauses.tests" |
	sort -t "$(printf '\t')" -k 1,1V >"$dir/clauses"
sort -u "$visits"/* | awk -v SUMMARY="$dir/sept.summary" -f mk/coverage/sept.awk >"$dir/sept"

rows=$(cat "$dir/rows" "$dir/clauses" | wc -l)
tested=$(cat "$dir/rows" "$dir/clauses" | awk -F '\t' '$3 != ""' | wc -l)
read -r cells gaps <"$dir/sept.summary"
met="$tested of $rows rows ($(percent "$tested" "$rows")%)"
[ $((100 * tested)) -ge $((MIN_ROWS * rows)) ] || enough=0

# ---- the document

{
	cat <<END
<!-- SPDX-License-Identifier: GPL-2.0 -->
<!-- Written by make coverage. -->
# What the unit tests reach

Every number here is counted by \`make coverage\`, which runs the unit tests under gcov and fails below the bounds.
\`model_stress\` is left out: its threads race, and would make each run different.

## lib/, by file

Bounds: $MIN_LINES% of the lines and $MIN_BRANCHES% of the branches of what is built natively: $native.
The guest's part that can't run in a process is listed below the others and not in that total; with it, as if
nothing in it were reached: $all. The emulated suite runs it in each TD.

| file | lines | reached | branches | taken |
|---|---|---|---|---|
END
	awk '{ printf "| `%s` | %d | %.1f%% | %d | %.1f%% |\n", $1, $2, 100 * $3 / $2, $4, $4 ? 100 * $5 / $4 : 100 }' \
		"$dir/lines"
	awk '{ printf "| `%s` | %d | not natively built | %d | |\n", $1, $2, $4 }' "$dir/lines.other"
	find lib -name '*.S' | sort | sed 's/.*/| `&` | | not natively built | | |/'
	cat <<END

## Rows of the fact sheets

Bound: $MIN_ROWS% of the rows that the model implements have a test: $met.
A row is a clause that a comment in lib/ cites, or a number with a name in \`lib/tdx_abi\` that the model uses.

### Clauses

"6.4" is a section of tdx-module.md, "C 2.7" one of tdx-connect.md. A test has a clause if it cites it.

| clause | test | where |
|---|---|---|
END
	awk -F '\t' '{ print "| " $1 " | " ($3 ? "yes" : "**NO**") " | " $3 " |" }' "$dir/clauses"
	cat <<END

### Leaves

What each answered, seen in the run, not read from the sources. TDG.VP.RD and TDG.VP.WR have no field that a TD may
touch, and there are no DMAR chains yet: these three only refuse. TDG.VP.INFO refuses nothing.

| leaf | success | other statuses | in |
|---|---|---|---|
END
	awk -F '\t' -f mk/coverage/leaves.awk "$dir/rows"
	cat <<END

### Statuses, operands, exit reasons, metadata fields

Those that the model uses; "yes" if a unit test met it in the run.

| kind | name | test | in |
|---|---|---|---|
END
	awk -F '\t' '$1 !~ /^TD[HG]$/ {
		n = split($3, program, " ")
		where = n > 4 ? program[1] " and " n - 1 " more" : $3
		print "| " $1 " | " $2 " | " (n ? "yes" : "**NO**") " | " where " |"
	}' "$dir/rows"
	cat <<END

## S-EPT: state of the entry, access, who

What happened in the run when an access met an entry in this state; "none" is a walk that ended above it. Bold: it
worked, and led to this state. $((cells - gaps)) of $cells pairs are visited, $gaps are gaps; "-" can't be.
state, walk, absent, not blocked, already, not tracked, size: EPT_ENTRY_STATE_INCORRECT, EPT_WALK_FAILED,
EPT_ENTRY_NOT_PRESENT, GPA_RANGE_NOT_BLOCKED, ..._ALREADY_BLOCKED or PAGE_ALREADY_ACCEPTED, TLB_TRACKING_NOT_DONE,
..._SIZE_MISMATCH. exit: the host is asked for the page. pending: the host, or a #VE. fault: an EPT violation.
L1's own loads and a device's DMA do not go through the S-EPT; \`fence_scan\` of the emulated suite does both.

END
	cat "$dir/sept"
} >"$dir/coverage.md"
cmp -s "$dir/coverage.md" $doc || cp "$dir/coverage.md" $doc

echo "with what is not natively built: $all"
echo "fact sheets: $met; S-EPT: $((cells - gaps)) of $cells pairs of state and access"
echo "lib: $native"
[ $enough = 1 ] || { echo "below the bounds: $MIN_LINES% lines, $MIN_BRANCHES% branches, $MIN_ROWS% rows" >&2; exit 1; }
