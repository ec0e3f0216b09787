/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The other vCPUs. There is no INIT or SIPI: all start at the reset vector (fact sheet 7, 9.10) and
 * wait in smp_park() for a function. They spin: a halted vCPU could be woken only by what is under
 * test.
 */
#ifndef X86_SMP_H
#define X86_SMP_H

#include <stdbool.h>
#include <stdint.h>

void smp_park(uint32_t index) __attribute__((noreturn));
/* Wait until @nr vCPUs, the caller among them, have arrived. False: some did not in time. */
bool smp_wait_all(unsigned int nr);
/* Let vCPU @index run @fn(@arg). It must be idle. */
void smp_start(unsigned int index, void (*fn)(void *), void *arg);
bool smp_done(unsigned int index);
/* Wait for the end of what smp_start() started. False: it did not end in time. */
bool smp_wait(unsigned int index);

#endif
