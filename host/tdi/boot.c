// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "plan.h"
#include "qemu.h"

#define GRACE_MS	3000	/* for QEMU to write its ledger after SIGTERM */

/*
 * How busy the machine is must not make a timeout: while QEMU wants a processor, only the time that
 * it gets one counts; while it sleeps or is stopped, all of it.
 */
static void tell_time(struct boot *b)
{
	int64_t wall = now_ms(), cpu = qemu_cpu_ms(b->pid);
	int64_t passed = wall - b->seen_wall, ran = cpu - b->seen_cpu;

	b->clock += ran < passed && qemu_wants_cpu(b->pid) ? ran : passed;
	b->seen_wall = wall;
	b->seen_cpu = cpu;
}

static char *in_dir(const struct boot *b, const char *name)
{
	return xasprintf("%s/%s", b->dir, name);
}

static bool put(const struct boot *b, const char *name, const void *data, size_t len)
{
	char *path = in_dir(b, name);
	bool ok = file_write(path, data, len);

	free(path);
	return ok;
}

static unsigned int most_vcpus(const struct boot *b)
{
	unsigned int most = 0;

	for (size_t i = 0; i < b->nr_plan; i++)
		if (b->plan[i]->config.vcpus > most)
			most = b->plan[i]->config.vcpus;
	return most;
}

static bool prepare(struct boot *b, const struct images *images, struct strv *argv)
{
	char *plan = plan_text(b->plan, b->nr_plan, images, b->opts->seed);
	char *command, *records = in_dir(b, QEMU_RECORDS);
	struct cpio cpio;
	bool ok;

	qemu_command(argv, b->opts, b->dir, most_vcpus(b));
	command = strv_shell(argv);
	plan_initramfs(&cpio, plan, images);
	ok = !mkdir(b->dir, 0777) && put(b, QEMU_PLAN, plan, strlen(plan)) &&
	     put(b, QEMU_INITRAMFS, cpio.data, cpio.len) &&
	     put(b, QEMU_COMMAND, command, strlen(command));
	if (ok) {
		b->records_fd = open(records, O_RDONLY | O_CREAT | O_CLOEXEC, 0666);
		ok = b->records_fd >= 0;
	}
	cpio_free(&cpio);
	free(records);
	free(command);
	free(plan);
	return ok;
}

bool boot_start(struct boot *b, unsigned int nr, const char *logs, const struct options *opts,
		const struct images *images, const struct test *const *plan, size_t nr_plan,
		char **error)
{
	struct strv argv = { 0 };

	*b = (struct boot){
		.nr = nr, .opts = opts, .nr_plan = nr_plan, .records_fd = -1, .pidfd = -1
	};
	b->dir = xasprintf("%s/boot-%u", logs, nr);
	b->plan = xcalloc(nr_plan, sizeof(*b->plan));
	memcpy(b->plan, plan, nr_plan * sizeof(*plan));
	observer_init(&b->observer, b->plan, nr_plan);

	b->pid = -1;
	if (prepare(b, images, &argv))
		b->pid = qemu_start(&argv, b->dir, opts->shell, &b->pidfd);
	if (b->pid < 0)
		*error = xasprintf("%s: %s; free some space or give --logs", b->dir,
				   strerror(errno));
	b->seen_wall = now_ms();
	b->deadline = opts->timeout_s * 1000LL;
	strv_free(&argv);
	return b->pid >= 0;
}

static void drain(struct boot *b)
{
	char buf[65536];
	ssize_t n;

	while ((n = read(b->records_fd, buf, sizeof(buf))) > 0)
		observer_feed(&b->observer, buf, (size_t)n);
}

/* The group too: whatever QEMU started goes with it. */
static void stop(struct boot *b, enum boot_end end, bool politely)
{
	if (b->end == BOOT_RUNS)
		b->end = end;
	if (politely && !b->kill_at) {
		kill(b->pid, SIGTERM);
		b->kill_at = b->clock + GRACE_MS;
		return;
	}
	kill(-b->pid, SIGKILL);
	kill(b->pid, SIGKILL);
}

static void enforce(struct boot *b)
{
	const struct observer *o = &b->observer;
	size_t progress = o->begun + o->ended + o->run_begin + o->run_end;

	tell_time(b);
	if (progress != b->progress) {
		b->progress = progress;
		b->deadline = b->clock + b->opts->timeout_s * 1000LL;
	}
	if (b->kill_at) {
		if (b->clock >= b->kill_at)
			stop(b, b->end, false);
	} else if (observer_spoiled(o) && !o->run_end && o->begun < b->nr_plan) {
		stop(b, BOOT_SPOILED, true);
	} else if (b->clock >= b->deadline && !b->opts->shell && !b->opts->gdb) {
		stop(b, BOOT_TIMEOUT, false);
	}
}

bool boot_pump(struct boot *b)
{
	struct pollfd gone = { .fd = b->pidfd, .events = POLLIN };
	bool over = poll(&gone, 1, 0) > 0;
	const struct observer *o = &b->observer;

	/* Looked before reading: what QEMU wrote is all there once it is gone. */
	drain(b);
	if (!over) {
		enforce(b);
		return false;
	}
	observer_end(&b->observer);
	waitpid(b->pid, &b->wait_status, 0);
	b->pid = -1;
	if (b->end == BOOT_RUNS)
		b->end = o->spoiled || o->stream.lost ? BOOT_SPOILED : BOOT_EXITED;
	return true;
}

void boot_interrupt(struct boot *b)
{
	stop(b, BOOT_INTERRUPTED, false);
}

void boot_free(struct boot *b)
{
	if (b->pidfd >= 0)
		close(b->pidfd);
	if (b->records_fd >= 0)
		close(b->records_fd);
	observer_free(&b->observer);
	free(b->plan);
	free(b->dir);
}
