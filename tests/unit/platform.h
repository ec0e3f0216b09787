/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A platform for the module model without QEMU: sparse RAM, a fixed CPU, and helpers that drive a
 * TD to the state a test starts from. The helpers assert; a test checks only what it is about.
 *
 * Physical memory: [0, 1 MiB) is no CMR; the PAMTs lie at PLAT_PAMT; L1's own pages (PLAT_HOST and
 * up) are below 1 GiB; two TDMRs of 1 GiB each follow.
 */
#ifndef UNIT_PLATFORM_H
#define UNIT_PLATFORM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>

#include "../../lib/tdx_module/sept.h"
#include "../../lib/tdx_abi/td.h"

#define PAGE		4096ULL
#define GiB		(1ULL << 30)
#define MiB		(1ULL << 20)
#define PLAT_RAM	(3 * GiB)
#define PLAT_PAMT	(256 * MiB)
#define PLAT_HOST	(64 * MiB)	/* TDMR_INFO array, TD_PARAMS, source pages */
#define PLAT_TDMR	GiB
#define PLAT_NR_TDMRS	2
#define PLAT_RESERVED	(512 * MiB)	/* offset of the reserved 2 MiB in each TDMR */
#define PLAT_PA_BITS	46
#define PLAT_KEYIDS	8		/* TDX KeyIDs 1 .. 8; 1 is the global one */
#define GLOBAL_HKID	1
#define PLAT_IOMMU	0xfed90000ULL	/* register base of the one VT-d unit */

/*
 * Where to hold a second thread: at the first call of the model's to the outside for which this is
 * true. So a thread can be stopped inside a leaf while it holds a given lock.
 */
typedef bool (*plat_when)(const void *arg);
bool when_locked(const void *lock);		/* a tdx_lock_t has a holder */
bool when_entry_locked(const void *entry);	/* an S-EPT entry's lock bit is set */

struct plat {
	struct tdx_platform pf;
	struct tdx_module *m;
	uint8_t *ram;
	unsigned int lp;		/* LP of the calls made through sc() */
	struct tdx_gprs g;		/* registers after the last sc() */
	struct tdx_enter enter;
	uint64_t next_page;		/* next page of TDMR memory to hand out */
	bool no_entropy;
	uint8_t entropy;		/* every byte of it; 0: 5Ah */
	uint64_t tsc;
	unsigned int flushes;
	uint8_t *owned;			/* one byte per page, kept by page_owned() */
	uint64_t streams;		/* bit n: IDE stream n is open, kept by stream() */
	unsigned int stream_changes;
	plat_when when;			/* hold the thread of struct bg here */
	const void *when_arg;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool stopped, go;
	unsigned int traced[TDX_TRACE_STALE + 1];	/* by enum tdx_trace_kind */
	struct tdx_trace_event last_trace;
};

struct plat *plat_new(void);
void plat_sys_up(struct plat *p);	/* up to SYS_READY; no TDMR initialised yet */
struct plat *plat_ready(void);		/* SYS_READY, all TDMRs initialised */
void plat_free(struct plat *p);
void plat_sys_init(struct plat *p);	/* INIT and LP.INIT */
void plat_write_tdmrs(struct plat *p);
uint64_t plat_sys_config(struct plat *p);
void plat_tdmrs_init(struct plat *p);

uint64_t page_new(struct plat *p);
static inline void *page_ptr(struct plat *p, uint64_t pa) { return p->ram + pa; }

/* SEAMCALL on p->lp: RAX is the status; all registers are in p->g afterwards. */
uint64_t sc_raw(struct plat *p, uint64_t rax, uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);
#define sc4(p, leaf, a, b, c, d)	sc_raw(p, TDH_##leaf, a, b, c, d)
#define sc3(p, leaf, a, b, c)		sc_raw(p, TDH_##leaf, a, b, c, 0)
#define sc2(p, leaf, a, b)		sc_raw(p, TDH_##leaf, a, b, 0, 0)
#define sc1(p, leaf, a)			sc_raw(p, TDH_##leaf, a, 0, 0, 0)
#define VP_INIT_V1			(TDH_VP_INIT | 1 << TDX_LEAF_VERSION_SHIFT)

#define expect_status(got, want)	expect_status_at(got, want, __func__, __LINE__)
#define expect_ok(got)			expect_status(got, TDX_SUCCESS)
void expect_status_at(uint64_t got, uint64_t want, const char *func, int line);
const char *status_name(uint64_t status);

/* Columns of the state table. */
enum td_stage {
	STAGE_NO_TD, STAGE_HKID_ASSIGNED, STAGE_KEYS_CONFIGURED, STAGE_UNINITIALIZED,
	STAGE_INITIALIZED, STAGE_RUNNABLE, STAGE_BLOCKED, STAGE_TEARDOWN, STAGE_FATAL, NR_STAGES
};

#define TD_VCPUS 4
struct td {
	struct plat *p;
	uint64_t tdr, hkid;
	uint64_t tdcs[TDX_TDCS_PAGES];
	unsigned int nr_tdcs;
	uint64_t tdvpr[TD_VCPUS];
	unsigned int nr_vcpus;		/* of tdvpr[]: those that passed VP.INIT */
	uint64_t uninit_vcpu;		/* complete, before VP.INIT */
	uint64_t bare_vcpu;		/* only TDVPR */
	uint64_t sept[3];		/* tables for levels 3, 2, 1 over td->gpa */
	uint64_t page;			/* added at TD_GPA */
	struct td_params *params;	/* in L1 memory */
	uint64_t params_pa;
};
#define TD_GPA		0x200000ULL
#define TD_INITIAL_RCX	0x1234

/* driver.c. Steps, each asserting success. td_to() runs those that lead to @stage. */
void td_begin(struct plat *p, struct td *td, uint64_t hkid);	/* only writes TD_PARAMS */
void td_create(struct td *td);
void td_addcx(struct td *td);
void td_init(struct td *td);
uint64_t td_vcpu_new(struct td *td);		/* CREATE and ADDCX; returns TDVPR */
unsigned int td_vcpu_add(struct td *td);	/* ... and INIT; returns the index */
void td_sept(struct td *td);			/* the three tables */
void td_page_add(struct td *td);		/* MEM.PAGE.ADD at TD_GPA */
void td_to(struct plat *p, struct td *td, uint64_t hkid, enum td_stage stage);
void td_aug(struct td *td, uint64_t gpa, uint64_t pa);
void td_destroy(struct td *td);			/* from any stage: back to nothing */
void td_flush(struct td *td);			/* every vCPU, on its LP */
void td_key_free(struct td *td);		/* CACHE.WB and FREEID */
void td_reclaim(struct td *td);			/* every page, TDR last */

void expect_ledger_empty(struct plat *p);

/* Enter vCPU @i; leave by @ev. L1's registers end in p->g. */
void td_enter(struct td *td, unsigned int i);
void td_leave(struct td *td, const struct tdx_event *ev, struct tdx_gprs *guest,
	      struct tdx_result *res);
void td_interrupt(struct td *td);
void td_run_interrupted(struct td *td, unsigned int i);
/* TDG.MEM.PAGE.ACCEPT by the running vCPU; @res tells what became of it. Returns guest RAX. */
uint64_t td_accept(struct td *td, uint64_t gpa_level, struct tdx_result *res);
/* State of the S-EPT entry for @gpa at @level. */
enum sept_state td_sept_state(struct td *td, uint64_t gpa, unsigned int level);

/* ---- two threads ------------------------------------------------------------ */

struct bg {
	struct plat *p;
	pthread_t thread;
	unsigned int lp;
	void (*run)(struct bg *bg);	/* a SEAMCALL, or a test's own */
	struct tdx_gprs g;
	void *arg;
	bool done;
};
/* Run @bg (p, lp, run and what that needs are set) until it stops inside the model. */
void bg_start(struct bg *bg, plat_when when, const void *arg);
/* ... a SEAMCALL on LP 1. */
void bg_call(struct bg *bg, struct plat *p, plat_when when, const void *arg, uint64_t rax,
	     uint64_t rcx, uint64_t rdx, uint64_t r8, uint64_t r9);
/* Let it finish; returns its RAX. */
uint64_t bg_finish(struct bg *bg);

#endif
