/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMX exit reasons and event encodings as they appear in TDH.VP.ENTER's output and in VE_INFO.
 * Source: fact sheet tdx-module.md 4.2, 4.3, 5.1.
 */
#ifndef TDX_ABI_EXIT_H
#define TDX_ABI_EXIT_H

#define TDX_EXIT_REASONS(X)		\
	X(EXCEPTION_NMI,	0)	\
	X(EXTERNAL_INTERRUPT,	1)	\
	X(TRIPLE_FAULT,		2)	\
	X(INIT,			3)	\
	X(OTHER_SMI,		6)	\
	X(TASK_SWITCH,		9)	\
	X(CPUID,		10)	\
	X(HLT,			12)	\
	X(INVD,			13)	\
	X(VMCALL,		18)	\
	X(CR_ACCESS,		28)	\
	X(IO,			30)	\
	X(RDMSR,		31)	\
	X(WRMSR,		32)	\
	X(INVALID_STATE,	33)	\
	X(MSR_LOAD_FAIL,	34)	\
	X(MWAIT,		36)	\
	X(MONITOR,		39)	\
	X(MCE_ON_ENTRY,		41)	\
	X(EPT_VIOLATION,	48)	\
	X(EPT_MISCONFIG,	49)	\
	X(WBINVD,		54)	\
	X(APIC_WRITE,		56)	\
	X(PCONFIG,		65)	\
	X(BUS_LOCK,		74)	\
	X(NOTIFY,		75)	\
	X(TDCALL,		77)

#define TDX_ENUM_EXIT(name, nr) TDX_EXIT_##name = nr,
enum tdx_exit_reason { TDX_EXIT_REASONS(TDX_ENUM_EXIT) };
#undef TDX_ENUM_EXIT

/* EPT-violation qualification. Bits 12:7 reach VE_INFO only; the host reads them as zero. */
#define TDX_QUAL_READ		(1ULL << 0)
#define TDX_QUAL_WRITE		(1ULL << 1)
#define TDX_QUAL_FETCH		(1ULL << 2)
#define TDX_QUAL_RWX_SHIFT	3
#define TDX_QUAL_GLA_VALID	(1ULL << 7)
#define TDX_QUAL_GLA_ACCESS	(1ULL << 8)	/* the translated access itself, not a page walk */

/* Extended exit qualification (RDX), bits 3:0. */
enum tdx_eeq_type {
	TDX_EEQ_NONE			= 0,
	TDX_EEQ_ACCEPT			= 1,
	TDX_EEQ_GPA_DETAILS		= 2,
	TDX_EEQ_MSR_LOAD		= 3,
	TDX_EEQ_XSTATE_LOAD		= 4,
	TDX_EEQ_ATTR_WR			= 5,
	TDX_EEQ_PENDING_EPT_VIOLATION	= 6,
};

#define TDX_EEQ_TYPE			0xfULL

/* Info of TDX_EEQ_ACCEPT in bits 63:32. */
#define TDX_EEQ_INFO_SHIFT		32
#define TDX_EEQ_ACCEPT_REQ_LEVEL(l)	((unsigned long long)(l) << 32)
#define TDX_EEQ_ACCEPT_LEVEL(l)		((unsigned long long)(l) << 35)
#define TDX_EEQ_ACCEPT_STATE(s)		((unsigned long long)(s) << 38)
#define TDX_EEQ_ACCEPT_LEAF		(1ULL << 46)

/* Exit interruption information (R9). */
#define TDX_INTR_VALID		(1ULL << 31)
#define TDX_INTR_TYPE_EXTERNAL	(0ULL << 8)
#define TDX_INTR_TYPE_NMI	(2ULL << 8)
#define TDX_INTR_TYPE_HW_EXC	(3ULL << 8)

/* Exception vectors the model injects or reports. */
enum tdx_vector {
	TDX_VEC_NMI = 2, TDX_VEC_UD = 6, TDX_VEC_DF = 8, TDX_VEC_GP = 13, TDX_VEC_PF = 14,
	TDX_VEC_MC = 18, TDX_VEC_VE = 20,
};

/* #PF error code. */
#define TDX_PF_PRESENT		(1u << 0)
#define TDX_PF_WRITE		(1u << 1)
#define TDX_PF_USER		(1u << 2)
#define TDX_PF_RSVD		(1u << 3)
#define TDX_PF_FETCH		(1u << 4)

#endif
