#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# prepare.sh SRC DEST: make DEST a git tree of the Linux source SRC with our series on it, one commit a patch.
#
# Only the directories that the series touches, and those beside them, are in the repository: the whole kernel
# would take minutes to add. The tag tdx-base marks the source as it came; writeback.sh goes the other way.

set -eu

src=$(cd "$1" && pwd)
mkdir -p "$2"
dest=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

in_dest()
{
	git -C "$dest" -c user.name='TDX harness developers' -c user.email=harness@localhost \
		-c core.autocrlf=false -c commit.gpgsign=false "$@"
}

[ ! -e "$dest/.git" ] || { echo "prepare.sh: $dest is a git tree already" >&2; exit 2; }
cp -R "$src/." "$dest/"
in_dest init -q
in_dest config status.showUntrackedFiles no
in_dest add -f arch/x86 drivers/vfio drivers/iommu drivers/pci drivers/virt drivers/crypto/ccp virt include \
	Documentation/virt Documentation/driver-api Documentation/userspace-api Documentation/ABI \
	Documentation/admin-guide Documentation/arch/x86 MAINTAINERS
in_dest commit -q -m "Linux $(make -s -C "$dest" kernelversion)"
in_dest tag tdx-base

while read -r patch; do
	case $patch in
	''|'#'*) continue ;;
	esac
	in_dest am -q -3 "$here/$patch"
done <"$here/series"
