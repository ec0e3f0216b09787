/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel interfaces that our Linux series adds: ours, provisional (docs/abi.md). The VMM must
 * also build against the headers of a kernel without them, so they stand here once more; where the
 * kernel has them too, the compiler compares.
 */
#ifndef VMM_UAPI_H
#define VMM_UAPI_H

#include <linux/iommufd.h>
#include <linux/kvm.h>
#include <linux/types.h>

#define UAPI_CAP_DMABUF_MMIO		1000
#define UAPI_MEM_DMABUF_MMIO		(1UL << 3)
#define UAPI_EXIT_FLAG_REFUSED		(1ULL << 4)
#define UAPI_TDX_INIT_VM_F_CONNECT	(1U << 0)
#define UAPI_VIOMMU_TYPE_TSM		1000

struct uapi_vdevice_tsm_op {
	__u32 size;
	__u32 op;
	__u32 flags;
	__u32 vdevice_id;
};
#define UAPI_TSM_OP			_IO(IOMMUFD_TYPE, 0xc0)
enum uapi_tsm_op { UAPI_TSM_BIND = 1, UAPI_TSM_UNBIND = 2 };

struct uapi_vdevice_tsm_req {
	__u32 size;
	__u32 vdevice_id;
	__u32 tvm_arch;
	__u32 op;
	__u32 req_len;
	__u32 resp_len;		/* in: room, out: used */
	__aligned_u64 req_uptr;
	__aligned_u64 resp_uptr;
	__aligned_u64 tsm_code;	/* out: completion status of the TDX module */
};
#define UAPI_TSM_REQ			_IO(IOMMUFD_TYPE, 0xc1)
#define UAPI_TSM_ARCH_TDX		1
enum uapi_tsm_req {
	UAPI_TSM_GET_REPORT = 1, UAPI_TSM_GET_DEVINFO, UAPI_TSM_GET_STATE, UAPI_TSM_START
};

#ifdef KVM_MEM_DMABUF_MMIO
_Static_assert(KVM_MEM_DMABUF_MMIO == UAPI_MEM_DMABUF_MMIO, "memslot flag");
_Static_assert(KVM_CAP_DMABUF_MMIO == UAPI_CAP_DMABUF_MMIO, "capability");
_Static_assert(KVM_MEMORY_EXIT_FLAG_REFUSED == UAPI_EXIT_FLAG_REFUSED, "exit flag");
#endif
#ifdef KVM_TDX_INIT_VM_F_CONNECT
_Static_assert(KVM_TDX_INIT_VM_F_CONNECT == UAPI_TDX_INIT_VM_F_CONNECT, "opt-in flag");
#endif
#ifdef IOMMU_VDEVICE_TSM_OP
_Static_assert(IOMMU_VDEVICE_TSM_OP == UAPI_TSM_OP, "TSM_OP");
_Static_assert(IOMMU_VDEVICE_TSM_REQ == UAPI_TSM_REQ, "TSM_REQ");
_Static_assert(sizeof(struct iommu_vdevice_tsm_op) == sizeof(struct uapi_vdevice_tsm_op), "TSM_OP");
_Static_assert(sizeof(struct iommu_vdevice_tsm_req) == sizeof(struct uapi_vdevice_tsm_req), "TSM_REQ");
#endif

#endif
