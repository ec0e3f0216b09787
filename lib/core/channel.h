/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The window between a guest and the VMM, and the records that travel through it and on to the runner.
 *
 * The window is plain shared memory: the VMM backs it with an ordinary memslot that never has the private
 * attribute. TDH.VP.INIT's RCX carries its GPA (SHARED bit clear) to the guest, which maps it with the SHARED
 * bit set. Nothing in it is trusted by the guest: it reads each host-written word once and bounds it.
 *
 *   offset 0      struct channel_window, written by the VMM before the first entry
 *   offset 4096   the ring: CHANNEL_RING_SIZE bytes of records, written by the guest
 *   behind it     struct channel_meeting, if CHANNEL_F_MEETING: one page, in the windows of both TDs of a test
 *
 * The ring is single-reader. Guest vCPUs serialise among themselves. The writer publishes with a release
 * store to head, the reader frees with a release store to tail; both count bytes and never wrap at 2^32
 * within a run. A record is contiguous modulo the ring size and padded to 8 bytes.
 *
 * The VMM forwards each record to the runner, and changes nothing in it but the source: the guest of a neighbour
 * can't pass for that of the test. On that stream the VMM's own records (see REC_*) are between those of the
 * guests, and there is no ring.
 */
#ifndef CORE_CHANNEL_H
#define CORE_CHANNEL_H

#include <stdint.h>

#define CHANNEL_MAGIC		0x31494454U	/* "TDI1" */
#define CHANNEL_VERSION		1
#define CHANNEL_WINDOW_SIZE	(1u << 20)
#define CHANNEL_RING_OFFSET	4096u
#define CHANNEL_RING_SIZE	(512u << 10)	/* power of two */
#define CHANNEL_MEETING_OFFSET	(CHANNEL_RING_OFFSET + CHANNEL_RING_SIZE)
#define CHANNEL_TEST_ID_MAX	64
#define CHANNEL_PAYLOAD_MAX	1024u

struct channel_window {
	uint32_t magic, version;
	char test[CHANNEL_TEST_ID_MAX];	/* id of the one test to run, NUL-terminated */
	uint64_t seed;
	uint64_t ram_bytes;		/* private RAM from GPA 0, not accepted */
	uint32_t nr_vcpus;
	uint32_t flags;			/* CHANNEL_F_* */
	uint32_t head;			/* guest: bytes written */
	uint32_t tail;			/* VMM: bytes consumed */
	uint64_t arg[8];		/* test parameters, meaning per test */
	uint32_t device;		/* 0 none, 1 shared, 2 the TD may bind it */
	uint32_t nr_devices;		/* if any */
};
_Static_assert(sizeof(struct channel_window) == 176, "layout shared by guest and VMM");

#define CHANNEL_F_NO_CHECKS	1u	/* selfcheck: record no check at all */
#define CHANNEL_F_FLIP		2u	/* selfcheck: flip every expected value */
#define CHANNEL_F_MEETING	4u	/* the test has two TDs, each with a device */
#define CHANNEL_F_NEIGHBOUR	8u	/* and this is not the test's own, but the one beside it */

/* The TDs of a test. The plan names the first one; the other one is of the same line and image. */
enum channel_td { TD_OF_TEST, TD_NEIGHBOUR, CHANNEL_TDS };

/*
 * Where two TDs meet: in memory of the host, which neither of them may trust, nor what it says of the other.
 * Each writes its own half, but for gone.
 */
struct channel_meeting {
	struct {
		uint32_t step;		/* how far its test is; what said holds was written before */
		uint32_t gone;		/* VMM: the TD is destroyed, with all that it had */
		uint64_t said;		/* to the other TD, meaning per test */
	} td[CHANNEL_TDS];
};

/* Every record. crc: CRC-32 (IEEE, reflected) over type, size, seq and payload. */
struct record {
	uint16_t type;		/* enum record_type */
	uint16_t size;		/* payload bytes, <= CHANNEL_PAYLOAD_MAX */
	uint32_t seq;		/* per source, from 0 */
	uint32_t crc;
	uint32_t source;	/* enum record_source, as the VMM knows it */
	/* payload, then padding to 8 bytes */
};
_Static_assert(sizeof(struct record) == 16, "record header");

enum record_source { REC_FROM_GUEST, REC_FROM_VMM, REC_FROM_NEIGHBOUR, REC_SOURCES };

/* Strings are NUL-terminated and end the payload. */
enum record_type {
	/* from a guest */
	REC_TEST_BEGIN = 1,	/* struct rec_test, then id */
	REC_CHECK,		/* struct rec_check, then text "expr\0file\0" */
	REC_VALUE,		/* struct rec_value, then name */
	REC_LOG,		/* text */
	REC_TEST_END,		/* struct rec_end, then reason (skip, error) or "" */
	REC_LIST,		/* one per test with test = "?list": "id\0sentence\0clause\0sabotage\0" */
	/* from the VMM */
	REC_RUN_BEGIN = 32,	/* struct rec_run, then kernel release */
	REC_TD_BEGIN,		/* struct rec_td, then test id; a neighbour begins after the test's TD */
	REC_TD_END,		/* struct rec_td_end, then decoded reason; a neighbour's comes first */
	REC_KMSG,		/* one kernel log line (host L1), with its "<prio>" prefix */
	REC_CONSOLE,		/* bytes the TD wrote to its serial port */
	REC_RUN_END,		/* struct rec_run_end: nothing follows */
	REC_VMM_ERROR,		/* text: the VMM (harness) could not do what the plan says */
	REC_STEP,		/* struct rec_step, then text: what the VMM did for the device */
	REC_HOST_CHECK,		/* struct rec_check of the VMM (line and vcpu 0), then text: what */
};

/* X(name, what a person reads) */
#define VMM_STEPS(X)						\
	X(CONNECT,	"SPDM session and IDE stream")		\
	X(OPEN,		"device opened, BARs mapped")		\
	X(CHECK,	"TDCM CHECK_TEEIO_SUPP")		\
	X(BIND,		"TDCM BIND")				\
	X(DEV_INFO,	"TDCM GET_DEV_INFO")			\
	X(REPORT,	"TDCM GET_TDI_REPORT")			\
	X(START,	"TDCM START_TDI")			\
	X(STATE,	"TDCM GET_TDI_STATE")			\
	X(SCAN,		"search for the secret")		\
	X(UNBIND,	"TDCM UNBIND")				\
	X(CLOSE,	"device closed")			\
	X(DISCONNECT,	"session and stream taken down")
#define VMM_STEP_ENUM(name, text) STEP_##name,
enum vmm_step { VMM_STEPS(VMM_STEP_ENUM) STEP_NR };
#undef VMM_STEP_ENUM

/* TDG.VP.INFO with one of these in RCX: marks in the module's trace, for the runner to count between. */
#define TEST_MARK_BEGIN		0x6d61726b0001ULL
#define TEST_MARK_END		0x6d61726b0002ULL

/* REC_VALUE of a test that ends by a refused access: the address. */
#define TEST_REFUSED_GPA	"refused_gpa"
/* What a test says that ends by ReportFatalError. No two registers of the text are alike. */
#define TEST_FATAL_CODE		0x2a
#define TEST_FATAL_TEXT		"R14:0000R15:1111RBX:2222RDI:3333RSI:4444R8:55555R9:66666RDX:7777"

enum record_outcome { OUTCOME_PASS, OUTCOME_SKIP, OUTCOME_XFAIL, OUTCOME_FAIL, OUTCOME_ERROR };

struct rec_test { uint32_t nr_vcpus; uint32_t pad; uint64_t seed; };
/* One check. kind tells how to decode expected and got. */
enum rec_kind {
	KIND_BOOL, KIND_HEX, KIND_DEC, KIND_TDX_STATUS, KIND_GHCI_STATUS, KIND_VE_REASON, KIND_ERRNO,
	KIND_TRAP,		/* vector of an exception */
	KIND_TDCM_STATUS, KIND_TDCM_ERROR, KIND_TDISP_STATE,
	KIND_ATTEST,		/* enum attest */
};
struct rec_check { uint8_t ok; uint8_t kind; uint16_t line; uint32_t vcpu; uint64_t expected, got; };
struct rec_value { uint64_t value; };
struct rec_end { uint32_t outcome; uint32_t checks; uint32_t failed; uint32_t pad; };
struct rec_run { uint32_t nr_cpus; uint32_t tdx; };	/* tdx: KVM offers TD VMs */
struct rec_step {
	uint32_t step;		/* enum vmm_step */
	uint32_t error;		/* errno of the host, 0 = done */
	uint64_t status;	/* TDX module's completion status, where it was asked */
	uint64_t value;		/* bytes of a report, state, ...: meaning per step */
	uint64_t tsc;		/* L1's, after the step; the module's trace has the same clock */
	uint32_t td;		/* enum channel_td */
	uint32_t pad;
};
struct rec_td {
	uint32_t nr_vcpus, gpaw, sept_ve_disable;
	uint32_t td;		/* enum channel_td */
	uint64_t seed;
};
enum td_end {
	TD_END_SHUTDOWN,	/* guest asked: the exit port, code in detail */
	TD_END_FATAL,		/* ReportFatalError, GHCI code in detail */
	TD_END_TRIPLE_FAULT,
	TD_END_KVM_ERROR,	/* KVM gave up: exit reason, or -errno of KVM_RUN, in detail */
	TD_END_TIMEOUT,
	TD_END_VMM_ERROR,	/* errno in detail */
	TD_END_REFUSED,		/* KVM refused an access (memory fault that the VMM does not resolve), GPA in detail */
	TD_END_UNSUPPORTED,	/* the host lacks what the plan asks for: the text says what */
};
struct rec_td_end {
	uint32_t reason;	/* enum td_end */
	uint32_t vcpu;
	uint64_t detail;
	uint64_t exits[8];	/* userspace exits: IO, MMIO, HYPERCALL, TDX, MEMORY_FAULT, SYSTEM_EVENT, HLT, other */
	uint32_t td;		/* enum channel_td */
	uint32_t pad;
};
struct rec_run_end { uint32_t tds; uint32_t errors; };

/*
 * The secret that a TD hides and the VMM looks for, word by word: neither the image nor the VMM
 * holds it in one piece.
 */
#define CHANNEL_SECRET_BYTES	32u
static inline uint64_t channel_secret(uint64_t seed, unsigned int word)
{
	uint64_t x = seed + (word + 1) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* The port that ends a TD (isa-debug-exit's): OUT of a 32-bit code, 0 = all said in records. */
#define TD_EXIT_PORT	0xf4
#define TD_SERIAL_PORT	0x3f8
/* CPUID leaf of the VMM: itself in EAX, TD_CPUID_* in the others. */
#define TD_CPUID_LEAF	0x40000100u
#define TD_CPUID_EBX	0x2d696474u	/* "tdi-" */
#define TD_CPUID_ECX	0x6e726168u	/* "harn" */
#define TD_CPUID_EDX	0x20737365u	/* "ess " */
/* Where the BARs of an assigned device are in the TD's address space. */
#define TD_BARS_BEGIN	0xc0000000ULL
#define TD_BARS_END	0xd0000000ULL

#endif
