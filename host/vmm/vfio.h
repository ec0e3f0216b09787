/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The assigned devices of one TD: vfio cdevs and iommufd from open to close, their BARs as dma-buf
 * memslots, their places in the TD's PCI view.
 */
#ifndef VMM_VFIO_H
#define VMM_VFIO_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"
#include "plan.h"

#define VFIO_MAX_DEVICES	PLAN_MAX_FUNCTIONS
#define VFIO_GUEST_BDF		0x0018		/* 00:03.0, then 00:04.0 */
#define VFIO_NEXT_BDF		8
#define VFIO_BARS		6
#define VFIO_MAX_SECTIONS	8		/* of a device */
#define VFIO_FIRST_SLOT		8
#define VFIO_END_SLOT		(VFIO_FIRST_SLOT + VFIO_MAX_DEVICES * VFIO_MAX_SECTIONS)

/* Part of a BAR that the guest may reach without an exit: one memslot. */
struct vfio_section {
	unsigned int slot;
	int dmabuf;
	uint64_t gpa, offset, size;	/* offset in the BAR */
};

struct vfio;

struct vfio_device {
	struct vfio *vfio;
	const struct assign *assign;
	unsigned int index;		/* of the TD's devices */
	uint16_t bdf;			/* in the TD's PCI view */
	int file;
	uint32_t dev_id, vdevice_id;
	uint64_t config;		/* offset of the config space in the file */
	struct {
		int dmabuf;
		uint64_t gpa, size;
	} bar[VFIO_BARS];
	unsigned int nr_sections;
	struct vfio_section section[VFIO_MAX_SECTIONS];
	bool bound;			/* TSM_OP BIND succeeded, UNBIND not yet */
};

/* One iommufd, address space and vIOMMU for all devices of a TD, and one list of them in KVM. */
struct vfio {
	int vm, iommufd, kvm_vfio;
	uint32_t ioas_id, hwpt_id, viommu_id;	/* made with the first device */
	uint64_t next_gpa;		/* for the next BAR */
	uint16_t bdf;			/* of the first device */
	uint32_t config_address;	/* as last written to port CF8h */
	unsigned int nr_devices;
	struct vfio_device device[VFIO_MAX_DEVICES];
	const char *failed;		/* the step that failed */
};

/* @bdf: of the first device, in the TD's PCI view. */
void vfio_init(struct vfio *vfio, uint16_t bdf);
/*
 * Open one more device for the VM @vm, switch its memory space on and map its BARs. @connect: make
 * the vIOMMU and the vdevice that a TSM bind needs. NULL, with errno: vfio->failed names the step.
 */
struct vfio_device *vfio_open(struct vfio *vfio, const struct assign *assign, int vm, bool connect);
/* Give everything back, in the order that a well-behaved VMM uses. */
void vfio_close(struct vfio *vfio);

/* The device with this requester ID in the TD's PCI view, or NULL. */
struct vfio_device *vfio_find(struct vfio *vfio, uint64_t bdf);

/* A dma-buf of a whole BAR. -1 and errno on failure. */
int vfio_export_bar(const struct vfio_device *device, unsigned int bar);
/* Make a section's memslot, or delete it; make its GPAs private, or shared. -1 and errno on failure. */
int vfio_map_section(const struct vfio *vfio, const struct vfio_section *section, bool map);
int vfio_set_private(const struct vfio *vfio, const struct vfio_section *section, bool private);
/* Does [@gpa, @gpa + @size) touch a BAR of a device? */
bool vfio_owns(const struct vfio *vfio, uint64_t gpa, uint64_t size);

/* TSM_OP and TSM_REQ. -1 and errno on failure. */
int vfio_bind(struct vfio_device *device);
int vfio_unbind(struct vfio_device *device);
/* *@length: in room, out used. *@status: what the TDX module answered. */
int vfio_tsm_request(struct vfio_device *device, uint32_t op, void *response, uint32_t *length,
		     uint64_t *status);

/*
 * Let the TD's devices reach @memory by DMA at [@gpa, @gpa + @size), or nothing there (NULL). -1 and
 * errno on failure.
 */
int vfio_share(const struct vfio *vfio, uint64_t gpa, uint64_t size, void *memory);

/* Ports CF8h to CFFh: configuration mechanism #1 of the TD's PCI bus 0. */
bool vfio_is_config_port(uint16_t port);
void vfio_config_write(struct vfio *vfio, uint16_t port, unsigned int size, uint32_t value);
uint32_t vfio_config_read(struct vfio *vfio, uint16_t port, unsigned int size);

#endif
