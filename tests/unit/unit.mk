# SPDX-License-Identifier: GPL-2.0
#
# Unit tests: every tests/unit/*.c is a program, but for what several share. Native, under ASan and
# UBSan.
#
# From the top Makefile: O (build directory, absolute), Q (@, or nothing with V=1), CC.

UNIT_CFLAGS := -std=gnu11 -g -O1 -Wall -Wextra -Werror -Wno-unused-parameter -pthread \
	       -fsanitize=address,undefined -fno-sanitize-recover=all -I. -Ilib -Ihost/vmm \
	       -Ihost-patches/qemu/files/hw/tdisp
# An archive: a program takes from it what it needs. libc has its own lib/core/string.c.
UNIT_SHARED := tests/unit/platform.c tests/unit/driver.c tests/unit/connect.c tests/unit/requester.c
UNIT_LIB_SRC := $(UNIT_SHARED) $(filter-out lib/core/string.c lib/core/test.c,$(wildcard lib/core/*.c)) \
		$(wildcard lib/tdisp/*.c lib/tdx_module/*.c) $(wildcard $(addprefix host/vmm/,acpi.c blame.c cpuid.c device.c plan.c ring.c)) \
		$(wildcard $(addprefix host-patches/qemu/files/hw/tdisp/,responder.c dsm_spdm.c dsm_idekm.c dsm_tdisp.c))
UNIT_LIB_OBJ := $(UNIT_LIB_SRC:%.c=$(O)/unit/%.o)
UNIT_BIN := $(patsubst tests/unit/%.c,$(O)/unit/%,$(filter-out $(UNIT_SHARED),$(wildcard tests/unit/*.c)))

UNIT_CMOCKA := stdarg.h stddef.h stdint.h setjmp.h cmocka.h
.PHONY: unit-tools
unit-tools:
	@printf '#include <%s>\n' $(UNIT_CMOCKA) | $(CC) -E - >/dev/null 2>&1 || \
		{ echo 'error: the unit tests need cmocka: apt-get install libcmocka-dev' >&2; exit 2; }

$(O)/unit/%.o: %.c | unit-tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/unit/lib.a: $(UNIT_LIB_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(UNIT_BIN): $(O)/unit/%: $(O)/unit/tests/unit/%.o $(O)/unit/lib.a
	$(Q)$(CC) $(UNIT_CFLAGS) -o $@ $^ -lcmocka

.PHONY: unit
unit: $(UNIT_BIN)
	$(Q)tests/unit/run.sh $(O)/check/unit.counts $(UNIT_BIN)

-include $(UNIT_LIB_OBJ:.o=.d) $(UNIT_BIN:$(O)/unit/%=$(O)/unit/tests/unit/%.d)
