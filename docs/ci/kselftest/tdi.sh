#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# The TDX tests of tdi-harness on the kernel of this tree, which boots in an
# emulator: neither TDX nor KVM is needed, and not this kernel running.
#
#	TDI=	the runner, if `tdi` is not in PATH (make install)
#	KERNEL=	the bzImage, if not the one of this tree or of KBUILD_OUTPUT=
#	TESTS=	names or globs, if not all

ksft_fail=1
ksft_skip=4

skip() { echo "1..0 # SKIP $*"; exit $ksft_skip; }

tdi=${TDI:-$(command -v tdi)}
[ -x "$tdi" ] || skip "no tdi here; say TDI=, or install tdi-harness"
for image in ${KERNEL:-${KBUILD_OUTPUT:+"$KBUILD_OUTPUT/arch/x86/boot/bzImage"} \
	../../../../arch/x86/boot/bzImage}; do
	[ ! -f "$image" ] || break
done
[ -f "$image" ] || skip "no bzImage; build the kernel, or say KERNEL="

set -f
# shellcheck disable=SC2086 # a list of globs, which are the runner's
"$tdi" run --jobs 2 --tap --kernel "$image" ${TESTS:-}
# kselftest would take the runner's 2 for an expected failure, and its 3 for an unexpected pass.
case $? in
0) exit 0 ;;
77) exit $ksft_skip ;;
*) exit $ksft_fail ;;
esac
