# SPDX-License-Identifier: GPL-2.0
#
# The VMM (PID 1 of L1), the boot stub of Linux TDs, the Linux TD's init, and an initramfs for each.
#
# From the top Makefile:
#   O	 build directory, absolute
#   UAPI the kernel's exported headers, made with $(O)/uapi/.stamp; libc's may not know KVM's TDX
#   Q	 @, or nothing with V=1
#   CC, OBJCOPY, CPIO  tools

OBJCOPY ?= objcopy
CPIO ?= cpio

VMM_CFLAGS := -std=gnu11 -O2 -Wall -Wextra -Werror -pthread
VMM_SRC := $(addprefix host/vmm/,vmm.c plan.c record.c ring.c kmsg.c line.c td.c vcpu.c memory.c cpuid.c \
	     device.c assign.c vfio.c probe.c scan.c dma.c tdcm.c blame.c load.c linux.c acpi.c) \
	   lib/core/crc32.c
VMM_OBJ := $(VMM_SRC:%.c=$(O)/vmm/%.o) $(O)/vmm/host/vmm/stub.o

$(O)/vmm/%.o: %.c | $(O)/uapi/.stamp
	@mkdir -p $(@D)
	$(Q)$(CC) $(VMM_CFLAGS) -MMD -MP -isystem $(UAPI) -Ilib -Iguest -c -o $@ $<

$(O)/vmm/host/vmm/stub.o: host/vmm/stub.S $(O)/linuxboot.bin
	@mkdir -p $(@D)
	$(Q)$(CC) -DLINUXBOOT='"$(O)/linuxboot.bin"' -c -o $@ $<

$(O)/vmm/vmm: $(VMM_OBJ)
	$(Q)$(CC) $(VMM_CFLAGS) -static -o $@ $^

$(O)/linuxboot.elf: guest/linux/boot.S guest/linux/handoff.h linker/linuxboot.ld
	@mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-T,linker/linuxboot.ld -o $@ $<

$(O)/linuxboot.bin: $(O)/linuxboot.elf
	$(Q)$(OBJCOPY) -O binary $< $@

$(O)/witness/init: tests/witness/init.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(VMM_CFLAGS) -static -o $@ $<

# An initramfs with one program in it: /init. Its bytes depend on the program only.
define vmm-cpio
	$(Q)rm -rf $@.d && mkdir -p $@.d
	$(Q)install -m 755 $< $@.d/init && touch -d @0 $@.d/init
	$(Q)cd $@.d && echo init | $(CPIO) --quiet --reproducible -R 0:0 -o -H newc > $@
	$(Q)rm -rf $@.d
endef

$(O)/witness.cpio: $(O)/witness/init
	$(vmm-cpio)

# The runner appends a second archive with /plan and the images.
$(O)/initramfs.cpio: $(O)/vmm/vmm
	$(vmm-cpio)

-include $(VMM_OBJ:.o=.d)
