/* SPDX-License-Identifier: GPL-2.0 */
/* QEMU as a child process: its command line, its start, its end. */
#ifndef TDI_QEMU_H
#define TDI_QEMU_H

#include <sys/types.h>

#include "options.h"

/* Names of the files in a boot's directory. */
#define QEMU_RECORDS	"records.bin"
#define QEMU_CONSOLE	"console.log"
#define QEMU_TRACE	"trace.bin"
#define QEMU_LEDGER	"ledger.json"
#define QEMU_STDERR	"qemu.log"
#define QEMU_INITRAMFS	"initramfs.cpio"
#define QEMU_PLAN	"plan"
#define QEMU_COMMAND	"command"

void qemu_command(struct strv *argv, const struct options *opts, const char *dir);
/*
 * Start it in a process group of its own, with stderr in @dir. It dies with us, however we die.
 * Returns its pid and a pidfd, or -1 with errno.
 */
pid_t qemu_start(const struct strv *argv, const char *dir, bool terminal, int *pidfd);
/*
 * For how long QEMU could have run since its start and got no processor: the longest such time of
 * its threads, 0 if the system doesn't say.
 */
int64_t qemu_starved_ms(pid_t pid);

#endif
