# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh has the variables
#
# Sourced by run.sh: every report of a run counts the same, however the run ends, and says nothing
# else than text whatever a TD or a kernel said.

views=(--junit "$work/r.xml" --json "$work/r.json" --counts "$work/r.counts"
	--ktap "$work/r.ktap" --html "$work/r.html")

lines() { grep -Ec -- "$1" "$work/$2"; }

# "passed failed skipped" as each report has it: from its own head, and from its tests.
totals()
{
	local bad='"(fail|error|timeout|crash)"'
	sed -nE 's/^counts //; s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/output \1 \2 \3/p' \
		"$work/out"
	echo "counts $(cat "$work/r.counts")"
	echo "KTAP $(($(lines '^ok ' r.ktap) - $(lines '^ok .* # SKIP' r.ktap)))" \
		"$(lines '^not ok ' r.ktap) $(lines '^ok .* # SKIP' r.ktap)"
	sed -nE 's/^# Totals: pass:(.*) fail:(.*) xfail:(.*) xpass:0 skip:(.*) error:(.*)$/\1 \2 \3 \4 \5/p' \
		"$work/r.ktap" | {
		read -r p f x s e
		echo "KTAP-totals $((p + x)) $((f + e)) $s"
	}
	sed -nE '/<testsuite /s/.* tests="(.*)" failures="(.*)" errors="(.*)" skipped="(.*)".*/\1 \2 \3 \4/p' \
		"$work/r.xml" | {
		read -r n f e s
		echo "JUnit-head $((n - f - e - s)) $((f + e)) $s"
	}
	echo "JUnit $(($(lines '<testcase' r.xml) - $(lines '<(failure|error|skipped) ' r.xml)))" \
		"$(lines '<(failure|error) ' r.xml) $(lines '<skipped ' r.xml)"
	echo "JSON-head $(field passed) $(field failed) $(field skipped)"
	echo "JSON $(lines '"verdict": "(pass|xfail)"' r.json) $(lines "\"verdict\": $bad" r.json)" \
		"$(lines '"verdict": "skip"' r.json)"
	sed -nE 's/^<h1.*>(.*) passed, (.*) failed, (.*) skipped<.*/HTML-head \1 \2 \3/p' "$work/r.html"
	echo "HTML $(lines '^<tr data-v="(pass|xfail)"' r.html) $(lines "^<tr data-v=$bad" r.html)" \
		"$(lines '^<tr data-v="skip"' r.html)"
}

# What the kernel's own parser makes of the KTAP, if a tree is at hand.
kernel_totals()
{
	python3 "$1/tools/testing/kunit/kunit.py" parse "$work/r.ktap" >"$work/kunit" 2>&1
	sed -nE 's/^.*Testing complete\. Ran [0-9]+ tests: //p' "$work/kunit" | tr ',' '\n' | {
		p=0 f=0 s=0
		while read -r what n; do
			case $what in
			passed:) p=$n ;;
			failed:) f=$n ;;
			skipped:) s=$n ;;
			*) echo "kernel's parser: $what $n" ;;
			esac
		done
		echo "kernel's-parser $p $f $s"
	}
}

agree()		# NAME TOTALS
{
	local tree kernel=''
	totals >"$work/totals"
	for tree in "${KSRC:-}" "$build"/linux "$build"/linux-source*; do
		[ -e "$tree/tools/testing/kunit/kunit.py" ] && kernel=$tree
	done
	if [ -n "$kernel" ] && command -v python3 >/dev/null; then
		kernel_totals "$kernel" >>"$work/totals"
		parsed=yes
	fi
	why=$(grep -v " $2\$" "$work/totals")
	[ "$(wc -l <"$work/totals")" -ge 10 ] || why="$why; too few: $(cat "$work/totals")"
	result "$1: all reports say $2" "$why"
}

# Breaks: report_totals() counts xfail as skipped; a view writes a head of its own.
formats()
{
	local parsed='' text='<script>alert\(1\)</script>'
	run 'fail:alpha crc:beta skip:beta2 xfail:gamma unbalanced' "${views[@]}"
	agree 'a mixed run' '2 3 1'

	# Break: write details as "# text", or a panic's line as it is: the kernel's parser then misses
	# what follows, as does the count of subtests here.
	run 'hostile:alpha vfspanic:beta' "${views[@]}"
	agree 'a TD and a kernel that speak KTAP' '3 1 1'
	why=$(grep -E '^# Subtest|Kernel panic - not syncing: VFS:|reboot: System halted' "$work/r.ktap")
	grep -q 'panic - not syncing: VFS: Unable' "$work/r.ktap" || why="$why; the panic is missing"
	result "no text of a TD or a kernel means something to the kernel's parser" "$why"
	# Break: html_row() with fputs().
	grep -Eq "$text" "$work/r.html" && why='a script of the TD' || why=''
	grep -Eq '&lt;script&gt;alert\(1\)' "$work/r.html" || why="$why; its text is missing"
	grep -Eo '(src|href)="[^#][^"]*|url\([^)]*' "$work/r.html" | grep . && why="$why; loads something"
	result "in the page a TD's text is text, and nothing is loaded" "$why"

	# Break: no article for a failure; no log in it; one for each test that was not run.
	run 'fail:alpha shortplan' "${views[@]}" alpha beta --logs "$work/page"
	why=$(grep -Eo 'replay|td-alpha.trace|accept\(gpa\): expected|<p>1 test was not run' \
		"$work/r.html" | sort | uniq -c | tr -s '\n ' ' ')
	[ "$why" = ' 1 <p>1 test was not run 1 accept(gpa): expected 1 replay 1 td-alpha.trace ' ] && why=
	result 'the page has the evidence of a failure, and no more' "$why"

	for signal in INT TERM; do
		# Break: write the reports only after a run that came to its end.
		start hang:beta --timeout 60 "${views[@]}"
		kill -$signal "$runner"
		finish
		agree "SIG$signal in the middle" '1 4 0'
		rm -f "$work"/r.*
	done
	start hang:beta --timeout 60 "${views[@]}"
	kill -9 "$fake"
	finish
	agree 'QEMU killed in the middle' '4 1 0'
	# No skip: whether a tree is there changes from the first run to the second.
	[ -n "$parsed" ] || echo "# KTAP not shown to the kernel's parser: no python3, or no tree in KSRC= or O="
	# Break: xml_text() passes '<', or a control character.
	run 'hostile:alpha' "${views[@]}"
	if command -v xmllint >/dev/null; then
		why=$(xmllint --noout "$work/r.xml" 2>&1)
		result 'JUnit is XML' "$why"
	else
		skip 'JUnit is XML' 'no xmllint here (libxml2-utils)'
	fi
	if command -v jq >/dev/null; then
		why=$(jq -e '.tests | length == 5' "$work/r.json" 2>&1 >/dev/null)
		result 'JSON is JSON' "$why"
	else
		skip 'JSON is JSON' 'no jq here'
	fi
	rm -rf "$TMPDIR"/tdi-*
}
