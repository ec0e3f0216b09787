// SPDX-License-Identifier: GPL-2.0
/*
 * The VMM. In L1 it is PID 1: it prepares the machine, runs the plan and powers off. On a TDX host
 * it is a program like any other: vmm --plan FILE --records FILE.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <linux/kvm.h>

#include "assign.h"
#include "kmsg.h"
#include "line.h"
#include "plan.h"
#include "record.h"
#include "vcpu.h"

#define RECORDS_PORT	"tdi.records"

struct options {
	const char *plan, *records;
};

static void init_mount(const char *type, const char *path)
{
	mkdir(path, 0755);
	if (mount(type, path, type, 0, NULL) && errno != EBUSY)
		fprintf(stderr, "vmm: mount %s: %s\n", path, strerror(errno));
}

/* PID 1 starts with nothing but the initramfs. */
static void init_machine(void)
{
	init_mount("devtmpfs", "/dev");
	init_mount("proc", "/proc");
	init_mount("sysfs", "/sys");
	init_mount("debugfs", "/sys/kernel/debug");
}

/* The device node of the virtio-serial port that is called RECORDS_PORT, or -1. */
static int open_records_port(void)
{
	DIR *ports = opendir("/sys/class/virtio-ports");
	struct dirent *port;
	int fd = -1;

	while (ports && fd < 0 && (port = readdir(ports))) {
		char path[320], name[64] = "";
		FILE *file;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (fgets(name, sizeof(name), file) && !strcmp(name, RECORDS_PORT "\n")) {
			snprintf(path, sizeof(path), "/dev/%s", port->d_name);
			fd = open(path, O_WRONLY | O_CLOEXEC);
		}
		fclose(file);
	}
	if (ports)
		closedir(ports);
	return fd;
}

/* In L1 the port; elsewhere a file, or stdout. */
static int open_records(const struct options *options, bool init)
{
	if (init)
		return open_records_port();
	if (!options->records)
		return STDOUT_FILENO;
	return open(options->records, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

/* The whole file as a string, or NULL. */
static char *read_text(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (!file)
		return NULL;
	if (getdelim(&text, &size, '\0', file) < 0) {
		free(text);
		text = strdup("");
	}
	fclose(file);
	return text;
}

static void record_run_begin(int kvm)
{
	struct rec_run run = { .nr_cpus = sysconf(_SC_NPROCESSORS_ONLN) };
	struct utsname name;

	if (kvm >= 0)
		run.tdx = ioctl(kvm, KVM_CHECK_EXTENSION, KVM_CAP_VM_TYPES) >> KVM_X86_TDX_VM & 1;
	uname(&name);
	record_write(REC_RUN_BEGIN, &run, sizeof(run), name.release);
}

/* The devices that the plan's lines use, one line after the other; an empty cdev: L1 has none. */
static void open_devices(const struct plan *plan, struct assign assign[PLAN_MAX_FUNCTIONS])
{
	enum plan_device wanted[PLAN_MAX_FUNCTIONS] = { PLAN_NO_DEVICE };
	const char *why = NULL;

	for (size_t i = 0; i < plan->nr; i++)
		for (unsigned int n = 0; n < plan->td[i].devices + plan->td[i].neighbour; n++)
			if (plan->td[i].device > wanted[plan->td[i].function + n])
				wanted[plan->td[i].function + n] = plan->td[i].device;
	for (unsigned int nth = 0; nth < PLAN_MAX_FUNCTIONS; nth++) {
		struct assign *device = &assign[nth];
		char text[128];
		bool connected;

		if (wanted[nth] == PLAN_NO_DEVICE || !assign_device(device, nth, &why))
			continue;
		if (wanted[nth] != PLAN_CONNECT_DEVICE)
			continue;
		connected = assign_connect(device, &why);
		snprintf(text, sizeof(text), "%s: %s", strrchr(device->sysfs, '/') + 1,
			 connected ? "spdm: unauthenticated" : why);
		record_step(TD_OF_TEST, STEP_CONNECT, connected ? 0 : EIO, 0, 0, text);
	}
}

static void close_devices(struct assign assign[PLAN_MAX_FUNCTIONS])
{
	for (unsigned int nth = 0; nth < PLAN_MAX_FUNCTIONS; nth++) {
		const char *why = "";
		bool done;

		if (!assign[nth].connected)
			continue;
		done = assign_disconnect(&assign[nth], &why);
		record_step(TD_OF_TEST, STEP_DISCONNECT, done ? 0 : EIO, 0, 0, why);
	}
}

/* The number of TDs that began. */
static unsigned int run_plan(const char *path, int kvm)
{
	struct assign assign[PLAN_MAX_FUNCTIONS] = { 0 };
	char error[PLAN_ERROR_MAX];
	char *text = read_text(path);
	struct plan plan;
	unsigned int tds = 0;

	if (!text) {
		record_error("%s: %s", path, strerror(errno));
		return 0;
	}
	if (plan_parse(&plan, text, error))
		record_error("%s", error);
	open_devices(&plan, assign);
	for (size_t i = 0; i < plan.nr && kvm >= 0; i++)
		tds += line_run(&plan.td[i], kvm, &assign[plan.td[i].function]);
	close_devices(assign);
	plan_free(&plan);
	free(text);
	return tds;
}

static int run(const struct options *options, bool init)
{
	int kvm, records = open_records(options, init);
	struct rec_run_end end;

	if (records < 0) {
		fprintf(stderr, "vmm: %s: %s\n", init ? RECORDS_PORT : options->records,
			strerror(errno));
		return EXIT_FAILURE;
	}
	record_open(records);
	kmsg_open(init);
	vcpu_init();
	kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	record_run_begin(kvm);
	if (kvm < 0)
		record_error("/dev/kvm: %s", strerror(errno));
	end.tds = run_plan(options->plan, kvm);
	kmsg_forward();
	end.errors = record_errors();
	record_write(REC_RUN_END, &end, sizeof(end), NULL);
	return end.errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int parse_options(struct options *options, int argc, char **argv)
{
	static const struct option names[] = {
		{ "plan", required_argument, NULL, 'p' },
		{ "records", required_argument, NULL, 'r' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", names, NULL)) >= 0) {
		if (option == 'p')
			options->plan = optarg;
		else if (option == 'r')
			options->records = optarg;
		else
			return -1;
	}
	return optind == argc ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct options options = { .plan = "/plan" };
	bool init = getpid() == 1;
	int status;

	if (init) {
		/* What the kernel did not understand on its command line is no option of ours. */
		init_machine();
	} else if (parse_options(&options, argc, argv)) {
		fprintf(stderr, "usage: %s [--plan FILE] [--records FILE]\n", argv[0]);
		return 2;
	}
	status = run(&options, init);
	if (init)
		reboot(RB_POWER_OFF);
	return status;
}
