/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDX module leaf numbers: SEAMCALL (TDH.*) and TDCALL (TDG.*).
 *
 * RAX on entry: leaf in 15:0, version in 23:16, everything else zero.
 * Source: fact sheet tdx-module.md 1, 2.3, 5.1 (read in the module and in Linux 7.3). TDX Connect:
 * tdx-connect.md 2.1, 3.1, 3.2; the numbers marked "chosen" are ours (3.4), docs/abi.md lists them.
 */
#ifndef TDX_ABI_LEAF_H
#define TDX_ABI_LEAF_H

#define TDX_LEAF_MASK		0xffffULL
#define TDX_LEAF_VERSION_SHIFT	16
#define TDX_LEAF_VERSION_MASK	0xffULL
#define TDX_LEAF_RESERVED	0xffffffffff000000ULL
#define TDX_LEAF_P_SEAMLDR	(1ULL << 63)

/* Host leaves: X(name, number). Names are the ABI's, without the TDH prefix. */
#define TDH_LEAVES(X)			\
	X(VP_ENTER,		0)	\
	X(MNG_ADDCX,		1)	\
	X(MEM_PAGE_ADD,		2)	\
	X(MEM_SEPT_ADD,		3)	\
	X(VP_ADDCX,		4)	\
	X(MEM_PAGE_AUG,		6)	\
	X(MEM_RANGE_BLOCK,	7)	\
	X(MNG_KEY_CONFIG,	8)	\
	X(MNG_CREATE,		9)	\
	X(VP_CREATE,		10)	\
	X(MNG_RD,		11)	\
	X(MR_EXTEND,		16)	\
	X(MR_FINALIZE,		17)	\
	X(VP_FLUSH,		18)	\
	X(MNG_VPFLUSHDONE,	19)	\
	X(MNG_KEY_FREEID,	20)	\
	X(MNG_INIT,		21)	\
	X(VP_INIT,		22)	\
	X(PHYMEM_PAGE_RDMD,	24)	\
	X(VP_RD,		26)	\
	X(PHYMEM_PAGE_RECLAIM,	28)	\
	X(MEM_PAGE_REMOVE,	29)	\
	X(SYS_KEY_CONFIG,	31)	\
	X(SYS_INIT,		33)	\
	X(SYS_RD,		34)	\
	X(SYS_LP_INIT,		35)	\
	X(SYS_TDMR_INIT,	36)	\
	X(MEM_TRACK,		38)	\
	X(PHYMEM_CACHE_WB,	40)	\
	X(PHYMEM_PAGE_WBINVD,	41)	\
	X(VP_WR,		43)	\
	X(SYS_CONFIG,		45)	\
	X(SYS_DISABLE,		69)

/* Guest leaves. */
#define TDG_LEAVES(X)			\
	X(VP_VMCALL,		0)	\
	X(VP_INFO,		1)	\
	X(MR_RTMR_EXTEND,	2)	\
	X(VP_VEINFO_GET,	3)	\
	X(MR_REPORT,		4)	\
	X(VP_CPUIDVE_SET,	5)	\
	X(MEM_PAGE_ACCEPT,	6)	\
	X(VM_RD,		7)	\
	X(VM_WR,		8)	\
	X(VP_RD,		9)	\
	X(VP_WR,		10)	\
	X(SYS_RD,		11)

/* TDX Connect, host side. */
#define TDH_CONNECT_LEAVES(X)		\
	X(IOMMU_SETUP,		128)	\
	X(IOMMU_CLEAR,		129)	\
	X(SPDM_CREATE,		130)	\
	X(SPDM_DELETE,		131)	\
	X(IDE_STREAM_CREATE,	132)	\
	X(IDE_STREAM_BLOCK,	133)	\
	X(IDE_STREAM_DELETE,	134)	\
	X(IDE_STREAM_KM,	135)	\
	X(TDI_CREATE,		137)	/* chosen */ \
	X(TDI_REMOVE,		138)	/* chosen */ \
	X(TDI_BIND,		139)	/* chosen */ \
	X(TDI_START,		140)	/* chosen */ \
	X(TDI_STOP,		141)	/* chosen */ \
	X(SPDM_CONNECT,		142)	\
	X(SPDM_DISCONNECT,	143)	\
	X(SPDM_MNG,		144)	\
	X(TDI_RD,		145)	/* chosen */ \
	X(TDI_STATE,		146)	/* chosen */ \
	X(MMIOMT_ADD,		154)	\
	X(MMIOMT_SET,		155)	\
	X(MMIOMT_RD,		156)	\
	X(MMIOMT_REMOVE,	157)	\
	X(MMIO_MAP,		158)	\
	X(MMIO_BLOCK,		159)	\
	X(MMIO_UNMAP,		160)	\
	X(TDIMT_ADD,		164)	\
	X(TDIMT_REMOVE,		165)	\
	X(TDIMT_RD,		166)

/* With Connect off every leaf in this range answers CONNECT_INVALID_STATE (chosen). */
#define TDH_CONNECT_FIRST	128
#define TDH_CONNECT_LAST	166

/* TDX Connect, guest side. */
#define TDG_CONNECT_LEAVES(X)		\
	X(TDI_RD,		67)	\
	X(TDI_START,		68)	\
	X(DMAR_ACCEPT,		70)	\
	X(MMIO_ACCEPT,		71)

#define TDX_ENUM_H(name, nr) TDH_##name = nr,
#define TDX_ENUM_G(name, nr) TDG_##name = nr,
enum tdh_leaf { TDH_LEAVES(TDX_ENUM_H) TDH_CONNECT_LEAVES(TDX_ENUM_H) };
enum tdg_leaf { TDG_LEAVES(TDX_ENUM_G) TDG_CONNECT_LEAVES(TDX_ENUM_G) };
#undef TDX_ENUM_H
#undef TDX_ENUM_G

#endif
