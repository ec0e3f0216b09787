#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# plants.sh TDI [NAME...]: plant each bug of tests/plant in Linux, alone, and run
# the tests that shall show it.  The comment at the head of a plant says what it
# breaks, and names
#
#	class:	of bugs it stands for
#	oracle:	the result that must turn red: a test, or a rule such as l1.unbind
#	says:	an extended regular expression that the reason must match
#	tests:	what to run, names or globs of the runner's tests
#
# A plant passes if the run fails, by that oracle and for that reason.  It is
# skipped if there are no such tests.  First of all the same tests must pass on
# the kernel without a bug, or red would mean nothing.

. mk/lib.sh

tdi=$1
shift
work=$O/plant
mkdir -p "$work"
start=$(date +%s)

field() { sed -n "s/^# $2: //p" "$1"; }

# known GLOB...: does the runner have such tests?
known() { "$tdi" list "$@" >/dev/null 2>&1; }

# run NAME KERNEL GLOB...: the runner's exit code in $code, what it said in $out.
run()
{
	out=$work/$1.out kernel=$2
	shift 2
	code=0
	"$tdi" run --kernel "$kernel" "$@" >"$out" 2>&1 || code=$?
}

# What the runner says about the result named $1, if it is red.
red()
{
	awk -v id="$1:" '/^[a-z]/ { on = /^(fail|error|crash|timeout):/ && $2 == id } on' "$out"
}

all_red() { sed -nE 's/^(fail|error|crash|timeout): ([^ :]+):.*/\2/p' "$out" | sort -u | paste -sd ' ' -; }

judge()		# NAME ORACLE SAYS
{
	if [ $code = 0 ]; then
		result FAIL "$1" "nothing noticed it, see $out"
	elif [ -z "$(red "$2")" ]; then
		result FAIL "$1" "$2 stayed green, exit code $code, red: $(all_red), see $out"
	elif ! red "$2" | grep -Eq -- "$3"; then
		result FAIL "$1" "$2 is red, but not because '$3', see $out"
	else
		result ok "$1" "$2: $(red "$2" | grep -Eo -- "$3" | head -n 1); exit code $code, red: $(all_red)"
	fi
}

plant()		# NAME
{
	file=tests/plant/$1.diff
	oracle=$(field "$file" oracle) says=$(field "$file" says) tests=$(field "$file" tests)
	case ,$oracle,$says,$tests, in
	*,,*) die "$file has no oracle:, says: or tests:" ;;
	esac
	# shellcheck disable=SC2086 # a list of globs, which are the runner's
	known $tests || { result skip "$1" "there are no tests $tests"; return; }
	mk/linux.sh plant "$PWD/$file" "$work/bzImage" || {
		[ $? != 130 ] || exit 130
		result FAIL "$1" "does not apply, or Linux can't be built with it"
		return
	}
	# shellcheck disable=SC2086 # as above
	run "$1" "$work/bzImage" $tests
	judge "$1" "$oracle" "$says"
}

# shellcheck disable=SC2086 # these globs are the shell's
plants=$(cd tests/plant && for name in "${@:-*}"; do
	ls $name.diff 2>/dev/null || die "no plant is named $name; they are in tests/plant"
done) || exit 2
set -f

clean=
for name in $plants; do
	for test in $(field "tests/plant/$name" tests); do
		! known "$test" || clean="$clean $test"
	done
done
# shellcheck disable=SC2086 # as above
run clean "$O/bzImage" $clean
if [ $code = 0 ]; then
	result ok clean "$(tail -n 1 "$out")"
else
	result FAIL clean "the kernel without a bug is red: $(all_red), exit code $code, see $out"
fi
for name in $plants; do
	plant "${name%.diff}"
done
echo "minutes: $((($(date +%s) - start + 59) / 60))"
results_end
