// SPDX-License-Identifier: GPL-2.0
/* Control registers and XCR0 of a TD (fact sheet 7): what it may load, what traps, what faults. */
#include "guest.h"

/* CR4 bits that exist only if the CPU enumerates them. */
static const struct cr4_feature {
	uint8_t bit;
	uint32_t leaf, subleaf;
	uint8_t reg, feature;
} cr4_features[] = {
	{ 11, 7, 0, CPUID_ECX, 2 },	/* UMIP */
	{ 12, 7, 0, CPUID_ECX, 16 },	/* LA57 */
	{ 16, 7, 0, CPUID_EBX, 0 },	/* FSGSBASE */
	{ 17, 1, 0, CPUID_ECX, 17 },	/* PCIDE */
	{ 18, 1, 0, CPUID_ECX, 26 },	/* OSXSAVE */
	{ 20, 7, 0, CPUID_EBX, 7 },	/* SMEP */
	{ 21, 7, 0, CPUID_EBX, 20 },	/* SMAP */
	{ 28, 7, 1, CPUID_EAX, 26 },	/* LAM_SUP */
};

/* VME to OSXMMEXCPT, and the two that trap to the TD rather than fault. */
#define CR4_ALWAYS	(0x7ffULL | CR4_VMXE | CR4_SMXE)

static uint64_t cr4_legal(struct tdx_module *m, const struct tdx_td *td)
{
	uint64_t legal = CR4_ALWAYS;
	uint32_t out[4];

	for (unsigned int i = 0; i < sizeof(cr4_features) / sizeof(cr4_features[0]); i++) {
		const struct cr4_feature *f = &cr4_features[i];

		m->ops->cpuid(m->opaque, f->leaf, f->subleaf, out);
		if (out[f->reg] >> f->feature & 1)
			legal |= BIT64(f->bit);
	}
	if (tdx_has_xfam(td, XFAM_PKRU))
		legal |= CR4_PKE;
	if (tdx_has_xfam(td, XFAM_CET))
		legal |= CR4_CET;
	if (tdx_has_xfam(td, XFAM_UINTR))
		legal |= BIT64(25);
	if (td->attributes & TDX_ATTR_PKS)
		legal |= BIT64(24);
	return legal;
}

static bool cr0_faults(const struct tdx_event *ev)
{
	uint64_t new = ev->value, enabled = new & ~ev->cr0, disabled = ev->cr0 & ~new;

	if (new >> 32 || !(new & CR0_NE))
		return true;
	if ((new & CR0_PG) && !(new & CR0_PE))
		return true;
	if (!(new & CR0_WP) && (ev->cr4 & CR4_CET))
		return true;
	/* LME is always set in a TD: paging means long mode, which needs PAE. */
	if ((enabled & CR0_PG) && (!(ev->cr4 & CR4_PAE) || ev->long_mode))
		return true;
	return (disabled & CR0_PG) && (ev->long_mode || (ev->cr4 & CR4_PCIDE));
}

static bool cr4_faults(struct tdx_module *m, const struct tdx_td *td, const struct tdx_event *ev)
{
	uint64_t new = ev->value, changed = new ^ ev->cr4;
	bool lma = ev->efer & EFER_LMA;

	if (new & ~cr4_legal(m, td))
		return true;
	if ((new & CR4_CET) && !(ev->cr0 & CR0_WP))
		return true;
	if (lma && (!(new & CR4_PAE) || (changed & CR4_LA57)))
		return true;
	return (new & changed & CR4_PCIDE) && !lma;
}

void tdx_cr_write(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		  const struct tdx_event *ev, struct tdx_result *res)
{
	/* Ignored bits of CR0: 6-15, 17, 19-28. ET reads as one. */
	const uint64_t cr0_ignored = 0x1ffaffc0;
	uint64_t new = ev->value;
	bool fault = false, trap = false;

	if (ev->cr == 0) {
		fault = cr0_faults(ev);
		trap = !(new & CR0_PE) || (new & (CR0_NW | CR0_CD));
		new = (new & ~cr0_ignored) | BIT64(4);
	} else if (ev->cr == 4) {
		fault = cr4_faults(m, v->td, ev);
		trap = !(new & CR4_MCE) || (new & (CR4_VMXE | CR4_SMXE));
	}
	if (fault) {
		tdx_inject(res, TDX_VEC_GP);
	} else if (trap) {
		tdx_insn_ve(m, lp, v, ev, TDX_EXIT_CR_ACCESS, ev->qual | ev->cr, res);
	} else {
		res->action = TDX_TD_NATIVE;
		res->value = new;
	}
}

void tdx_xsetbv(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res)
{
	uint64_t value = (uint32_t)gprs->r[TDX_RAX] | gprs->r[TDX_RDX] << 32;
	uint64_t avx512 = value & XFAM_AVX512, amx = value & XFAM_AMX;

	if (!(ev->cr4 & CR4_OSXSAVE)) {
		tdx_inject(res, TDX_VEC_UD);
	} else if (ev->cpl || (uint32_t)gprs->r[TDX_RCX] || !(value & 1) ||
		   (value & ~(v->td->xfam & ~XFAM_XSS)) ||
		   ((value & XFAM_AVX) && !(value & 2)) ||
		   (avx512 && (avx512 != XFAM_AVX512 || !(value & XFAM_AVX))) ||
		   (amx && amx != XFAM_AMX)) {
		tdx_inject(res, TDX_VEC_GP);
	} else {
		res->action = TDX_TD_NATIVE;
	}
}
