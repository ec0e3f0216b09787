#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# full.sh MAKE [GLOB...]: what takes too long for make check, step by step: all
# steps, or those whose names match.  A step that passed is not done again until
# a file of this tree that it can read, KERNEL= or KSRC= changes, so that a run
# that was broken off goes on where it was.  SHARD=2/3 does the second of every
# three steps.
# full.sh MAKE one STEP is one step, whose last line says how it went; exit code
# 77 means that it can't be done here.

. mk/lib.sh

make=$1
shift
work=$O/full
HOURS=8		# of one step: then it hangs

matrix=
for vcpus in 1 2 4; do for ve_disable in 0 1; do for gpaw in 48 52; do
	matrix="$matrix matrix-$vcpus-$ve_disable-$gpaw"
done; done; done
PARTS=10		# of all plants, some ten minutes each
plants=
for part in $(seq $PARTS); do
	plants="$plants plants-$part"
done
steps="check firmware pristine debug selfcheck series patches checkpatch$matrix$plants mutants coverage"

# ---- the steps ----

suite() { "$O/tdi/tdi" run --jobs 2 "$@"; }
# T= and its like are ours, and not theirs.
make_()
{
	# shellcheck disable=SC2086 # a command and its options
	$make O="$O" CC="$CC" V="${V:-}" KERNEL="${KERNEL:-}" KSRC="${KSRC:-}" QEMU_SRC="${QEMU_SRC:-}" T= BASE= "$@"
}

do_check() { make_ check; }
do_selfcheck() { make_ selfcheck; }
do_series() { make_ series; }
do_patches() { SPARSE=1 mk/setup.sh || exit 77; mk/patches.sh build; }
do_checkpatch() { mk/patches.sh style; }
do_mutants() { make_ mutants; }

do_firmware()
{
	FIRMWARE=${FIRMWARE:-ovmf}
	export FIRMWARE
	mk/setup.sh || exit 77
	suite --kernel "${KERNEL:-$O/bzImage}" --firmware "$FIRMWARE"
}

# Tests with a device are skipped, all for one reason, and no others.
do_pristine()
{
	mk/linux.sh pristine
	suite --kernel "$O/bzImage-pristine" --verbose >"$work/pristine.out" || { cat "$work/pristine.out"; exit 1; }
	cat "$work/pristine.out"
	skips=$(grep '^skip' "$work/pristine.out") || { echo "no test was skipped: has this kernel the series?"; exit 1; }
	! printf '%s\n' "$skips" | grep -v '(this kernel has no dma-buf memslots)$'
}

# This kernel complains of its own mistakes, and each complaint fails a test.
do_debug()
{
	[ -z "${KERNEL:-}" ] || { echo "KERNEL= is built, and can't get KASAN and lockdep; KSRC= can"; exit 77; }
	mk/linux.sh debug
	suite --kernel "$O/bzImage-debug" --timeout 600
}

# matrix-VCPUS-VE_DISABLE-GPAW: every TD of the suite so.
do_matrix()
{
	IFS=- read -r _ vcpus ve_disable gpaw <<-END
	$1
	END
	suite --kernel "${KERNEL:-$O/bzImage}" --td "vcpus=$vcpus,ve_disable=$ve_disable,gpaw=$gpaw"
}

# plants-PART: every so manieth plant.
plants_of() { ls tests/plant | sed -n 's/\.diff$//p' | awk -v part="${1#*-}" -v parts=$PARTS 'NR % parts == part % parts'; }
do_plants() { make_ plants T="$(plants_of "$1" | paste -sd ' ')"; }

# What it writes is part of the tree, and shall be what is there.
do_coverage()
{
	cp docs/coverage.md "$work/coverage.md"
	make_ coverage
	cmp docs/coverage.md "$work/coverage.md"
}

if [ "${1:-}" = one ]; then
	"do_${2%%-*}" "$2"
	exit
fi

# ---- ----

# What verdicts depend on: the files by content, a tree of Linux by names, sizes and times.
tree_state()
{
	own=${O#"$PWD"/}
	if [ -e .git ]; then
		git ls-files -z -co --exclude-standard -x "/$own"
	else
		find . -path "./$own" -prune -o -type f -printf '%P\0'
	fi | sort -z | xargs -0 sha256sum 2>/dev/null || : "deleted and not committed"
	[ -z "${KERNEL:-}" ] || sha256sum "$KERNEL"
	[ -z "${KSRC:-}" ] || find "$KSRC" -name .git -prune -o -type f -printf '%p %s %T@\n' | sort
	echo "${FIRMWARE:-}"
}

# Of which no step but these reads docs/ and the unit tests, and of the plants each its own.
key_of()	# STEP
{
	case $1 in
	check|coverage|mutants) grep -v ' tests/plant/' "$state" ;;
	*) grep -v -e ' docs/' -e ' tests/unit/' -e ' tests/plant/' "$state" ;;
	esac
	case $1 in
	plants-*) plants_of "$1" | sed 's,.*, tests/plant/&.diff,' | grep -F -f - "$state" ;;
	esac
}

wanted()	# STEP GLOB...
{
	name=$1
	shift
	[ $# != 0 ] || return 0
	for glob; do
		# shellcheck disable=SC2254 # a glob
		case $name in $glob) return 0 ;; esac
	done
	return 1
}

step()		# STEP
{
	key=$(key_of "$1" | sha256sum | cut -c 1-20)
	if [ "$(sed -n 1p "$work/$1.ok" 2>/dev/null)" = "$key" ]; then
		result ok "$1" "$(sed -n 2p "$work/$1.ok"), before"
		return
	fi
	rm -f "$work/$1.ok"
	say STEP "$number of $all: $1, see $work/$1.log"
	start=$(date +%s) code=0
	# With a process group of its own, which ends with it.
	timeout -k 30 ${HOURS}h mk/full.sh "$make" one "$1" >"$work/$1.log" 2>&1 </dev/null &
	pid=$!
	wait $pid || code=$?
	pid=
	text="$(($(date +%s) - start)) s: $(grep -v '^make' "$work/$1.log" | tail -n 1)"
	case $code in
	0)
		result ok "$1" "$text"
		printf '%s\n' "$key" "$text" >"$work/$1.ok" ;;
	77) result skip "$1" "${text#*: }" ;;
	124) result FAIL "$1" "no end after $HOURS hours, see $work/$1.log" ;;
	*) result FAIL "$1" "$text, exit code $code, see $work/$1.log" ;;
	esac
}

case ${SHARD:=1/1} in
*[!0-9/]*|*/*/*|/*|*/|0*|*/0*) bad=1 ;;
*/*) bad=$((${SHARD%/*} > ${SHARD#*/})) ;;
*) bad=1 ;;
esac
[ $bad = 0 ] || die "SHARD=$SHARD: which one of how many? SHARD=2/3 is the second of three"

set -f
chosen='' number=0 all=0
for name in $steps; do
	wanted "$name" "$@" || continue
	number=$((number + 1))
	[ $(((number - 1) % ${SHARD#*/} + 1)) = "${SHARD%/*}" ] || continue
	chosen="$chosen $name" all=$((all + 1))
done
[ $number != 0 ] || die "no step is called $*; there are $steps"
[ $all != 0 ] || die "SHARD=$SHARD: nothing is left for it, the steps are $number in all"

mkdir -p "$work"
state=$work/state.$$ pid=
trap 'rm -f "$state"; [ -z "$pid" ] || kill "$pid" 2>/dev/null' EXIT
tree_state >"$state"
trap 'exit 130' INT
trap 'exit 143' TERM
number=0
for name in $chosen; do
	number=$((number + 1))
	step "$name"
done
results_end
