// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <argp.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"

/* Debian's package ovmf, since release 11. */
#define OVMF_CODE	"/usr/share/OVMF/OVMF_CODE_4M.fd"

enum key {
	KEY_SEED = 0x100, KEY_TIMEOUT, KEY_KERNEL, KEY_QEMU, KEY_INITRAMFS, KEY_GUEST, KEY_FIRMWARE_DIR,
	KEY_WITNESS, KEY_KTAP, KEY_JUNIT, KEY_JSON, KEY_HTML, KEY_COUNTS, KEY_LOGS, KEY_ICOUNT,
	KEY_NO_ICOUNT, KEY_NO_DEVICE, KEY_IMAGE, KEY_APPEND, KEY_TD, KEY_SHELL, KEY_FIRMWARE,
	KEY_GDB, KEY_VERSION,
};

static const struct argp_option argp_options[] = {
	{ NULL, 0, NULL, 0, "What to run", 1 },
	{ "kernel", KEY_KERNEL, "BZIMAGE", 0, "host kernel under test, also the Linux TD's", 1 },
	{ "image", KEY_IMAGE, "FLAT", 0, "run this flat image, which ends at 4 GiB, as the TD", 1 },
	{ "td", KEY_TD, "KEY=N,...", 0, "configure every TD: vcpus, gpaw, ve_disable, mem_mib, "
	  "timeout_ms, flags, convert, device, function, devices, neighbour, lie, arg0-7", 1 },
	{ "seed", KEY_SEED, "N", 0, "seed of everything random (1)", 1 },
	{ "append", KEY_APPEND, "STR", 0, "add to the host kernel's command line", 1 },
	{ "firmware", KEY_FIRMWARE, "ovmf|FILE", 0, "boot L1 through UEFI: the package ovmf's, or "
	  "this build of OVMF's code, without Secure Boot (SeaBIOS)", 1 },
	{ "list", 'l', NULL, 0, "list the tests, run nothing", 1 },
	{ NULL, 0, NULL, 0, "How to run it", 2 },
	{ "timeout", KEY_TIMEOUT, "S", 0, "limit of L1's boot and each test; waiting for a processor is free (120)", 2 },
	{ "jobs", 'j', "N", 0, "L1s side by side (1)", 2 },
	{ "icount", KEY_ICOUNT, NULL, 0, "virtual time from the instruction counter (default)", 2 },
	{ "no-icount", KEY_NO_ICOUNT, NULL, 0, "multi-threaded emulation, wall-clock time", 2 },
	{ "no-device", KEY_NO_DEVICE, NULL, 0, "L1 without the test devices", 2 },
	{ "shell", KEY_SHELL, NULL, 0, "a shell in L1 instead of tests", 2 },
	{ "gdb", KEY_GDB, "SOCKET", 0, "L1 waits for gdb at this path, without time limits", 2 },
	{ NULL, 0, NULL, 0, "What to report", 3 },
	{ "verbose", 'v', NULL, 0, "a line for each test, with what happened in it", 3 },
	{ "tap", 't', NULL, 0, "KTAP on standard output, as --ktap -", 3 },
	{ "ktap", KEY_KTAP, "FILE", 0, "write KTAP; - is standard output", 3 },
	{ "junit", KEY_JUNIT, "FILE", 0, "write JUnit XML", 3 },
	{ "json", KEY_JSON, "FILE", 0, "write JSON", 3 },
	{ "html", KEY_HTML, "FILE", 0, "write a page for a browser", 3 },
	{ "counts", KEY_COUNTS, "FILE", 0, "write \"passed failed skipped\"", 3 },
	{ "logs", KEY_LOGS, "DIR", 0, "keep the logs of this run in a new directory below DIR", 3 },
	{ NULL, 0, NULL, 0, "Where things are, if not beside the runner", 4 },
	{ "qemu", KEY_QEMU, "BIN", 0, "patched QEMU", 4 },
	{ "firmware-dir", KEY_FIRMWARE_DIR, "DIR", 0, "QEMU's firmware", 4 },
	{ "initramfs", KEY_INITRAMFS, "FILE", 0, "L1's initramfs with the VMM", 4 },
	{ "guest", KEY_GUEST, "IMAGE", 0, "our guest, flat; its ELF file lies beside it", 4 },
	{ "witness", KEY_WITNESS, "CPIO", 0, "initramfs of the Linux TD", 4 },
	{ NULL, 0, NULL, 0, "About the runner", 5 },
	{ "help", 'h', NULL, 0, "show this", 5 },
	{ "version", KEY_VERSION, NULL, 0, "show the version", 5 },
	{ 0 }
};

static error_t parse_opt(int key, char *arg, struct argp_state *state);

static const struct argp argp = {
	.options = argp_options, .parser = parse_opt,
	.args_doc = "list [GLOB...]\nrun [GLOB...]\nselfcheck [GLOB...]\ntrace BOOT...",
	.doc = "Run tests of Linux's KVM TDX code on an emulated TDX platform."
	       "\vExit: 0 pass, 1 fail, 2 usage or harness error, 3 crash, 77 all skipped, "
	       "124 timeout, 125 cannot test, 130 interrupted.",
};

static uint64_t number(const char *what, const char *text, uint64_t min, uint64_t max)
{
	uint64_t value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 0);
	if (errno || end == text || *end || *text == '-' || value < min || value > max)
		die("%s %s: give a number from %llu to %llu", what, text, (unsigned long long)min,
		    (unsigned long long)max);
	return value;
}

static void set(char **slot, const char *value)
{
	free(*slot);
	*slot = xstrdup(value);
}

/* A setting that a replay needs too. */
static void set_replay(struct options *o, char **slot, const char *flag, const char *value)
{
	set(slot, value);
	strv_addf(&o->replay, "--%s=%s", flag, value);
}

static void set_command(struct options *o, const char *word)
{
	static const char *const commands[] = { "list", "run", "selfcheck", "trace" };

	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(word, commands[i])) {
			o->command = (enum command)i;
			return;
		}
	}
	die("unknown command '%s'; use list, run, selfcheck or trace (tdi --help)", word);
}

static error_t parse_path(int key, char *arg, struct options *o)
{
	switch (key) {
	case KEY_KERNEL: set_replay(o, &o->kernel, "kernel", arg); break;
	case KEY_IMAGE: set_replay(o, &o->image, "image", arg); break;
	case KEY_QEMU: set_replay(o, &o->qemu, "qemu", arg); break;
	case KEY_FIRMWARE: set_replay(o, &o->firmware, "firmware", arg); break;
	case KEY_FIRMWARE_DIR: set_replay(o, &o->firmware_dir, "firmware-dir", arg); break;
	case KEY_INITRAMFS: set_replay(o, &o->initramfs, "initramfs", arg); break;
	case KEY_GUEST: set_replay(o, &o->guest, "guest", arg); break;
	case KEY_WITNESS: set_replay(o, &o->witness, "witness", arg); break;
	case KEY_APPEND: set_replay(o, &o->append, "append", arg); break;
	case KEY_TD: set_replay(o, &o->td, "td", arg); break;
	case KEY_KTAP: set(&o->ktap, arg); break;
	case KEY_JUNIT: set(&o->junit, arg); break;
	case KEY_JSON: set(&o->json, arg); break;
	case KEY_HTML: set(&o->html, arg); break;
	case KEY_COUNTS: set(&o->counts, arg); break;
	case KEY_LOGS: set(&o->logs, arg); break;
	case KEY_GDB: set(&o->gdb, arg); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse_opt(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'h':
		argp_help(&argp, stdout, ARGP_HELP_SHORT_USAGE | ARGP_HELP_LONG | ARGP_HELP_DOC,
			  "tdi");
		exit(EXIT_PASS);
	case KEY_VERSION:
		puts("tdi 1");
		exit(EXIT_PASS);
	case 'l': o->list_only = true; break;
	case 'v': o->verbose = true; break;
	case 't': set(&o->ktap, "-"); break;
	case 'j': o->jobs = (unsigned int)number("--jobs", arg, 1, 64); break;
	case KEY_SEED: o->seed = number("--seed", arg, 0, UINT64_MAX); break;
	case KEY_TIMEOUT: o->timeout_s = (unsigned int)number("--timeout", arg, 1, 86400); break;
	case KEY_ICOUNT: o->icount = true; break;
	case KEY_NO_ICOUNT: o->icount = false; break;
	case KEY_NO_DEVICE: o->no_device = true; break;
	case KEY_SHELL: o->shell = true; o->icount = false; break;
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			set_command(o, arg);
		else
			strv_add(&o->globs, xstrdup(arg));
		break;
	case ARGP_KEY_NO_ARGS:
		if (!o->list_only && !o->shell)
			die("say what to do: tdi list, run, selfcheck or trace (tdi --help)");
		break;
	case ARGP_KEY_ERROR:
		die("bad option '%s'; see tdi --help", state->argv[state->next - 1]);
	default:
		return parse_path(key, arg, o);
	}
	return 0;
}

static void fill_path(char **slot, const char *build, const char *name)
{
	if (!*slot)
		*slot = xasprintf("%s/%s", build, name);
}

static void fill_defaults(struct options *o)
{
	char *self = realpath("/proc/self/exe", NULL);
	char *build;

	if (!self)
		die("can't find my own path; mount /proc");
	build = dirname(dirname(self));
	fill_path(&o->kernel, build, "bzImage");
	fill_path(&o->qemu, build, "qemu-system-x86_64");
	fill_path(&o->firmware_dir, build, "firmware");
	fill_path(&o->initramfs, build, "initramfs.cpio");
	fill_path(&o->guest, build, "guest/guest.bin");
	fill_path(&o->witness, build, "witness.cpio");
	if (o->firmware && !strcmp(o->firmware, "ovmf"))
		set(&o->firmware, OVMF_CODE);
	free(self);
}

void options_parse(struct options *o, int argc, char **argv)
{
	*o = (struct options){
		.command = COMMAND_RUN, .timeout_s = 120, .jobs = 1, .seed = 1, .icount = true,
	};
	strv_add(&o->replay, xstrdup(argv[0]));
	/* argp's own complaints take two lines, and without them it shows no help either. */
	argp_parse(&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, o);
	fill_defaults(o);
	if (o->list_only)
		o->command = COMMAND_LIST;
	strv_add(&o->replay, xstrdup(o->command == COMMAND_SELFCHECK ? "selfcheck" : "run"));
	strv_addf(&o->replay, "--seed=%llu", (unsigned long long)o->seed);
	if (!o->icount)
		strv_add(&o->replay, xstrdup("--no-icount"));
	if (o->no_device)
		strv_add(&o->replay, xstrdup("--no-device"));
}

char *options_guest_elf(const struct options *opts)
{
	size_t len = strlen(opts->guest);

	if (len > 4 && !strcmp(opts->guest + len - 4, ".bin"))
		len -= 4;
	return xasprintf("%.*s.elf", (int)len, opts->guest);
}

void options_free(struct options *o)
{
	char *owned[] = {
		o->kernel, o->qemu, o->initramfs, o->guest, o->firmware_dir, o->witness, o->image,
		o->append, o->td, o->firmware, o->logs, o->gdb, o->ktap, o->junit, o->json,
		o->html, o->counts,
	};

	for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
		free(owned[i]);
	strv_free(&o->globs);
	strv_free(&o->replay);
}
