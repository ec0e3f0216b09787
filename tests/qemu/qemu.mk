# SPDX-License-Identifier: GPL-2.0
# The program of `make qemu-off`: $(O)/dump/dump.bin, an image for QEMU's -bios.

dump-src := tests/qemu/start.S tests/qemu/dump.c lib/core/format.c lib/core/string.c

$(O)/dump/dump.bin: $(dump-src) $(addprefix tests/qemu/,dump.h dump.ld qemu.mk) lib/x86/insn.h guest/guest.mk
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -MMD -MP,$(GUEST_CFLAGS)) -fno-pie -nostdlib -static -no-pie \
		-Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings \
		-Wl,-T,tests/qemu/dump.ld -o $(@:.bin=.elf) $(dump-src)
	$(Q)$(OBJCOPY) -O binary -j .image $(@:.bin=.elf) $@
