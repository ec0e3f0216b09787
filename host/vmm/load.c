// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/handoff.h"
#include "load.h"

#define IMAGE_MAX	(16u << 20)	/* stays above the local APIC's FEE00000h */

/* stub.S */
extern const uint8_t linux_stub[], linux_stub_end[];

static int load_fail(struct load *load, int error, const char *what)
{
	load->error = error;
	snprintf(load->what, sizeof(load->what), "%s", what);
	return -1;
}

static int file_open(struct load *load, struct load_file *file, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;

	if (fd < 0)
		return load_fail(load, errno, path);
	if (fstat(fd, &stat) || !stat.st_size) {
		close(fd);
		return load_fail(load, ENODATA, path);
	}
	file->data = mmap(NULL, stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (file->data == MAP_FAILED) {
		file->data = NULL;
		return load_fail(load, errno, path);
	}
	file->size = stat.st_size;
	return 0;
}

int load_open(struct load *load)
{
	const struct plan_td *plan = load->plan;

	if (file_open(load, &load->file, plan->image))
		return -1;
	if (plan->kind == PLAN_LINUX) {
		load->image = linux_stub;
		load->image_size = linux_stub_end - linux_stub;
		load->first_rcx = LINUX_HANDOFF_GPA;
		return *plan->initrd ? file_open(load, &load->initrd, plan->initrd) : 0;
	}
	load->image = load->file.data;
	load->image_size = load->file.size;
	load->first_rcx = MEMORY_WINDOW_GPA;
	if (load->image_size % MEMORY_PAGE || load->image_size > IMAGE_MAX)
		return load_fail(load, EINVAL, plan->image);
	return 0;
}

int load_place(struct load *load)
{
	int error;

	memcpy(memory_at(load->memory, FOUR_GIB - load->image_size, load->image_size), load->image,
	       load->image_size);
	if (load->plan->kind == PLAN_FLAT)
		return 0;
	error = linux_place(load->memory, load->plan, &load->file, &load->initrd);
	return error ? load_fail(load, error, load->plan->image) : 0;
}

static void file_close(struct load_file *file)
{
	if (file->data)
		munmap(file->data, file->size);
	file->data = NULL;
}

void load_close(struct load *load)
{
	file_close(&load->file);
	file_close(&load->initrd);
}
