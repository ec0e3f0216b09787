# SPDX-License-Identifier: GPL-2.0

# SHELL=1 asks for a shell in L1.  To make itself, SHELL means something else.
ifeq ($(origin SHELL)$(SHELL),command line1)
L1_SHELL := 1
override SHELL := /bin/sh
endif

O ?= build
override O := $(abspath $(O))
ifneq ($(words $(O))$(findstring :,$(O)),1)
$(error O=$(O): neither make nor the kernel can build under a path with spaces or colons)
endif
# What distclean removes must be ours: a directory that was empty when we first came.
ifneq ($(filter-out help clean distclean,$(MAKECMDGOALS)),)
ifneq ($(shell [ -e $(O)/.tdi-harness ] || \
	{ mkdir -p $(O) && [ -z "$$(ls -A $(O))" ] && touch $(O)/.tdi-harness; } || echo no),)
$(error O=$(O) can't be written, or holds other files; give a new directory)
endif
endif

ifeq ($(origin CC),default)
CC := gcc
endif
# For what is built after set-up; before it, nothing may run beside it.
NPROC := $(shell nproc)
ifeq ($(filter-out 0,$(V)),)
Q := @
endif

.PHONY: help
help:
	@sed -n 's/^#: \?//p' $(firstword $(MAKEFILE_LIST))

#: make run               set up, build, and tell the life of a private device, from bind to unbind
#: make run T='sept*'     the tests whose name matches; T='*' is all
#: make run SHELL=1       a shell in L1, the emulated TDX host
#: make check             what CI runs: unit tests, the runner's tests, the emulated suite
#: make unit              only the unit tests; needs neither QEMU nor Linux
#: make list              the names of the tests
#: make install           what make run has built, to DESTDIR= PREFIX= (/usr/local)
#: make plants            plant known bugs one by one: each must turn its oracle red, and nothing else
#: make plants T=b06-aug  only these, by their names in tests/plant; ONLY= runs only these tests
#: make check-full        check, under UEFI, kernels unpatched and with KASAN and lockdep, every TD configuration, each
#:                        patch, all plants, ...; hours, goes on where it was; T='matrix-*' some steps, SHARD=1/2 half
#: make selfcheck         of each test: without its checks, or with a wrong expectation, it must not pass
#: make docs/tests.md     the catalogue of the guest tests, from the guest image
#: make repeat N=20       make check so often, with four busy loops beside; all green, with equal counts
#: make qemu-off          is the patched QEMU without tdx-host=on as unpatched? CPUID, MSRs, CR4, opcodes
#: make mutants N=200 SEED=1   break the model in so many random places; the unit tests must notice
#: make coverage          what the unit tests reach of lib/, by line, branch, fact sheet; writes docs/coverage.md
#: make series            check that the patch series apply to the fetched sources
#: make series BASE=v7.3.6 KSRC=tree   lay the Linux series on a commit of your git tree, in build/series-linux
#: make gdb T=connect_flow   gdb on L1 and on its TD, both with symbols (docs/gdb.md)
#: make clean             remove what was built from this tree; keep Linux and QEMU
#: make distclean         remove the whole build directory
#:
#: KERNEL=bzImage         run this kernel in L1        KSRC=tree      build L1's kernel from this tree
#: IMAGE=flat.bin         run this image as the TD     QEMU_SRC=tree  build QEMU from this tree
#: APPEND='...'           more words for L1's kernel   O=dir          where to build (./build)
#: FIRMWARE=ovmf          boot L1 through UEFI: the package ovmf, or a file
#: SETUP=1                let make install missing packages           V=1   show commands, CC=compiler

UAPI	:= $(O)/uapi/include
BZIMAGE	:= $(if $(KERNEL),$(abspath $(KERNEL)),$(O)/bzImage)
QEMU	:= $(O)/qemu-system-x86_64
TDI	:= $(O)/tdi/tdi
TESTS	:= $(O)/initramfs.cpio $(O)/witness.cpio $(TDI)
.PHONY: unit
unit: setup
-include guest/guest.mk host/vmm/vmm.mk host/tdi/tdi.mk tests/unit/unit.mk tests/qemu/qemu.mk
$(VMM_OBJ): $(O)/uapi/.stamp

SCRIPT	= $(Q)O='$(O)' CC='$(CC)' V='$(filter-out 0,$(V))' SETUP='$(SETUP)' FIRMWARE='$(FIRMWARE)' \
	  KSRC='$(abspath $(KSRC))' QEMU_SRC='$(abspath $(QEMU_SRC))' WITNESSES='$(WITNESSES)'
WITH	= $(if $(KERNEL),--kernel '$(BZIMAGE)')
RUN	= $(TDI) run $(WITH) $(if $(IMAGE),--image '$(abspath $(IMAGE))') \
	  $(if $(APPEND),--append '$(APPEND)') \
	  $(if $(FIRMWARE),--firmware '$(or $(filter ovmf,$(FIRMWARE)),$(abspath $(FIRMWARE)))')
GLOBS	= $(foreach t,$(T),'$(t)')
# The main flow, unless something else is asked for.
FLOW	= $(if $(T)$(IMAGE)$(L1_SHELL),$(GLOBS),connect_flow)

# Always asked, never touched when nothing changed: the scripts know by content.
$(O)/bzImage: FORCE
	$(SCRIPT) mk/linux.sh image
$(O)/uapi/.stamp: FORCE
	$(SCRIPT) mk/linux.sh uapi
$(QEMU): FORCE
	$(SCRIPT) mk/qemu.sh
.PHONY: FORCE
FORCE:

.PHONY: setup platform programs
setup:
	$(SCRIPT) mk/setup.sh
platform: $(if $(KERNEL),,$(BZIMAGE)) $(QEMU)
programs: guest $(TESTS)

.PHONY: run
run: setup
	+$(Q)$(MAKE) --no-print-directory -j$(NPROC) programs && $(MAKE) --no-print-directory platform
	$(Q)$(RUN) $(if $(L1_SHELL),--shell,--verbose --html $(O)/run.html) $(FLOW)

# Each part leaves its three counts in $(O)/check; the last line is their sum.
.PHONY: check suite
check: WITNESSES = 1
check: setup
	+$(Q)O='$(O)' mk/check.sh '$(MAKE) --no-print-directory -j$(NPROC)' unit tdi-check \
		$(if $(FIRMWARE),efi-check) suite
suite:
	+$(Q)$(MAKE) --no-print-directory programs && $(MAKE) --no-print-directory platform
	$(Q)mkdir -p $(O)/check
	$(Q)$(RUN) --jobs 2 --counts $(O)/check/suite.counts --junit $(O)/check/suite.xml --json $(O)/check/suite.json \
		--html $(O)/check/suite.html

.PHONY: list
list: setup $(TDI)
	$(Q)$(TDI) list $(GLOBS)

.PHONY: plants
plants: setup
	+$(Q)$(MAKE) --no-print-directory -j$(NPROC) programs && $(MAKE) --no-print-directory platform
	$(SCRIPT) ONLY='$(if $(filter command line,$(origin ONLY)),$(ONLY))' mk/plants.sh $(TDI) '$(MAKE) --no-print-directory -j$(NPROC)' $(GLOBS)

.PHONY: qemu-off
qemu-off: setup
	+$(Q)$(MAKE) --no-print-directory $(QEMU) $(O)/dump/dump.bin
	$(SCRIPT) mk/qemu-off.sh $(QEMU) $(O)/dump/dump.bin

.PHONY: selfcheck
selfcheck: setup
	+$(Q)$(MAKE) --no-print-directory -j$(NPROC) programs && $(MAKE) --no-print-directory platform
	$(Q)$(TDI) selfcheck --jobs 2 $(WITH) $(GLOBS)

.PHONY: check-full
check-full: setup
	+$(Q)$(MAKE) --no-print-directory -j$(NPROC) programs && $(MAKE) --no-print-directory platform
	+$(SCRIPT) KERNEL='$(and $(KERNEL),$(BZIMAGE))' SHARD='$(SHARD)' mk/full.sh '$(MAKE) --no-print-directory' $(GLOBS)

docs/tests.md: setup $(TDI) guest
	$(Q)mk/tests-md.sh $(TDI) >$@.new && mv $@.new $@

.PHONY: repeat
N ?= 20
repeat:
	+$(Q)O='$(O)' mk/repeat.sh '$(N)' $(MAKE) --no-print-directory check

.PHONY: coverage mutants
coverage: setup
	+$(SCRIPT) mk/coverage.sh $(MAKE) --no-print-directory -j$(NPROC)
mutants: setup
	+$(SCRIPT) mk/mutants.sh '$(if $(filter command line,$(origin N)),$(N),200)' '$(or $(SEED),1)' $(MAKE) --no-print-directory -j$(NPROC)

.PHONY: series
series:
	$(SCRIPT) mk/series.sh '$(BASE)'

.PHONY: gdb
gdb: setup
	+$(Q)$(MAKE) --no-print-directory -j$(NPROC) programs && $(MAKE) --no-print-directory $(QEMU)
	$(SCRIPT) KERNEL='$(if $(KERNEL),$(BZIMAGE))' VMLINUX='$(VMLINUX)' GDB_ARGS='$(GDB_ARGS)' \
		mk/gdb.sh $(RUN) --verbose $(FLOW)

.PHONY: install
PREFIX ?= /usr/local
LIBDIR := $(DESTDIR)$(PREFIX)/lib/tdi-harness
# What `make run` has built, as it is: root has another cache, and would build it all again.
# The runner looks for the rest beside itself, and finds itself behind a link.
INSTALLED := tdi/tdi qemu-system-x86_64 firmware bzImage initramfs.cpio witness.cpio guest/guest.bin guest/guest.elf
install:
	$(Q)cd $(O) && ls $(INSTALLED) >/dev/null || { echo 'error: build it first: make run' >&2; exit 2; }
	$(Q)mkdir -p '$(LIBDIR)' '$(DESTDIR)$(PREFIX)/bin'
	$(Q)cd $(O) && cp -r --parents $(INSTALLED) '$(abspath $(LIBDIR))/'
	$(Q)ln -sf ../lib/tdi-harness/tdi/tdi '$(DESTDIR)$(PREFIX)/bin/tdi'

# What took minutes to build, and how to know whether it is still right.
KEEP := .tdi-harness cache linux* ksrc-build* bzImage* uapi* qemu* firmware
clean:
	$(Q)[ ! -e $(O)/.tdi-harness ] || find $(O) -mindepth 1 -maxdepth 1 \
		$(foreach name,$(KEEP),! -name '$(name)') -exec rm -rf {} +
distclean:
	$(Q)[ ! -e $(O)/.tdi-harness ] || rm -rf $(O)
