/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The assigned device of one TD: vfio cdev and iommufd from open to close, its BARs as dma-buf
 * memslots, its place in the TD's PCI view.
 */
#ifndef VMM_VFIO_H
#define VMM_VFIO_H

#include <stdbool.h>
#include <stdint.h>

#include "assign.h"

#define VFIO_GUEST_BDF		0x0018		/* 00:03.0 */
#define VFIO_BARS		6
#define VFIO_MAX_SECTIONS	8
#define VFIO_FIRST_SLOT		8

/* Part of a BAR that the guest may reach without an exit: one memslot. */
struct vfio_section {
	unsigned int slot;
	int dmabuf;
	uint64_t gpa, offset, size;	/* offset in the BAR */
};

struct vfio {
	int device, iommufd, kvm_vfio, vm;
	uint32_t dev_id, ioas_id, hwpt_id, viommu_id, vdevice_id;
	uint64_t config;		/* offset of the config space in the device's file */
	struct {
		int dmabuf;
		uint64_t gpa, size;
	} bar[VFIO_BARS];
	unsigned int nr_sections;
	struct vfio_section section[VFIO_MAX_SECTIONS];
	uint32_t config_address;	/* as last written to port CF8h */
	bool bound;			/* TSM_OP BIND succeeded, UNBIND not yet */
	const char *failed;		/* the step that failed */
};

void vfio_init(struct vfio *vfio);
/*
 * Open the device for the VM @vm, switch its memory space on and map its BARs. @connect: make the
 * vIOMMU and the vdevice that a TSM bind needs. False, with errno: vfio->failed names the step.
 */
bool vfio_open(struct vfio *vfio, const struct assign *assign, int vm, bool connect);
/* Give everything back, in the order that a well-behaved VMM uses. */
void vfio_close(struct vfio *vfio);

/* A dma-buf of a whole BAR. -1 and errno on failure. */
int vfio_export_bar(const struct vfio *vfio, unsigned int bar);
/* Make a section's memslot, or delete it; make its GPAs private, or shared. -1 and errno on failure. */
int vfio_map_section(const struct vfio *vfio, const struct vfio_section *section, bool map);
int vfio_set_private(const struct vfio *vfio, const struct vfio_section *section, bool private);
/* Does [@gpa, @gpa + @size) touch a BAR? */
bool vfio_owns(const struct vfio *vfio, uint64_t gpa, uint64_t size);

/* TSM_OP and TSM_REQ. -1 and errno on failure. */
int vfio_bind(struct vfio *vfio);
int vfio_unbind(struct vfio *vfio);
/* *@length: in room, out used. *@status: what the TDX module answered. */
int vfio_tsm_request(struct vfio *vfio, uint32_t op, void *response, uint32_t *length,
		     uint64_t *status);

/*
 * Let the device reach @memory by DMA at [@gpa, @gpa + @size), or nothing there (NULL). -1 and
 * errno on failure.
 */
int vfio_share(const struct vfio *vfio, uint64_t gpa, uint64_t size, void *memory);

/* Ports CF8h to CFFh: configuration mechanism #1 of the TD's PCI bus 0. */
bool vfio_is_config_port(uint16_t port);
void vfio_config_write(struct vfio *vfio, uint16_t port, unsigned int size, uint32_t value);
uint32_t vfio_config_read(struct vfio *vfio, uint16_t port, unsigned int size);

#endif
