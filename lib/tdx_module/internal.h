/* SPDX-License-Identifier: GPL-2.0 */
/*
 * State of the model (fact sheet 2.2) and the seams between its files. Only lib/tdx_module/ and its
 * unit tests include this.
 *
 *   seamcall.h what the host leaves share
 *   module.c   context, reset, dispatch of SEAMCALL, ledger, trace
 *   pamt.c     PAMT entries (kept in the memory that L1 donated), TDMRs, page operand checks
 *   sys.c      TDH.SYS.*, TDH.PHYMEM.*
 *   td.c       TDH.MNG.*, TDH.MR.*: life cycle and key ownership
 *   vcpu.c     TDH.VP.* except ENTER
 *   sept.c     S-EPT entries (sept.h), TDH.MEM.*
 *   translate.c second-stage translation, guest memory, TDG.MEM.PAGE.ACCEPT
 *   enter.c    TDH.VP.ENTER, TD exit, TLB epochs
 *   step.c     zero-step filter (4.4)
 *   event.c    tdx_td_event(): what the TD sees of each VM exit (5.1, 5.2)
 *   tdcall.c   TDCALL leaves except ACCEPT
 *   msr.c cpuid.c cr.c   policy tables (5.3, 5.4, 7)
 *   metadata.c field access rules and tables (3)
 *   vapic.c    virtual APIC, posted interrupts
 *   connect.h  TDX Connect: its objects and files
 */
#ifndef TDX_MODULE_INTERNAL_H
#define TDX_MODULE_INTERNAL_H

#include "tdx_module.h"
#include "../core/sha384.h"
#include "../tdx_abi/leaf.h"
#include "../tdx_abi/status.h"
#include "../tdx_abi/td.h"

/*
 * Every lock of the module is a try-lock: 0 free, -1 exclusive, n shared holders.
 * Nothing spins.
 */
typedef _Atomic int32_t tdx_lock_t;

static inline bool tdx_trylock_shared(tdx_lock_t *l)
{
	int32_t v = __atomic_load_n((int32_t *)l, __ATOMIC_RELAXED);

	while (v >= 0)
		if (__atomic_compare_exchange_n((int32_t *)l, &v, v + 1, false, __ATOMIC_ACQUIRE,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

static inline bool tdx_trylock_excl(tdx_lock_t *l)
{
	int32_t v = 0;

	return __atomic_compare_exchange_n((int32_t *)l, &v, -1, false, __ATOMIC_ACQUIRE,
					   __ATOMIC_RELAXED);
}

static inline void tdx_unlock_shared(tdx_lock_t *l)
{
	__atomic_fetch_sub((int32_t *)l, 1, __ATOMIC_RELEASE);
}

static inline void tdx_unlock_excl(tdx_lock_t *l)
{
	__atomic_store_n((int32_t *)l, 0, __ATOMIC_RELEASE);
}

#include "connect.h"

enum tdx_sys_state { SYS_INIT_PENDING, SYS_INIT_DONE, SYS_CONFIG_DONE, SYS_READY, SYS_DISABLING };

/* PAMT page types as PHYMEM.PAGE.RDMD and RECLAIM report them. */
enum tdx_pt {
	PT_NDA = 0, PT_RSVD = 1, PT_REG = 3, PT_TDR = 4, PT_TDCX = 5, PT_TDVPR = 6, PT_EPT = 8,
	PT_IOMMU_MT = 9, PT_SPDM_MT = 10, PT_IDE_MT = 11, PT_TDI = 12, PT_MMIOMT = 13, PT_TDIMT = 14
};

enum tdx_kot_state { KOT_FREE, KOT_ASSIGNED, KOT_FLUSHED, KOT_RESERVED };
enum tdx_lifecycle { TD_HKID_ASSIGNED, TD_KEYS_CONFIGURED, TD_BLOCKED, TD_TEARDOWN };
enum tdx_op_state { OP_UNINITIALIZED, OP_INITIALIZED, OP_RUNNABLE };
enum tdx_vcpu_state { VCPU_UNINIT, VCPU_READY, VCPU_ACTIVE, VCPU_DISABLED };
enum tdx_last_exit { EXIT_ASYNC_FAULT, EXIT_ASYNC_TRAP, EXIT_TDVMCALL };

#define TDX_MAX_TDMRS		64
#define TDX_MAX_RESERVED	16
#define TDX_TDCS_PAGES		4	/* minimum and maximum without L2 VMs, see docs/abi.md */
#define TDX_TDCS_MSR_BITMAPS	2	/* what TDCS page n is */
#define TDX_TDCS_SEPT_ROOT	3
#define TDX_TDVPS_PAGES		6	/* TDVPR + 5 TDCX */
#define TDX_MAX_CPUID		160	/* virtual CPUID entries kept per TD */
#define TDX_NR_CPUID_CONFIG	12
#define TDX_GPA_LIST		32	/* zero-step filter */

/* One 4 KiB page of TDMR memory; 16 bytes, stored in the PAMT_4K area that L1 donated. */
struct tdx_pamt {
	union {
		struct {
			uint64_t owner_pfn : 40;	/* TDR page frame; 0 for a TDR itself */
			uint64_t pt : 4;
			uint64_t size : 2;
			uint64_t slot : 18;	/* TDR: in tds[]; TDVPR: in vcpus[] */
		};
		uint64_t word;			/* the four above, for lockless readers */
	};
	union {
		uint32_t bepoch;	/* REG, EPT: epoch at BLOCK */
		uint32_t spare;
	};
	tdx_lock_t lock;
};
_Static_assert(sizeof(struct tdx_pamt) == 16, "PAMT entry size is announced by TDH.SYS.RD");

struct tdx_tdmr {
	uint64_t base, size;
	uint64_t pamt_4k, pamt_2m, pamt_1g;	/* base PAs */
	uint64_t pamt_4k_size, pamt_2m_size, pamt_1g_size;
	struct tdx_range reserved[TDX_MAX_RESERVED];	/* offsets from base */
	unsigned int nr_reserved;
	uint64_t next;		/* first PA not yet initialised */
	tdx_lock_t lock;
};

struct tdx_cpuid_value {
	uint32_t leaf, subleaf;		/* subleaf -1: the leaf has none */
	uint32_t reg[4];	/* EAX EBX ECX EDX as the TD sees them, before dynamic bits */
};

struct tdx_td {
	bool used;
	uint64_t tdr_pa;
	enum tdx_lifecycle lifecycle;
	_Atomic bool fatal;
	uint16_t hkid;
	bool pkg_configured;
	unsigned int num_tdcx;
	uint64_t tdcx[TDX_TDCS_PAGES];
	_Atomic uint64_t chldcnt;

	/* TDCS */
	enum tdx_op_state op_state;
	tdx_lock_t op_state_lock;
	tdx_lock_t sept_lock;
	tdx_lock_t epoch_lock;
	tdx_lock_t rtmr_lock;
	_Atomic uint32_t num_vcpus;
	_Atomic uint32_t num_assoc_vcpus;
	uint64_t epoch;
	_Atomic uint32_t refcount[2];
	uint64_t attributes, xfam, config_flags, eptp_controls;
	_Atomic uint64_t td_ctls;
	uint64_t feature_paravirt;
	uint64_t notify_enables;
	uint16_t max_vcpus;
	uint16_t tsc_frequency;		/* 25 MHz units */
	uint64_t tsc_offset, tsc_multiplier;
	bool topology_enum_configured;
	unsigned int gpaw;		/* 48 or 52 */
	unsigned int ept_levels;	/* 4 or 5 */
	uint64_t sept_root;		/* PA of the root table page */
	uint32_t x2apic_ids[TDX_MAX_VCPUS];
	unsigned int nr_cpuid;
	struct tdx_cpuid_value cpuid[TDX_MAX_CPUID];
	uint8_t mrconfigid[48], mrowner[48], mrownerconfig[48];
	uint8_t mrtd[48], rtmr[4][48];
	uint64_t mmio_offset;		/* MMIO reporting offset: random, in every LOCK request */
	_Atomic uint32_t nr_tdis;
	struct sha384 mrtd_ctx;
};

struct tdx_ve_info {
	bool valid;
	uint32_t reason;
	uint64_t qual, gla, gpa;
	uint32_t insn_len, insn_info;
};

struct tdx_vapic {
	uint64_t irr[4], isr[4];
	uint8_t tpr;
};

struct tdx_vcpu {
	bool used;
	uint64_t tdvpr_pa;
	struct tdx_td *td;
	enum tdx_vcpu_state state;
	unsigned int num_tdcx;
	uint64_t tdcx[TDX_TDVPS_PAGES - 1];
	int assoc_lp;			/* -1: none */
	bool newly_associated;
	uint32_t index, x2apic_id;
	uint64_t epoch;
	enum tdx_last_exit last_exit;
	bool entered_once;
	uint64_t last_exit_tsc;
	struct tdx_ve_info ve;
	struct tdx_gprs gprs;
	bool pend_nmi;
	bool cpuidve_user, cpuidve_super;	/* TDG.VP.CPUIDVE.SET */
	uint64_t notify_nv;		/* initial FFFF */
	uint64_t pid_pa;		/* initial -1 */
	uint32_t pin_based, secondary, notify_window;
	uint64_t shared_eptp;
	struct tdx_vapic vapic;
	/* MSRs that the module stores for the TD */
	uint64_t msr_misc_enable, msr_bios_34, msr_xss, msr_debugctl;
	/* zero-step filter (4.4) */
	uint64_t rip;			/* of the event being handled */
	uint64_t step_rip;
	unsigned int step_count, nr_step_gpas;
	uint64_t step_gpa[TDX_GPA_LIST];
};

struct tdx_lp {
	bool inited;
	struct tdx_vcpu *running;	/* vCPU in the TD on this LP */
	uint64_t last_tdvpr;
};

struct tdx_module {
	struct tdx_platform platform;
	const struct tdx_ops *ops;
	void *opaque;

	_Atomic int sys_state;		/* enum tdx_sys_state */
	tdx_lock_t sys_lock;
	_Atomic uint32_t in_flight;	/* SEAMCALLs: TDH.SYS.DISABLE waits for them */
	tdx_lock_t kot_lock;
	tdx_lock_t ket_lock;		/* key programming (MNG.KEY.CONFIG) */
	tdx_lock_t wbcache_lock;
	uint16_t global_hkid;
	bool wb_started;
	uint64_t wb_hkids;	/* those (relative) FLUSHED when the write-back started */
	struct {
		enum tdx_kot_state state;
		bool wb_pending;
	} kot[TDX_MAX_TDS]; /* index: hkid - first */
	struct tdx_tdmr tdmr[TDX_MAX_TDMRS];
	unsigned int nr_tdmrs;
	struct tdx_td tds[TDX_MAX_TDS];
	struct tdx_vcpu vcpus[TDX_MAX_TDS * 16];
	struct tdx_lp lp[TDX_MAX_LPS];
	struct tdx_connect connect;
	struct tdx_ledger left;		/* what TDH.SYS.DISABLE found alive */
	_Atomic uint64_t seamcalls, tdcalls, td_exits, tds_created, pages_donated, pages_returned,
			 sept_leaves;
};

/* ---- seams between the host half (module, pamt, sys, td, vcpu, sept, enter) and the guest half
 *      (event, tdcall, msr, cpuid, cr, metadata, vapic). Statuses are 64-bit values. ---------- */

/* metadata.c. Host contexts: TDH.SYS.RD, TDH.MNG.RD, TDH.VP.RD/WR. Return the status. */
uint64_t tdx_md_sys_rd(struct tdx_module *m, uint64_t field, uint64_t *value, uint64_t *next);
uint64_t tdx_md_td_rd(struct tdx_module *m, struct tdx_td *td, uint64_t field, uint64_t *value);
uint64_t tdx_md_vcpu_rd(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field, uint64_t *value);
uint64_t tdx_md_vcpu_wr(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field, uint64_t value,
			uint64_t mask, uint64_t *old);

/*
 * cpuid.c: take TD_PARAMS' cpuid_values (16 bytes each, CPUID_CONFIG order) and build td->cpuid
 * from native values, XFAM and ATTRIBUTES (3.1, 3.4 topology rule, 5.4). Error: status, *ext = leaf
 * | subleaf << 32 for RCX.
 */
uint64_t tdx_cpuid_init(struct tdx_module *m, struct tdx_td *td, const void *cpuid_values,
			uint64_t *ext);

/* Bits that TDH.SYS.RD announces and TDH.MNG.INIT enforces (3.1). */
uint64_t tdx_attributes_fixed0(const struct tdx_module *m);
uint64_t tdx_xfam_fixed0(const struct tdx_module *m);
#define TDX_ATTRIBUTES_FIXED1	0ULL
#define TDX_XFAM_FIXED1		3ULL

/* vcpu.c -> event side: state a vCPU has at TDH.VP.INIT is set up by tdx_vcpu_reset_regs(). */
void tdx_vcpu_reset_regs(struct tdx_module *m, struct tdx_vcpu *v, uint64_t rcx);

/* translate.c: TDG.MEM.PAGE.ACCEPT. Fills @res (NEXT with gprs->r[RAX], EXIT request, RETRY). */
void tdx_page_accept(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		     struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res);

/*
 * enter.c: leave the TD. Fills @host from the exit class (4.2), drops epoch reference and locks,
 * saves @gprs, marks the vCPU READY (DISABLED after triple fault), sets res->action = TDX_TD_EXIT.
 * @status_hi is the class, @reason the VMX exit reason.
 */
struct tdx_exit_info {
	uint32_t status_hi;	/* TDX_HI_* */
	uint32_t reason;
	uint64_t qual, ext_qual, gpa, intr_info;
	enum tdx_last_exit kind;
};
void tdx_td_exit(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v, struct tdx_gprs *gprs,
		 const struct tdx_exit_info *info, struct tdx_gprs *host, struct tdx_result *res);

/* event.c: inject #VE (or #DF if one is outstanding). */
void tdx_inject_ve(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		   const struct tdx_ve_info *ve, struct tdx_result *res);
/* tdcall.c */
void tdx_tdcall(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_gprs *host,
		struct tdx_result *res);
/* msr.c, cpuid.c, cr.c: called by event.c */
void tdx_rdmsr(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
	       const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res);
void tdx_wrmsr(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
	       const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res);
void tdx_guest_cpuid(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		     const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res);
void tdx_cr_write(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		  const struct tdx_event *ev, struct tdx_result *res);
void tdx_xsetbv(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res);

/*
 * translate.c: copy bytes between the module and guest memory for TDCALL operands (REPORT,
 * RTMR.EXTEND). False: the GPA is not accessible; @ev describes the EPT violation, as from
 * tdx_translate().
 */
bool tdx_guest_copy(struct tdx_module *m, unsigned int lp, uint64_t gpa, void *buf, size_t len,
		    bool write, struct tdx_event *ev);

static inline bool tdx_td_is(const struct tdx_td *td, uint64_t ctl)
{
	return (td->td_ctls & ctl) != 0;
}

#endif
