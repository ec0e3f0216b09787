// SPDX-License-Identifier: GPL-2.0
#include "x86/cpu.h"
#include "x86/insn.h"
#include "x86/smp.h"

/* Spins before a wait gives up: far beyond any honest delay, as a host decides who runs when. */
#define SMP_PATIENCE	(1ULL << 32)

enum mailbox_state { MAILBOX_ABSENT, MAILBOX_IDLE, MAILBOX_RUN };

static struct mailbox {
	uint32_t state;
	void (*fn)(void *);
	void *arg;
} mailboxes[CPU_MAX];

static uint32_t mailbox_state(unsigned int index)
{
	return __atomic_load_n(&mailboxes[index].state, __ATOMIC_ACQUIRE);
}

static void mailbox_set(unsigned int index, enum mailbox_state state)
{
	__atomic_store_n(&mailboxes[index].state, state, __ATOMIC_RELEASE);
}

void smp_park(uint32_t index)
{
	struct mailbox *box = &mailboxes[index];

	mailbox_set(index, MAILBOX_IDLE);
	for (;;) {
		while (mailbox_state(index) != MAILBOX_RUN)
			cpu_relax();
		/* The map may have changed meanwhile. */
		write_cr3(read_cr3());
		box->fn(box->arg);
		mailbox_set(index, MAILBOX_IDLE);
	}
}

static bool mailbox_wait(unsigned int index)
{
	for (uint64_t n = 0; n < SMP_PATIENCE; n++) {
		if (mailbox_state(index) == MAILBOX_IDLE)
			return true;
		cpu_relax();
	}
	return false;
}

bool smp_wait_all(unsigned int nr)
{
	for (unsigned int index = 1; index < nr; index++)
		if (!mailbox_wait(index))
			return false;
	return true;
}

void smp_start(unsigned int index, void (*fn)(void *), void *arg)
{
	mailboxes[index].fn = fn;
	mailboxes[index].arg = arg;
	mailbox_set(index, MAILBOX_RUN);
}

bool smp_done(unsigned int index)
{
	return mailbox_state(index) == MAILBOX_IDLE;
}

bool smp_wait(unsigned int index)
{
	return mailbox_wait(index);
}
