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

void vfio_init(struct vfio *vfio, uint16_t bdf)
{
	*vfio = (struct vfio){
		.vm = -1, .iommufd = -1, .kvm_vfio = -1, .next_gpa = TD_BARS_BEGIN, .bdf = bdf,
	};
}

static bool fail(struct vfio *vfio, const char *step)
{
	vfio->failed = step;
	return false;
}

/* What the devices share, before the first of them. */
static bool open_shared(struct vfio *vfio, int vm)
{
	struct kvm_create_device create = { .type = KVM_DEV_TYPE_VFIO };

	vfio->vm = vm;
	vfio->iommufd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	if (vfio->iommufd < 0)
		return fail(vfio, "/dev/iommu");
	if (ioctl(vm, KVM_CREATE_DEVICE, &create))
		return fail(vfio, "KVM_CREATE_DEVICE VFIO");
	vfio->kvm_vfio = create.fd;
	return true;
}

/* KVM has to know the device before iommufd does: the TSM bind needs the VM (P07). */
static bool tell_kvm(struct vfio_device *device)
{
	struct kvm_device_attr attr = {
		.group = KVM_DEV_VFIO_FILE,
		.attr = KVM_DEV_VFIO_FILE_ADD,
		.addr = (uintptr_t)&device->file,
	};

	return !ioctl(device->vfio->kvm_vfio, KVM_SET_DEVICE_ATTR, &attr) ||
	       fail(device->vfio, "KVM_DEV_VFIO_FILE_ADD");
}

/* The first device is needed to make the address space that all of them are attached to. */
static bool make_hwpt(struct vfio *vfio, uint32_t dev_id)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };
	struct iommu_hwpt_alloc hwpt = { .size = sizeof(hwpt), .dev_id = dev_id };

	if (ioctl(vfio->iommufd, IOMMU_IOAS_ALLOC, &ioas))
		return fail(vfio, "IOMMU_IOAS_ALLOC");
	vfio->ioas_id = hwpt.pt_id = ioas.out_ioas_id;
	if (ioctl(vfio->iommufd, IOMMU_HWPT_ALLOC, &hwpt))
		return fail(vfio, "IOMMU_HWPT_ALLOC");
	vfio->hwpt_id = hwpt.out_hwpt_id;
	return true;
}

static bool attach(struct vfio_device *device)
{
	struct vfio *vfio = device->vfio;
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind), .iommufd = vfio->iommufd };
	struct vfio_device_attach_iommufd_pt attach = { .argsz = sizeof(attach) };

	if (ioctl(device->file, VFIO_DEVICE_BIND_IOMMUFD, &bind))
		return fail(vfio, "VFIO_DEVICE_BIND_IOMMUFD");
	device->dev_id = bind.out_devid;
	if (!vfio->hwpt_id && !make_hwpt(vfio, device->dev_id))
		return false;
	attach.pt_id = vfio->hwpt_id;
	return !ioctl(device->file, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach) ||
	       fail(vfio, "VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

static bool make_viommu(struct vfio *vfio, uint32_t dev_id)
{
	struct iommu_viommu_alloc viommu = {
		.size = sizeof(viommu), .type = UAPI_VIOMMU_TYPE_TSM, .dev_id = dev_id,
		.hwpt_id = vfio->hwpt_id,
	};

	if (ioctl(vfio->iommufd, IOMMU_VIOMMU_ALLOC, &viommu))
		return fail(vfio, "IOMMU_VIOMMU_ALLOC");
	vfio->viommu_id = viommu.out_viommu_id;
	return true;
}

static bool make_vdevice(struct vfio_device *device)
{
	struct vfio *vfio = device->vfio;
	struct iommu_vdevice_alloc vdevice = {
		.size = sizeof(vdevice), .dev_id = device->dev_id, .virt_id = device->bdf,
	};

	if (!vfio->viommu_id && !make_viommu(vfio, device->dev_id))
		return false;
	vdevice.viommu_id = vfio->viommu_id;
	if (ioctl(vfio->iommufd, IOMMU_VDEVICE_ALLOC, &vdevice))
		return fail(vfio, "IOMMU_VDEVICE_ALLOC");
	device->vdevice_id = vdevice.out_vdevice_id;
	return true;
}

static bool config_access(struct vfio_device *device, unsigned int at, void *value,
			  unsigned int size, bool write)
{
	off_t offset = device->config + at;

	return (write ? pwrite(device->file, value, size, offset) :
			pread(device->file, value, size, offset)) == (ssize_t)size;
}

/* A dma-buf is born usable only while the device decodes memory. */
static bool enable_memory(struct vfio_device *device)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info), .index = VFIO_PCI_CONFIG_REGION_INDEX,
	};
	uint16_t command;

	if (ioctl(device->file, VFIO_DEVICE_GET_REGION_INFO, &info))
		return fail(device->vfio, "VFIO_DEVICE_GET_REGION_INFO");
	device->config = info.offset;
	if (!config_access(device, PCI_COMMAND, &command, sizeof(command), false))
		return fail(device->vfio, "PCI command register");
	command |= PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER;
	return config_access(device, PCI_COMMAND, &command, sizeof(command), true) ||
	       fail(device->vfio, "PCI command register");
}

int vfio_export_bar(const struct vfio_device *device, unsigned int bar)
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
	get->dma_ranges[0].length = device->bar[bar].size;
	fd = ioctl(device->file, VFIO_DEVICE_FEATURE, feature);
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

static bool add_section(struct vfio_device *device, unsigned int bar, uint64_t offset, uint64_t size)
{
	struct vfio_section *section = &device->section[device->nr_sections];

	if (!size)
		return true;
	if (device->nr_sections == VFIO_MAX_SECTIONS) {
		errno = ENOSPC;
		return fail(device->vfio, "sections of BARs");
	}
	*section = (struct vfio_section){
		.dmabuf = device->bar[bar].dmabuf,
		.slot = VFIO_FIRST_SLOT + device->index * VFIO_MAX_SECTIONS + device->nr_sections,
		.gpa = device->bar[bar].gpa + offset, .offset = offset, .size = size,
	};
	if (vfio_map_section(device->vfio, section, true))
		return fail(device->vfio, "memslot of a BAR");
	device->nr_sections++;
	return true;
}

/* Where the MSI-X table lies: its page stays out of the slots, the guest gets an emulated one. */
static bool msix_page(struct vfio_device *device, unsigned int bar, uint64_t *page)
{
	uint8_t at, id;
	uint32_t table;

	if (!config_access(device, PCI_CAPABILITY_LIST, &at, 1, false))
		return false;
	for (unsigned int n = 0; at && n < 48; n++) {
		at &= ~3;
		if (!config_access(device, at, &id, 1, false))
			return false;
		if (id == PCI_CAP_ID_MSIX) {
			if (!config_access(device, at + PCI_MSIX_TABLE, &table, 4, false))
				return false;
			*page = (table & PCI_MSIX_TABLE_OFFSET) & ~(uint64_t)(MEMORY_PAGE - 1);
			return (table & PCI_MSIX_TABLE_BIR) == bar;
		}
		if (!config_access(device, at + 1, &at, 1, false))
			return false;
	}
	return false;
}

static bool map_bar(struct vfio_device *device, unsigned int bar)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = bar };
	struct vfio *vfio = device->vfio;
	uint32_t address;
	uint64_t hole;

	if (ioctl(device->file, VFIO_DEVICE_GET_REGION_INFO, &info))
		return fail(vfio, "VFIO_DEVICE_GET_REGION_INFO");
	if (!(info.flags & VFIO_REGION_INFO_FLAG_MMAP))
		return true;
	vfio->next_gpa = (vfio->next_gpa + info.size - 1) & -info.size;
	address = vfio->next_gpa;
	device->bar[bar].gpa = vfio->next_gpa;
	device->bar[bar].size = info.size;
	vfio->next_gpa += info.size;
	/* The register that the guest reads; vfio never lets it reach the device. */
	if (!config_access(device, PCI_BASE_ADDRESS_0 + 4 * bar, &address, 4, true))
		return fail(vfio, "BAR register");
	device->bar[bar].dmabuf = vfio_export_bar(device, bar);
	if (device->bar[bar].dmabuf < 0)
		return fail(vfio, "VFIO_DEVICE_FEATURE_DMA_BUF");
	if (!msix_page(device, bar, &hole))
		return add_section(device, bar, 0, info.size);
	return add_section(device, bar, 0, hole) &&
	       add_section(device, bar, hole + MEMORY_PAGE, info.size - hole - MEMORY_PAGE);
}

/* One more device; from here on vfio_close() knows it. */
static struct vfio_device *add_device(struct vfio *vfio, const struct assign *assign)
{
	struct vfio_device *device = &vfio->device[vfio->nr_devices];

	*device = (struct vfio_device){
		.vfio = vfio, .assign = assign, .index = vfio->nr_devices,
		.bdf = vfio->bdf + VFIO_NEXT_BDF * vfio->nr_devices,
		.file = open(assign->cdev, O_RDWR | O_CLOEXEC),
	};
	for (unsigned int bar = 0; bar < VFIO_BARS; bar++)
		device->bar[bar].dmabuf = -1;
	vfio->nr_devices += device->file >= 0;
	return device;
}

struct vfio_device *vfio_open(struct vfio *vfio, const struct assign *assign, int vm, bool connect)
{
	struct vfio_device *device;

	if (!vfio->nr_devices && !open_shared(vfio, vm))
		return NULL;
	device = add_device(vfio, assign);
	if (device->file < 0) {
		fail(vfio, assign->cdev);
		return NULL;
	}
	if (!tell_kvm(device) || !attach(device) || (connect && !make_vdevice(device)) ||
	    !enable_memory(device))
		return NULL;
	for (unsigned int bar = 0; bar < VFIO_BARS; bar++)
		if (!map_bar(device, bar))
			return NULL;
	return device;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void vfio_close(struct vfio *vfio)
{
	for (unsigned int n = 0; n < vfio->nr_devices; n++) {
		struct vfio_device *device = &vfio->device[n];

		if (device->bound)
			vfio_unbind(device);
		while (device->nr_sections)
			vfio_map_section(vfio, &device->section[--device->nr_sections], false);
		for (unsigned int bar = 0; bar < VFIO_BARS; bar++)
			close_fd(&device->bar[bar].dmabuf);
	}
	close_fd(&vfio->kvm_vfio);
	for (unsigned int n = 0; n < vfio->nr_devices; n++)
		close_fd(&vfio->device[n].file);
	close_fd(&vfio->iommufd);
	vfio->nr_devices = 0;
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

static int set_all_private(const struct vfio_device *device, bool private)
{
	for (unsigned int i = 0; i < device->nr_sections; i++)
		if (vfio_set_private(device->vfio, &device->section[i], private))
			return -1;
	return 0;
}

bool vfio_owns(const struct vfio *vfio, uint64_t gpa, uint64_t size)
{
	for (unsigned int n = 0; n < vfio->nr_devices * VFIO_BARS; n++) {
		const struct vfio_device *device = &vfio->device[n / VFIO_BARS];
		uint64_t begin = device->bar[n % VFIO_BARS].gpa;

		if (gpa < begin + device->bar[n % VFIO_BARS].size && begin < gpa + size)
			return true;
	}
	return false;
}

struct vfio_device *vfio_find(struct vfio *vfio, uint64_t bdf)
{
	for (unsigned int n = 0; n < vfio->nr_devices; n++)
		if (vfio->device[n].bdf == bdf)
			return &vfio->device[n];
	return NULL;
}

static int tsm_op(struct vfio_device *device, uint32_t op)
{
	struct uapi_vdevice_tsm_op arg = {
		.size = sizeof(arg), .op = op, .vdevice_id = device->vdevice_id,
	};

	return ioctl(device->vfio->iommufd, UAPI_TSM_OP, &arg);
}

int vfio_bind(struct vfio_device *device)
{
	if (tsm_op(device, UAPI_TSM_BIND))
		return -1;
	device->bound = true;
	return set_all_private(device, true);
}

int vfio_unbind(struct vfio_device *device)
{
	if (tsm_op(device, UAPI_TSM_UNBIND))
		return -1;
	device->bound = false;
	return set_all_private(device, false);
}

int vfio_tsm_request(struct vfio_device *device, uint32_t op, void *response, uint32_t *length,
		     uint64_t *status)
{
	struct uapi_vdevice_tsm_req arg = {
		.size = sizeof(arg), .vdevice_id = device->vdevice_id,
		.tvm_arch = UAPI_TSM_ARCH_TDX, .op = op,
		.resp_len = *length, .resp_uptr = (uintptr_t)response,
	};
	int result = ioctl(device->vfio->iommufd, UAPI_TSM_REQ, &arg);

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

	if (!vfio->nr_devices)
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

/* The function and the register behind the data port. NULL: there is none. */
static struct vfio_device *config_register(struct vfio *vfio, uint16_t port, int *reg)
{
	uint32_t address = vfio->config_address;

	*reg = (address & (CONFIG_BYTES - 4)) + (port - CONFIG_DATA_PORT);
	return address & CONFIG_ENABLE ? vfio_find(vfio, address >> 8 & 0xffff) : NULL;
}

static bool is_bar_register(int reg)
{
	return reg >= PCI_BASE_ADDRESS_0 && reg < PCI_BASE_ADDRESS_0 + 4 * VFIO_BARS;
}

void vfio_config_write(struct vfio *vfio, uint16_t port, unsigned int size, uint32_t value)
{
	struct vfio_device *device;
	int reg;

	if (port < CONFIG_DATA_PORT) {
		if (port == CONFIG_ADDRESS_PORT && size == 4)
			vfio->config_address = value;
		return;
	}
	device = config_register(vfio, port, &reg);
	/* The memslots stay where they are: the guest can't move its BARs. */
	if (device && !is_bar_register(reg))
		config_access(device, reg, &value, size, true);
}

uint32_t vfio_config_read(struct vfio *vfio, uint16_t port, unsigned int size)
{
	uint32_t value = 0, ones = size == 4 ? ~0U : (1U << 8 * size) - 1;
	struct vfio_device *device;
	int reg;

	if (port < CONFIG_DATA_PORT)
		return port == CONFIG_ADDRESS_PORT && size == 4 ? vfio->config_address : ones;
	device = config_register(vfio, port, &reg);
	if (!device || !config_access(device, reg, &value, size, false))
		return ones;
	return value;
}
