// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assign.h"
#include "tdisp/testdev.h"

#define PCI_DEVICES	"/sys/bus/pci/devices"

static bool write_file(const char *dir, const char *name, const char *text)
{
	char path[ASSIGN_PATH_MAX + 64];
	int fd, error;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	error = errno;
	close(fd);
	errno = error;
	return ok;
}

static unsigned long read_number(const char *dir, const char *name)
{
	char path[ASSIGN_PATH_MAX + 64], text[32] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file)
		return 0;
	if (!fgets(text, sizeof(text), file))
		*text = '\0';
	fclose(file);
	return strtoul(text, NULL, 16);
}

/* The first entry of @dir that begins with @prefix. */
static bool first_entry(const char *dir, const char *prefix, char name[256])
{
	DIR *entries = opendir(dir);
	struct dirent *entry;
	bool found = false;

	while (entries && !found && (entry = readdir(entries))) {
		found = !strncmp(entry->d_name, prefix, strlen(prefix)) && entry->d_name[0] != '.';
		if (found)
			snprintf(name, 256, "%s", entry->d_name);
	}
	if (entries)
		closedir(entries);
	return found;
}

static int is_test_device(const struct dirent *device)
{
	char dir[ASSIGN_PATH_MAX];

	if (device->d_name[0] == '.')
		return 0;
	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s", device->d_name);
	return read_number(dir, "vendor") == TESTDEV_VENDOR &&
	       read_number(dir, "device") == TESTDEV_DEVICE;
}

bool assign_find(struct assign *assign, unsigned int nth)
{
	struct dirent **devices;
	int nr = scandir(PCI_DEVICES, &devices, is_test_device, alphasort);

	*assign = (struct assign){ 0 };
	if (nr < 0)
		return false;
	if (nth < (unsigned int)nr)
		snprintf(assign->sysfs, sizeof(assign->sysfs), PCI_DEVICES "/%s",
			 devices[nth]->d_name);
	for (int i = 0; i < nr; i++)
		free(devices[i]);
	free(devices);
	return nth < (unsigned int)nr;
}

bool assign_device(struct assign *assign, unsigned int nth, const char **why)
{
	char dir[ASSIGN_PATH_MAX + 16], name[256];

	*why = "L1 has no such test device";
	if (!assign_find(assign, nth))
		return false;
	*why = "the kernel in L1 has no vfio-pci";
	if (!write_file(assign->sysfs, "driver_override", "vfio-pci") ||
	    !write_file("/sys/bus/pci", "drivers_probe", strrchr(assign->sysfs, '/') + 1))
		return false;
	snprintf(dir, sizeof(dir), "%s/vfio-dev", assign->sysfs);
	if (!first_entry(dir, "vfio", name))
		return false;
	snprintf(assign->cdev, sizeof(assign->cdev), "/dev/vfio/devices/%s", name);
	return true;
}

bool assign_set_domain(const struct assign *assign, const char *type)
{
	return write_file(assign->sysfs, "iommu_group/type", type);
}

bool assign_connect(struct assign *assign, const char **why)
{
	char name[256];

	*why = "the host has no TSM";
	if (!first_entry("/sys/class/tsm", "tsm", name))
		return false;
	if (!write_file(assign->sysfs, "tsm/connect", name)) {
		*why = errno == ENOENT ? "the TSM does not take the device" : strerror(errno);
		return false;
	}
	assign->connected = true;
	return true;
}

bool assign_disconnect(struct assign *assign, const char **why)
{
	char name[256];

	if (!assign->connected)
		return true;
	assign->connected = false;
	if (first_entry("/sys/class/tsm", "tsm", name) &&
	    write_file(assign->sysfs, "tsm/disconnect", name))
		return true;
	*why = strerror(errno);
	return false;
}
