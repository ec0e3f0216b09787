/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Layouts that a TD's owner or the TD itself reads and writes: TD_PARAMS, TDREPORT, the register
 * mask of TDG.VP.VMCALL. Source: fact sheet tdx-module.md 3.5, 4.5, 5.1.
 */
#ifndef TDX_ABI_TD_H
#define TDX_ABI_TD_H

#include <stddef.h>
#include <stdint.h>

#define TDX_MR_SIZE	48

/* ATTRIBUTES, CONFIG_FLAGS and TD_CTLS of a TD (fact sheet 3.1, 3.4) */
#define TDX_ATTR_DEBUG			(1ULL << 0)
#define TDX_ATTR_SEPT_VE_DISABLE	(1ULL << 28)
#define TDX_ATTR_PKS			(1ULL << 30)
#define TDX_ATTR_PERFMON		(1ULL << 63)
#define TDX_CONFIG_GPAW			(1ULL << 0)
#define TDX_CONFIG_FLEXIBLE_PENDING_VE	(1ULL << 1)
#define TDX_CONFIG_NO_RBP_MOD		(1ULL << 2)
#define TDX_CTLS_PENDING_VE_DISABLE	(1ULL << 0)
#define TDX_CTLS_ENUM_TOPOLOGY		(1ULL << 1)
#define TDX_CTLS_VIRT_CPUID2		(1ULL << 2)
#define TDX_CTLS_REDUCE_VE		(1ULL << 3)
#define TDX_CTLS_LOCK			(1ULL << 63)

/* TDH.MNG.INIT operand. */
#define TD_PARAMS_NR_CPUID	48

struct td_cpuid_value {
	uint32_t eax, ebx, ecx, edx;
};

struct td_params {
	uint64_t attributes;
	uint64_t xfam;
	uint16_t max_vcpus;
	uint8_t num_l2_vms;
	uint8_t msr_config_ctls;
	uint32_t reserved_14;
	uint64_t eptp_controls;
	uint64_t config_flags;
	uint16_t tsc_frequency;		/* 25 MHz units */
	uint8_t reserved_2a[38];
	uint8_t mrconfigid[TDX_MR_SIZE];
	uint8_t mrowner[TDX_MR_SIZE];
	uint8_t mrownerconfig[TDX_MR_SIZE];
	uint8_t reserved_e0[32];
	struct td_cpuid_value cpuid_values[TD_PARAMS_NR_CPUID];	/* in CPUID_CONFIG order */
};
_Static_assert(offsetof(struct td_params, eptp_controls) == 0x18, "TD_PARAMS");
_Static_assert(offsetof(struct td_params, tsc_frequency) == 0x28, "TD_PARAMS");
_Static_assert(offsetof(struct td_params, mrconfigid) == 0x50, "TD_PARAMS");
_Static_assert(offsetof(struct td_params, mrowner) == 0x80, "TD_PARAMS");
_Static_assert(offsetof(struct td_params, mrownerconfig) == 0xb0, "TD_PARAMS");
_Static_assert(offsetof(struct td_params, cpuid_values) == 0x100, "TD_PARAMS");
_Static_assert(sizeof(struct td_params) == 1024, "TD_PARAMS");

#define TD_EPTP_WB		6u
#define TD_EPTP_4_LEVEL		0x18u
#define TD_EPTP_5_LEVEL		0x20u

/* TDG.MR.REPORT output. */
#define TD_REPORT_SIZE		1024
#define TD_REPORT_DATA_SIZE	64
#define TD_REPORT_TYPE_TDX	0x81
#define TD_REPORT_MAC_SIZE	32

struct td_report_mac {
	uint8_t type, subtype, version, reserved_3;
	uint8_t reserved_4[12];
	uint8_t cpusvn[16];
	uint8_t tee_tcb_info_hash[TDX_MR_SIZE];
	uint8_t tee_info_hash[TDX_MR_SIZE];
	uint8_t report_data[TD_REPORT_DATA_SIZE];
	uint8_t reserved_c0[32];
	uint8_t mac[TD_REPORT_MAC_SIZE];	/* over everything before it */
};
_Static_assert(offsetof(struct td_report_mac, report_data) == 0x80, "REPORTMACSTRUCT");
_Static_assert(offsetof(struct td_report_mac, mac) == 0xe0, "REPORTMACSTRUCT");
_Static_assert(sizeof(struct td_report_mac) == 256, "REPORTMACSTRUCT");

struct td_tee_tcb_info {
	uint64_t valid;
	uint8_t tee_tcb_svn[16];
	uint8_t mrseam[TDX_MR_SIZE];
	uint8_t mrsignerseam[TDX_MR_SIZE];
	uint64_t attributes;
	uint8_t tee_tcb_svn2[16];
	uint8_t reserved[95];
} __attribute__((packed));
_Static_assert(sizeof(struct td_tee_tcb_info) == 239, "TEE_TCB_INFO, fact sheet 11");

struct td_info {
	uint64_t attributes;
	uint64_t xfam;
	uint8_t mrtd[TDX_MR_SIZE];
	uint8_t mrconfigid[TDX_MR_SIZE];
	uint8_t mrowner[TDX_MR_SIZE];
	uint8_t mrownerconfig[TDX_MR_SIZE];
	uint8_t rtmr[4][TDX_MR_SIZE];
	uint8_t servtd_hash[TDX_MR_SIZE];
	uint8_t reserved[64];
};
_Static_assert(sizeof(struct td_info) == 512, "TDINFO");

struct td_report {
	struct td_report_mac mac;
	struct td_tee_tcb_info tcb;
	uint8_t reserved[17];
	struct td_info info;
} __attribute__((packed));
_Static_assert(offsetof(struct td_report, tcb) == 0x100, "TDREPORT");
_Static_assert(offsetof(struct td_report, info) == 0x200, "TDREPORT");
_Static_assert(sizeof(struct td_report) == TD_REPORT_SIZE, "TDREPORT");

/*
 * TDG.VP.VMCALL: RCX selects GPRs (15:0, x86 encoding order) and XMM registers (31:16) for the
 * host.
 */
#define TD_VMCALL_GPR_MASK	0x0000ffffULL
#define TD_VMCALL_XMM_SHIFT	16
#define TD_VMCALL_RESERVED	0xffffffff00000013ULL	/* 63:32, RSP, RCX, RAX */
#define TD_VMCALL_RBP		(1ULL << 5)		/* reserved with CONFIG_FLAGS.NO_RBP_MOD */
#define TD_VMCALL_MASK_ALL	0xffccULL		/* every register but RAX, RCX, RSP, RBP */

/* TDG.VP.CPUIDVE.SET, RCX */
#define TD_CPUIDVE_SUPERVISOR	(1ULL << 0)
#define TD_CPUIDVE_USER		(1ULL << 1)

/* Posted-interrupt descriptor, as the CPU and KVM share it. */
struct td_pid {
	uint64_t pir[4];
	uint64_t control;	/* 0 ON, 1 SN, 23:16 NV, 63:32 NDST */
	uint64_t reserved[3];
};
_Static_assert(sizeof(struct td_pid) == 64, "posted-interrupt descriptor");
#define TD_PID_ON	(1ULL << 0)

#endif
