// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "core/channel.h"
#include "memory.h"
#include "uapi.h"
#include "vfio.h"

#define CONFIG_ADDRESS_PORT	0xcf8
#define CONFIG_DATA_PORT	0xcfc
#define CONFIG_ENABLE		(1U << 31)
#define CONFIG_BYTES		256

void vfio_init(struct vfio *vfio)
{
	*vfio = (struct vfio){ .device = -1, .iommufd = -1, .kvm_vfio = -1, .vm = -1 };
	for (unsigned int i = 0; i < VFIO_BARS; i++)
		vfio->bar[i].dmabuf = -1;
}

static bool fail(struct vfio *vfio, const char *step)
{
	vfio->failed = step;
	return false;
}

/* KVM has to know the device before iommufd does: the TSM bind needs the VM (P07). */
static bool tell_kvm(struct vfio *vfio)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = KVM_DEV_VFIO_FILE_ADD,
		.addr = (uintptr_t)&vfio->device,
	};

	if (ioctl(vfio->vm, KVM_CREATE_DEVICE, &create))
		return fail(vfio, "KVM_CREATE_DEVICE VFIO");
	vfio->kvm_vfio = create.fd;
	return !ioctl(vfio->kvm_vfio, KVM_SET_DEVICE_ATTR, &attr) ||
	       fail(vfio, "KVM_DEV_VFIO_FILE_ADD");
}

static bool attach(struct vfio *vfio)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = vfio->iommufd };
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt) };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	if (ioctl(vfio->device, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return fail(vfio, "VFIO_DEVICE_BIND_IOMMUFD");
	vfio->dev_id = bind.out_devid;
	if (ioctl(vfio->iommufd, IOMMU_IOAS_ALLOC, &ioas))
		return fail(vfio, "IOMMU_IOAS_ALLOC");
	hwpt.dev_id = vfio->dev_id;
	vfio->ioas_id = hwpt.pt_id = ioas.out_ioas_id;
	if (ioctl(vfio->iommufd, IOMMU_HWPT_ALLOC, &hwpt))
		return fail(vfio, "IOMMU_HWPT_ALLOC");
	vfio->hwpt_id = hwpt.out_hwpt_id;
	attach.pt_id = vfio->hwpt_id;
	return !ioctl(vfio->device, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ||
	       fail(vfio, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static bool make_vdevice(struct vfio *vfio)
{
	struct iommu_viommu_alloc viommu = {
		.size = sizeof(viommu), .type = UAPI_VIOMMU_TYPE_TSM, .dev_id = vfio->dev_id,
		.hwpt_id = vfio->hwpt_id,
	};
	struct iommu_vdevice_alloc vdevice = {
		.size = sizeof(vdevice), .dev_id = vfio->dev_id, .virt_id = VFIO_GUEST_BDF,
	};

	if (ioctl(vfio->iommufd, IOMMU_VIOMMU_ALLOC, &viommu))
		return fail(vfio, "IOMMU_VIOMMU_ALLOC");
	vfio->viommu_id = vdevice.viommu_id = viommu.out_viommu_id;
	if (ioctl(vfio->iommufd, IOMMU_VDEVICE_ALLOC, &vdevice))
		return fail(vfio, "IOMMU_VDEVICE_ALLOC");
	vfio->vdevice_id = vdevice.out_vdevice_id;
	return true;
}

static bool config_access(struct vfio *vfio, unsigned int at, void *value, unsigned int size,
			  bool write)
{
	off_t offset = vfio->config + at;

	return (write ? pwrite(vfio->device, value, size, offset) :
			pread(vfio->device, value, size, offset)) == (ssize_t)size;
}

/* A dma-buf is born usable only while the device decodes memory. */
static bool enable_memory(struct vfio *vfio)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return fail(vfio, "VFIO_DEVICE_GET_REGION_INFO");
	vfio->config = info.offset;
	if (!config_access(vfio, PCI_COMMAND, &command, sizeof(command), false))
		return fail(vfio, "PCI command register");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return config_access(vfio, PCI_COMMAND, &command, sizeof(command), true) ||
	       fail(vfio, "PCI command register");
}

int vfio_export_bar(const struct vfio *vfio, unsigned int bar)
{
	const size_t ranges = sizeof(struct vfio_region_dma_range);
	struct vfio_device_feature *feature =
		calloc(1, sizeof(*feature) + sizeof(struct vfio_device_feature_dma_buf) + ranges);
	struct vfio_device_feature_dma_buf *get;
	int fd;

	if (!feature)
		return -1;
	feature->argsz = sizeof(*feature) + sizeof(*get) + ranges;
	feature->flags = VFIO_DEVICE_FEATURE_GET | VFIO_DEVICE_FEATURE_DMA_BUF;
	get = (void *)feature->data;
	get->region_index = bar;
	get->open_flags = O_CLOEXEC | O_RDWR;
	get->nr_ranges = 1;
	get->dma_ranges[0].length = vfio->bar[bar].size;
	fd = ioctl(vfio->device, VFIO_DEVICE_FEATURE, feature);
	free(feature);
	return fd;
}

int vfio_map_section(const struct vfio *vfio, const struct vfio_section *section, bool map)
{
	struct kvm_userspace_memory_region2 region = { .slot = section->slot };

	if (map) {
		region.flags = UAPI_MEM_DMABUF_MMIO;
		region.guest_phys_addr = section->gpa;
		region.memory_size = section->size;
		region.guest_memfd = section->dmabuf;
		region.guest_memfd_offset = section->offset;
	}
	return ioctl(vfio->vm, KVM_SET_USER_MEMORY_REGION2, &region);
}

static bool add_section(struct vfio *vfio, unsigned int bar, uint64_t offset, uint64_t size)
{
	struct vfio_section *section = &vfio->section[vfio->nr_sections];

	if (!size)
		return true;
	if (vfio->nr_sections == VFIO_MAX_SECTIONS) {
		errno = ENOSPC;
		return fail(vfio, "sections of BARs");
	}
	*section = (struct vfio_section){
		.dmabuf = vfio->bar[bar].dmabuf, .slot = VFIO_FIRST_SLOT + vfio->nr_sections,
		.gpa = vfio->bar[bar].gpa + offset, .offset = offset, .size = size,
	};
	if (vfio_map_section(vfio, section, true))
		return fail(vfio, "memslot of a BAR");
	vfio->nr_sections++;
	return true;
}

/* Where the MSI-X table lies: its page stays out of the slots, the guest gets an emulated one. */
static bool msix_page(struct vfio *vfio, unsigned int bar, uint64_t *page)
{
	uint8_t at, id;
	uint32_t table;

	if (!config_access(vfio, PCI_CAPABILITY_LIST, &at, 1, false))
		return false;
	for (unsigned int n = 0; at && n < 48; n++) {
		at &= ~3;
		if (!config_access(vfio, at, &id, 1, false))
			return false;
		if (id == PCI_CAP_ID_MSIX) {
			if (!config_access(vfio, at + PCI_MSIX_TABLE, &table, 4, false))
				return false;
			*page = (table & PCI_MSIX_TABLE_OFFSET) & ~(uint64_t)(MEMORY_PAGE - 1);
			return (table & PCI_MSIX_TABLE_BIR) == bar;
		}
		if (!config_access(vfio, at + 1, &at, 1, false))
			return false;
	}
	return false;
}

static bool map_bar(struct vfio *vfio, unsigned int bar, uint64_t *gpa)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = bar };
	uint32_t address;
	uint64_t hole;

	if (ioctl(vfio->device, VFIO_DEVICE_GET_REGION_INFO, &info))
		return fail(vfio, "VFIO_DEVICE_GET_REGION_INFO");
	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return true;
	*gpa = (*gpa + info.size - 1) & -info.size;
	address = *gpa;
	vfio->bar[bar].gpa = *gpa;
	vfio->bar[bar].size = info.size;
	*gpa += info.size;
	/* The register that the guest reads; vfio never lets it reach the device. */
	if (!config_access(vfio, PCI_BASE_ADDRESS_0 + 4 * bar, &address, 4, true))
		return fail(vfio, "BAR register");
	vfio->bar[bar].dmabuf = vfio_export_bar(vfio, bar);
	if (vfio->bar[bar].dmabuf < 0)
		return fail(vfio, "VFIO_DEVICE_FEATURE_DMA_BUF");
	if (!msix_page(vfio, bar, &hole))
		return add_section(vfio, bar, 0, info.size);
	return add_section(vfio, bar, 0, hole) &&
	       add_section(vfio, bar, hole + MEMORY_PAGE, info.size - hole - MEMORY_PAGE);
}

bool vfio_open(struct vfio *vfio, const struct assign *assign, int vm, bool connect)
{
	uint64_t gpa = TD_BARS_BEGIN;

	vfio->vm = vm;
	vfio->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (vfio->iommufd < 0)
		return fail(vfio, "/dev/iommu");
	vfio->device = open(assign->cdev, O_RDWR | O_CLOEXEC);
	if (vfio->device < 0)
		return fail(vfio, assign->cdev);
	if (!tell_kvm(vfio) || !attach(vfio) || (connect && !make_vdevice(vfio)) ||
	    !enable_memory(vfio))
		return false;
	for (unsigned int bar = 0; bar < VFIO_BARS; bar++)
		if (!map_bar(vfio, bar, &gpa))
			return false;
	return true;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vfio_close(struct vfio *vfio)
{
	if (vfio->bound)
		vfio_unbind(vfio);
	while (vfio->nr_sections)
		vfio_map_section(vfio, &vfio->section[--vfio->nr_sections], false);
	for (unsigned int bar = 0; bar < VFIO_BARS; bar++)
		close_fd(&vfio->bar[bar].dmabuf);
	close_fd(&vfio->kvm_vfio);
	close_fd(&vfio->device);
	close_fd(&vfio->iommufd);
}

int vfio_set_private(const struct vfio *vfio, const struct vfio_section *section, bool private)
{
	struct kvm_memory_attributes attributes = {
		.address = section->gpa,
		.size = section->size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	return ioctl(vfio->vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes);
}

static int set_all_private(const struct vfio *vfio, bool private)
{
	for (unsigned int i = 0; i < vfio->nr_sections; i++)
		if (vfio_set_private(vfio, &vfio->section[i], private))
			return -1;
	return 0;
}

bool vfio_owns(const struct vfio *vfio, uint64_t gpa, uint64_t size)
{
	for (unsigned int bar = 0; bar < VFIO_BARS; bar++)
		if (vfio->bar[bar].size && gpa < vfio->bar[bar].gpa + vfio->bar[bar].size &&
		    vfio->bar[bar].gpa < gpa + size)
			return true;
	return false;
}

static int tsm_op(struct vfio *vfio, uint32_t op)
{
	struct uapi_vdevice_tsm_op arg = {
		.size = sizeof(arg), .op = op, .vdevice_id = vfio->vdevice_id,
	};

	return ioctl(vfio->iommufd, UAPI_TSM_OP, &arg);
}

int vfio_bind(struct vfio *vfio)
{
	if (tsm_op(vfio, UAPI_TSM_BIND))
		return -1;
	vfio->bound = true;
	return set_all_private(vfio, true);
}

int vfio_unbind(struct vfio *vfio)
{
	if (tsm_op(vfio, UAPI_TSM_UNBIND))
		return -1;
	vfio->bound = false;
	return set_all_private(vfio, false);
}

int vfio_tsm_request(struct vfio *vfio, uint32_t op, void *response, uint32_t *length,
		     uint64_t *status)
{
	struct uapi_vdevice_tsm_req arg = {
		.size = sizeof(arg), .vdevice_id = vfio->vdevice_id,
		.tvm_arch = UAPI_TSM_ARCH_TDX, .op = op,
		.resp_len = *length, .resp_uptr = (uintptr_t)response,
	};
	int result = ioctl(vfio->iommufd, UAPI_TSM_REQ, &arg);

	*length = arg.resp_len;
	*status = arg.tsm_code;
	return result;
}

/* Page by page, as only what was mapped in one piece can be unmapped, and that in one piece. */
int vfio_share(const struct vfio *vfio, uint64_t gpa, uint64_t size, void *memory)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap), .ioas_id = vfio->ioas_id, .iova = gpa, .length = size,
	};
	struct iommu_ioas_map map = {
		.size = sizeof(map), .ioas_id = vfio->ioas_id, .length = MEMORY_PAGE,
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_READABLE |
			 IOMMU_IOAS_MAP_WRITEABLE,
	};

	if (vfio->device < 0)
		return 0;
	if (ioctl(vfio->iommufd, IOMMU_IOAS_UNMAP, &unmap) && errno != ENOENT)
		return -1;
	for (uint64_t at = 0; memory && at < size; at += MEMORY_PAGE) {
		map.user_va = (uintptr_t)memory + at;
		map.iova = gpa + at;
		if (ioctl(vfio->iommufd, IOMMU_IOAS_MAP, &map))
			return -1;
	}
	return 0;
}

/* ---- the TD's PCI view ---- */

bool vfio_is_config_port(uint16_t port)
{
	return port >= CONFIG_ADDRESS_PORT && port < CONFIG_DATA_PORT + 4;
}

/* Offset of the register behind the data port, or -1: another function, or none. */
static int config_register(const struct vfio *vfio, uint16_t port)
{
	uint32_t address = vfio->config_address;

	if (!(address & CONFIG_ENABLE) || (address >> 8 & 0xffff) != VFIO_GUEST_BDF ||
	    vfio->device < 0)
		return -1;
	return (address & (CONFIG_BYTES - 4)) + (port - CONFIG_DATA_PORT);
}

static bool is_bar_register(int reg)
{
	return reg >= PCI_BASE_ADDRESS_0 && reg < PCI_BASE_ADDRESS_0 + 4 * VFIO_BARS;
}

void vfio_config_write(struct vfio *vfio, uint16_t port, unsigned int size, uint32_t value)
{
	int reg;

	if (port < CONFIG_DATA_PORT) {
		if (port == CONFIG_ADDRESS_PORT && size == 4)
			vfio->config_address = value;
		return;
	}
	reg = config_register(vfio, port);
	/* The memslots stay where they are: the guest can't move its BARs. */
	if (reg >= 0 && !is_bar_register(reg))
		config_access(vfio, reg, &value, size, true);
}

uint32_t vfio_config_read(struct vfio *vfio, uint16_t port, unsigned int size)
{
	uint32_t value = 0, ones = size == 4 ? ~0U : (1U << 8 * size) - 1;
	int reg;

	if (port < CONFIG_DATA_PORT)
		return port == CONFIG_ADDRESS_PORT && size == 4 ? vfio->config_address : ones;
	reg = config_register(vfio, port);
	if (reg < 0 || !config_access(vfio, reg, &value, size, false))
		return ones;
	return value;
}
