# SPDX-License-Identifier: GPL-2.0
# The bare-metal TD image: $(O)/guest/guest.bin (flat, ends at 4 GiB) and guest.elf (with symbols).

OBJCOPY ?= objcopy

guest-src := guest/start.S $(sort $(wildcard guest/*.c)) \
	$(addprefix lib/core/,crc32.c format.c records.c sha384.c string.c test.c) \
	$(sort $(wildcard lib/tdisp/*.c lib/tdx/*.S lib/tdx/*.c lib/x86/*.S lib/x86/*.c)) \
	$(sort $(wildcard tests/guest/*.c))
guest-obj := $(addprefix $(O)/guest/,$(addsuffix .o,$(basename $(guest-src))))

# Position-independent code, though linked at a fixed place: absolute addresses at 4 GiB don't fit the
# sign-extended 32 bits of the small code model.
GUEST_CFLAGS := -std=gnu11 -Os -g -ffreestanding -fpie -fno-stack-protector -fcf-protection=none \
	-fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -fno-strict-aliasing \
	-mno-red-zone -mgeneral-regs-only -Wall -Wextra -Werror -Wmissing-prototypes -Ilib -Iguest \
	-MMD -MP

.PHONY: guest
guest: $(O)/guest/guest.bin $(O)/guest/hello.bin $(O)/guest/guest.efi $(O)/guest/tdvf.bin

# A flat image that shares nothing with ours, for IMAGE=.
$(O)/guest/hello.bin: tests/image/hello.S linker/hello.ld
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,--no-warn-rwx-segments \
		-Wl,-T,linker/hello.ld -o $(@:.bin=.elf) $<
	$(Q)$(OBJCOPY) -O binary -j .image $(@:.bin=.elf) $@

# As a flat image, and the same as a TDX virtual firmware.
$(O)/guest/guest.bin $(O)/guest/tdvf.bin: %.bin: %.elf
	$(Q)$(OBJCOPY) -O binary $< $@

$(O)/guest/guest.elf $(O)/guest/tdvf.elf: $(O)/guest/%.elf: linker/%.ld linker/guest.ld $(guest-obj)
	$(Q)$(CC) -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096 \
		-Wl,--no-relax -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings -T $< -o $@ $(guest-obj)

# The same as an EFI program; no TD starts there, so without the reset vector.
guest-efi-obj := $(filter-out %/start.o,$(guest-obj)) \
	$(addprefix $(O)/guest/guest/efi/,entry.o main.o reason.o)

$(O)/guest/guest.efi: $(O)/guest/guest.efi.elf
	$(Q)$(OBJCOPY) -O binary $< $@

$(O)/guest/guest.efi.elf: $(guest-efi-obj) linker/efi.ld
	$(Q)$(CC) -nostdlib -static-pie -Wl,--build-id=none -Wl,-z,text -Wl,-z,max-page-size=4096 \
		-Wl,--no-dynamic-linker -Wl,--no-warn-rwx-segments -Wl,--fatal-warnings \
		-T linker/efi.ld -o $@ $(guest-efi-obj)

# What it says of itself, under the firmware that FIRMWARE= names.
.PHONY: efi-check
efi-check: $(O)/guest/guest.efi $(O)/qemu-system-x86_64
	$(Q)tests/efi/run.sh $(O) '$(FIRMWARE)' $(O)/check/efi.counts

$(O)/guest/%.o: %.c
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<

$(O)/guest/%.o: %.S
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -c -o $@ $<

-include $(guest-obj:.o=.d) $(guest-efi-obj:.o=.d)
