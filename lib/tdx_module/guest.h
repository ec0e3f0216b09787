/* SPDX-License-Identifier: GPL-2.0 */
/* Seams inside the guest half of the model: event, tdcall, msr, cpuid, cr, metadata, vapic. */
#ifndef TDX_MODULE_GUEST_H
#define TDX_MODULE_GUEST_H

#include "internal.h"
#include "../tdx_abi/exit.h"
#include "../tdx_abi/field.h"
#include "../tdx_abi/td.h"

#define BIT64(n)	(1ULL << (n))

#define CR0_PE		BIT64(0)
#define CR0_NE		BIT64(5)
#define CR0_WP		BIT64(16)
#define CR0_NW		BIT64(29)
#define CR0_CD		BIT64(30)
#define CR0_PG		BIT64(31)
#define CR4_PAE		BIT64(5)
#define CR4_MCE		BIT64(6)
#define CR4_LA57	BIT64(12)
#define CR4_VMXE	BIT64(13)
#define CR4_SMXE	BIT64(14)
#define CR4_PCIDE	BIT64(17)
#define CR4_OSXSAVE	BIT64(18)
#define CR4_PKE		BIT64(22)
#define CR4_CET		BIT64(23)
#define EFER_SCE	BIT64(0)
#define EFER_LME	BIT64(8)
#define EFER_LMA	BIT64(10)

#define XFAM_AVX	BIT64(2)
#define XFAM_AVX512	(BIT64(5) | BIT64(6) | BIT64(7))
#define XFAM_PT		BIT64(8)
#define XFAM_PKRU	BIT64(9)
#define XFAM_CET	(BIT64(11) | BIT64(12))
#define XFAM_UINTR	BIT64(14)
#define XFAM_LBR	BIT64(15)
#define XFAM_AMX	(BIT64(17) | BIT64(18))
/* The XFAM bits that IA32_XSS holds; XCR0 holds the others. */
#define XFAM_XSS	\
	(XFAM_PT | BIT64(10) | XFAM_CET | BIT64(13) | XFAM_UINTR | XFAM_LBR | BIT64(16))


/* FEATURE_PARAVIRT_CTRL: opt back into #VE under REDUCE_VE (3.4). */
enum tdx_paravirt {
	PARAVIRT_CORE_CAPABILITIES, PARAVIRT_DCA, PARAVIRT_EST, PARAVIRT_MCA, PARAVIRT_MTRR,
	PARAVIRT_PCONFIG, PARAVIRT_RDT_A, PARAVIRT_RDT_M, PARAVIRT_ACPI, PARAVIRT_TM2, PARAVIRT_TME,
	PARAVIRT_TSC_DEADLINE, NR_PARAVIRT
};

enum tdx_cpuid_reg { CPUID_EAX, CPUID_EBX, CPUID_ECX, CPUID_EDX };

static inline void tdx_inject(struct tdx_result *res, uint8_t vector)
{
	res->action = TDX_TD_INJECT;
	res->vector = vector;
	res->has_error = vector == TDX_VEC_GP || vector == TDX_VEC_DF;
	res->error = 0;
}

static inline bool tdx_has_xfam(const struct tdx_td *td, uint64_t bits)
{
	return (td->xfam & bits) == bits;
}

/* ---- tdcall.c: a TDCALL in progress ------------------------------------------ */

struct tdcall {
	struct tdx_module *m;
	unsigned int lp;
	struct tdx_vcpu *v;
	const struct tdx_event *ev;
	struct tdx_gprs *gprs, *host;
	struct tdx_result *res;
};

/* Not a status: the result is already complete and RAX stays as it is. */
#define TDCALL_AGAIN	0xffffffffffffffffULL

/* tdg_tdi.c */
uint64_t tdg_tdi_rd(struct tdcall *c);
uint64_t tdg_tdi_start(struct tdcall *c);
uint64_t tdg_dmar_accept(struct tdcall *c);
uint64_t tdg_mmio_accept(struct tdcall *c);

/* event.c: #VE for an instruction that VM-exited with @reason. */
void tdx_insn_ve(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		 const struct tdx_event *ev, uint32_t reason, uint64_t qual,
		 struct tdx_result *res);
/* event.c: what becomes of a failed second-stage translation (5.2). */
void tdx_ept_event(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		   const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_gprs *host,
		   struct tdx_result *res);
/*
 * event.c: the TD can't go on: NON_RECOVERABLE_TD for this exit, NON_ACCESSIBLE for all later ones.
 */
void tdx_td_kill(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v, uint32_t status_hi,
		 struct tdx_exit_info info, struct tdx_gprs *gprs, struct tdx_gprs *host,
		 struct tdx_result *res);

/*
 * cpuid.c: one register of the TD's virtual CPUID before dynamic bits; 0 for what is not
 * virtualised.
 */
uint32_t tdx_td_cpuid(const struct tdx_td *td, uint32_t leaf, uint32_t subleaf,
		      enum tdx_cpuid_reg reg);
/* cpuid.c: entry @i of CPUID_CONFIG (3.1). */
void tdx_cpuid_config(unsigned int i, uint32_t *leaf, uint32_t *subleaf, uint32_t mask[4]);
/* cpuid.c: TDH.MNG.RD of one CPUID register pair (3.2). */
uint64_t tdx_cpuid_host_rd(const struct tdx_td *td, uint32_t code, uint64_t *value);

/* metadata.c: accesses by TDG.VM.RD, TDG.VM.WR, TDG.VP.RD, TDG.VP.WR. */
uint64_t tdx_md_td_guest_rd(struct tdx_module *m, struct tdx_td *td, uint64_t field,
			    uint64_t *value, uint64_t *next);
uint64_t tdx_md_td_guest_wr(struct tdx_module *m, struct tdx_td *td, uint64_t field, uint64_t value,
			    uint64_t mask, uint64_t *old);
uint64_t tdx_md_vcpu_guest_rd(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field,
			      uint64_t *value);
uint64_t tdx_md_vcpu_guest_wr(struct tdx_module *m, struct tdx_vcpu *v, uint64_t field,
			      uint64_t value, uint64_t mask, uint64_t *old);

/*
 * vapic.c: the virtual-APIC page by x2APIC MSR number. A write that is illegal returns false:
 * #GP(0).
 */
uint64_t tdx_vapic_read(const struct tdx_vcpu *v, uint32_t msr);
bool tdx_vapic_write(struct tdx_vcpu *v, uint32_t msr, uint64_t value);
/* vapic.c: RVI[7:4] > PPR[7:4]. */
bool tdx_vapic_deliverable(const struct tdx_vcpu *v);

#endif
