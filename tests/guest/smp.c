// SPDX-License-Identifier: GPL-2.0
/* Several vCPUs of one TD. */
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "x86/apic.h"
#include "x86/cpu.h"
#include "x86/mmu.h"
#include "x86/smp.h"

#define VECTOR		0x61
#define PATIENCE	(1u << 26)	/* turns: its end comes before the TD's, to be a failed check */

static unsigned int nr_vcpus(void)
{
	return guest_config()->nr_vcpus;
}

static void wait_flag(const uint32_t *flag, uint32_t value)
{
	while (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != value)
		cpu_relax();
}

static void wait_count(const uint32_t *count, uint32_t least)
{
	for (unsigned int n = 0; n < PATIENCE; n++) {
		if (__atomic_load_n(count, __ATOMIC_ACQUIRE) >= least)
			return;
		cpu_relax();
	}
}

static void set_flag(uint32_t *flag, uint32_t value)
{
	__atomic_store_n(flag, value, __ATOMIC_RELEASE);
}

static void smp_identify(void *opaque)
{
	tdg_vp_info(opaque);
}

static void smp_arrive(void)
{
	struct vp_info info;

	for (unsigned int index = 1; index < nr_vcpus(); index++) {
		smp_start(index, smp_identify, &info);
		CHECK(smp_wait(index));
		CHECK_DEC(info.index, index);
		CHECK_DEC(info.nr_vcpus, nr_vcpus());
		CHECK_DEC(cpu_boot[index].rsi, index);
	}
}
TEST(smp_arrive, "every vCPU reaches the image with an index of its own", "fact sheet 7, 9.4, 9.10",
     "model: give every vCPU index 0 in VP.INFO", NEEDS_SMP, smp_arrive);

static void smp_add(void *opaque)
{
	for (unsigned int n = 0; n < 1000; n++)
		__atomic_fetch_add((uint32_t *)opaque, 1, __ATOMIC_RELAXED);
}

static void smp_atomic(void)
{
	uint32_t *other = memory_page(), *sum = memory_page();

	TEST_REQUIRE(other && sum, "no RAM left");
	for (unsigned int index = 1; index < nr_vcpus(); index++)
		smp_start(index, smp_add, sum);
	smp_add(sum);
	for (unsigned int index = 1; index < nr_vcpus(); index++)
		CHECK(smp_wait(index));
	CHECK_DEC(*sum, 1000 * nr_vcpus());
	CHECK_DEC(*other, 0);
}
TEST(smp_atomic, "a private page that one vCPU accepted is the same page to all", "fact sheet 6.2",
     "model: on vCPU 1, map the second page of memory onto the first", NEEDS_SMP, smp_atomic);

static uint32_t stage;

static void smp_take_ipi(void *opaque)
{
	uint64_t *status = opaque;

	*status = apic_enable();
	irq_enable();
	set_flag(&stage, 1);
	wait_count(&cpu_this()->irq[VECTOR], 1);
	irq_disable();
}

static void smp_ipi(void)
{
	uint64_t status = ~0ULL;

	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	smp_start(1, smp_take_ipi, &status);
	wait_flag(&stage, 1);
	CHECK_GHCI(apic_send(1, VECTOR), GHCI_STATUS_SUCCESS);
	CHECK(smp_wait(1));
	CHECK_GHCI(status, GHCI_STATUS_SUCCESS);
	CHECK_DEC(cpus[1].irq[VECTOR], 1);
	CHECK(!apic_irr(VECTOR));
}
TEST(smp_ipi, "an IPI through ICR reaches the running vCPU that it names, and no other",
     "fact sheet 7", "model: post to the TD's vCPU 0 as well", NEEDS_SMP, smp_ipi);

static void smp_sleep(void *opaque)
{
	uint64_t *status = opaque;

	*status = apic_enable();
	while (!cpu_this()->irq[VECTOR]) {
		irq_disable();
		set_flag(&stage, 1);
		*status |= ghci_hlt();
	}
	irq_disable();
}

static void smp_ipi_wakes(void)
{
	uint64_t status = ~0ULL;
	uint32_t dummy;

	CHECK_GHCI(apic_enable(), GHCI_STATUS_SUCCESS);
	smp_start(1, smp_sleep, &status);
	wait_flag(&stage, 1);
	/* Exits to the VMM, to give the other vCPU the time to fall asleep. */
	for (unsigned int n = 0; n < 20; n++)
		ghci_io_read(0x80, 1, &dummy);
	CHECK(!smp_done(1));
	CHECK_GHCI(apic_send(1, VECTOR), GHCI_STATUS_SUCCESS);
	wait_count(&cpus[1].irq[VECTOR], 1);
	if (!CHECK_DEC(cpus[1].irq[VECTOR], 1))
		return;
	CHECK(smp_wait(1));
	CHECK_GHCI(status, GHCI_STATUS_SUCCESS);
}
TEST(smp_ipi_wakes, "an IPI wakes a vCPU that sleeps in TDVMCALL HLT", "fact sheet 4.5, 7",
     "KVM: do not wake a vCPU for a vector below E0h", NEEDS_SMP, smp_ipi_wakes);

static uint64_t smp_tsc_of_ap;

static void smp_read_tsc(void *opaque)
{
	(void)opaque;
	smp_tsc_of_ap = rdtsc();
}

static void smp_tsc(void)
{
	for (unsigned int n = 0; n < 16; n++) {
		uint64_t before = rdtsc();

		smp_start(1, smp_read_tsc, NULL);
		CHECK(smp_wait(1));
		if (!CHECK(before <= smp_tsc_of_ap && smp_tsc_of_ap <= rdtsc()))
			return;
	}
}
TEST(smp_tsc, "the vCPUs of a TD read one TSC", "fact sheet 7",
     "model: add to the TSC offset by vCPU index", NEEDS_SMP, smp_tsc);

static void smp_answer(void *opaque)
{
	volatile uint32_t *word = opaque;

	set_flag(&stage, 1);
	while (!*word)
		cpu_relax();
	/* A store of the other kind, past the caches. */
	asm volatile("movnti %1, %0; sfence" : "=m"(*word) : "r"(2u));
}

static void smp_memory(void)
{
	volatile uint32_t *word = memory_page();

	TEST_REQUIRE(word, "no RAM left");
	smp_start(1, smp_answer, (void *)word);
	wait_flag(&stage, 1);
	*word = 1;
	CHECK(smp_wait(1));
	CHECK_DEC(*word, 2);
}
TEST(smp_memory, "a store of one vCPU is seen by another that spins on it", "fact sheet 6.2",
     "QEMU: lose what MOVNTI stores", NEEDS_SMP, smp_memory);

#define STORM	32

static void smp_count_ipis(void *opaque)
{
	(void)opaque;
	apic_enable();
	irq_enable();
	set_flag(&stage, 1);
	wait_flag(&stage, 2);
	irq_disable();
}

static void smp_ipi_storm(void)
{
	const uint32_t *taken = &cpus[1].irq[VECTOR];

	smp_start(1, smp_count_ipis, NULL);
	wait_flag(&stage, 1);
	for (uint32_t n = 0; n < STORM; n++) {
		if (apic_send(1, VECTOR) != GHCI_STATUS_SUCCESS)
			break;
		/* One at a time: two in IRR would be one. */
		wait_count(taken, n + 1);
	}
	set_flag(&stage, 2);
	CHECK(smp_wait(1));
	CHECK_DEC(*taken, STORM);
	CHECK_DEC(cpus[1].irqs, STORM);
}
TEST(smp_ipi_storm,
     "of 32 IPIs, each sent after the last arrived, none is lost and none comes twice",
     "fact sheet 7", "model: leave a vCPU's every 16th vector in IRR", NEEDS_SMP, smp_ipi_storm);

static void smp_own_page(void *opaque)
{
	volatile uint64_t *word = opaque;
	uint64_t value = 0;

	set_flag(&stage, 1);
	while (__atomic_load_n(&stage, __ATOMIC_ACQUIRE) == 1) {
		*word = ++value;
		if (*word != value)
			set_flag(&stage, 3);
	}
}

static void smp_map_beside(void)
{
	void *used = memory_page(), *page = memory_page();
	uint64_t gpa = (uintptr_t)page, failed;

	TEST_REQUIRE(used && page, "no RAM left");
	smp_start(1, smp_own_page, used);
	wait_flag(&stage, 1);
	for (unsigned int n = 0; n < 8; n++) {
		CHECK_GHCI(ghci_map_gpa(gpa | mmu_shared_bit(), PAGE_SIZE, &failed),
			   GHCI_STATUS_SUCCESS);
		CHECK_GHCI(ghci_map_gpa(gpa, PAGE_SIZE, &failed), GHCI_STATUS_SUCCESS);
		CHECK_TDX(tdg_mem_page_accept(gpa, 0), TDX_SUCCESS);
	}
	CHECK_DEC(__atomic_load_n(&stage, __ATOMIC_ACQUIRE), 1);
	set_flag(&stage, 2);
	CHECK(smp_wait(1));
	CHECK(*(volatile uint64_t *)used);
}
TEST(smp_map_beside,
     "a vCPU works on its page undisturbed while another converts the page next to it",
     "fact sheet 6.3", "KVM: zap the page before the one that becomes shared, too", NEEDS_SMP,
     smp_map_beside);
