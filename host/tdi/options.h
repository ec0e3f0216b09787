/* SPDX-License-Identifier: GPL-2.0 */
/* What the user asked for, with every path filled in. */
#ifndef TDI_OPTIONS_H
#define TDI_OPTIONS_H

#include "test.h"
#include "util.h"

enum command { COMMAND_LIST, COMMAND_RUN, COMMAND_SELFCHECK, COMMAND_TRACE };

struct options {
	enum command command;
	struct strv globs;		/* of tests; for trace, paths */
	/* Build products; defaults are relative to the runner's own build directory. */
	char *kernel, *qemu, *initramfs, *guest, *firmware_dir, *witness;
	char *image;			/* a foreign flat image instead of our guest */
	char *append;			/* to L1's command line */
	char *firmware;			/* L1 boots through this UEFI firmware; NULL: SeaBIOS */
	char *td;			/* overrides of every test's TD configuration */
	char *logs;			/* asked to keep them here, or NULL */
	char *gdb;			/* where QEMU waits for gdb, or NULL */
	char *ktap, *junit, *json, *html, *counts;
	unsigned int timeout_s, jobs;
	uint64_t seed;
	bool icount, no_device, verbose, shell, list_only;
	struct strv replay;		/* words that replay this run, no reports, no globs */
};

void options_parse(struct options *opts, int argc, char **argv);
void options_free(struct options *opts);
/* Path of the guest's ELF file, which lies beside the flat image. */
char *options_guest_elf(const struct options *opts);

#endif
