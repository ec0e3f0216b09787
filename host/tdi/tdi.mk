# SPDX-License-Identifier: GPL-2.0
# The runner, $(O)/tdi/tdi, and its tests. Needs libjansson-dev, and libcmocka-dev for the unit tests.

TDI_SRC	:= $(filter-out host/tdi/main.c,$(wildcard host/tdi/*.c)) \
	   lib/core/crc32.c lib/core/format.c lib/core/sha384.c lib/tdx/names.c
TDI_OBJ	:= $(TDI_SRC:%.c=$(O)/tdi/obj/%.o)

TDI_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -MMD -MP -I. -Ihost/tdi -Ilib
TDI_SAN	:= -fsanitize=address,undefined -fno-sanitize-recover=all

$(O)/tdi/obj/%.o: %.c host/tdi/tdi.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TDI_CFLAGS) -c -o $@ $<

$(O)/tdi/tdi: $(TDI_OBJ) $(O)/tdi/obj/host/tdi/main.o
	$(Q)$(CC) -g -o $@ $^ -ljansson

-include $(shell find $(O)/tdi -name '*.d' 2>/dev/null)

# ---- tests of the runner, all of it under ASan and UBSan ----

TDI_TEST := $(O)/tdi/test
TDI_SAN_OBJ := $(TDI_SRC:%.c=$(O)/tdi/san/%.o)

$(O)/tdi/san/%.o: %.c host/tdi/tdi.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(TDI_CFLAGS) $(TDI_SAN) -c -o $@ $<

$(O)/tdi/san/tdi: $(TDI_SAN_OBJ) $(O)/tdi/san/host/tdi/main.o
	$(Q)$(CC) $(TDI_SAN) -o $@ $^ -ljansson

$(TDI_TEST)/fake_qemu: $(O)/tdi/san/tests/tdi/fake_qemu.o $(O)/tdi/san/lib/core/crc32.o
	@mkdir -p $(@D)
	$(Q)$(CC) $(TDI_SAN) -o $@ $^

TDI_UNITS := unit unbind timeline neighbour
$(TDI_UNITS:%=$(TDI_TEST)/%): $(TDI_TEST)/%: $(O)/tdi/san/tests/tdi/%.o $(TDI_SAN_OBJ)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TDI_SAN) -o $@ $^ -lcmocka -ljansson

$(TDI_TEST)/guest.elf: tests/tdi/guest.c tests/tdi/guest.ld lib/core/test.h
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 -ffreestanding -fpie -nostdlib -static -no-pie -Ilib -Wl,--build-id=none \
		-Wl,--no-warn-rwx-segments -T tests/tdi/guest.ld -o $@ tests/tdi/guest.c

.PHONY: tdi-check check-tdi
check-tdi: tdi-check
tdi-check: $(O)/tdi/san/tdi $(TDI_TEST)/fake_qemu $(TDI_UNITS:%=$(TDI_TEST)/%) $(TDI_TEST)/guest.elf
	$(Q)tests/tdi/run.sh $(O) $(O)/check/tdi.counts

# The names of the tests are in the guest's ELF file.
list: guest
