# SPDX-License-Identifier: GPL-2.0
#
# Sourced by the other scripts here, which run from the top of the tree with O=
# (absolute) and CC= in the environment.  Exit code 2 means: not a test result,
# something around the tests is missing or broken.

set -eu
umask 022
export LC_ALL=C

# The builds below must see what we say, not what the caller's shell or the
# outer make happens to carry (SHELL=1, O=, ARCH=, a git hook's GIT_DIR, ...).
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL ARCH CROSS_COMPILE KBUILD_OUTPUT LOCALVERSION \
	CFLAGS CXXFLAGS CPPFLAGS LDFLAGS PYTHONPATH PYTHONHOME GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE \
	CDPATH

say() { printf '  %-8s%s\n' "$1" "$2" >&2; }
die() { printf 'error: %s\n' "$*" >&2; exit 2; }

jobs=${JOBS:-$(nproc)}

# Big downloads and built binaries outlive a clone of this tree.
cache_choose()
{
	cache=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}
	cache=${cache:+$cache/tdi-harness}
	if [ -z "$cache" ] || ! mkdir -p "$cache/src" 2>/dev/null || [ ! -w "$cache" ]; then
		cache=$O/cache
		mkdir -p "$cache/src" 2>/dev/null || die "can't write to $O"
	fi
}

# lock NAME: one builder of NAME at a time for all users of this cache.  The
# lock ends with the process.
lock()
{
	exec 9>"$cache/lock.$1"
	flock -n 9 || { say WAIT "another build of $1 holds the cache"; flock 9; }
}

# need_space DIR MIB WHAT
need_space()
{
	free=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$free" -ge "$2" ] || die "$3 needs $2 MiB in $1, which has $free MiB left"
}

# content_key TARBALL FILE...: one hash over names and contents, and over the
# compiler; it does not depend on where the cache or the clone is.  Raise the
# number when a script here makes something else of the same files.
content_key()
{
	{ echo 1; cat "$1.sha256"; shift; sha256sum -- "$@"; $CC --version | head -n 1; } | sha256sum | cut -c 1-20
}

# patches_of linux|qemu: the patches of a series, in order.
patches_of() { sed '/^#/d' "host-patches/$1/series"; }

# unpack TARBALL DIR: into an empty DIR, without the leading component.
unpack()
{
	rm -rf "$2"
	mkdir -p "$2"
	(cd "$(dirname "$1")" && sha256sum --status -c "$(basename "$1").sha256") || {
		rm -f "$1" "$1.sha256"
		die "$1 was damaged; it is removed now, run the command again"
	}
	tar -xf "$1" -C "$2" --strip-components=1 2>"$2.log" ||
		die "can't unpack $(basename "$1"): $(tail -n 1 "$2.log")"
	rm -f "$2.log"
}

# logged LOG WHAT COMMAND...: quiet on success, the end of the log on failure.
logged()
{
	log=$1 what=$2
	shift 2
	if [ -n "${V:-}" ]; then
		"$@" >&2 || die "$what failed"
	elif ! "$@" >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		die "$what failed, the whole log is $log"
	fi
}

# entry_begin: an empty $entry to collect a cache entry in, for as long as we run.
entry_begin()
{
	entry=$O/entry.$$
	trap 'rm -rf "$entry"' EXIT
	trap 'exit 130' INT TERM
	mkdir "$entry"
}

# cache_has NAME: also marks NAME as in use.
cache_has() { [ -d "$cache/$1" ] && touch "$cache/$1"; }

# cache_store NAME DIR: make DIR the cache's NAME in one step, or leave no trace
# of it, and keep only the four of its kind (the part of NAME before the dash)
# that were used last.
cache_store()
{
	rm -rf "$cache/$1.new"
	why=$(cp -r "$2" "$cache/$1.new" 2>&1) || {
		rm -rf "$cache/$1.new"
		die "can't keep $1 in $cache: ${why##*: }"
	}
	rm -rf "${cache:?}/$1"
	mv "$cache/$1.new" "$cache/$1"
	ls -dt "$cache/${1%%-*}"-* | tail -n +5 | while read -r old; do rm -rf "$old"; done
}

passed=0 failed=0 skipped=0

# result ok|FAIL|skip NAME TEXT: one line per case, and the counts.
result()
{
	case $1 in
	ok) passed=$((passed + 1)) ;;
	skip) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
	printf '%-5s %-26s %s\n' "$1" "$2" "$3"
}

# results_end: the last line; true if something passed and nothing failed.
results_end()
{
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ] && [ $passed != 0 ]
}
