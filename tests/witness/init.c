// SPDX-License-Identifier: GPL-2.0
/*
 * init of the Linux TD: an unmodified kernel as the witness that TDs work. It says what it sees, in
 * lines of the kernel log (the console's tty would need an interrupt that this machine has no
 * controller for), and powers off.
 */
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

static bool cpu_has(const char *flag)
{
	FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
	bool found = false;
	char word[64];

	while (cpuinfo && !found && fscanf(cpuinfo, "%63s", word) == 1)
		found = !strcmp(word, flag);
	if (cpuinfo)
		fclose(cpuinfo);
	return found;
}

/* /dev/kmsg takes one write() a line; dprintf() would also seek, which it refuses. */
static void say(const char *format, ...)
{
	int log = open("/dev/kmsg", O_WRONLY);
	char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (write(log, line, strlen(line)) < 0)
		perror("witness: /dev/kmsg");
	close(log);
}

int main(void)
{
	struct utsname name;
	long cpus;

	mkdir("/dev", 0755);
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	cpus = sysconf(_SC_NPROCESSORS_ONLN);
	uname(&name);

	/* Priority 1 also passes "quiet". */
	say("<1>witness: cpus=%ld tdx_guest=%d release=%s\n", cpus, cpu_has("tdx_guest"),
	    name.release);
	say("<1>witness: userspace reached, %ld cpus\n", cpus);
	reboot(RB_POWER_OFF);
	return 1;
}
