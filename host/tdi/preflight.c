// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <unistd.h>

#include "preflight.h"

#define PAGE		4096u
#define FLAT_MAX	(16u << 20)
#define LOGS_NEED_MIB	256

/* Documentation/arch/x86/boot.rst, "The Real-Mode Kernel Header". */
#define BOOT_SETUP_SECTS	0x1f1
#define BOOT_SYSSIZE		0x1f4
#define BOOT_FLAG		0x1fe
#define BOOT_HEADER		0x202
#define BOOT_KERNEL_VERSION	0x20e

/* Platform Initialization Specification, volume 3, "Firmware Volume Header". */
#define FV_LENGTH	0x20
#define FV_SIGNATURE	0x28
#define FV_HEADER	0x38
#define FLASH_MAX	(8u << 20)	/* of QEMU's q35 */

char *bzimage_release(const void *data, size_t len, const char **why)
{
	const uint8_t *p = data;
	uint32_t syssize;
	size_t setup, version;

	*why = "is not a bzImage";
	if (len < 0x400 || p[BOOT_FLAG] != 0x55 || p[BOOT_FLAG + 1] != 0xaa ||
	    memcmp(p + BOOT_HEADER, "HdrS", 4))
		return NULL;
	memcpy(&syssize, p + BOOT_SYSSIZE, sizeof(syssize));
	setup = ((p[BOOT_SETUP_SECTS] ? p[BOOT_SETUP_SECTS] : 4) + 1u) * 512;
	version = 0x200u + (p[BOOT_KERNEL_VERSION] | p[BOOT_KERNEL_VERSION + 1] << 8);
	*why = "is truncated";
	if (len < setup + (size_t)syssize * 16 || version >= len)
		return NULL;
	*why = "names no release";
	size_t release = strcspn((const char *)p + version, " ");
	if (!release || release > 64)
		return NULL;
	*why = NULL;
	return xasprintf("%.*s", (int)release, (const char *)p + version);
}

static void load(struct blob *blob, const char *path, const char *what, const char *flag)
{
	blob->data = file_read(path, &blob->len);
	if (!blob->data)
		die("%s %s: %s; build it with make, or give %s", what, path, strerror(errno), flag);
	if (!blob->len)
		die("%s %s is empty; build it again, or give %s", what, path, flag);
}

/* A flat image ends at 4 GiB, so it must be whole pages. */
static void load_flat(struct blob *blob, const char *path, const char *what, const char *flag)
{
	load(blob, path, what, flag);
	if (blob->len % PAGE)
		die("%s %s is %zu bytes, not a multiple of %u; it is truncated, build it again",
		    what, path, blob->len, PAGE);
	if (blob->len > FLAT_MAX)
		die("%s %s is %zu bytes, the limit is %u; give a flat image", what, path, blob->len,
		    FLAT_MAX);
}

static void check_tool(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		die("QEMU %s: %s; build it with make, or give --qemu", path, strerror(errno));
	if (!S_ISREG(st.st_mode) || access(path, X_OK))
		die("QEMU %s is no program; give the patched qemu-system-x86_64 with --qemu", path);
}

/* Without linuxboot_dma.bin a -kernel boot hangs silently. */
static void check_firmware_dir(const char *dir)
{
	static const char *const need[] = { "bios-256k.bin", "linuxboot_dma.bin" };

	for (size_t i = 0; i < sizeof(need) / sizeof(need[0]); i++) {
		char *path = xasprintf("%s/%s", dir, need[i]);

		if (access(path, R_OK))
			die("firmware %s: %s; build it with make, or give --firmware-dir", path,
			    strerror(errno));
		free(path);
	}
}

/* Firmware volumes, from the first byte to the last: what runs first is at the end. */
static bool is_uefi(const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t size;

	for (; len > FV_HEADER && !memcmp(p + FV_SIGNATURE, "_FVH", 4); p += size, len -= size) {
		memcpy(&size, p + FV_LENGTH, sizeof(size));
		if (size <= FV_HEADER || size > len)
			return false;
	}
	return !len && p != data;
}

/* Left to QEMU and the firmware, all of these end in a boot without a word. */
static void check_uefi(const char *path, const char *kernel, const struct blob *image)
{
	struct blob code;

	if (strchr(path, ','))
		die("firmware %s: QEMU can't take a comma; give another path with --firmware", path);
	code.data = file_read(path, &code.len);
	if (!code.data)
		die("firmware %s: %s; run: apt-get install ovmf, or give a file with --firmware",
		    path, strerror(errno));
	if (!is_uefi(code.data, code.len) || code.len % PAGE || code.len > FLASH_MAX)
		die("firmware %s is no UEFI firmware for QEMU, or is truncated; give an "
		    "OVMF_CODE file with --firmware", path);
	if (memcmp(image->data, "MZ", 2))
		die("kernel %s is no EFI program; set CONFIG_EFI_STUB, or leave out --firmware",
		    kernel);
	free(code.data);
}

/* Reports are written at the end: find out now whether that will work, without touching them. */
static void check_report(const char *flag, const char *path)
{
	char *dir, *slash;
	struct stat st;

	if (!path || !strcmp(path, "-"))
		return;
	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		die("%s %s is a directory; give a file", flag, path);
	dir = xstrdup(path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = 0;
	if (access(slash ? dir : ".", W_OK | X_OK))
		die("%s %s: its directory: %s; create it or give another file", flag, path,
		    strerror(errno));
	free(dir);
}

/* A program that asks for no dynamic linker. */
static bool is_static(const struct blob *blob)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)blob->data;

	if (blob->len < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) || h->e_phoff % 8 ||
	    h->e_phoff > blob->len || (blob->len - h->e_phoff) / sizeof(Elf64_Phdr) < h->e_phnum)
		return false;
	for (unsigned int i = 0; i < h->e_phnum; i++)
		if (((const Elf64_Phdr *)(blob->data + h->e_phoff))[i].p_type == PT_INTERP)
			return false;
	return true;
}

/* L1 has no libraries: the shell has to be a static program. */
static void load_busybox(struct blob *blob)
{
	const char *path = access("/bin/busybox", R_OK) ? "/usr/bin/busybox" : "/bin/busybox";

	blob->data = file_read(path, &blob->len);
	if (!blob->data || !is_static(blob))
		die("--shell needs a static busybox; run: apt-get install busybox-static");
}

static void check_socket(const struct options *o)
{
	if (!o->gdb)
		return;
	if (o->jobs > 1)
		die("--gdb is for one L1 at a time; leave --jobs out");
	if (strlen(o->gdb) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		die("--gdb %s: the path of a socket has at most 107 characters; give a shorter one",
		    o->gdb);
	if (strchr(o->gdb, ','))
		die("--gdb %s: QEMU can't take a comma; give another path", o->gdb);
}

static bool wants(const struct tests *tests, enum test_kind kind)
{
	for (size_t i = 0; i < tests->n; i++)
		if (tests->v[i].kind == kind)
			return true;
	return false;
}

void preflight(const struct options *o, const struct tests *tests, struct images *images)
{
	const char *why;

	*images = (struct images){ 0 };
	check_tool(o->qemu);
	load(&images->kernel, o->kernel, "kernel", "--kernel");
	images->release = bzimage_release(images->kernel.data, images->kernel.len, &why);
	if (!images->release)
		die("kernel %s %s; give an x86-64 bzImage with --kernel", o->kernel, why);
	load(&images->initramfs, o->initramfs, "initramfs", "--initramfs");
	check_firmware_dir(o->firmware_dir);
	if (o->firmware)
		check_uefi(o->firmware, o->kernel, &images->kernel);
	if (wants(tests, TEST_IMAGE))
		load_flat(&images->guest, o->image, "image", "another --image");
	else if (wants(tests, TEST_GUEST))
		load_flat(&images->guest, o->guest, "guest", "--guest");
	if (wants(tests, TEST_LINUX))
		load(&images->witness, o->witness, "witness initramfs", "--witness");
	if (o->shell)
		load_busybox(&images->busybox);
	check_socket(o);
	check_report("--ktap", o->ktap);
	check_report("--junit", o->junit);
	check_report("--json", o->json);
	check_report("--html", o->html);
	check_report("--counts", o->counts);
}

void images_free(struct images *images)
{
	free(images->initramfs.data);
	free(images->guest.data);
	free(images->kernel.data);
	free(images->witness.data);
	free(images->busybox.data);
	free(images->release);
}

static unsigned long long free_mib(const char *dir, unsigned long long unknown)
{
	struct statvfs fs;

	return statvfs(dir, &fs) ? unknown : fs.f_bavail * fs.f_frsize >> 20;
}

char *preflight_logs(const struct options *o)
{
	const char *base = o->logs;
	const char *tmp = getenv("TMPDIR");
	unsigned long long room;
	char *dir;

	if (!base)
		base = tmp && *tmp ? tmp : "/tmp";
	if (strchr(base, ','))
		die("logs directory %s: QEMU can't take a comma; give another with --logs", base);
	if (o->logs && mkdir(base, 0777) && errno != EEXIST)
		die("logs directory %s: %s; give another one with --logs", base, strerror(errno));
	dir = xasprintf("%s/tdi-XXXXXX", base);
	if (!mkdtemp(dir))
		die("logs directory %s: %s; give a writable one with --logs", base,
		    strerror(errno));
	room = free_mib(dir, LOGS_NEED_MIB);
	if (room < LOGS_NEED_MIB) {
		rmdir(dir);
		die("logs directory %s has %llu MiB free, a run needs %u; free some or give --logs",
		    base, room, LOGS_NEED_MIB);
	}
	return dir;
}

bool logs_ran_full(const char *logs)
{
	return !free_mib(logs, LOGS_NEED_MIB);
}
