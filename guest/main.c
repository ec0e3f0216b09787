// SPDX-License-Identifier: GPL-2.0
/*
 * The guest image: one TD runs one test and says so in records.
 *
 * The VMM is not trusted: what it writes to the window is read once, into private memory, and
 * bounded. If that fails, or the records can't be written, the TD ends by ReportFatalError.
 */
#include "core/channel.h"
#include "core/format.h"
#include "core/records.h"
#include "core/string.h"
#include "core/test.h"
#include "guest.h"
#include "tdx/ghci.h"
#include "tdx/memory.h"
#include "tdx/tdcall.h"
#include "x86/cpu.h"
#include "x86/insn.h"
#include "x86/mmu.h"
#include "x86/smp.h"

#define GUEST_RAM_MAX	(3ULL << 30)	/* RAM and window are below it */

static struct channel_window config;	/* our copy of the window's head */
static struct records records;
static struct vp_info vp_info;

static void __attribute__((noreturn)) guest_exit(void)
{
	for (;;)
		ghci_io_write(TD_EXIT_PORT, 4, 0);
}

static void __attribute__((noreturn)) guest_fatal(const char *why)
{
	ghci_report_fatal_error(0, why);
}

/* A write to a port that nothing answers: an exit to the VMM, which then drains the ring. */
static void guest_relax(void)
{
	ghci_io_write(0x80, 1, 0);
}

static void tdx_init(unsigned int gpaw)
{
	if (tdg_vp_info(&vp_info) || vp_info.gpaw != gpaw || (gpaw != 48 && gpaw != 52))
		guest_fatal("VP.INFO does not match the registers at reset");
	mmu_init(gpaw);
}

static void window_init(uint64_t gpa)
{
	const volatile uint8_t *from = (const volatile uint8_t *)gpa;
	uint8_t *to = (uint8_t *)&config;

	if (gpa % PAGE_SIZE || gpa < PAGE_SIZE_2M || gpa >= GUEST_RAM_MAX ||
	    !mmu_set_shared(gpa, CHANNEL_WINDOW_SIZE, true))
		guest_fatal("the window's address is bad");
	for (size_t n = 0; n < sizeof(config); n++)
		to[n] = from[n];

	if (config.magic != CHANNEL_MAGIC || config.version != CHANNEL_VERSION)
		guest_fatal("no channel window of this version; tdi runs this image");
	if (strnlen(config.test, sizeof(config.test)) == sizeof(config.test))
		guest_fatal("the test id has no end");
	if (config.nr_vcpus != vp_info.nr_vcpus || config.nr_vcpus > CPU_MAX)
		guest_fatal("the window's vCPU count is bad");
	if (config.ram_bytes > gpa)
		guest_fatal("the window's RAM size is bad");
	config.ram_bytes &= -PAGE_SIZE_2M;
	records_init(&records, (void *)gpa, guest_relax);
}

static void ram_init(void)
{
	if (config.ram_bytes > PAGE_SIZE_2M &&
	    !mmu_map_private(PAGE_SIZE_2M, config.ram_bytes - PAGE_SIZE_2M))
		guest_fatal("RAM can't be mapped");
	memory_init(config.ram_bytes);
}

static void smp_init(void)
{
	if (!smp_wait_all(config.nr_vcpus))
		guest_fatal("a vCPU has not arrived");
}

static void tests_run(void)
{
	bool ve = !(vp_info.attributes & TDX_ATTR_SEPT_VE_DISABLE);
	struct test_session session = {
		.records = &records,
		.vcpu = cpu_index,
		.flags = config.flags,
		.has = (config.nr_vcpus > 1 ? NEEDS_SMP : 0) | (ve ? NEEDS_VE : NEEDS_NO_VE) |
		       (config.device ? NEEDS_DEVICE : 0) |
		       (config.device > 1 ? NEEDS_CONNECT : 0) |
		       (config.nr_devices > 1 ? NEEDS_PAIR : 0) |
		       (guest_meeting() ? NEEDS_NEIGHBOUR : 0),
		.nr_vcpus = config.nr_vcpus,
		.seed = config.seed,
	};
	const struct test *test = tests_find(config.test);
	const char *wrong = tests_check();

	if (wrong)
		guest_fatal(wrong);
	if (!strcmp(config.test, "?list"))
		tests_list(&records);
	else if (test)
		test_run(&session, test);
	else
		guest_fatal("no test has this id");
}

void guest_main(uint64_t window, unsigned int gpaw)
{
	tdx_init(gpaw);
	window_init(window);
	ram_init();
	smp_init();
	tests_run();
	guest_exit();
}

void trap_fatal(const struct trap_frame *frame)
{
	static char why[128];

	format_text(why, sizeof(why), "vCPU %u: exception %u, error %x, at %llx, CR2 %llx",
		    cpu_index(), (unsigned int)frame->vector, (unsigned int)frame->error,
		    (unsigned long long)frame->rip, (unsigned long long)read_cr2());
	test_error(why);
	test_finish();
	guest_exit();
}

const struct channel_window *guest_config(void)
{
	return &config;
}

const struct vp_info *guest_vp_info(void)
{
	return &vp_info;
}

struct channel_meeting *guest_meeting(void)
{
	void *place = (uint8_t *)records.window + CHANNEL_MEETING_OFFSET;

	return config.flags & CHANNEL_F_MEETING ? place : 0;
}

bool guest_is_neighbour(void)
{
	return config.flags & CHANNEL_F_NEIGHBOUR;
}
