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

/* @vcpus: of the largest TD. */
void qemu_command(struct strv *argv, const struct options *opts, const char *dir, unsigned int vcpus);
/*
 * Start it in a process group of its own, with stderr in @dir. It dies with us, however we die.
 * Returns its pid and a pidfd, or -1 with errno.
 */
pid_t qemu_start(const struct strv *argv, const char *dir, bool terminal, int *pidfd);
/* Processor time that QEMU had so far; 0 once it is gone. */
int64_t qemu_cpu_ms(pid_t pid);
/* Does one of its threads run, or wait for a processor? */
bool qemu_wants_cpu(pid_t pid);

#endif
