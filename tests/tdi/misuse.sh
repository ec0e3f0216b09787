# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154 # run.sh has the variables
#
# Sourced by run.sh: misuse of the tools, and machines that lack something. One line that says what
# to do, exit code 2, and nothing half-written.

# A command that must fail before it starts anything.
refused()	# NAME PATTERN COMMAND...
{
	local name=$1 pattern=$2 lines why=
	shift 2
	timeout 20 "$@" >"$work/out" 2>&1
	code=$?
	lines=$(wc -l <"$work/out")
	[ "$lines" = 1 ] || why="$lines lines"
	grep -Eq -- "$pattern" "$work/out" || why="$why; missing $pattern"
	[ $code = 2 ] || why="$why; exit $code"
	[ -z "$why" ] || why="$why: $(cat "$work/out")"
	result "$name" "$why"
}

misuse() { refused "$1" "$2" "$tdi" "${@:3}"; }

bad_run() { misuse "$1" "$2" run "${files[@]}" "${@:3}"; }

# Break, for all of these: leave the check to QEMU, or to the first use of the file.
misuses()
{
	local why
	misuse 'no command' 'say what to do'
	misuse 'unknown command' "unknown command 'rnu'" rnu
	misuse 'unknown option' "bad option '--bogus'" run --bogus
	misuse 'option without value' "bad option '--seed'" run --seed
	misuse 'number out of range' 'timeout 0: give a number' run --timeout 0
	misuse 'no number' 'jobs 2x: give a number' run -j 2x
	bad_run 'unknown test' "no test matches 'nosuch'.*tdi list" alpha nosuch
	bad_run 'bad TD setting' "'vcpu=2' is no setting" --td vcpu=2
	bad_run 'missing QEMU' 'QEMU .*No such file.*--qemu' --qemu "$work/none"
	bad_run 'QEMU is no program' 'is no program' --qemu "$work/guest.bin"
	bad_run 'missing kernel' 'kernel .*No such file.*--kernel' --kernel "$work/none"
	bad_run 'kernel is no bzImage' 'is not a bzImage' --kernel "$work/guest.bin"
	head -c 2600 "$work/bzImage" >"$work/short"
	bad_run 'truncated kernel' 'is truncated' --kernel "$work/short"
	bad_run 'kernel is a directory' 'kernel .*--kernel' --kernel "$work"
	bad_run 'missing initramfs' 'initramfs .*No such file' --initramfs "$work/none"
	: >"$work/empty"
	bad_run 'empty initramfs' 'is empty' --initramfs "$work/empty"
	bad_run 'missing firmware' 'firmware .*bios-256k.bin' --firmware-dir "$work/none"
	bad_run 'missing UEFI firmware' 'none: No such file.*apt-get install ovmf.*--firmware' \
		--firmware "$work/none"
	bad_run 'UEFI firmware that is none' 'is no UEFI firmware.*OVMF_CODE' --firmware "$work/bzImage"
	head -c 8192 "$work/code.fd" >"$work/torn.fd"
	bad_run 'truncated UEFI firmware' 'or is truncated' --firmware "$work/torn.fd"
	{ cat "$work/code.fd" && volume 8392704; } >"$work/huge.fd"
	bad_run 'oversized UEFI firmware' 'no UEFI firmware for QEMU' --firmware "$work/huge.fd"
	bad_run 'UEFI firmware with a comma' 'comma' --firmware "$work/a,b"
	{ printf NO && tail -c +3 "$work/bzImage"; } >"$work/bios-only"
	bad_run 'kernel without EFI stub' 'bios-only .*CONFIG_EFI_STUB, or leave out --firmware' \
		--firmware "$work/code.fd" --kernel "$work/bios-only"
	head -c 5000 /dev/zero >"$work/torn.bin"
	bad_run 'truncated image' '5000 bytes, not a multiple of 4096' --image "$work/torn.bin"
	truncate -s 20M "$work/huge.bin"
	bad_run 'oversized image' 'limit is 16777216' --image "$work/huge.bin"
	bad_run 'missing guest' 'guest .*none.elf.*--guest' --guest "$work/none.bin"
	cp "$work/initramfs.cpio" "$work/bad.elf"
	bad_run 'guest without tests' 'has no table of tests' --guest "$work/bad.bin"
	bad_run 'missing witness' 'witness .*No such file' --witness "$work/none"
	bad_run 'logs below a file' 'logs directory' --logs "$work/empty/logs"
	bad_run 'logs with a comma' 'comma' --logs "$work/a,b"
	bad_run 'gdb on two L1s' 'one L1 at a time' --gdb "$work/gdb" -j 2
	bad_run 'a path too long for a socket' 'at most 107' --gdb "$work/$(printf %0107d 0)"
	bad_run 'a socket with a comma' 'comma' --gdb "$work/a,b"
	bad_run 'report in no directory' '--junit .*No such file' --junit "$work/none/x.xml"
	bad_run 'report is a directory' '--json .* is a directory' --json "$work"
	if [ "$(id -u)" != 0 ]; then
		mkdir -m 555 "$work/ro"
		bad_run 'logs directory not writable' 'logs directory' --logs "$work/ro"
	fi
	misuse 'a trace of nothing' 'trace of what' trace
	misuse 'missing trace' 'none: No such file' trace "$work/none"
	misuse 'a directory without trace' 'has no trace.bin; give the directory of a boot' trace "$work"
	misuse 'empty trace' 'empty: no event in it' trace "$work/empty"
	misuse 'a file that is no trace' 'byte 0 begins no event' trace "$work/guest.elf"
	# Break: write reports before the checks.
	echo precious >"$work/old.xml"
	bad_run 'a report is not touched yet' 'no test matches' --junit "$work/old.xml" nosuch
	[ "$(cat "$work/old.xml")" = precious ] && why= || why='the old report is gone'
	result 'misuse leaves an old report alone' "$why"
}

# A function of mk/lib.sh, or the one here, which replaces an entry of the cache $1 by $2.
# shellcheck disable=SC2016 # for the shell inside
lib=(env "O=$work/o" CC=gcc sh -c '. mk/lib.sh
	restock() { cache=$1; mkdir "$1/linux-1"; echo >"$1/linux-1/bzImage"; cache_store linux-1 "$2"; }
	"$@"' lib)
script=(env "O=$work/o" CC=gcc "XDG_CACHE_HOME=$work/cache" SETUP= CI= KSRC= QEMU_SRC= FIRMWARE= WITNESSES=)

# Break, for all of these: let the script go on; or drop the 2>/dev/null beside its check.
scripts()
{
	local why='' ovmf='' file
	mkdir "$work/o" "$work/bin"
	ln -s /usr/bin/* "$work/bin/"
	rm -f "$work"/bin/flex "$work"/bin/mformat "$work"/bin/jq "$work"/bin/xmllint "$work"/bin/apt-get
	refused 'missing tool' 'missing tools; by their Debian names:.* flex( [^mo]\S*)*$' \
		"${script[@]}" "PATH=$work/bin" mk/setup.sh
	[ -e /usr/share/OVMF/OVMF_CODE_4M.fd ] || ovmf=' ovmf'
	refused 'the firmware asked for is missing too, if it is' "names:.* flex( [^o]\S*)* mtools$ovmf\$" \
		"${script[@]}" FIRMWARE=ovmf "PATH=$work/bin" mk/setup.sh
	refused "make check's witnesses are missing too" "names:.* flex .*jq libxml2-utils$ovmf\$" \
		"${script[@]}" WITNESSES=1 "PATH=$work/bin" mk/setup.sh
	refused 'KSRC is no Linux tree' 'KSRC=.* is not a Linux source tree' \
		"${script[@]}" "KSRC=$work" mk/linux.sh image
	refused 'QEMU_SRC is no QEMU tree' 'QEMU_SRC=.* is not a QEMU source tree' \
		"${script[@]}" "QEMU_SRC=$work" mk/qemu.sh
	refused 'no place to build in' "can't write to $work/empty/o" \
		"${script[@]}" "O=$work/empty/o" "XDG_CACHE_HOME=$work/empty" mk/setup.sh
	refused 'no room to build in' 'building Linux needs 99999999 MiB' \
		"${lib[@]}" need_space "$work" 99999999 'building Linux'

	# Break: don't compare the archive with its checksum.
	echo whole >"$work/src.tar.xz"
	(cd "$work" && sha256sum src.tar.xz >src.tar.xz.sha256)
	refused 'source archive that is none' "can't unpack src.tar.xz: tar: " \
		"${lib[@]}" unpack "$work/src.tar.xz" "$work/tree"
	echo torn >"$work/src.tar.xz"
	refused 'damaged source archive' 'was damaged; it is removed now, run the command again' \
		"${lib[@]}" unpack "$work/src.tar.xz" "$work/tree"
	for file in "$work"/src.tar.xz*; do why="$why $file"; done
	result 'a damaged source archive is removed' "$why"
}

# Break: use what malloc() returned.
no_memory()
{
	truncate -s 8M "$work/big"
	refused 'no memory' 'out of memory; close other programs' env \
		"ASAN_OPTIONS=max_allocation_size_mb=4:allocator_may_return_null=1:log_path=$work/asan" \
		"$tdi" run "${files[@]}" --kernel "$work/big"
}

# A way to mount that this user has, if there is one.
mounter()
{
	local try
	for try in 'unshare -m' 'unshare -rm'; do
		$try mount -t tmpfs none "$work/full" 2>/dev/null && echo "$try" && return
	done
	return 1
}

# confined FULL LEFT OPTIONS COMMAND...: with a small file system at FULL; then LEFT has its files.
# shellcheck disable=SC2016 # for the shell inside
confined='mount -t tmpfs -o "$2" none "$0" || exit 99
full=$0 left=$1
shift 2
"$@"
code=$?
find "$full" -mindepth 1 \( ! -type d -o -empty \) -printf "%P %s\n" >"$left"
exit $code'

no_space()
{
	local small ns
	mkdir "$work/full"
	if ! ns=$(mounter); then
		skip 'logs, and a cache, without room' 'no file system can be mounted here'
		return
	fi
	# shellcheck disable=SC2206 # a command and its option
	small=($ns sh -c "$confined" "$work/full" "$work/left")

	# Break: don't ask for the free space; or leave the new directory behind.
	refused 'logs without room' 'has 1 MiB free, a run needs 256; free some or give --logs' \
		"${small[@]}" size=1m \
		"$tdi" run "${files[@]}" --logs "$work/full"
	result 'logs without room are not begun' "$(cat "$work/left")"
	refused 'logs without an inode' 'logs directory .*No space left on device; give a writable' \
		"${small[@]}" nr_inodes=1 \
		"$tdi" run "${files[@]}" --logs "$work/full"
	# Break: take a ledger that was cut for one of a quiet run.
	FAKE=full:beta timeout 60 "${small[@]}" size=257m \
		"$tdi" run "${files[@]}" --logs "$work/full" >"$work/out" 2>&1
	code=$?
	expect 'logs that run full are an error' 2 '^error: ' 'ledger is missing' '!passed, 0 failed' \
		'no space is left for .*free some or give --logs'
	# Break: don't look at the room after the run.
	FAKE="full:beta kill:linux.smp2" timeout 60 "${small[@]}" size=257m \
		"$tdi" run "${files[@]}" --logs "$work/full" >"$work/out" 2>&1
	code=$?
	expect 'a crash for lack of room is no crash' 2 'no space is left for' '!passed, 0 failed'

	# Break: leave what cp made, or let it speak.
	mkdir "$work/entry"
	head -c 1024 /dev/zero >"$work/entry/a"
	head -c 2M /dev/zero >"$work/entry/bzImage"
	refused 'cache without room' "can't keep linux-1 in .*/full: No space left on device" \
		"${small[@]}" size=1m "${lib[@]}" restock "$work/full" "$work/entry"
	[ "$(cat "$work/left")" = 'linux-1/bzImage 1' ] && why= || why=$(cat "$work/left")
	result 'a cache without room keeps what it had, and nothing else' "$why"
}
