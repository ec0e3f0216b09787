// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qemu.h"

#define L1_CPUS		2	/* at least; KVM gives a TD no more vCPUs than there are CPUs */
#define L1_MEMORY	"1G"
/* SeaBIOS would wait for a disk on each port of a SATA controller that nobody uses. */
#define L1_MACHINE	"q35,kernel-irqchip=off,smm=off,sata=off"
#define L1_RTC		"base=2026-01-01T00:00:00,clock=vm"
/* Without erms and fsrm: a REP costs an iteration for each byte, and reads MMIO by bytes. */
#define L1_CPU		"max,vendor=GenuineIntel,family=6,model=173,stepping=1,-svm,-erms,-fsrm"
/* With 1 GiB pages OVMF takes a minute to map 52 bits of address space; without, it maps 40. */
#define UEFI_CPU	",-pdpe1gb"
#define L1_CMDLINE	"console=ttyS0 earlyprintk=ttyS0 nokaslr panic=-1 kvm_intel.tdx=1"

/* Unknown words with a '=' become the environment of init; what follows "--" its arguments. */
#define L1_SHELL	" rdinit=/busybox ENV=/shell.rc -- sh"

static void option(struct strv *argv, const char *flag, char *value)
{
	strv_add(argv, xstrdup(flag));
	if (value)
		strv_add(argv, value);
}

/* The device under test, and the same device in the hands of somebody else. */
static void devices(struct strv *argv)
{
	option(argv, "-device", xstrdup("tdisp-root-port,id=rp0,chassis=1,slot=0"));
	option(argv, "-device", xstrdup("tdisp-testdev,bus=rp0"));
	option(argv, "-device", xstrdup("tdisp-root-port,id=rp1,chassis=2,slot=1"));
	option(argv, "-device", xstrdup("tdisp-testdev,bus=rp1,identity=second"));
}

void qemu_command(struct strv *argv, const struct options *o, const char *dir, unsigned int vcpus)
{
	strv_add(argv, xstrdup(o->qemu));
	option(argv, "-L", xstrdup(o->firmware_dir));
	option(argv, "-nodefaults", NULL);
	option(argv, "-no-user-config", NULL);
	option(argv, "-no-reboot", NULL);
	option(argv, "-display", xstrdup("none"));
	option(argv, "-machine", xstrdup(L1_MACHINE));
	option(argv, "-accel", xstrdup(o->icount ? "tcg,thread=single" : "tcg,thread=multi"));
	if (o->icount)
		option(argv, "-icount", xstrdup("shift=1,sleep=off"));
	option(argv, "-cpu",
	       xasprintf(L1_CPU ",tdx-host=on%s", o->firmware ? UEFI_CPU : ""));
	option(argv, "-smp", xasprintf("%u", vcpus > L1_CPUS ? vcpus : L1_CPUS));
	option(argv, "-m", xstrdup(L1_MEMORY));
	option(argv, "-device", xstrdup("intel-iommu,intremap=on,eim=on,aw-bits=48,snoop-control=on"));
	if (!o->no_device)
		devices(argv);
	option(argv, "-device",
	       xasprintf("tdx-platform,ledger=%s/" QEMU_LEDGER ",trace=%s/" QEMU_TRACE, dir, dir));
	option(argv, "-global", xstrdup("apic.vapic=off"));
	option(argv, "-rtc", xstrdup(L1_RTC));
	option(argv, "-seed", xasprintf("%llu", (unsigned long long)o->seed));
	if (o->gdb) {
		option(argv, "-gdb", xasprintf("unix:%s,server=on,wait=off", o->gdb));
		option(argv, "-S", NULL);
	}
	option(argv, "-serial", o->shell ? xstrdup("mon:stdio") :
					   xasprintf("file:%s/" QEMU_CONSOLE, dir));
	option(argv, "-chardev", xasprintf("file,id=records,path=%s/" QEMU_RECORDS, dir));
	option(argv, "-device", xstrdup("virtio-serial-pci,ioeventfd=off"));
	option(argv, "-device", xstrdup("virtserialport,chardev=records,name=tdi.records"));
	/* No flash for its variables: it keeps them in memory, and every boot is the first. */
	if (o->firmware)
		option(argv, "-drive",
		       xasprintf("if=pflash,format=raw,readonly=on,file=%s", o->firmware));
	option(argv, "-kernel", xstrdup(o->kernel));
	option(argv, "-initrd", xasprintf("%s/" QEMU_INITRAMFS, dir));
	option(argv, "-append", xasprintf(L1_CMDLINE "%s%s%s", o->append ? " " : "",
					  o->append ? o->append : "", o->shell ? L1_SHELL : ""));
}

static void __attribute__((noreturn))
child(const struct strv *argv, const char *log, bool terminal, pid_t parent)
{
	char **words = xcalloc(argv->n + 1, sizeof(*words));
	sigset_t none;
	int fd;

	/* The parent may have died before the request was in place. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!terminal) {
		setpgid(0, 0);
		fd = open("/dev/null", O_RDONLY);
		dup2(fd, STDIN_FILENO);
		fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
	}
	for (size_t i = 0; i < argv->n; i++)
		words[i] = argv->v[i];
	execv(words[0], words);
	fprintf(stderr, "can't start %s\n", words[0]);
	_exit(127);
}

pid_t qemu_start(const struct strv *argv, const char *dir, bool terminal, int *pidfd)
{
	char *log = xasprintf("%s/" QEMU_STDERR, dir);
	pid_t parent = getpid();
	pid_t pid = fork();

	if (!pid)
		child(argv, log, terminal, parent);
	free(log);
	if (pid < 0)
		return -1;
	*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (*pidfd < 0) {
		int error = errno;

		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		errno = error;
		return -1;
	}
	return pid;
}

int64_t qemu_cpu_ms(pid_t pid)
{
	struct timespec t;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) || clock_gettime(clock, &t))
		return 0;
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* The state follows the name in parentheses, proc_pid_stat(5). */
static bool thread_wants_cpu(pid_t pid, const char *tid)
{
	char *path = xasprintf("/proc/%d/task/%s/stat", (int)pid, tid);
	char line[256] = "", *name_end;
	FILE *f = fopen(path, "re");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	free(path);
	name_end = strrchr(line, ')');
	return name_end && !strncmp(name_end, ") R", 3);
}

bool qemu_wants_cpu(pid_t pid)
{
	char *path = xasprintf("/proc/%d/task", (int)pid);
	DIR *dir = opendir(path);
	bool wants = false;

	for (struct dirent *e; dir && !wants && (e = readdir(dir));)
		wants = e->d_name[0] != '.' && thread_wants_cpu(pid, e->d_name);
	if (dir)
		closedir(dir);
	free(path);
	return wants;
}
