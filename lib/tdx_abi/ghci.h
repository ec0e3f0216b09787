/* SPDX-License-Identifier: GPL-2.0 */
/*
 * GHCI: TDG.VP.VMCALL sub-functions (R11 with R10 = 0) and their status (R10 on return).
 * Source: fact sheet tdx-module.md 4.5, tdx-connect.md 1.2 and 1.3.
 */
#ifndef TDX_ABI_GHCI_H
#define TDX_ABI_GHCI_H

#define GHCI_SUBFUNCTIONS(X)			\
	X(CPUID,			10)	\
	X(HLT,				12)	\
	X(IO,				30)	\
	X(RDMSR,			31)	\
	X(WRMSR,			32)	\
	X(MMIO,				48)	\
	X(WBINVD,			54)	\
	X(GET_TD_VMCALL_INFO,		0x10000) \
	X(MAP_GPA,			0x10001) \
	X(GET_QUOTE,			0x10002) \
	X(REPORT_FATAL_ERROR,		0x10003) \
	X(SETUP_EVENT_NOTIFY_INTERRUPT,	0x10004) \
	X(TDCM,				0x10007)

#define GHCI_ENUM_FN(name, nr) GHCI_##name = nr,
enum ghci_subfunction { GHCI_SUBFUNCTIONS(GHCI_ENUM_FN) };
#undef GHCI_ENUM_FN

#define GHCI_STATUS_SUCCESS		0x0000000000000000ULL
#define GHCI_STATUS_RETRY		0x0000000000000001ULL
#define GHCI_STATUS_INVALID_OPERAND	0x8000000000000000ULL
#define GHCI_STATUS_ALIGN_ERROR		0x8000000000000002ULL
#define GHCI_STATUS_SUBFUNC_UNSUPPORTED	0x8000000000000003ULL

#endif
