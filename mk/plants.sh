#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# plants.sh TDI MAKE [NAME...]: plant each bug of tests/plant, alone, in a copy of what it
# is for, build that, and run the tests.  The second line of a plant says what it breaks;
# then it names
#
#	class:	of bugs it stands for, if there is one
#	oracle:	the result that must turn red: a test, or a rule such as l1.unbind
#	says:	an extended regular expression that the reason must match
#	also:	what else it turns red, and shall, if anything
#	tests:	what to run, names or globs of the runner's tests, if not all of them
#
# A plant passes if the run fails by that oracle, for that reason, and by nothing else.
# It is skipped if there are no such tests.  First of all the same tests must pass without
# a bug, or red would mean nothing.  Every guest test has a plant of its name, whose second
# line is what the test says of itself.  ONLY=, globs: run only these, while a plant is
# being written.

. mk/lib.sh
cache_choose

tdi=$1 make=$2
shift 2
work=$O/plant
mkdir -p "$work"
start=$(date +%s)
catalogue=$("$tdi" list --verbose)

field() { sed -n "s/^# $2: //p" "$1"; }

# known GLOB...: does the runner have such tests?
known() { "$tdi" list "$@" >/dev/null 2>&1; }

# run NAME RUNNER KERNEL GLOB...: the runner's exit code in $code, what it said in $out.
run()
{
	out=$work/$1.out runner=$2 kernel=$3
	shift 3
	code=0
	"$runner" run --jobs 2 --kernel "$kernel" "$@" >"$out" 2>&1 || code=$?
}

# What the runner says about the result named $1, if it is red.
red()
{
	awk -v id="$1:" '/^[a-z]/ { on = /^(fail|error|crash|timeout):/ && $2 == id } on' "$out"
}

all_red() { sed -nE 's/^(fail|error|crash|timeout): ([^ :]+):.*/\2/p' "$out" | sort -u | paste -sd ' ' -; }

# without A B: the words of A that are not in B.
without()
{
	for word in $1; do
		case " $2 " in *" $word "*) ;; *) echo "$word" ;; esac
	done | paste -sd ' ' -
}

judge()		# NAME ORACLE SAYS ALSO
{
	is_red=$(all_red)
	more=$(without "$is_red" "$2 $4") less=
	[ -n "${ONLY:-}" ] || less=$(without "$4" "$is_red")
	if [ $code = 0 ]; then
		result FAIL "$1" "nothing noticed it, see $out"
	elif [ -z "$(red "$2")" ]; then
		result FAIL "$1" "$2 stayed green, exit code $code, red: $is_red, see $out"
	elif ! red "$2" | grep -Eq -- "$3"; then
		result FAIL "$1" "$2 is red, but not because '$3', see $out"
	elif [ -n "$more" ]; then
		result FAIL "$1" "$2 is red, but so is $more, see $out"
	elif [ -n "$less" ]; then
		result FAIL "$1" "$less stayed green, see $out"
	else
		result ok "$1" "$(red "$2" | grep -Eo -- "$3" | head -n 1)${4:+; also red: $4}"
	fi
}

# A copy of this tree.  Files are written by content, so that make sees what a plant
# touches, and what its removal does.
sync_tree()
{
	mkdir -p "$work/tree" "$work/cache/tdi-harness"
	rsync -rlpc --delete Makefile guest host host-patches lib linker mk tests "$work/tree/"
	# Its own cache and locks: what has a bug in it must push nothing out of the real one.
	(cd "$cache" && ls | grep -v '^lock\.') | while read -r entry; do
		[ -d "$work/cache/tdi-harness/$entry" ] || ln -sfn "$cache/$entry" "$work/cache/tdi-harness/"
	done
}

build_tree()	# DIFF
{
	# shellcheck disable=SC2086 # a command and its options
	XDG_CACHE_HOME=$work/cache logged "$work/build.log" "building $1" $make -C "$work/tree" \
		O="$work/build" CC="$CC" KERNEL="$O/bzImage" QEMU_SRC= programs platform
}

# build DIFF: in a subshell, as what can't be built is a result.
build()
{
	path=$(sed -n 's,^--- a/,,p' "$1" | head -n 1)
	case $path in
	arch/*|drivers/*|include/*|virt/*)
		mk/linux.sh plant "$1" "$work/bzImage"
		return ;;
	esac
	sync_tree
	if [ -e "$path" ]; then
		logged "$work/patch.log" "planting $1" patch -F0 -p1 -d "$work/tree" -i "$1"
	else
		# In a file of QEMU's own: one more patch of the series.
		{ printf 'From: plant <plant>\nSubject: plant\n\n'; cat "$1"; } \
			>"$work/tree/host-patches/qemu/plant.patch"
		echo plant.patch >>"$work/tree/host-patches/qemu/series"
	fi
	build_tree "$1"
}

# What the test named $1 says about its break.
red_if()
{
	printf '%s\n' "$catalogue" | awk -v id="$1" '/^[^ ]/ { on = $1 == id } on && sub(/^ +red if: /, "")'
}

plant()		# NAME
{
	file=$PWD/tests/plant/$1.diff
	oracle=$(field "$file" oracle) says=$(field "$file" says)
	tests=${ONLY:-$(field "$file" tests)}
	[ -n "$oracle" ] && [ -n "$says" ] || die "$file has no oracle: or says:"
	# shellcheck disable=SC2086 # a list of globs, which are the runner's
	known $tests || { result skip "$1" "there are no tests $tests"; return; }
	sentence=$(red_if "$1")
	[ "${sentence:=$(sed -n '2s/^# //p' "$file")}" = "$(sed -n '2s/^# //p' "$file")" ] || {
		result FAIL "$1" "line 2 is not what the test says of itself: $sentence"
		return
	}
	rm -f "$work/bzImage"
	(build "$file") || {
		[ $? != 130 ] || exit 130
		result FAIL "$1" "does not apply, or can't be built"
		return
	}
	# shellcheck disable=SC2086 # as above
	if [ -e "$work/bzImage" ]; then
		run "$1" "$tdi" "$work/bzImage" $tests
	else
		run "$1" "$work/build/tdi/tdi" "$O/bzImage" $tests
	fi
	judge "$1" "$oracle" "$says" "$(field "$file" also)"
}

# shellcheck disable=SC2086 # these globs are the shell's
plants=$(cd tests/plant && for name in "${@:-*}"; do
	ls $name.diff 2>/dev/null || die "no plant is named $name; they are in tests/plant"
done) || exit 2
set -f

# Each plant's tests, or all.
clean=${ONLY:-}
[ -n "$clean" ] || for name in $plants; do
	tests=$(field "tests/plant/$name" tests)
	[ -n "$tests" ] || { clean=; break; }
	for test in $tests; do
		! known "$test" || clean="$clean $test"
	done
done
# shellcheck disable=SC2086 # as above
run clean "$tdi" "$O/bzImage" $clean
if [ $code = 0 ]; then
	result ok clean "$(tail -n 1 "$out")"
else
	result FAIL clean "red without a bug: $(all_red), exit code $code, see $out"
fi
bare=$(printf '%s\n' "$catalogue" | awk '/^[^ ]/ { print $1 }' | while read -r name; do
	[ -e "tests/plant/$name.diff" ] || echo "$name"
done | paste -sd ' ' -)
if [ -z "$bare" ]; then
	result ok every-test "has a plant"
else
	result FAIL every-test "no plant in tests/plant for $bare"
fi
for name in $plants; do
	plant "${name%.diff}"
done
echo "minutes: $((($(date +%s) - start + 59) / 60))"
results_end
