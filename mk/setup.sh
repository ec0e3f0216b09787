#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# setup.sh: check that every tool is here; install what is missing when allowed
# to (root, SETUP=1, or CI), otherwise print the command that does.

. mk/lib.sh

[ "$(uname -m)" = x86_64 ] || die "this needs an x86-64 machine, not $(uname -m)"

have()
{
	case $1 in
	command) command -v "$2" ;;
	file) [ -e "$2" ] ;;
	library) pkg-config --exists "$2" ;;
	python) /usr/bin/python3 -c "import $2" ;;
	esac >/dev/null 2>&1
}

missing=
while read -r package kind what; do
	have "$kind" "$what" || missing="$missing $package"
done <<'LIST'
gcc                command  gcc
libc6-dev          file     /usr/include/stdio.h
make               command  make
binutils           command  ld
bc                 command  bc
bison              command  bison
flex               command  flex
libelf-dev         file     /usr/include/gelf.h
libssl-dev         file     /usr/include/openssl/opensslv.h
cpio               command  cpio
git                command  git
patch              command  patch
rsync              command  rsync
xz-utils           command  xz
util-linux         command  flock
ninja-build        command  ninja
pkg-config         command  pkg-config
libglib2.0-dev     library  glib-2.0
zlib1g-dev         library  zlib
libjansson-dev     library  jansson
libcmocka-dev      library  cmocka
python3            file     /usr/bin/python3
python3-venv       python   ensurepip
python3-setuptools python   setuptools
python3-distlib    python   distlib
python3-tomli      python   tomli
seabios            file     /usr/share/seabios/bios-256k.bin
LIST

[ -z "${FIRMWARE:-}" ] || have command mformat || missing="$missing mtools"
[ -z "${SPARSE:-}" ] || have command sparse || missing="$missing sparse"
# What make check asks besides, as it is not ours: readers of its reports, another firmware.
if [ -n "${WITNESSES:-}" ]; then
	have command jq || missing="$missing jq"
	have command xmllint || missing="$missing libxml2-utils"
fi
if [ "${FIRMWARE:-}" = ovmf ] || [ -n "${WITNESSES:-}" ]; then
	have file /usr/share/OVMF/OVMF_CODE_4M.fd || missing="$missing ovmf"
fi

cache_choose
case $cache in "$O"/*) say CACHE "no writable home directory: downloads and builds stay in $cache" ;; esac
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || die "missing tools; by their Debian names:$missing"
install="apt-get install -y --no-install-recommends$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo "
if [ -n "$sudo" ] && { [ -z "${SETUP:-}${CI:-}" ] || ! command -v sudo >/dev/null; }; then
	die "missing tools; run: ${sudo}apt-get update && $sudo$install"
fi

say SETUP "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
apt() { ${sudo:+sudo -E} apt-get -qq -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 "$@"; }
log=$O/setup.log
mkdir -p "$O"
# shellcheck disable=SC2086 # a list of package names
{ apt update && apt install -y --no-install-recommends $missing; } </dev/null >"$log" 2>&1 || {
	grep -E '^(E|Err)' "$log" >&2 || tail -n 5 "$log" >&2
	die "could not install; run: ${sudo}apt-get update && $sudo$install"
}
