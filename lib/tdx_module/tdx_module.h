/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The TDX-module model: what a platform (QEMU, or a unit test) sees of it.
 *
 * One context per platform, no globals, no libc: everything outside comes through struct tdx_ops.
 * The platform owns the CPUs. It calls tdx_seamcall() for SEAMCALL, performs the world switch when
 * told to, reports what the TD does through tdx_td_event(), and asks tdx_translate() for every
 * second-stage translation. All entry points may run concurrently on different LPs; conflicts
 * are answered with the BUSY statuses of the real module (fact sheet 6.4), never by waiting.
 *
 * Behaviour and numbers: fact sheet tdx-module.md; section numbers in comments refer to it.
 */
#ifndef TDX_MODULE_H
#define TDX_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TDX_MAX_LPS	64
#define TDX_MAX_CMRS	32
#define TDX_MAX_TDS	64	/* live TDs; bounds the HKIDs that a platform may offer */
#define TDX_MAX_VCPUS	64	/* per TD */

/* General-purpose registers in x86 encoding order: index n is bit n of the GHCI register mask. */
enum tdx_gpr {
	TDX_RAX, TDX_RCX, TDX_RDX, TDX_RBX, TDX_RSP, TDX_RBP, TDX_RSI, TDX_RDI,
	TDX_R8, TDX_R9, TDX_R10, TDX_R11, TDX_R12, TDX_R13, TDX_R14, TDX_R15, TDX_NR_GPRS
};

struct tdx_gprs {
	uint64_t r[TDX_NR_GPRS];
};

struct tdx_range {
	uint64_t base, size;	/* bytes */
};

/* What the platform is. Constant from tdx_module_new() on. */
struct tdx_platform {
	unsigned int nr_lps;		/* <= TDX_MAX_LPS; all in one package */
	unsigned int mktme_keyids;	/* MSR 87h low half: TDX KeyIDs start at this + 1 */
	unsigned int tdx_keyids;	/* MSR 87h high half, >= 2 */
	unsigned int pa_bits;		/* L1's MAXPHYADDR; KeyID bits sit above it */
	uint32_t tsc_khz;
	uint32_t cpuid_1_eax;		/* family/model/stepping shown by native CPUID */
	bool la57;			/* EPT5 / 5-level paging available */
	uint64_t native_xfam;		/* XCR0|XSS bits the CPU can do */
	unsigned int nr_cmrs;
	struct tdx_range cmr[TDX_MAX_CMRS];	/* convertible memory, ascending */
};

enum tdx_trace_kind {
	TDX_TRACE_SEAMCALL,	/* leaf, version, in[], out[], status */
	TDX_TRACE_TDCALL,
	TDX_TRACE_TD_ENTER,	/* leaf = vCPU index */
	TDX_TRACE_TD_EXIT,	/* leaf = vCPU index, status = RAX as the host gets it */
	TDX_TRACE_VE,		/* #VE injected: leaf = exit reason */
	TDX_TRACE_STALE,	/* tdx_mmio_stale(): leaf = vCPU index, in = GPA, HPA, status = the
				 * entry's public state (C 3.3) */
};

struct tdx_trace_event {
	uint16_t kind;		/* enum tdx_trace_kind */
	uint16_t lp;
	uint16_t leaf;
	uint16_t version;
	uint64_t tdr;		/* TDR PA of the TD concerned, 0 if none */
	uint64_t in[4];		/* RCX, RDX, R8, R9 on entry */
	uint64_t out[3];	/* RCX, RDX, R8 on return */
	uint64_t status;	/* RAX on return */
	uint64_t tsc;		/* native, of when the platform wrote it down; 0 from the model */
};

/* What the model needs from outside. All but trace are mandatory. */
struct tdx_ops {
	/* Host pointer to the 4 KiB RAM page at @pa (page-aligned), or NULL where there is no RAM. */
	void *(*ram)(void *opaque, uint64_t pa);
	/* Fill @len bytes with entropy; false = none now (RND_NO_ENTROPY). */
	bool (*random)(void *opaque, void *buf, size_t len);
	/* Native time-stamp counter of @lp. */
	uint64_t (*tsc)(void *opaque, unsigned int lp);
	/* Native CPUID: out = EAX, EBX, ECX, EDX. */
	void (*cpuid)(void *opaque, uint32_t leaf, uint32_t subleaf, uint32_t out[4]);
	/* Drop every TD translation cached by @lp (always the calling LP). */
	void (*flush_td)(void *opaque, unsigned int lp);
	/*
	 * [@pa, @pa + @len) became TDX-owned (@owned) or free again: no LP and no device may keep a host
	 * translation made before, from the moment this returns.
	 */
	void (*page_owned)(void *opaque, uint64_t pa, uint64_t len, bool owned);
	/* Is there a VT-d unit with TDX mode whose registers start at @base? */
	bool (*iommu_tdx)(void *opaque, uint64_t base);
	/* Optional: IDE stream @stream carries TEE traffic (@open), or is blocked, unkeyed or gone. */
	void (*stream)(void *opaque, unsigned int stream, bool open);
	/* Optional record of everything the module did. Called on the LP's own thread. */
	void (*trace)(void *opaque, const struct tdx_trace_event *ev);
};

struct tdx_module;

/* Bytes of memory one context needs; the caller provides it, 16-byte aligned. */
size_t tdx_module_size(void);
/* Build a context in @mem (tdx_module_size() bytes). The module starts before TDH.SYS.INIT. */
struct tdx_module *tdx_module_init(void *mem, const struct tdx_platform *platform,
				   const struct tdx_ops *ops, void *opaque);
/* Platform reset: every TD, KeyID and PAMT entry is gone; no LP is in a TD. */
void tdx_module_reset(struct tdx_module *m);

/* ---- SEAMCALL ------------------------------------------------------------------------------- */

enum tdx_seam_action {
	TDX_SEAM_RETURN,	/* registers hold the result; CF = 0 */
	TDX_SEAM_INVALID,	/* VMfailInvalid: CF = 1, no register changed (P-SEAMLDR leaves) */
	TDX_SEAM_ENTER,		/* switch to the TD: see struct tdx_enter */
};

/* Filled on TDX_SEAM_ENTER. */
struct tdx_enter {
	unsigned int slot;	/* vCPU slot, unique among live vCPUs: keys the platform's saved context */
	bool first;		/* first entry since TDH.VP.INIT: build the initial state of section 7 */
	bool flush;		/* drop the LP's TD translations before the first fetch */
	uint32_t init_rbx;	/* with @first: GPAW (RBX); the GPRs themselves are in @gprs */
	uint32_t xfam_lo;	/* XCR0 bits the TD may use */
	uint64_t tsc_offset, tsc_multiplier;	/* TD's TSC = (native * multiplier >> 48) + offset */
	struct tdx_gprs gprs;	/* guest GPRs to load */
	uint32_t xmm_mask;	/* bit n: XMMn is taken from the host (answer to TDG.VP.VMCALL) */
	/* Vector of an event to inject on entry (re-injection), or -1. */
	int inject_vector;
};

/*
 * Execute SEAMCALL on @lp. @host is L1's register file, in and out. RBP and RSP are never touched.
 * On TDX_SEAM_ENTER the vCPU is ACTIVE on @lp until tdx_td_event() answers TDX_TD_EXIT.
 */
enum tdx_seam_action tdx_seamcall(struct tdx_module *m, unsigned int lp, struct tdx_gprs *host,
				  struct tdx_enter *enter);

/* ---- while a TD runs ------------------------------------------------------------------------ */

enum tdx_event_kind {
	TDX_EV_TDCALL,
	TDX_EV_CPUID,		/* EAX, ECX in gprs */
	TDX_EV_RDMSR,		/* ECX in gprs */
	TDX_EV_WRMSR,		/* ECX, EDX:EAX in gprs */
	TDX_EV_IO,		/* @qual = IO exit qualification (5.1) */
	TDX_EV_HLT,
	TDX_EV_INVD, TDX_EV_WBINVD, TDX_EV_VMCALL, TDX_EV_MONITOR, TDX_EV_MWAIT, TDX_EV_PCONFIG,
	TDX_EV_VMX_INSN,	/* any VMX/SMX/SEAM instruction that a TD may not use */
	TDX_EV_XSETBV,		/* ECX, EDX:EAX in gprs */
	TDX_EV_CR_WRITE,	/* @cr, @value */
	TDX_EV_CR8_READ, TDX_EV_CR8_WRITE,	/* TPR through @value */
	TDX_EV_RDPMC,
	TDX_EV_EPT,		/* second stage failed: @gpa, @gla, @access, as tdx_translate() left it */
	TDX_EV_EXTINT,		/* host interrupt, acknowledged: @vector */
	TDX_EV_NMI, TDX_EV_SMI, TDX_EV_INIT, TDX_EV_MCE,
	TDX_EV_TRIPLE_FAULT, TDX_EV_TASK_SWITCH,
	TDX_NR_EVENTS
};

#define TDX_ACCESS_READ		1
#define TDX_ACCESS_WRITE	2
#define TDX_ACCESS_FETCH	4

struct tdx_event {
	enum tdx_event_kind kind;
	unsigned int insn_len;	/* bytes, for instruction events */
	uint8_t cpl;
	bool long_mode;		/* CS.L */
	uint8_t cr;		/* 0, 3, 4 */
	uint64_t value;		/* CR value */
	uint64_t qual;
	uint8_t vector;
	uint64_t rip;		/* of the instruction (zero-step filter) */
	/* TDX_EV_EPT */
	uint64_t gpa, gla;
	bool gla_valid;		/* false: page-walk access made without a linear address */
	bool page_walk;		/* the access was to a paging structure */
	unsigned int access;	/* TDX_ACCESS_* */
	bool event_delivery;	/* raised while an exception or interrupt was being delivered */
	bool shared;		/* tdx_translate(): GPA has the SHARED bit */
	bool reserved;		/* tdx_translate(): GPA beyond GPAW: #PF with RSVD */
	bool misconfig;		/* tdx_translate(): malformed shared entry */
	bool suppress_ve;	/* tdx_translate(): bit 63 of the leaf (or missing) entry */
	bool pending;		/* tdx_translate(): private page is PENDING */
	unsigned int ept_rwx;	/* tdx_translate(): permissions of the entry */
	/* The guest's CR0/CR4/EFER/XCR0, which CR, MSR and XSETBV rules depend on. */
	uint64_t cr0, cr4, efer, xcr0;
};

enum tdx_td_action {
	TDX_TD_NATIVE,		/* do it natively in the TD's own context, then advance RIP */
	TDX_TD_NEXT,		/* emulated: gprs hold the result, advance RIP by insn_len */
	TDX_TD_RETRY,		/* resume at the same RIP (nothing to inject) */
	TDX_TD_INJECT,		/* inject @vector at the same RIP */
	TDX_TD_EXIT,		/* world switch back to L1: load @host; @advance says if RIP moves first */
};

struct tdx_result {
	enum tdx_td_action action;
	bool advance;		/* TDX_TD_EXIT: guest RIP += insn_len (TDVMCALL) */
	uint8_t vector;		/* TDX_TD_INJECT */
	bool has_error;
	uint32_t error;
	uint64_t cr2;		/* #PF */
	uint64_t value;		/* CR_WRITE: value to load; CR8_READ: TPR */
	bool scrub;		/* TDX_TD_EXIT: reset the MSRs of section 4.2 (always after a real entry) */
	uint32_t xmm_mask;	/* TDX_TD_EXIT by TDVMCALL: XMM registers that the host may see */
};

/*
 * The TD on @lp did something that the CPU can't finish alone. @gprs is the guest's register file,
 * in and out. On TDX_TD_EXIT, @host receives L1's registers (RSP untouched, RBP per 4.2) and the vCPU
 * is no longer active on @lp; @gprs were saved by the model.
 */
void tdx_td_event(struct tdx_module *m, unsigned int lp, const struct tdx_event *ev,
		  struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res);

struct tdx_xlate {
	uint64_t hpa;		/* of the page that holds the GPA */
	uint8_t page_shift;	/* 12, 21 or 30 */
	uint8_t rwx;		/* TDX_ACCESS_* that the translation allows */
	bool mmio;		/* leaf outside RAM: an emulated or assigned device register */
	bool tee;		/* private MMIO: uncached, transactions carry T = 1 */
};

/*
 * Second-stage translation for the TD running on @lp. True: @x is filled. False: @ev has gpa, access,
 * shared, reserved, misconfig, suppress_ve, pending and ept_rwx filled; the caller adds the rest and
 * passes it on as TDX_EV_EPT.
 */
bool tdx_translate(struct tdx_module *m, unsigned int lp, uint64_t gpa, unsigned int access,
		   struct tdx_xlate *x, struct tdx_event *ev);

/*
 * The TD on @lp uses a translation of private MMIO, @gpa to @hpa, that was made earlier. Returns -1 if
 * the S-EPT still says so, else the state of the entry now; traced if that is not @last.
 */
int tdx_mmio_stale(struct tdx_module *m, unsigned int lp, uint64_t gpa, uint64_t hpa, int last);

/* True while @lp is inside a TD. */
bool tdx_lp_in_td(const struct tdx_module *m, unsigned int lp);

/* ---- virtual APIC of the running vCPU (section 7) -------------------------------------------- */

/* The vCPU's posted-interrupt notification vector, or -1 if posting is off. */
int tdx_notification_vector(const struct tdx_module *m, unsigned int lp);
/* Move PIR to vIRR and clear ON. Call on entry and when the notification vector arrives in the TD. */
void tdx_pir_sync(struct tdx_module *m, unsigned int lp);
/* Highest deliverable virtual interrupt above PPR, or -1. A pending NMI (PEND_NMI) is 2. */
int tdx_virq_pending(const struct tdx_module *m, unsigned int lp);
/* @vector is being delivered: IRR to ISR (or NMI taken). */
void tdx_virq_ack(struct tdx_module *m, unsigned int lp, int vector);

/* ---- isolation and accounting ----------------------------------------------------------------- */

/* True if the 4 KiB page at @pa may not be touched by L1 or a device: owned by a TD, or PAMT memory. */
bool tdx_pa_private(const struct tdx_module *m, uint64_t pa);

/*
 * End-of-run ledger: a run balances if everything under "live" is zero. What TDH.SYS.DISABLE found
 * alive still counts, but for pages and IOMMUs: to give those back is what it is for.
 */
struct tdx_ledger {
	uint64_t seamcalls, tdcalls, td_exits;
	uint64_t tds_created, tds_live;
	uint64_t hkids_live;
	uint64_t pages_live;		/* PAMT entries not free, PAMT memory and reserved areas excluded */
	uint64_t vcpus_live;
	uint64_t pages_donated, pages_returned;
	uint64_t sept_leaves_live;	/* RAM and MMIO */
	uint64_t tdis_created, tdis_live;
	uint64_t spdms_live, streams_live, iommus_live;
	uint64_t mmio_maps, mmio_unmaps, mmio_accepts;	/* pages; maps - unmaps are live */
};
void tdx_ledger(const struct tdx_module *m, struct tdx_ledger *out);

#endif
