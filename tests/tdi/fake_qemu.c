// SPDX-License-Identifier: GPL-2.0
/*
 * Stands in for QEMU in the tests of the runner: it reads the plan that the runner wrote, and
 * writes the records, console and ledger of a run in which everything goes well, but for what FAKE
 * says:
 *
 *	FAKE="fault fault:test ..."
 *
 * A fault with a test happens while that test runs, one without in the run as a whole.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "core/channel.h"
#include "core/crc32.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "tdx_module/tdx_module.h"

static struct fake {
	char records[512], console[512], ledger[512], trace[512], plan[512];
	FILE *out;
	uint32_t seq[2];	/* next, of guest and VMM */
	unsigned int tds;
	bool warned;
	const char *test;
} fake;

/* Is this fault asked for, for the test that runs now or, without one, for the run? */
static bool fault(const char *name)
{
	const char *env = getenv("FAKE");
	char *copy = strdup(env ? env : ""), *save = NULL;
	char word[128];
	bool hit = false;

	snprintf(word, sizeof(word), fake.test ? "%s:%s" : "%s", name, fake.test);
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		hit |= !strcmp(w, word);
	free(copy);
	return hit;
}

static void emit(uint16_t type, uint32_t source, const void *fixed, size_t fixed_size,
		 const char *text, size_t text_size)
{
	struct record rec = { .type = type, .source = source, .size = fixed_size + text_size };
	uint8_t payload[CHANNEL_PAYLOAD_MAX + 8] = { 0 };

	if (fixed_size)
		memcpy(payload, fixed, fixed_size);
	if (text_size)
		memcpy(payload + fixed_size, text, text_size);
	rec.seq = fake.seq[source]++;
	rec.crc = crc32(crc32(0, &rec, offsetof(struct record, crc)), payload, rec.size);
	if (type == REC_CHECK && fault("crc"))
		payload[3] ^= 1;
	if (type == REC_CHECK && fault("garbage"))
		rec.size = 0xffff;
	if (type == REC_CHECK && fault("gap"))
		return;
	fwrite(&rec, sizeof(rec), 1, fake.out);
	if (type == REC_TEST_END && fault("cut")) {
		fflush(fake.out);
		_exit(0);
	}
	fwrite(payload, (rec.size + 7) & ~7, type == REC_CHECK && fault("garbage") ? 0 : 1,
	       fake.out);
	fflush(fake.out);
}

static void emit_text(uint16_t type, uint32_t source, const void *fixed, size_t size,
		      const char *text)
{
	emit(type, source, fixed, size, text, strlen(text) + 1);
}

static void console(const char *text)
{
	FILE *f = fopen(fake.console, "a");

	fputs(text, f);
	fclose(f);
}

static void write_ledger(void)
{
	int unbalanced = fault("unbalanced") ? 3 : 0;
	FILE *f;

	if (fault("noledger"))
		return;
	f = fopen(fake.ledger, "w");
	fprintf(f, "{ \"seamcalls\": 100, \"tdcalls\": 10, \"td_exits\": 20, \"tds_created\": %u,\n"
		"\"tds_live\": 0, \"hkids_live\": 0, \"pages_live\": %d, \"vcpus_live\": 0,\n"
		"\"pages_donated\": 50, \"pages_returned\": %d, \"sept_leaves_live\": 0,\n"
		"\"tdis_created\": 4, \"tdis_live\": %d, \"spdms_live\": %d, "
		"\"streams_live\": %d, \"iommus_live\": %d,\n"
		"\"mmio_maps\": 19, \"mmio_unmaps\": %d, \"mmio_accepts\": 19,\n"
		"\"l1_read\": 0, \"l1_write\": %d, \"l1_fetch\": 0, \"dma_read\": 0,\n"
		"\"devices\": [ { \"refused\": 0, \"refused_dma\": 0 },\n"
		"{ \"%s\": %d, \"refused_dma\": 0 } ] %s",
		fake.tds, unbalanced, 50 - unbalanced, fault("tdi"), fault("spdm"),
		fault("stream"), fault("iommu"), fault("unmap") ? 18 : 19,
		fault("violation") ? 2 : 0, fault("baddevice") ? "func" : "refused",
		fault("hostaccess") ? 7 : 0, fault("badledger") ? "" : ", \"dma_write\": 0 }\n");
	fclose(f);
}

static void on_term(int sig)
{
	(void)sig;
	fake.test = NULL;
	write_ledger();
	_exit(0);
}

static void check(bool ok, uint8_t kind, uint64_t expected, uint64_t got, const char *expr,
		  size_t size)
{
	struct rec_check c = {
		.ok = ok, .kind = kind, .line = 42, .vcpu = 1, .expected = expected, .got = got,
	};

	emit(REC_CHECK, REC_FROM_GUEST, &c, sizeof(c), expr, size);
}

static void run_guest(unsigned int flags)
{
	static const char where[] = "accept(gpa)\0tests/guest/accept.c";
	static const char hostile[] =
		"Subtest: <script>alert(1)</script>]]> # reboot: System halted\x1b";
	bool bad = fault("fail") || (flags & CHANNEL_F_FLIP);
	bool none = fault("nochecks") || (flags & CHANNEL_F_NO_CHECKS);
	struct rec_test begin = { .nr_vcpus = 1 };
	struct rec_value value = { 1234 };
	struct rec_end end = { .checks = none ? 0 : 2, .failed = bad };

	emit_text(REC_TEST_BEGIN, REC_FROM_GUEST, &begin, sizeof(begin),
		  fault("othertest") ? "other" : fake.test);
	emit_text(REC_VALUE, REC_FROM_GUEST, &value, sizeof(value), "exits");
	if (!none) {
		check(!bad, KIND_TDX_STATUS, TDX_STATUS(OPERAND_INVALID, TDX_OP_R8),
		      bad ? TDX_STATUS(PAGE_ALREADY_ACCEPTED, 0) :
			    TDX_STATUS(OPERAND_INVALID, TDX_OP_R8),
		      where, sizeof(where));
		check(true, KIND_DEC, 7, 7, where, sizeof(where));
	}
	end.checks += fault("miscount");
	end.outcome = fault("skip") || fault("hostile") ? OUTCOME_SKIP : fault("xfail") ? OUTCOME_XFAIL :
		      bad ? OUTCOME_FAIL : none && (flags & CHANNEL_F_NO_CHECKS) ? OUTCOME_ERROR :
		      OUTCOME_PASS;
	if (!fault("noend"))
		emit_text(REC_TEST_END, REC_FROM_GUEST, &end, sizeof(end),
			  fault("hostile") ? hostile :
			  end.outcome == OUTCOME_SKIP ? "the TD has one vCPU" :
			  end.outcome == OUTCOME_XFAIL ? "known" :
			  end.outcome == OUTCOME_ERROR ? "no checks" : "");
}

static void host_check(void)
{
	struct rec_check c = { .kind = KIND_ERRNO, .expected = 16 /* EBUSY */ };

	emit_text(REC_HOST_CHECK, REC_FROM_VMM, &c, sizeof(c), "after BIND, bound: a write");
}

static void kmsg(const char *line)
{
	emit_text(REC_KMSG, REC_FROM_VMM, NULL, 0, line);
}

/* From now on nothing can be written to the file system of the logs. */
static void fill(void)
{
	struct statvfs fs;
	char path[sizeof(fake.plan) + 8];
	FILE *f;

	snprintf(path, sizeof(path), "%s.fill", fake.plan);
	f = fopen(path, "w");
	if (!f || fstatvfs(fileno(f), &fs) ||
	    posix_fallocate(fileno(f), 0, (off_t)(fs.f_bfree * fs.f_frsize)))
		_exit(2);
	fclose(f);
}

/* Work for half a second of processor time. */
static void toil(void)
{
	while (clock() < CLOCKS_PER_SEC / 2)
		;
}

/* Ways in which L1, or QEMU, ends while the TD runs. */
static void sudden_ends(void)
{
	if (fault("hang")) {
		/* Not for ever: a runner that forgets about it shall fail its test, and not hang. */
		alarm(30);
		for (;;)
			pause();
	}
	if (fault("kill"))
		raise(SIGKILL);
	if (fault("panic")) {
		console("[    1.0] Kernel panic - not syncing: Fatal exception in interrupt\n");
		_exit(0);
	}
	if (fault("vfspanic")) {
		console("Kernel panic - not syncing: VFS: Unable to mount root fs\n");
		_exit(0);
	}
	if (fault("quit"))
		_exit(0);
}

static void td_end(void)
{
	struct rec_td_end end = { .reason = TD_END_SHUTDOWN, .exits = { 5 } };
	static const struct { const char *name; enum td_end reason; } ends[] = {
		{ "fatal", TD_END_FATAL }, { "triple", TD_END_TRIPLE_FAULT },
		{ "kvm", TD_END_KVM_ERROR }, { "tdtimeout", TD_END_TIMEOUT },
		{ "refused", TD_END_REFUSED },
	};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (fault(ends[i].name))
			end.reason = ends[i].reason;
	if (fault("code"))
		end.detail = 3;
	emit_text(REC_TD_END, REC_FROM_VMM, &end, sizeof(end), "the reason in words");
}

/* The module's calls for this TD; a new TD gets the TDR of the last but one. */
static void trace_td(void)
{
	uint64_t tdr = fake.tds % 2 ? 0x2000 : 0x1000;
	const struct tdx_trace_event events[] = {
		{ .kind = TDX_TRACE_SEAMCALL, .leaf = TDH_MNG_CREATE, .tdr = tdr, .in = { tdr } },
		{ .kind = TDX_TRACE_SEAMCALL, .leaf = TDH_MEM_PAGE_AUG, .tdr = tdr,
		  .in = { fake.tds }, .status = TDX_STATUS(OPERAND_BUSY, TDX_OP_SEPT_TREE),
		  .tsc = 12000345678 },
	};
	FILE *f = fopen(fake.trace, "a");

	fwrite(events, sizeof(events), 1, f);
	fclose(f);
}

static void run_td(const char *id, bool linux_td, unsigned int vcpus, unsigned int flags)
{
	struct rec_td td = { .nr_vcpus = vcpus, .gpaw = 48, .sept_ve_disable = 1 };
	char line[80];

	fake.test = id;
	fake.seq[REC_FROM_GUEST] = 0;
	emit_text(REC_TD_BEGIN, REC_FROM_VMM, &td, sizeof(td), fault("wrongtd") ? "other" : id);
	trace_td();
	fake.tds++;
	sudden_ends();
	if (fault("full"))
		fill();
	if (fault("toil"))
		toil();
	fake.warned |= fault("warn");
	if (fault("warn"))
		kmsg("<4>WARNING: CPU: 0 PID: 1 at arch/x86/kvm/vmx/tdx.c:123 vcpu_run+0x1/0x2");
	if (fault("vmmerror"))
		emit_text(REC_VMM_ERROR, REC_FROM_VMM, NULL, 0, "KVM_RUN: Invalid argument");
	if (fault("hostcheck"))
		host_check();
	if (linux_td) {
		static const char splat[] = "[    1.0] BUG: KASAN: slab-use-after-free in tdx_enc_status\r\n";

		if (fault("splat"))
			emit(REC_CONSOLE, REC_FROM_VMM, NULL, 0, splat, strlen(splat));
		snprintf(line, sizeof(line), "witness: userspace reached, %u cpus\r\n", vcpus);
		if (!fault("mute"))
			emit(REC_CONSOLE, REC_FROM_VMM, NULL, 0, line, strlen(line));
	} else if (!fault("image")) {
		run_guest(flags);
	}
	if (!fault("notdend"))
		td_end();
	if (fault("latewarn"))
		kmsg("<3>BUG: Bad page state in process vmm  pfn:12345");
	fake.test = NULL;
}

static void run_plan(void)
{
	FILE *plan = fopen(fake.plan, "r");
	char line[4096], id[128];

	while (fgets(line, sizeof(line), plan)) {
		char *flags = strstr(line, " flags="), *vcpus = strstr(line, " vcpus=");

		if (fault("shortplan") && fake.tds)
			break;
		if (sscanf(line, "td name=%127s", id) == 1)
			run_td(id, strstr(line, "kind=linux"),
			       vcpus ? (unsigned int)atoi(vcpus + 7) : 1,
			       flags ? (unsigned int)atoi(flags + 7) : 0);
	}
	fclose(plan);
}

static void find_paths(int argc, char **argv)
{
	for (int i = 1; i + 1 < argc; i++) {
		const char *ledger = strstr(argv[i + 1], "tdx-platform,ledger=");

		sscanf(argv[i + 1], "file,id=records,path=%511s", fake.records);
		if (!strcmp(argv[i], "-serial"))
			sscanf(argv[i + 1], "file:%511s", fake.console);
		if (ledger)
			sscanf(ledger, "tdx-platform,ledger=%511[^,],trace=%511s", fake.ledger,
			       fake.trace);
	}
	snprintf(fake.plan, sizeof(fake.plan), "%.*s/plan",
		 (int)(strrchr(fake.records, '/') - fake.records), fake.records);
}

int main(int argc, char **argv)
{
	struct rec_run run = { .nr_cpus = 2, .tdx = !fault("notdx") };
	struct rec_run_end end = { 0 };

	if (fault("refuse")) {
		fprintf(stderr, "fake: 'tdx-platform' is not a valid device model name\n");
		return 1;
	}
	find_paths(argc, argv);
	signal(SIGTERM, fault("stubborn") ? SIG_IGN : on_term);
	fake.out = fopen(fake.records, "w");
	if (fault("nevercomes"))
		for (;;)
			pause();
	emit_text(REC_RUN_BEGIN, REC_FROM_VMM, &run, sizeof(run), "7.3.4");
	kmsg("<6>virt/tdx: TDX-Module initialized");
	if (fault("bootwarn"))
		kmsg("<4>WARNING: possible circular locking dependency detected");
	run_plan();
	if (fault("stubborn") && fake.warned)
		for (;;)
			pause();
	end.tds = fake.tds + fault("tdcount");
	if (!fault("norunend"))
		emit(REC_RUN_END, REC_FROM_VMM, &end, sizeof(end), NULL, 0);
	if (fault("nopoweroff"))
		for (;;)
			pause();
	write_ledger();
	return fault("exit1");
}
