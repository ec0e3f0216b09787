// SPDX-License-Identifier: GPL-2.0
/*
 * RDMSR and WRMSR of a TD (fact sheet 5.3). The base table is 1.5.01's with the newer x2APIC rows;
 * the second table is what REDUCE_VE changes. First match wins, REDUCE_VE's table before the base
 * one. An MSR in no table is #VE, and #GP under REDUCE_VE if it lies in the architectural ranges.
 */
#include "guest.h"

enum policy {
	VE,
	GP,
	NATIVE,
	EMU,	/* msr_read(), msr_write() */
	OPTIN,	/* #GP, or #VE if FEATURE_PARAVIRT_CTRL says so */
};

/* Feature that must be enumerated to the TD: #GP without it. */
enum gate {
	G_NONE, G_PERFMON, G_WAITPKG, G_TSX, G_XFD, G_DCA, G_PT, G_CET, G_PKS, G_TSC_DEADLINE,
	G_TME, G_UINTR, G_LBR,
};

struct rule {
	uint32_t first, last;
	uint8_t read, write;
	uint8_t gate;	/* enum gate, or enum tdx_paravirt in an OPTIN rule */
};

static const struct rule base_rules[] = {
	{ 0x10, 0x10, NATIVE, VE, G_NONE },			/* TSC */
	{ 0x48, 0x49, NATIVE, NATIVE, G_NONE },			/* SPEC_CTRL, PRED_CMD */
	{ 0x87, 0x87, VE, VE, G_TME },				/* KEYID_PARTITIONING */
	{ 0x8c, 0x8f, GP, GP, G_NONE },				/* SGX launch control */
	{ 0x98, 0x9b, GP, GP, G_NONE },
	{ 0x9e, 0x9e, GP, GP, G_NONE },
	{ 0xbc, 0xbc, NATIVE, VE, G_NONE },			/* MISC_PACKAGE_CTLS */
	{ 0xbd, 0xbd, EMU, VE, G_NONE },			/* XAPIC_DISABLE_STATUS */
	{ 0xc1, 0xc8, NATIVE, NATIVE, G_PERFMON },
	{ 0xe1, 0xe1, NATIVE, NATIVE, G_WAITPKG },		/* UMWAIT_CONTROL */
	{ 0x10a, 0x10a, EMU, VE, G_NONE },			/* ARCH_CAPABILITIES */
	{ 0x10b, 0x10b, GP, NATIVE, G_NONE },			/* FLUSH_CMD, write-only */
	{ 0x122, 0x122, NATIVE, NATIVE, G_TSX },		/* TSX_CTRL */
	{ 0x174, 0x176, NATIVE, NATIVE, G_NONE },		/* SYSENTER */
	{ 0x186, 0x18d, NATIVE, NATIVE, G_PERFMON },
	{ 0x195, 0x195, GP, GP, G_NONE },
	{ 0x1a0, 0x1a0, EMU, VE, G_NONE },			/* MISC_ENABLE */
	{ 0x1c4, 0x1c5, NATIVE, NATIVE, G_XFD },
	{ 0x1d9, 0x1d9, EMU, EMU, G_NONE },			/* DEBUGCTL */
	{ 0x1f8, 0x1fa, VE, VE, G_DCA },
	{ 0x276, 0x276, GP, GP, G_NONE },
	{ 0x277, 0x277, NATIVE, NATIVE, G_NONE },		/* PAT */
	{ 0x309, 0x30c, NATIVE, NATIVE, G_PERFMON },
	{ 0x329, 0x329, NATIVE, NATIVE, G_PERFMON },
	{ 0x345, 0x345, EMU, VE, G_NONE },			/* PERF_CAPABILITIES */
	{ 0x38d, 0x390, NATIVE, NATIVE, G_PERFMON },
	{ 0x3f1, 0x3f2, NATIVE, NATIVE, G_PERFMON },
	{ 0x480, 0x480, EMU, GP, G_NONE },			/* VMX capabilities */
	{ 0x481, 0x484, VE, GP, G_NONE },
	{ 0x485, 0x489, EMU, GP, G_NONE },
	{ 0x48a, 0x48a, VE, GP, G_NONE },
	{ 0x48b, 0x492, EMU, GP, G_NONE },
	{ 0x4c1, 0x4c8, NATIVE, NATIVE, G_PERFMON },
	{ 0x500, 0x500, GP, GP, G_NONE },
	{ 0x560, 0x587, NATIVE, NATIVE, G_PT },
	{ 0x600, 0x600, NATIVE, NATIVE, G_NONE },		/* DS_AREA */
	{ 0x6a0, 0x6a8, NATIVE, NATIVE, G_CET },
	{ 0x6e0, 0x6e0, VE, VE, G_TSC_DEADLINE },
	{ 0x6e1, 0x6e1, NATIVE, NATIVE, G_PKS },
	{ 0x800, 0x801, GP, GP, G_NONE },
	{ 0x802, 0x802, EMU, GP, G_NONE },			/* x2APIC id */
	{ 0x803, 0x803, VE, GP, G_NONE },			/* version */
	{ 0x804, 0x807, GP, GP, G_NONE },
	{ 0x808, 0x808, EMU, EMU, G_NONE },			/* TPR */
	{ 0x809, 0x80a, EMU, EMU, G_NONE },			/* PPR */
	{ 0x80b, 0x80b, EMU, EMU, G_NONE },			/* EOI */
	{ 0x80c, 0x80c, EMU, EMU, G_NONE },
	{ 0x80d, 0x80d, VE, GP, G_NONE },			/* LDR */
	{ 0x80e, 0x80e, EMU, EMU, G_NONE },
	{ 0x80f, 0x80f, VE, VE, G_NONE },			/* SVR */
	{ 0x810, 0x827, EMU, EMU, G_NONE },			/* ISR, TMR, IRR */
	{ 0x828, 0x828, VE, VE, G_NONE },			/* ESR */
	{ 0x829, 0x82e, GP, GP, G_NONE },
	{ 0x82f, 0x830, VE, VE, G_NONE },			/* CMCI, ICR */
	{ 0x831, 0x831, GP, GP, G_NONE },
	{ 0x832, 0x838, VE, VE, G_NONE },			/* LVTs, timer count */
	{ 0x839, 0x839, VE, GP, G_NONE },
	{ 0x83a, 0x83a, VE, VE, G_NONE },
	{ 0x83b, 0x83d, GP, GP, G_NONE },
	{ 0x83e, 0x83e, VE, VE, G_NONE },			/* timer divider */
	{ 0x83f, 0x83f, EMU, EMU, G_NONE },			/* SELF_IPI */
	{ 0x840, 0x8ff, GP, GP, G_NONE },
	{ 0x981, 0x984, VE, VE, G_TME },
	{ 0x985, 0x98a, NATIVE, NATIVE, G_UINTR },
	{ 0xc80, 0xc80, NATIVE, VE, G_NONE },			/* DEBUG_INTERFACE */
	{ 0xd90, 0xd90, GP, GP, G_NONE },
	{ 0xd93, 0xd93, GP, GP, G_NONE },
	{ 0xda0, 0xda0, EMU, EMU, G_NONE },			/* XSS */
	{ 0x14ce, 0x16ff, NATIVE, NATIVE, G_LBR },
	{ 0x1b01, 0x1b01, NATIVE, NATIVE, G_NONE },		/* UARCH_MISC_CTL */
	{ 0xc0000080, 0xc0000080, NATIVE, EMU, G_NONE },	/* EFER */
	{ 0xc0000081, 0xc0000082, NATIVE, NATIVE, G_NONE },	/* STAR, LSTAR */
	{ 0xc0000084, 0xc0000084, NATIVE, NATIVE, G_NONE },	/* FMASK */
	{ 0xc0000100, 0xc0000103, NATIVE, NATIVE, G_NONE },	/* FS, GS, KERNEL_GS, TSC_AUX */
};

static const struct rule reduced_rules[] = {
	{ 0x1b, 0x1b, VE, VE, G_NONE },				/* APIC_BASE */
	{ 0x34, 0x34, EMU, EMU, G_NONE },
	{ 0x3a, 0x3a, EMU, GP, G_NONE },			/* FEATURE_CONTROL */
	{ 0x4e, 0x4e, EMU, GP, G_NONE },
	{ 0x79, 0x79, GP, EMU, G_NONE },			/* BIOS_UPDT_TRIG, write-only */
	{ 0x87, 0x87, OPTIN, OPTIN, PARAVIRT_TME },
	{ 0x8b, 0x8b, EMU, EMU, G_NONE },			/* BIOS_SIGN_ID */
	{ 0xce, 0xce, EMU, GP, G_NONE },			/* PLATFORM_INFO */
	{ 0xcf, 0xcf, OPTIN, OPTIN, PARAVIRT_CORE_CAPABILITIES },
	{ 0xfe, 0xfe, OPTIN, OPTIN, PARAVIRT_MTRR },
	{ 0x140, 0x140, EMU, EMU, G_NONE },			/* MISC_FEATURES_ENABLES */
	{ 0x179, 0x17b, OPTIN, OPTIN, PARAVIRT_MCA },
	{ 0x198, 0x199, OPTIN, OPTIN, PARAVIRT_EST },
	{ 0x19a, 0x19c, OPTIN, OPTIN, PARAVIRT_ACPI },
	{ 0x19d, 0x19d, OPTIN, OPTIN, PARAVIRT_TM2 },
	{ 0x1a0, 0x1a0, EMU, EMU, G_NONE },			/* MISC_ENABLE */
	{ 0x1f8, 0x1fa, OPTIN, OPTIN, PARAVIRT_DCA },
	{ 0x200, 0x26f, OPTIN, OPTIN, PARAVIRT_MTRR },
	{ 0x280, 0x29f, OPTIN, OPTIN, PARAVIRT_MCA },		/* MCi_CTL2 */
	{ 0x2ff, 0x2ff, OPTIN, OPTIN, PARAVIRT_MTRR },
	{ 0x400, 0x47f, OPTIN, OPTIN, PARAVIRT_MCA },
	{ 0x6e0, 0x6e0, OPTIN, OPTIN, PARAVIRT_TSC_DEADLINE },
	{ 0x981, 0x984, OPTIN, OPTIN, PARAVIRT_TME },
	{ 0xc81, 0xc82, OPTIN, OPTIN, PARAVIRT_RDT_A },
	{ 0xc8d, 0xc8e, OPTIN, OPTIN, PARAVIRT_RDT_M },
	{ 0xc8f, 0xd8f, OPTIN, OPTIN, PARAVIRT_RDT_A },
};

#define MSR_SMI_COUNT		0x34
#define MSR_FEATURE_CONTROL	0x3a
#define MSR_SPARE_CONTROL	0x4e
#define MSR_BIOS_UPDT_TRIG	0x79
#define MSR_BIOS_SIGN_ID	0x8b
#define MSR_XAPIC_DISABLE	0xbd
#define MSR_ARCH_CAP		0x10a
#define MSR_MISC_FEATURES	0x140
#define MSR_MISC_ENABLE		0x1a0
#define MSR_DEBUGCTL		0x1d9
#define MSR_X2APIC_ID		0x802
#define MSR_X2APIC_FIRST	0x808
#define MSR_X2APIC_LAST		0x83f
#define MSR_SELF_IPI		0x83f
#define MSR_XSS			0xda0
#define MSR_EFER		0xc0000080

/*
 * RDCL_NO, IBRS_ALL, SKIP_L1DFL, MDS_NO, PSCHANGE_MC_NO, TAA_NO: what a CPU with TDX always has;
 * XAPIC_DISABLE: a TD is x2APIC-only.
 */
#define ARCH_CAP_VALUE	0x20016bULL
/* Fast strings on, BTS and PEBS unavailable. Only the first may change. */
#define MISC_ENABLE_RESET	0x1801ULL
#define MISC_ENABLE_WRITABLE	0x1ULL
/* LBR, BTF, bus-lock detection, freeze bits. */
#define DEBUGCTL_WRITABLE	0x1807ULL

static bool gate_open(const struct tdx_td *td, enum gate gate)
{
	const uint32_t na = TDX_CPUID_NO_SUBLEAF;

	switch (gate) {
	case G_PERFMON:
		return td->attributes & TDX_ATTR_PERFMON;
	case G_PKS:
		return td->attributes & TDX_ATTR_PKS;
	case G_XFD:
		return tdx_has_xfam(td, XFAM_AMX);
	case G_PT:
		return tdx_has_xfam(td, XFAM_PT);
	case G_CET:
		return tdx_has_xfam(td, XFAM_CET);
	case G_UINTR:
		return tdx_has_xfam(td, XFAM_UINTR);
	case G_LBR:
		return tdx_has_xfam(td, XFAM_LBR);
	case G_WAITPKG:
		return tdx_td_cpuid(td, 7, 0, CPUID_ECX) & BIT64(5);
	case G_TSX:
		return tdx_td_cpuid(td, 7, 0, CPUID_EBX) & BIT64(11);
	case G_TME:
		return tdx_td_cpuid(td, 7, 0, CPUID_ECX) & BIT64(13);
	case G_DCA:
		return tdx_td_cpuid(td, 1, na, CPUID_ECX) & BIT64(18);
	case G_TSC_DEADLINE:
		return tdx_td_cpuid(td, 1, na, CPUID_ECX) & BIT64(24);
	default:
		return true;
	}
}

static const struct rule *find(const struct rule *rules, size_t n, uint32_t msr)
{
	for (size_t i = 0; i < n; i++)
		if (msr >= rules[i].first && msr <= rules[i].last)
			return &rules[i];
	return NULL;
}

static enum policy lookup(const struct tdx_td *td, uint32_t msr, bool write)
{
	bool reduced = tdx_td_is(td, TDX_CTLS_REDUCE_VE);
	const struct rule *r = NULL;
	enum policy policy;

	if ((msr & ~0xc0000000) > 0x1fff || (msr >> 30 != 0 && msr >> 30 != 3))
		return VE;
	if (reduced)
		r = find(reduced_rules, sizeof(reduced_rules) / sizeof(reduced_rules[0]), msr);
	if (!r)
		r = find(base_rules, sizeof(base_rules) / sizeof(base_rules[0]), msr);
	if (!r)
		return reduced ? GP : VE;
	policy = write ? r->write : r->read;
	if (policy == OPTIN)
		return td->feature_paravirt & BIT64(r->gate) ? VE : GP;
	return gate_open(td, r->gate) ? policy : GP;
}

static enum policy msr_read(const struct tdx_vcpu *v, uint32_t msr, uint64_t *value)
{
	*value = 0;
	switch (msr) {
	case MSR_SMI_COUNT:
		*value = v->msr_bios_34;
		break;
	case MSR_FEATURE_CONTROL:
	case MSR_SPARE_CONTROL:
	case MSR_XAPIC_DISABLE:
		*value = 1;
		break;
	case MSR_BIOS_SIGN_ID:
		*value = 0xffffffff;
		break;
	case MSR_ARCH_CAP:
		*value = ARCH_CAP_VALUE;
		break;
	case MSR_MISC_ENABLE:
		/* Kept as the difference from the reset value, so that a wiped vCPU reads that. */
		*value = v->msr_misc_enable ^ MISC_ENABLE_RESET;
		break;
	case MSR_DEBUGCTL:
		*value = v->msr_debugctl;
		break;
	case MSR_X2APIC_ID:
		if (!tdx_td_is(v->td, TDX_CTLS_ENUM_TOPOLOGY))
			return VE;
		*value = v->x2apic_id;
		break;
	case MSR_X2APIC_FIRST ... MSR_X2APIC_LAST:
		*value = tdx_vapic_read(v, msr);
		break;
	case MSR_XSS:
		*value = v->msr_xss;
		break;
	default:
		/*
		 * PLATFORM_INFO, MISC_FEATURES, PERF_CAPABILITIES and the VMX capabilities read 0.
		 */
		break;
	}
	return EMU;
}

static enum policy msr_write(struct tdx_vcpu *v, const struct tdx_event *ev, uint32_t msr,
			     uint64_t value)
{
	uint64_t changed;

	switch (msr) {
	case MSR_SMI_COUNT:
		v->msr_bios_34 = value;
		return EMU;
	case MSR_BIOS_UPDT_TRIG:
	case MSR_BIOS_SIGN_ID:
		return EMU;
	case MSR_MISC_FEATURES:
		return value ? GP : EMU;
	case MSR_MISC_ENABLE:
		if ((value ^ MISC_ENABLE_RESET) & ~MISC_ENABLE_WRITABLE)
			return GP;
		v->msr_misc_enable = value ^ MISC_ENABLE_RESET;
		return EMU;
	case MSR_DEBUGCTL:
		if (value & ~DEBUGCTL_WRITABLE)
			return GP;
		v->msr_debugctl = value;
		return EMU;
	case MSR_X2APIC_FIRST ... MSR_X2APIC_LAST:
		return tdx_vapic_write(v, msr, value) ? EMU : GP;
	case MSR_XSS:
		if (value & ~(v->td->xfam & XFAM_XSS))
			return GP;
		v->msr_xss = value;
		return EMU;
	case MSR_EFER:
		changed = (value ^ ev->efer) & ~EFER_LMA;
		return changed & ~EFER_SCE ? VE : NATIVE;
	default:
		return GP;
	}
}

/* True: @res is settled, without touching a register. */
static bool settle(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		   const struct tdx_event *ev, enum policy policy, uint32_t reason,
		   struct tdx_result *res)
{
	if (policy == NATIVE)
		res->action = TDX_TD_NATIVE;
	else if (policy == GP)
		tdx_inject(res, TDX_VEC_GP);
	else if (policy == VE)
		tdx_insn_ve(m, lp, v, ev, reason, 0, res);
	else
		res->action = TDX_TD_NEXT;
	return policy != EMU;
}

void tdx_rdmsr(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
	       const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res)
{
	uint32_t msr = (uint32_t)gprs->r[TDX_RCX];
	enum policy policy = ev->cpl ? GP : lookup(v->td, msr, false);
	uint64_t value = 0;

	if (policy == EMU)
		policy = msr_read(v, msr, &value);
	if (settle(m, lp, v, ev, policy, TDX_EXIT_RDMSR, res))
		return;
	gprs->r[TDX_RAX] = (uint32_t)value;
	gprs->r[TDX_RDX] = value >> 32;
}

void tdx_wrmsr(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
	       const struct tdx_event *ev, struct tdx_gprs *gprs, struct tdx_result *res)
{
	uint64_t value = (uint32_t)gprs->r[TDX_RAX] | gprs->r[TDX_RDX] << 32;
	uint32_t msr = (uint32_t)gprs->r[TDX_RCX];
	enum policy policy = ev->cpl ? GP : lookup(v->td, msr, true);

	/*
	 * A self-IPI below 16 is the one APIC access that exits after the fact: reason 56, not
	 * WRMSR.
	 */
	if (policy == EMU && msr == MSR_SELF_IPI && value < 16) {
		tdx_insn_ve(m, lp, v, ev, TDX_EXIT_APIC_WRITE, (msr & 0xff) << 4, res);
		return;
	}
	if (policy == EMU)
		policy = msr_write(v, ev, msr, value);
	settle(m, lp, v, ev, policy, TDX_EXIT_WRMSR, res);
}
