// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mrtd.h"
#include "plan.h"

#define BOOT_INIT_SIZE	0x260	/* Documentation/arch/x86/boot.rst */
#define LINUX_CMDLINE	"console=ttyS0 earlyprintk=ttyS0 panic=-1 nokaslr"

/* Read by the shell of --shell, which is busybox's. */
static const char shell_rc[] =
	"/busybox mkdir -p /bin /dev /proc /sys\n"
	"/busybox mount -t devtmpfs dev /dev\n"
	"/busybox mount -t proc proc /proc\n"
	"/busybox mount -t sysfs sys /sys\n"
	"/busybox mount -t debugfs debug /sys/kernel/debug\n"
	"/busybox --install -s /bin\n"
	"ln -s /init /bin/vmm\n"
	"echo 'L1. vmm --plan /plan --records /records runs the TDs, poweroff -f leaves.'\n";

/*
 * A Linux TD wants memory by its kernel: what unpacks and starts it (init_size of its boot header),
 * its page tables and data, KASAN's shadow if it has one; and 64 MiB for swiotlb, which a TD needs.
 */
static unsigned int linux_mem_mib(const struct blob *kernel)
{
	uint32_t init_size = 0;
	unsigned int mib;

	if (kernel->len >= BOOT_INIT_SIZE + sizeof(init_size))
		memcpy(&init_size, kernel->data + BOOT_INIT_SIZE, sizeof(init_size));
	mib = 64 + 4 * (init_size >> 20);
	return mib < 128 ? 128 : mib;
}

/* @mrtd: what a verifier would expect; tests of a private device get it in arg0 to arg5. */
static void plan_line(FILE *f, const struct test *test, const uint8_t mrtd[SHA384_SIZE],
		      const struct images *images, uint64_t seed)
{
	struct test_config config = test->config, *c = &config;

	if (test->kind == TEST_GUEST && c->device == 2)
		memcpy(c->arg, mrtd, SHA384_SIZE);

	if (test->kind == TEST_LINUX && !c->mem_mib)
		c->mem_mib = linux_mem_mib(&images->kernel);

	fprintf(f, "td name=%s test=%s kind=%s", test->id, test->id,
		test->kind == TEST_LINUX ? "linux" : "flat");
	fprintf(f, " vcpus=%u gpaw=%u ve_disable=%u mem_mib=%u convert=%u device=%u function=%u"
		" devices=%u neighbour=%u lie=%u probe=%u scan=%u seed=%llu timeout_ms=%u"
		" flags=%u",
		c->vcpus, c->gpaw, c->ve_disable, c->mem_mib, c->convert, c->device,
		c->function, c->devices, c->neighbour, c->lie, c->probe, c->scan,
		(unsigned long long)seed, c->timeout_ms, c->flags);
	for (int i = 0; i < 8; i++)
		if (c->arg[i])
			fprintf(f, " arg%d=%#llx", i, (unsigned long long)c->arg[i]);
	if (test->kind == TEST_LINUX)
		fprintf(f, " image=/bzImage initrd=/witness.cpio cmdline=%s", LINUX_CMDLINE);
	else
		fprintf(f, " image=/guest.bin");
	fputc('\n', f);
}

char *plan_text(const struct test *const *tests, size_t n, const struct images *images,
		uint64_t seed)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	uint8_t mrtd[SHA384_SIZE];

	if (!f)
		die("out of memory; close other programs or lower --jobs");
	mrtd_of_image(images->guest.data, images->guest.len, mrtd);
	for (size_t i = 0; i < n; i++)
		plan_line(f, tests[i], mrtd, images, seed);
	fclose(f);
	return text;
}

static void add(struct cpio *cpio, const char *name, const struct blob *blob)
{
	if (blob->len)
		cpio_add(cpio, name, blob->data, blob->len);
}

void plan_initramfs(struct cpio *cpio, const char *plan, const struct images *images)
{
	cpio_start(cpio, images->initramfs.data, images->initramfs.len);
	cpio_add(cpio, "plan", plan, strlen(plan));
	add(cpio, "guest.bin", &images->guest);
	if (images->witness.len) {
		add(cpio, "bzImage", &images->kernel);
		add(cpio, "witness.cpio", &images->witness);
	}
	if (images->busybox.len) {
		add(cpio, "busybox", &images->busybox);
		cpio_add(cpio, "shell.rc", shell_rc, strlen(shell_rc));
	}
	cpio_finish(cpio);
}
