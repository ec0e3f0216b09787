# SPDX-License-Identifier: GPL-2.0
#
# Unit tests: every tests/unit/*.c is a program, but for what several share. Native, under ASan and
# UBSan.
#
# From the top Makefile: O (build directory, absolute), Q (@, or nothing with V=1), CC.

# Where it is built, with which checks, and what else is linked: mk/coverage.sh has others.
UNIT_DIR ?= $(O)/unit
UNIT_CHECKS ?= -O1 -fsanitize=address,undefined -fno-sanitize-recover=all
UNIT_LINK ?=
UNIT_CFLAGS := -std=gnu11 -g -Wall -Wextra -Werror -Wno-unused-parameter -pthread $(UNIT_CHECKS) \
	       -I. -Ilib -Ihost/vmm -Ihost-patches/qemu/files/hw/tdisp
# An archive: a program takes from it what it needs. lib/core/test.c is the guest's main program.
UNIT_SHARED := $(addprefix tests/unit/,platform.c driver.c connect.c requester.c visits.c)
UNIT_LIB_SRC := $(UNIT_SHARED) $(filter-out lib/core/test.c,$(wildcard lib/core/*.c)) \
		$(wildcard lib/tdisp/*.c lib/tdx/*.[cS] lib/tdx_module/*.c) $(wildcard $(addprefix host/vmm/,acpi.c blame.c cpuid.c device.c plan.c ring.c)) \
		$(wildcard $(addprefix host-patches/qemu/files/hw/tdisp/,responder.c dsm_spdm.c dsm_idekm.c dsm_tdisp.c)) \
		guest/efi/reason.c
UNIT_LIB_OBJ := $(addprefix $(UNIT_DIR)/,$(addsuffix .o,$(basename $(UNIT_LIB_SRC))))
UNIT_BIN := $(patsubst tests/unit/%.c,$(UNIT_DIR)/%,$(filter-out $(UNIT_SHARED),$(wildcard tests/unit/*.c)))

UNIT_CMOCKA := stdarg.h stddef.h stdint.h setjmp.h cmocka.h
.PHONY: unit-tools
unit-tools:
	@printf '#include <%s>\n' $(UNIT_CMOCKA) | $(CC) -E - >/dev/null 2>&1 || \
		{ echo 'error: the unit tests need cmocka: apt-get install libcmocka-dev' >&2; exit 2; }

$(UNIT_DIR)/%.o: %.c | unit-tools
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) -MMD -MP -c -o $@ $<

$(UNIT_DIR)/%.o: %.S | unit-tools
	@mkdir -p $(@D)
	$(Q)$(CC) -MMD -MP -c -o $@ $<

# What would meet its own name in libc, or in the model.
CORE_NAMES := memcpy memmove memset memcmp strlen strnlen strcmp
$(UNIT_DIR)/lib/core/string.o: UNIT_CFLAGS += -fno-builtin $(foreach name,$(CORE_NAMES),-D$(name)=core_$(name))
$(UNIT_DIR)/lib/tdx/tdi.o: UNIT_CFLAGS += -include tests/unit/guest_lib.h

# It looks at what the linker made.
$(UNIT_DIR)/tests/unit/tdvf.o: UNIT_CFLAGS += -DTDVF_IMAGE='"$(O)/guest/tdvf.bin"'
$(UNIT_DIR)/tdvf: $(O)/guest/tdvf.bin

$(UNIT_DIR)/lib.a: $(UNIT_LIB_OBJ)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(UNIT_BIN): $(UNIT_DIR)/%: $(UNIT_DIR)/tests/unit/%.o $(UNIT_DIR)/lib.a
	$(Q)$(CC) $(UNIT_CFLAGS) -o $@ $(filter %.o %.a,$^) $(UNIT_LINK) -lcmocka

.PHONY: unit unit-programs
unit-programs: $(UNIT_BIN)
unit: unit-programs
	$(Q)tests/unit/run.sh $(O)/check/unit.counts $(UNIT_BIN)

-include $(UNIT_LIB_OBJ:.o=.d) $(UNIT_BIN:$(UNIT_DIR)/%=$(UNIT_DIR)/tests/unit/%.d)
