#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# fetch.sh linux|qemu|tools: print the path of the source tarball (or of the
# unpacked build tools) in the cache, after fetching it if it is not there.
#
# What is fetched comes from the Debian archive that this machine already uses,
# through apt and its signed index, with lists and configuration of our own in
# the cache: nothing of the user's apt state is read but the archive's address,
# proxies and credentials, and nothing is written.

. mk/lib.sh
cache_choose

linux_package=linux-source-7.3	linux_suite=trixie-backports
qemu_version=10.0		qemu_suite=trixie

# The address is the one that serves this release: what apt would ask first.
archive_address()
{
	. /etc/os-release
	mkdir -p "$cache/apt/none/partial"
	apt-get -o Dir::State::lists="$cache/apt/none" update --print-uris 2>/dev/null |
		sed -n "s,^'\(.*\)/dists/\(${VERSION_CODENAME:-none}\|stable\|testing\|sid\|unstable\)/InRelease'.*,\1,p" |
		head -n 1
}

apt_configure()
{
	command -v apt-get >/dev/null || die "no apt here to fetch $1 with; $hint"
	uri=$(archive_address)
	[ -n "$uri" ] || die "apt's configuration names no Debian archive to fetch $1 from; $hint"
	mkdir -p "$cache/apt/lists/partial" "$cache/apt/archives/partial"
	keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	[ -e "$keyring" ] && signed="[signed-by=$keyring] " || signed=
	cat >"$cache/apt/sources.list" <<-EOT
		deb $signed$uri $linux_suite main
		deb $signed$uri $qemu_suite main
		deb-src $signed$uri $qemu_suite main
	EOT
	cat >"$cache/apt/apt.conf" <<-EOT
		Dir::State "$cache/apt";
		Dir::State::lists "$cache/apt/lists";
		Dir::State::status "/dev/null";
		Dir::Cache "$cache/apt";
		Dir::Etc::sourcelist "$cache/apt/sources.list";
		Dir::Etc::sourceparts "-";
		Dir::Etc::preferences "-";
		Dir::Etc::preferencesparts "-";
		Acquire::Languages "none";
		APT::Sandbox::User "root";
		APT::Update::Error-Mode "any";
		#clear APT::Update::Pre-Invoke;
		#clear APT::Update::Post-Invoke;
		#clear APT::Update::Post-Invoke-Success;
	EOT
}

apt()
{
	apt-get -q -c "$cache/apt/apt.conf" "$@" >"$work/log" 2>&1 ||
		die "can't fetch: $(grep '^E: ' "$work/log" | head -n 1); $hint"
}

# In a directory of its own, whose files reach the cache only when complete.
begin()	# WHAT HINT
{
	hint=$2
	apt_configure "$1"
	need_space "$cache" 600 "fetching $1"
	work=$(mktemp -d "$cache/fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT TERM
	say FETCH "$1"
	if [ -z "$(find "$cache/apt/lists.fresh" -mmin -60 2>/dev/null)" ]; then
		apt update
		touch "$cache/apt/lists.fresh"
	fi
	cd "$work"
}

keep()	# FILE NAME
{
	mv "$1" "$2"
	sha256sum "$2" >"$2.sha256"
	mv "$2.sha256" "$2" "$cache/src/"
}

newest() { ls -t "$cache"/src/"$1"*.tar.xz 2>/dev/null | head -n 1; }

fetch_linux()
{
	begin "$linux_package" "give a tree: make KSRC=<linux 7.3 tree>"
	apt-cache -c "$cache/apt/apt.conf" show "$linux_package" >/dev/null 2>&1 ||
		die "the archive has no $linux_package; $hint"
	apt download "$linux_package"
	version=$(dpkg-deb -f ./*.deb Version | sed 's/-.*//')
	{ dpkg-deb --fsys-tarfile ./*.deb | tar -xf - --strip-components=3; } 2>log ||
		die "can't unpack $linux_package: $(tail -n 1 log)"
	keep linux-source-*.tar.xz "linux-$version.tar.xz"
}

fetch_qemu()
{
	begin "QEMU $qemu_version source" "give a tree: make QEMU_SRC=<qemu $qemu_version tree>"
	apt source --download-only --tar-only qemu
	case $(echo qemu_*.orig.tar.xz) in
	qemu_"$qemu_version".*) ;;
	*) die "the archive has no QEMU $qemu_version; $hint" ;;
	esac
	version=$(echo qemu_*.orig.tar.xz | sed 's/qemu_\([0-9.]*\).*/\1/')
	keep qemu_*.orig.tar.xz "qemu-$version.tar.xz"
}

# Debian 12's meson is too old for QEMU 10.  Unpacked, never installed.
fetch_tools()
{
	begin "meson" "give a QEMU tree that carries its wheels: make QEMU_SRC=<qemu $qemu_version tree>"
	apt download meson python3-pycotap
	for deb in ./*.deb; do
		dpkg-deb -x "$deb" tools || die "can't unpack $deb"
	done
	mv tools "$cache/tools"
}

here()
{
	case $1 in
	tools) [ -d "$cache/tools" ] ;;
	*) [ -n "$(newest "$1")" ] ;;
	esac
}

if ! here "$1"; then
	lock fetch
	here "$1" || ("fetch_$1")
fi
case $1 in
tools) echo "$cache/tools/usr" ;;
*) newest "$1" ;;
esac
