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

#include "core/channel.h"
#include "probe.h"
#include "record.h"
#include "tdisp/testdev.h"
#include "tdx_abi/tdcm.h"

#define EXT_CAPS_MAX	96	/* that fit 4 KiB: a loop in the list ends here */
#define SPARE_GPA(n)	(TD_BARS_BEGIN + ((1 + (n)) << 24))	/* behind all BARs */

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

static bool map_bar(struct probe *probe, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	struct probe_bar *bar = &probe->bar[index];
	const struct vfio_device *device = probe->device;
	void *map;

	if (!device->bar[index].size)
		return true;
	if (ioctl(device->file, VFIO_DEVICE_GET_REGION_INFO, &info))
		return fail(probe, "VFIO_DEVICE_GET_REGION_INFO");
	map = mmap(NULL, info.size, PROT_READ | PROT_WRITE, MAP_SHARED, device->file, info.offset);
	if (map == MAP_FAILED)
		return fail(probe, "mmap of a BAR");
	bar->map = map;
	bar->offset = info.offset;
	return true;
}

bool probe_open(struct probe *probe, struct vfio_device *device)
{
	struct sigaction action = { .sa_handler = on_sigbus };
	char path[ASSIGN_PATH_MAX + 16];

	probe->device = device;
	for (unsigned int i = 0; i < VFIO_BARS; i++)
		probe->bar[i].late = -1;
	snprintf(path, sizeof(path), "%s/config", device->assign->sysfs);
	probe->config = open(path, O_RDONLY | O_CLOEXEC);
	if (probe->config < 0)
		return fail(probe, "configuration space in sysfs");
	probe->doe = find_doe(probe->config);
	if (!probe->doe)
		return fail(probe, "DOE capability");
	for (unsigned int i = 0; i < VFIO_BARS; i++)
		if (!map_bar(probe, i))
			return false;
	sigaction(SIGBUS, &action, NULL);
	return true;
}

void probe_close(struct probe *probe)
{
	if (probe->config < 0)
		return;
	for (unsigned int i = 0; i < VFIO_BARS; i++) {
		if (probe->bar[i].map)
			munmap((void *)probe->bar[i].map, probe->device->bar[i].size);
		if (probe->bar[i].late >= 0)
			close(probe->bar[i].late);
	}
	close(probe->config);
	*probe = (struct probe){ .config = -1 };
}

/* One round of accesses: the operation that it follows, and what it has to find. */
struct round {
	struct probe *probe;
	const char *after;
	bool bound;
	char what[40];			/* is tried just now */
};

static bool check(const struct round *r, enum rec_kind kind, uint64_t got, uint64_t expected,
		  const char *how)
{
	struct rec_check record = {
		.ok = got == expected, .kind = kind, .expected = expected, .got = got,
	};
	char text[160];

	snprintf(text, sizeof(text), "after %s, device %04x %s: %s: %s", r->after,
		 r->probe->device->bdf, r->bound ? "bound" : "not bound", r->what, how);
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
	const struct vfio_device *device = r->probe->device;

	return moved(pwrite(device->file, value, size, device->config + at), size);
}

/* A word in a BAR. */
struct place {
	unsigned int bar;
	uint64_t at;
	const char *name;
	bool keeps;	/* reads as it was written */
	bool sealed;	/* read() finds ones and write() is dropped, bound or not: it is vfio's own */
};

static void try_mapping(const struct round *r, const struct place *place)
{
	volatile uint32_t *word = r->probe->bar[place->bar].map + place->at / sizeof(*word);
	uint32_t value = 0, stored = 0x5e11a0de;

	check(r, KIND_BOOL, store_faults(word, stored), r->bound, "a store through mmap faults");
	check(r, KIND_BOOL, load_faults(word, &value), r->bound, "a load through mmap faults");
	if (!r->bound && place->keeps)
		check(r, KIND_HEX, value, stored, "the load finds what was stored");
}

static void try_file(const struct round *r, const struct place *place)
{
	off_t offset = r->probe->bar[place->bar].offset + place->at;
	int file = r->probe->device->file, error = r->bound && !place->sealed ? EIO : 0;
	uint32_t value = 0, written = 0xc0ffee11;

	check(r, KIND_ERRNO, moved(pwrite(file, &written, 4, offset), 4), error, "pwrite");
	check(r, KIND_ERRNO, moved(pread(file, &value, 4, offset), 4), error, "pread");
	if (place->sealed)
		check(r, KIND_HEX, value, ~0U, "pread finds ones");
	else if (!r->bound && place->keeps)
		check(r, KIND_HEX, value, written, "pread finds what pwrite wrote");
}

static void try_bars(struct round *r)
{
	static const struct place places[] = {
		{ 0, TESTDEV_SCRATCH, "BAR 0, register", .keeps = true },
		{ 0, TESTDEV_BAR0_BYTES - 4, "BAR 0, last page", .keeps = true },
		{ 2, 0, "BAR 2, first page", .keeps = true },
		{ 2, TESTDEV_MSIX_TABLE + PCI_MSIX_ENTRY_DATA, "BAR 2, MSI-X table",
		  .keeps = true, .sealed = true },
		{ 2, TESTDEV_MSIX_PBA, "BAR 2, pending bits", .keeps = false },
		{ 2, TESTDEV_BAR2_BYTES - 4, "BAR 2, last page", .keeps = true },
	};

	for (unsigned int i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(r->what, sizeof(r->what), "%s", places[i].name);
		try_mapping(r, &places[i]);
		try_file(r, &places[i]);
	}
}

static void try_decoding(const struct round *r, bool faults, const char *how)
{
	uint32_t value;

	for (unsigned int i = 0; i < VFIO_BARS; i++)
		if (r->probe->bar[i].map)
			check(r, KIND_BOOL, load_faults(r->probe->bar[i].map, &value), faults, how);
}

/* Clear @bit of the command register, and set it again where that went through. */
static void try_command(struct round *r, uint16_t bit, const char *name)
{
	const struct vfio_device *device = r->probe->device;
	const uint16_t before = config_word(r->probe->config, PCI_COMMAND), cleared = before & ~bit;
	uint16_t expected = r->bound ? before : cleared;

	snprintf(r->what, sizeof(r->what), "COMMAND, %s", name);
	check(r, KIND_BOOL, !!(before & bit), true, "is on");
	check(r, KIND_ERRNO, config_write(r, PCI_COMMAND, &cleared, sizeof(cleared)),
	      r->bound ? EBUSY : 0, "write that clears it");
	check(r, KIND_HEX, config_word(device->file, device->config + PCI_COMMAND), expected,
	      "the register as vfio shows it");
	check(r, KIND_HEX, config_word(r->probe->config, PCI_COMMAND), expected,
	      "the register of the device");
	if (r->bound)
		return;
	if (bit == PCI_COMMAND_MEMORY)
		try_decoding(r, true, "without it a load faults");
	check(r, KIND_ERRNO, config_write(r, PCI_COMMAND, &before, sizeof(before)), 0,
	      "write that sets it again");
	try_decoding(r, false, "the next load faults");
}

/* The mailbox is the TSM's, bound or not: with GO an empty one would report an error. */
static void try_doe(struct round *r)
{
	const uint32_t word = 0x12345678, go = PCI_DOE_CTRL_GO;
	uint32_t before = 0, after = ~0U;
	unsigned int doe = r->probe->doe;

	snprintf(r->what, sizeof(r->what), "DOE mailbox");
	pread(r->probe->config, &before, 4, doe + PCI_DOE_STATUS);
	check(r, KIND_ERRNO, config_write(r, doe + PCI_DOE_WRITE, &word, sizeof(word)), 0,
	      "write to it");
	check(r, KIND_ERRNO, config_write(r, doe + PCI_DOE_CTRL, &go, sizeof(go)), 0,
	      "write of GO");
	pread(r->probe->config, &after, 4, doe + PCI_DOE_STATUS);
	check(r, KIND_HEX, after, before, "status of the device, both writes dropped");
}

/* The slots that the guest uses, and their dma-bufs, from before the bind. */
static void try_memslots(struct round *r)
{
	const struct vfio_device *device = r->probe->device;
	const struct vfio *vfio = device->vfio;
	uint64_t error = r->bound ? EBUSY : 0;

	for (unsigned int i = 0; i < device->nr_sections; i++) {
		const struct vfio_section *section = &device->section[i];

		snprintf(r->what, sizeof(r->what), "memslot %u", section->slot);
		check(r, KIND_ERRNO, vfio_set_private(vfio, section, false) ? errno : 0, error,
		      "its memory attributes made shared");
		if (!check(r, KIND_ERRNO, vfio_map_section(vfio, section, false) ? errno : 0,
			   error, "deleted") || r->bound)
			continue;
		check(r, KIND_ERRNO, vfio_map_section(vfio, section, true) ? errno : 0, 0,
		      "made again");
	}
}

/* One more slot of a dma-buf: while bound that is revoked, and none can attach to it. */
static void try_attach(const struct round *r, unsigned int bar, int dmabuf, const char *how)
{
	const struct vfio_device *device = r->probe->device;
	const struct vfio *vfio = device->vfio;
	const struct vfio_section spare = {
		.slot = VFIO_END_SLOT + device->index, .dmabuf = dmabuf,
		.gpa = SPARE_GPA(device->index), .size = device->bar[bar].size,
	};
	int error = vfio_map_section(vfio, &spare, true) ? errno : 0;

	check(r, KIND_ERRNO, error, r->bound ? ENODEV : 0, how);
	if (!error)
		check(r, KIND_ERRNO, vfio_map_section(vfio, &spare, false) ? errno : 0, 0,
		      "that slot deleted");
}

/* Exporting is allowed, bound or not. What is exported while bound is born revoked. */
static void try_export(struct round *r, unsigned int index)
{
	struct probe_bar *bar = &r->probe->bar[index];
	int dmabuf = vfio_export_bar(r->probe->device, index);

	snprintf(r->what, sizeof(r->what), "dma-buf of BAR %u", index);
	try_attach(r, index, r->probe->device->bar[index].dmabuf, "slot of an old one");
	if (!check(r, KIND_ERRNO, dmabuf < 0 ? errno : 0, 0, "export"))
		return;
	try_attach(r, index, dmabuf, "slot of a new one");
	if (bar->late >= 0)
		try_attach(r, index, bar->late, "slot of one exported while bound");
	if (r->bound && bar->late < 0) {
		bar->late = dmabuf;
		return;
	}
	close(dmabuf);
	if (bar->late >= 0 && !r->bound) {
		close(bar->late);
		bar->late = -1;
	}
}

void probe_run(struct probe *probe, unsigned int operation)
{
	static const char *const names[] = {
		[TDCM_OP_CHECK_TEEIO_SUPP] = "CHECK_TEEIO_SUPP", [TDCM_OP_BIND] = "BIND",
		[TDCM_OP_GET_DEV_INFO] = "GET_DEV_INFO",
		[TDCM_OP_GET_TDI_REPORT] = "GET_TDI_REPORT", [TDCM_OP_START_TDI] = "START_TDI",
		[TDCM_OP_GET_TDI_STATE] = "GET_TDI_STATE", [TDCM_OP_UNBIND] = "UNBIND",
	};
	bool known = operation < sizeof(names) / sizeof(names[0]) && names[operation];
	struct round r = { probe, known ? names[operation] : "TDCM", probe->device->bound, "" };

	try_bars(&r);
	try_command(&r, PCI_COMMAND_MEMORY, "memory decoding");
	try_command(&r, PCI_COMMAND_MASTER, "bus mastering");
	try_doe(&r);
	try_memslots(&r);
	for (unsigned int i = 0; i < VFIO_BARS; i++)
		if (probe->bar[i].map)
			try_export(&r, i);
}
