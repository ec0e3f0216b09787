// SPDX-License-Identifier: GPL-2.0
/* Unit tests of the runner's parts that need no process. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/record.h"
#include "cpio.h"
#include "decode.h"
#include "guest/attest.h"
#include "hostlog.h"
#include "ledger.h"
#include "plan.h"
#include "report.h"
#include "scan.h"
#include "stream.h"
#include "tdx_abi/leaf.h"
#include "tdx_abi/status.h"
#include "verdict.h"

/* ---- stream ---- */

struct seen {
	unsigned int records, faults;
	char last[64];
};

static void see_record(void *opaque, const struct record *rec, const void *payload)
{
	struct seen *seen = opaque;

	(void)rec;
	seen->records++;
	snprintf(seen->last, sizeof(seen->last), "%s", (const char *)payload);
}

static void see_fault(void *opaque, const char *text)
{
	(void)text;
	((struct seen *)opaque)->faults++;
}

static const struct stream_ops ops = { see_record, see_fault };

/* Append a record with text to @buf; returns its length. */
static size_t put(uint8_t *buf, uint16_t type, uint32_t source, uint32_t seq, const char *text)
{
	struct record rec = { .type = type, .source = source, .seq = seq, .size = strlen(text) };
	size_t whole = sizeof(rec) + ((rec.size + 7u) & ~7u);

	rec.crc = record_crc(&rec, text);
	memset(buf, 0, whole);
	memcpy(buf, &rec, sizeof(rec));
	memcpy(buf + sizeof(rec), text, rec.size);
	return whole;
}

/* Red if stream_feed() loses what is left over between two calls. */
static void stream_any_pieces(void **state)
{
	uint8_t data[256];
	size_t len = put(data, REC_KMSG, REC_FROM_VMM, 0, "one");

	(void)state;
	len += put(data + len, REC_LOG, REC_FROM_GUEST, 0, "a longer text, of 28 bytes..");
	len += put(data + len, REC_KMSG, REC_FROM_VMM, 1, "three");
	for (size_t piece = 1; piece <= len; piece++) {
		struct seen seen = { 0 };
		struct stream s;

		stream_init(&s, &ops, &seen);
		for (size_t at = 0; at < len; at += piece)
			stream_feed(&s, data + at, at + piece > len ? len - at : piece);
		stream_end(&s);
		stream_free(&s);
		assert_int_equal(seen.records, 3);
		assert_int_equal(seen.faults, 0);
		assert_string_equal(seen.last, "three");
	}
}

/* Red if any bit of type, size, seq or payload is left out of the checksum or of the checks. */
static void stream_every_bit(void **state)
{
	uint8_t data[64];
	size_t len = put(data, REC_KMSG, REC_FROM_VMM, 0, "12345678");

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct seen seen = { 0 };
		struct stream s;

		stream_init(&s, &ops, &seen);
		data[bit / 8] ^= 1u << bit % 8;
		stream_feed(&s, data, len);
		stream_end(&s);
		stream_free(&s);
		data[bit / 8] ^= 1u << bit % 8;
		assert_true(seen.faults);
	}
}

/* Red if the guest's numbers go on from one TD to the next. */
static void stream_guest_restarts(void **state)
{
	uint8_t data[256];
	struct seen seen = { 0 };
	struct stream s;
	size_t len = 0;

	(void)state;
	stream_init(&s, &ops, &seen);
	for (uint32_t td = 0; td < 2; td++) {
		len += put(data + len, REC_TD_BEGIN, REC_FROM_VMM, td, "");
		len += put(data + len, REC_LOG, REC_FROM_GUEST, 0, "x");
		len += put(data + len, REC_LOG, REC_FROM_GUEST, 1, "y");
	}
	stream_feed(&s, data, len);
	stream_free(&s);
	assert_int_equal(seen.records, 6);
	assert_int_equal(seen.faults, 0);
}

/* Red if a guest may speak as the VMM. */
static void stream_source_and_type(void **state)
{
	uint8_t data[64];
	struct seen seen = { 0 };
	struct stream s;
	size_t len = put(data, REC_TD_END, REC_FROM_GUEST, 0, "");

	(void)state;
	stream_init(&s, &ops, &seen);
	stream_feed(&s, data, len);
	stream_free(&s);
	assert_int_equal(seen.records, 0);
	assert_int_equal(seen.faults, 1);
	assert_true(s.lost);
}

/* ---- archive ---- */

static unsigned int hex_at(const uint8_t *p)
{
	char text[9] = { 0 };

	memcpy(text, p, 8);
	return (unsigned int)strtoul(text, NULL, 16);
}

/* Red if an entry does not start on 4 bytes, or the sizes lie. */
static void cpio_layout(void **state)
{
	struct cpio c;
	const uint8_t *p;

	(void)state;
	cpio_start(&c, "front", 5);
	cpio_add(&c, "plan", "hello", 5);
	cpio_finish(&c);
	assert_int_equal(c.len % 4, 0);
	p = c.data + 8;
	assert_memory_equal(p, "070701", 6);
	assert_int_equal(hex_at(p + 54), 5);
	assert_int_equal(hex_at(p + 94), 5);
	assert_string_equal((const char *)p + 110, "plan");
	assert_memory_equal(p + 116, "hello", 5);
	p += 116 + 8;
	assert_memory_equal(p, "070701", 6);
	assert_string_equal((const char *)p + 110, "TRAILER!!!");
	assert_int_equal(p + 124 - c.data, c.len);
	cpio_free(&c);
}

/* ---- plan ---- */

/* Red if cmdline is not the last key: it takes the rest of its line. */
static void plan_cmdline_last(void **state)
{
	struct test test = {
		.kind = TEST_LINUX, .id = (char *)"linux.smp2",
		.config = { .vcpus = 2, .gpaw = 48, .arg = { [7] = 9 } },
	};
	const struct test *tests[] = { &test };
	struct images images = { 0 };
	char *text = plan_text(tests, 1, &images, 5);

	(void)state;
	assert_non_null(strstr(text, "td name=linux.smp2 test=linux.smp2 kind=linux vcpus=2"));
	assert_non_null(strstr(text, " seed=5 "));
	assert_true(strstr(text, "arg7=0x9") < strstr(text, "cmdline="));
	assert_true(strstr(text, "initrd=") < strstr(text, "cmdline="));
	assert_int_equal(text[strlen(text) - 1], '\n');
	free(text);
}

/* Red if plan_line() gives every Linux the same memory, or overrides --td. */
static void plan_linux_memory(void **state)
{
	static uint8_t kernel[0x268];
	struct test test = { .kind = TEST_LINUX, .id = (char *)"linux.smp2" };
	const struct test *tests[] = { &test };
	const struct images images = { .kernel = { kernel, sizeof(kernel) } };
	const struct { unsigned int init_mib, asked; const char *text; } rows[] = {
		{ 14, 0, " mem_mib=128 " }, { 58, 0, " mem_mib=296 " }, { 58, 96, " mem_mib=96 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t init_size = (rows[i].init_mib << 20) + 4096;
		char *text;

		memcpy(kernel + 0x260, &init_size, sizeof(init_size));
		test.config.mem_mib = rows[i].asked;
		text = plan_text(tests, 1, &images, 5);
		assert_non_null(strstr(text, rows[i].text));
		free(text);
	}
}

/* ---- decoding and rules ---- */

static void decode_names(void **state)
{
	const struct { enum rec_kind kind; uint64_t value; const char *text; } rows[] = {
		{ KIND_BOOL, 1, "true" },
		{ KIND_DEC, 10, "10" },
		{ KIND_HEX, 16, "0x10" },
		{ KIND_TDX_STATUS, TDX_STATUS(OPERAND_BUSY, TDX_OP_TDR),
		  "OPERAND_BUSY|TDR (0x8000020000000080)" },
		{ KIND_GHCI_STATUS, 0x8000000000000002, "ALIGN_ERROR (0x8000000000000002)" },
		{ KIND_VE_REASON, 48, "EPT_VIOLATION (0x30)" },
		{ KIND_TRAP, 13, "#GP (0xd)" },
		{ KIND_TRAP, 31, "unknown (0x1f)" },
		{ KIND_TDCM_STATUS, 2, "ERROR (0x2)" },
		{ KIND_TDCM_ERROR, 15, "INVALID_STATE (0xf)" },
		{ KIND_TDCM_ERROR, 0, "NONE (0)" },
		{ KIND_TDISP_STATE, 2, "RUN (0x2)" },
		{ KIND_TDISP_STATE, ~2ULL, "unknown (0xfffffffffffffffd)" },
		{ KIND_ATTEST, ATTEST_IDENTITY, "IDENTITY (0x9)" },
		{ KIND_ATTEST, ATTEST_NR, "unknown (0xc)" },
		{ (enum rec_kind)99, 5, "0x5" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = decode_value(rows[i].kind, rows[i].value);

		assert_string_equal(text, rows[i].text);
		free(text);
	}
}

/* Red if a pattern is dropped, or is so wide that it takes a healthy line. */
static void hostlog_rules(void **state)
{
	static const char *const bad[] = {
		"<4>WARNING: CPU: 1 PID: 1 at arch/x86/kvm/vmx/tdx.c:1 x+0x1/0x2",
		"<3>BUG: unable to handle page fault for address: ffff",
		"<0>kernel BUG at mm/slub.c:1!",
		"<4>Oops: general protection fault, probably for non-canonical address",
		"<3>BUG: KASAN: slab-use-after-free in tdx_vm_destroy",
		"<4>WARNING: possible circular locking dependency detected",
		"<4>WARNING: inconsistent lock state",
		"<4>WARNING: suspicious RCU usage",
		"<3>rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:",
		"<3>rcu: INFO: rcu_sched self-detected stall on CPU",
		"<4>general protection fault: 0000 [#1] SMP",
		"<3>INFO: task vmm:1 blocked for more than 120 seconds.",
		"<0>watchdog: BUG: soft lockup - CPU#0 stuck for 22s!",
		"<4>refcount_t: underflow; use-after-free.",
		"<0>Kernel panic - not syncing: Attempted to kill init!",
	};
	static const char *const good[] = {
		"<6>virt/tdx: TDX-Module initialized",
		"<6>DEBUG: nothing", "<6>Spectre V2 : WARNING_LEVEL 0", "<6>debug: PTI enabled",
		"<6>rcu: Hierarchical RCU implementation.",
		"<6>process: using TDX aware idle routine",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (!hostlog_bad(bad[i]))
			fail_msg("not noticed: %s", bad[i]);
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (hostlog_bad(good[i]))
			fail_msg("healthy: %s", good[i]);
}

/* ---- reports ---- */

static unsigned int count(const char *text, const char *what)
{
	unsigned int n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static char *view(const struct report *report, void (*write)(FILE *, const struct report *))
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	write(f, report);
	fclose(f);
	return text;
}

/* Red if a view forgets a verdict, or escapes nothing. */
static void views_agree(void **state)
{
	struct report report = { .seed = 1, .platform = xstrdup("a & \"b\"") };
	char *ktap, *junit, *json;
	struct totals t;
	json_t *root;

	(void)state;
	for (enum verdict v = VERDICT_PASS; v < VERDICT_NR; v++) {
		struct result res = { .verdict = v };

		res.sentence = xstrdup("s");
		res.clause = xstrdup("c");
		res.id = xasprintf("group_%s", verdict_name(v));
		strv_addf(&res.detail, "why <%s> # \"quoted\" & \x01 \xff]]>", verdict_name(v));
		report_add(&report, res);
	}
	report_totals(&report, &t);
	assert_int_equal(t.passed, 2);
	assert_int_equal(t.failed, 4);
	assert_int_equal(t.skipped, 1);

	ktap = view(&report, report_ktap);
	assert_int_equal(count(ktap, "\nok "), t.passed + t.skipped);
	assert_int_equal(count(ktap, "\nnot ok "), t.failed);
	assert_non_null(strstr(ktap, "KTAP version 1\n1..7\n"));
	assert_null(strstr(ktap, "# \"quoted"));
	assert_int_equal(count(ktap, " # SKIP "), t.by_verdict[VERDICT_SKIP]);
	assert_int_equal(count(ktap, " # XFAIL "), t.by_verdict[VERDICT_XFAIL]);
	assert_int_equal(count(ktap, " # TIMEOUT "), t.by_verdict[VERDICT_TIMEOUT]);

	junit = view(&report, report_junit);
	assert_non_null(strstr(junit, "tests=\"7\" failures=\"3\" errors=\"1\" skipped=\"1\""));
	assert_int_equal(count(junit, "<failure ") + count(junit, "<error "), t.failed);
	assert_int_equal(count(junit, "<skipped "), t.skipped);
	assert_null(strpbrk(junit, "\x01\xff"));
	assert_null(strstr(junit, "a & "));

	json = view(&report, report_json);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_integer_value(json_object_get(root, "passed")), t.passed);
	assert_int_equal(json_integer_value(json_object_get(root, "failed")), t.failed);
	assert_int_equal(json_integer_value(json_object_get(root, "skipped")), t.skipped);
	assert_int_equal(json_array_size(json_object_get(root, "tests")), 7);
	json_decref(root);
	free(ktap);
	free(junit);
	free(json);
	report_free(&report);
}

/* Red if the order of the rules in report_exit_code() changes. */
static void exit_codes(void **state)
{
	static const struct { enum verdict a, b; int code; } rows[] = {
		{ VERDICT_PASS, VERDICT_PASS, 0 }, { VERDICT_PASS, VERDICT_SKIP, 0 },
		{ VERDICT_SKIP, VERDICT_SKIP, 77 }, { VERDICT_XFAIL, VERDICT_SKIP, 0 },
		{ VERDICT_PASS, VERDICT_FAIL, 1 }, { VERDICT_ERROR, VERDICT_FAIL, 1 },
		{ VERDICT_ERROR, VERDICT_PASS, 2 }, { VERDICT_TIMEOUT, VERDICT_FAIL, 124 },
		{ VERDICT_TIMEOUT, VERDICT_CRASH, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct result two[] = { { .verdict = rows[i].a }, { .verdict = rows[i].b } };
		struct report report = { .v = two, .n = 2 };

		assert_int_equal(report_exit_code(&report), rows[i].code);
		report.cannot_test = true;
		assert_int_equal(report_exit_code(&report), 125);
		report.interrupted = true;
		assert_int_equal(report_exit_code(&report), 130);
	}
	struct report none = { 0 };
	assert_int_equal(report_exit_code(&none), 2);
}

/* Red if a word that a shell would change is not quoted. */
static void shell_words(void **state)
{
	struct strv words = { 0 };
	char *text;

	(void)state;
	strv_add(&words, xstrdup("a-b=c"));
	strv_add(&words, xstrdup("it's *"));
	strv_add(&words, xstrdup(""));
	text = strv_shell(&words);
	assert_string_equal(text, "a-b=c 'it'\\''s *' ''");
	free(text);
	strv_free(&words);
}

/* ---- scan ---- */

static void put_event(FILE *f, uint16_t kind, uint16_t leaf, uint64_t rcx, uint64_t status)
{
	struct tdx_trace_event ev = { .kind = kind, .leaf = leaf, .in = { rcx }, .status = status };

	assert_int_equal(fwrite(&ev, sizeof(ev), 1, f), 1);
}

/* Red if on_event() counts failed calls, forgets a removal or a level, or counts past the mark. */
static void scan_pages_at_mark(void **state)
{
	char path[] = "/tmp/tdi-unit-XXXXXX";
	FILE *f = fdopen(mkstemp(path), "w");

	(void)state;
	put_event(f, TDX_TRACE_SEAMCALL, TDH_MEM_PAGE_ADD, 0x1000, 0);
	put_event(f, TDX_TRACE_SEAMCALL, TDH_MEM_PAGE_AUG, 0x200001, 0);
	put_event(f, TDX_TRACE_SEAMCALL, TDH_MEM_PAGE_AUG, 0x2000, TDX_STATUS(OPERAND_BUSY, 0));
	put_event(f, TDX_TRACE_SEAMCALL, TDH_MEM_PAGE_AUG, 0x3000, 0);
	put_event(f, TDX_TRACE_SEAMCALL, TDH_MEM_PAGE_REMOVE, 0x3000, 0);
	fflush(f);
	assert_int_equal(scan_td_pages(path), 0);
	put_event(f, TDX_TRACE_TDCALL, TDG_VP_INFO, TEST_MARK_BEGIN, 0);
	put_event(f, TDX_TRACE_SEAMCALL, TDH_MEM_PAGE_AUG, 0x4000, 0);
	fclose(f);
	assert_int_equal(scan_td_pages(path), 513);
	remove(path);
}

/* Red if one of the four bounds goes, or a count stays behind for the next rule. */
static void scan_bounds(void **state)
{
	const struct ledger enough = {
		.module.mmio_maps = 2, .l1_read = 7, .dma_read = 8, .refused = 2 * 1024,
		.refused_dma = 1024,
	};
	struct ledger ledgers[] = { enough, enough, enough, enough, enough };

	(void)state;
	ledgers[1].l1_read = 6;
	ledgers[2].dma_read = 6;
	ledgers[3].refused--;
	ledgers[4].refused++;
	ledgers[4].refused_dma--;
	for (size_t i = 0; i < 5; i++) {
		struct strv lines = { 0 };

		ledger_scanned(&ledgers[i], 7, &lines);
		assert_int_equal(lines.n, i > 0);
		ledger_violations(&ledgers[i], &lines);
		ledger_refused(&ledgers[i], &lines);
		assert_int_equal(lines.n, i > 0);
		strv_free(&lines);
	}
}

/* ---- verdicts ---- */

static enum verdict verdict_of(const struct test *test, enum td_end end, uint8_t outcome)
{
	struct observation obs = {
		.td_begin = true, .td_end = true, .td_end_rec.reason = end,
		.td_reason = (char *)"ReportFatalError 0: TD misconfiguration: "
				     "SEPT #VE has to be disabled",
		.test_begin = true, .test_end = true, .end.outcome = outcome,
		.checks = 1, .end.checks = 1,
	};
	struct result res;
	enum verdict verdict;

	verdict_decide(test, &obs, &res);
	verdict = res.verdict;
	result_free(&res);
	return verdict;
}

/*
 * Red if judge_end() wants the refusal also of a guest that skipped the test; or believes one that
 * skipped whatever its TD came to.
 */
static void skipped_refusal(void **state)
{
	const struct test test = {
		.kind = TEST_GUEST, .id = (char *)"r", .sentence = (char *)"", .clause = (char *)"",
		.refused = true,
	};

	(void)state;
	assert_int_equal(verdict_of(&test, TD_END_SHUTDOWN, OUTCOME_SKIP), VERDICT_SKIP);
	assert_int_equal(verdict_of(&test, TD_END_SHUTDOWN, OUTCOME_PASS), VERDICT_FAIL);
	assert_int_equal(verdict_of(&test, TD_END_KVM_ERROR, OUTCOME_SKIP), VERDICT_CRASH);
}

/* Red if judge_host() wants the probe also of a guest that skipped the test, or of none at all. */
static void skipped_probe(void **state)
{
	const struct test test = {
		.kind = TEST_GUEST, .id = (char *)"p", .sentence = (char *)"", .clause = (char *)"",
		.config.probe = 1,
	};

	(void)state;
	assert_int_equal(verdict_of(&test, TD_END_SHUTDOWN, OUTCOME_SKIP), VERDICT_SKIP);
	assert_int_equal(verdict_of(&test, TD_END_SHUTDOWN, OUTCOME_PASS), VERDICT_ERROR);
}

/* Red if unsupported() skips a Linux that says so without cause, or that ends otherwise. */
static void linux_wants_no_ve(void **state)
{
	struct test test = {
		.kind = TEST_LINUX, .id = (char *)"l", .sentence = (char *)"", .clause = (char *)"",
	};

	(void)state;
	assert_int_equal(verdict_of(&test, TD_END_FATAL, 0), VERDICT_SKIP);
	assert_int_equal(verdict_of(&test, TD_END_TRIPLE_FAULT, 0), VERDICT_CRASH);
	test.config.ve_disable = 1;
	assert_int_equal(verdict_of(&test, TD_END_FATAL, 0), VERDICT_CRASH);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stream_any_pieces), cmocka_unit_test(stream_every_bit),
		cmocka_unit_test(stream_guest_restarts), cmocka_unit_test(stream_source_and_type),
		cmocka_unit_test(cpio_layout), cmocka_unit_test(plan_cmdline_last),
		cmocka_unit_test(plan_linux_memory),
		cmocka_unit_test(decode_names), cmocka_unit_test(hostlog_rules),
		cmocka_unit_test(views_agree), cmocka_unit_test(exit_codes),
		cmocka_unit_test(shell_words), cmocka_unit_test(scan_pages_at_mark),
		cmocka_unit_test(scan_bounds), cmocka_unit_test(skipped_refusal),
		cmocka_unit_test(skipped_probe),
		cmocka_unit_test(linux_wants_no_ve),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
