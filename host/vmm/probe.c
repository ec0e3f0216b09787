// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "probe.h"
#include "record.h"
#include "tdisp/testdev.h"
#include "tdx_abi/tdcm.h"

#define EXT_CAPS_MAX	96	/* that fit 4 KiB: a loop in the list ends here */

static __thread sigjmp_buf escape;
static __thread volatile sig_atomic_t armed;

static void on_sigbus(int number)
{
	if (armed)
		siglongjmp(escape, 1);
	signal(number, SIG_DFL);
}

/* Does the access fault? */
static bool load_faults(volatile uint32_t *at, uint32_t *value)
{
	bool faults = sigsetjmp(escape, 1);

	if (!faults) {
		armed = 1;
		*value = *at;
	}
	armed = 0;
	return faults;
}

static bool store_faults(volatile uint32_t *at, uint32_t value)
{
	bool faults = sigsetjmp(escape, 1);

	if (!faults) {
		armed = 1;
		*at = value;
	}
	armed = 0;
	return faults;
}

static uint16_t config_word(int fd, off_t at)
{
	uint16_t value;

	return pread(fd, &value, sizeof(value), at) == sizeof(value) ? value : 0xffff;
}

static unsigned int find_doe(int config)
{
	uint32_t header;
	off_t at = PCI_CFG_SPACE_SIZE;

	for (unsigned int n = 0; at && n < EXT_CAPS_MAX; n++) {
		if (pread(config, &header, sizeof(header), at) != sizeof(header))
			break;
		if (PCI_EXT_CAP_ID(header) == PCI_EXT_CAP_ID_DOE)
			return at;
		at = PCI_EXT_CAP_NEXT(header);
	}
	return 0;
}

static bool fail(struct probe *probe, const char *step)
{
	probe->failed = step;
	return false;
}

bool probe_open(struct probe *probe, struct vfio *vfio, const struct assign *assign)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	struct vfio_region_info info = { .argsz = sizeof(info) };
	char path[ASSIGN_PATH_MAX + 16];
	void *bar;

	probe->vfio = vfio;
	snprintf(path, sizeof(path), "%s/config", assign->sysfs);
	probe->config = open(path, O_RDONLY | O_CLOEXEC);
	if (probe->config < 0)
		return fail(probe, "configuration space in sysfs");
	probe->doe = find_doe(probe->config);
	if (!probe->doe)
		return fail(probe, "DOE capability");
	if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return fail(probe, "VFIO_DEVICE_GET_REGION_INFO");
	bar = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, vfio->device, info.offset);
	if (bar == MAP_FAILED)
		return fail(probe, "mmap of BAR 0");
	probe->bar = bar;
	probe->offset = info.offset;
	probe->size = info.size;
	sigaction(SIGBUS, &action, NULL);
	return true;
}

void probe_close(struct probe *probe)
{
	if (probe->bar)
		munmap((void *)probe->bar, probe->size);
	if (probe->config >= 0)
		close(probe->config);
	*probe = (struct probe){ .config = -1 };
}

/* One round of accesses: the operation that it follows, and what it has to find. */
struct round {
	const struct probe *probe;
	const char *after;
	bool bound;
};

static bool check(const struct round *r, enum rec_kind kind, uint64_t got, uint64_t expected,
		  const char *what)
{
	struct rec_check record = {
		.ok = got == expected, .kind = kind, .expected = expected, .got = got,
	};
	char text[160];

	snprintf(text, sizeof(text), "after %s, %s: %s", r->after, r->bound ? "bound" : "not bound",
		 what);
	record_write(REC_HOST_CHECK, &record, sizeof(record), text);
	return record.ok;
}

/* errno of a call that moves @size bytes. */
static uint64_t moved(ssize_t result, size_t size)
{
	return result < 0 ? (uint64_t)errno : result == (ssize_t)size ? 0 : EMSGSIZE;
}

static uint64_t config_write(const struct round *r, unsigned int at, const void *value, size_t size)
{
	const struct vfio *vfio = r->probe->vfio;

	return moved(pwrite(vfio->device, value, size, vfio->config + at), size);
}

static void try_bar(const struct round *r)
{
	volatile uint32_t *scratch = r->probe->bar + TESTDEV_SCRATCH / sizeof(*scratch);
	off_t offset = r->probe->offset + TESTDEV_SCRATCH;
	int device = r->probe->vfio->device, error = r->bound ? EIO : 0;
	uint32_t value = 0, stored = 0x5e11a0de, written = 0xc0ffee11;

	check(r, KIND_BOOL, store_faults(scratch, stored), r->bound, "a store through mmap faults");
	check(r, KIND_BOOL, load_faults(scratch, &value), r->bound, "a load through mmap faults");
	if (!r->bound)
		check(r, KIND_HEX, value, stored, "the load finds what was stored");
	check(r, KIND_ERRNO, moved(pwrite(device, &written, 4, offset), 4), error, "pwrite to BAR 0");
	check(r, KIND_ERRNO, moved(pread(device, &value, 4, offset), 4), error, "pread of BAR 0");
	if (!r->bound)
		check(r, KIND_HEX, value, written, "pread finds what pwrite wrote");
}

/* Clear @bit of the command register, and set it again where that went through. */
static void try_command(const struct round *r, uint16_t bit, const char *what)
{
	const struct vfio *vfio = r->probe->vfio;
	const uint16_t before = config_word(r->probe->config, PCI_COMMAND), cleared = before & ~bit;
	uint16_t expected = r->bound ? before : cleared;
	uint32_t value;

	check(r, KIND_BOOL, !!(before & bit), true, what);
	check(r, KIND_ERRNO, config_write(r, PCI_COMMAND, &cleared, sizeof(cleared)),
	      r->bound ? EBUSY : 0, "write that clears it");
	check(r, KIND_HEX, config_word(vfio->device, vfio->config + PCI_COMMAND), expected,
	      "COMMAND as vfio shows it");
	check(r, KIND_HEX, config_word(r->probe->config, PCI_COMMAND), expected,
	      "COMMAND of the device");
	if (r->bound)
		return;
	if (bit == PCI_COMMAND_MEMORY)
		check(r, KIND_BOOL, load_faults(r->probe->bar, &value), true,
		      "without memory decoding a load faults");
	check(r, KIND_ERRNO, config_write(r, PCI_COMMAND, &before, sizeof(before)), 0,
	      "write that sets it again");
	check(r, KIND_BOOL, load_faults(r->probe->bar, &value), false, "the next load faults");
}

/* The mailbox is the TSM's, bound or not: with GO an empty one would report an error. */
static void try_doe(const struct round *r)
{
	const uint32_t word = 0x12345678, go = PCI_DOE_CTRL_GO;
	uint32_t before = 0, after = ~0U;
	unsigned int doe = r->probe->doe;

	pread(r->probe->config, &before, 4, doe + PCI_DOE_STATUS);
	check(r, KIND_ERRNO, config_write(r, doe + PCI_DOE_WRITE, &word, sizeof(word)), 0,
	      "write to the DOE mailbox");
	check(r, KIND_ERRNO, config_write(r, doe + PCI_DOE_CTRL, &go, sizeof(go)), 0,
	      "write of GO to the DOE mailbox");
	pread(r->probe->config, &after, 4, doe + PCI_DOE_STATUS);
	check(r, KIND_HEX, after, before, "DOE status of the device, both writes dropped");
}

static void try_memslot(const struct round *r)
{
	const struct vfio *vfio = r->probe->vfio;
	const struct vfio_section *section = &vfio->section[0];
	uint64_t error = r->bound ? EBUSY : 0;

	check(r, KIND_ERRNO, vfio_set_private(vfio, section, false) ? errno : 0, error,
	      "the BAR's memory attributes made shared");
	if (!check(r, KIND_ERRNO, vfio_map_section(vfio, section, false) ? errno : 0, error,
		   "the BAR's memslot deleted") || r->bound)
		return;
	check(r, KIND_ERRNO, vfio_map_section(vfio, section, true) ? errno : 0, 0,
	      "the BAR's memslot made again");
}

void probe_run(const struct probe *probe, unsigned int operation)
{
	static const char *const names[] = {
		[TDCM_OP_CHECK_TEEIO_SUPP] = "CHECK_TEEIO_SUPP", [TDCM_OP_BIND] = "BIND",
		[TDCM_OP_GET_DEV_INFO] = "GET_DEV_INFO",
		[TDCM_OP_GET_TDI_REPORT] = "GET_TDI_REPORT", [TDCM_OP_START_TDI] = "START_TDI",
		[TDCM_OP_GET_TDI_STATE] = "GET_TDI_STATE", [TDCM_OP_UNBIND] = "UNBIND",
	};
	bool known = operation < sizeof(names) / sizeof(names[0]) && names[operation];
	struct round r = { probe, known ? names[operation] : "TDCM", probe->vfio->bound };

	try_bar(&r);
	try_command(&r, PCI_COMMAND_MEMORY, "memory decoding is on");
	try_command(&r, PCI_COMMAND_MASTER, "bus mastering is on");
	try_doe(&r);
	try_memslot(&r);
}
