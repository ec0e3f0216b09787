// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm_para.h>

#include "cpuid.h"
#include "load.h"
#include "record.h"
#include "td.h"
#include "tdx_abi/td.h"
#include "uapi.h"
#include "vcpu.h"

#define APIC_BUS_CYCLE_NS	40	/* 25 MHz, the crystal that CPUID leaf 15H of a TD shows */

void td_end(struct td *td, unsigned int vcpu, enum td_end reason, uint64_t detail,
	    const char *format, ...)
{
	uint64_t one = 1;
	va_list args;

	pthread_mutex_lock(&td->lock);
	if (!td->ended) {
		td->ended = true;
		td->end.reason = reason;
		td->end.vcpu = vcpu;
		td->end.detail = detail;
		va_start(args, format);
		vsnprintf(td->reason, sizeof(td->reason), format, args);
		va_end(args);
		if (td->done >= 0 && write(td->done, &one, sizeof(one)) < 0)
			record_error("eventfd: %s", strerror(errno));
	}
	pthread_mutex_unlock(&td->lock);
}

bool td_ended(struct td *td)
{
	bool ended;

	pthread_mutex_lock(&td->lock);
	ended = td->ended;
	pthread_mutex_unlock(&td->lock);
	return ended;
}

/* A step of the creation failed with errno, perhaps because the TDX module said @status. */
static bool td_fail(struct td *td, const char *step, uint64_t status)
{
	int error = errno;

	td_end(td, 0, TD_END_VMM_ERROR, error, "%s: %s, TDX status %#llx", step, strerror(error),
	       (unsigned long long)status);
	return false;
}

static int td_ioctl(int fd, enum kvm_tdx_cmd_id id, uint32_t flags, uint64_t data, uint64_t *status)
{
	struct kvm_tdx_cmd cmd = { .id = id, .flags = flags, .data = data };
	int result = ioctl(fd, KVM_MEMORY_ENCRYPT_OP, &cmd);

	*status = cmd.hw_error;
	return result;
}

static int td_enable(struct td *td, uint32_t capability, uint64_t arg)
{
	struct kvm_enable_cap cap = { .cap = capability, .args = { arg } };

	return ioctl(td->vm, KVM_ENABLE_CAP, &cap);
}

/* A kvm_cpuid2 with room for CPUID_MAX_ENTRIES, behind @head bytes; freed by free(). */
static void *cpuid_alloc(size_t head)
{
	struct kvm_cpuid2 *cpuid;
	uint8_t *memory = calloc(1, head + sizeof(*cpuid) +
				    CPUID_MAX_ENTRIES * sizeof(cpuid->entries[0]));

	if (memory) {
		cpuid = (struct kvm_cpuid2 *)(memory + head);
		cpuid->nent = CPUID_MAX_ENTRIES;
	}
	return memory;
}

static bool td_create_vm(struct td *td)
{
	uint64_t status = 0;

	td->vm = ioctl(td->kvm, KVM_CREATE_VM, KVM_X86_TDX_VM);
	if (td->vm < 0)
		return td_fail(td, "KVM_CREATE_VM", 0);
	memory_init(&td->memory, td->vm);
	td->caps = cpuid_alloc(offsetof(typeof(*td->caps), cpuid));
	if (!td->caps || td_ioctl(td->vm, KVM_TDX_CAPABILITIES, 0, (uintptr_t)td->caps, &status))
		return td_fail(td, "KVM_TDX_CAPABILITIES", status);
	if (td_enable(td, KVM_CAP_SPLIT_IRQCHIP, 24))
		return td_fail(td, "KVM_CAP_SPLIT_IRQCHIP", 0);
	if (td_enable(td, KVM_CAP_EXIT_HYPERCALL, 1 << KVM_HC_MAP_GPA_RANGE))
		return td_fail(td, "KVM_CAP_EXIT_HYPERCALL", 0);
	/* Without it the guest's APIC timer runs 40 times too fast. */
	if (td_enable(td, KVM_CAP_X86_APIC_BUS_CYCLES_NS, APIC_BUS_CYCLE_NS))
		return td_fail(td, "KVM_CAP_X86_APIC_BUS_CYCLES_NS", 0);
	return true;
}

static bool td_init_vm(struct td *td)
{
	struct kvm_tdx_init_vm *init = cpuid_alloc(offsetof(typeof(*init), cpuid));
	struct kvm_cpuid2 *supported = cpuid_alloc(0);
	bool ok = false;
	uint64_t status = 0;

	if (!init || !supported || ioctl(td->kvm, KVM_GET_SUPPORTED_CPUID, supported)) {
		td_fail(td, "KVM_GET_SUPPORTED_CPUID", 0);
		goto out;
	}

	init->attributes = td->plan->ve_disable ? TDX_ATTR_SEPT_VE_DISABLE : 0;
	init->xfam = td->caps->supported_xfam;
	init->cpuid.nent = td->caps->cpuid.nent;
	memcpy(init->cpuid.entries, td->caps->cpuid.entries,
	       init->cpuid.nent * sizeof(init->cpuid.entries[0]));
	cpuid_configure(&init->cpuid, supported, td->plan->gpaw, td->plan->vcpus);
	ok = !td_ioctl(td->vm, KVM_TDX_INIT_VM,
		       td->plan->device == PLAN_CONNECT_DEVICE ? UAPI_TDX_INIT_VM_F_CONNECT : 0,
		       (uintptr_t)init, &status);
	if (!ok)
		td_fail(td, "KVM_TDX_INIT_VM", status);
out:
	free(init);
	free(supported);
	return ok;
}

static bool td_set_cpuid(struct td *td, struct vcpu *vcpu)
{
	struct kvm_cpuid2 *cpuid = cpuid_alloc(0);
	uint64_t status = 0;
	bool ok = false;

	if (!cpuid || td_ioctl(vcpu->fd, KVM_TDX_GET_CPUID, 0, (uintptr_t)cpuid, &status)) {
		td_fail(td, "KVM_TDX_GET_CPUID", status);
		goto out;
	}
	cpuid_set_vcpu(cpuid, vcpu->index);
	ok = !ioctl(vcpu->fd, KVM_SET_CPUID2, cpuid);
	if (!ok)
		td_fail(td, "KVM_SET_CPUID2", 0);
out:
	free(cpuid);
	return ok;
}

static bool td_create_vcpu(struct td *td, struct vcpu *vcpu)
{
	void *run;

	vcpu->fd = ioctl(td->vm, KVM_CREATE_VCPU, vcpu->index);
	if (vcpu->fd < 0)
		return td_fail(td, "KVM_CREATE_VCPU", 0);
	run = mmap(NULL, td->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (run == MAP_FAILED)
		return td_fail(td, "mmap of struct kvm_run", 0);
	vcpu->run = run;
	return td_set_cpuid(td, vcpu);
}

static bool td_create_vcpus(struct td *td)
{
	uint64_t status;

	td->run_size = ioctl(td->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	for (unsigned int i = 0; i < td->plan->vcpus; i++)
		if (!td_create_vcpu(td, &td->vcpu[i]))
			return false;
	for (unsigned int i = 0; i < td->plan->vcpus; i++)
		if (td_ioctl(td->vcpu[i].fd, KVM_TDX_INIT_VCPU, 0, td->first_rcx, &status))
			return td_fail(td, "KVM_TDX_INIT_VCPU", status);
	return true;
}

/* Copy [@gpa, @gpa + @size) from the shared half into the private one. */
static bool td_populate(struct td *td, uint64_t gpa, uint64_t size, bool measure)
{
	struct kvm_tdx_init_mem_region region = {
		.source_addr = (uintptr_t)memory_at(&td->memory, gpa, size),
		.gpa = gpa,
		.nr_pages = size / MEMORY_PAGE,
	};
	uint64_t status;

	/* KVM advances the region as it goes, so an interrupted call resumes. */
	while (td_ioctl(td->vcpu[0].fd, KVM_TDX_INIT_MEM_REGION,
			measure ? KVM_TDX_MEASURE_MEMORY_REGION : 0, (uintptr_t)&region, &status))
		if (errno != EINTR && errno != EAGAIN && errno != EBUSY)
			return td_fail(td, "KVM_TDX_INIT_MEM_REGION", status);
	return true;
}

static bool td_finalize(struct td *td)
{
	uint64_t status;

	/* Below the reset vector nothing is used: only MRTD tells. */
	if (td->plan->lie == TEST_LIE_PATCH_IMAGE)
		*(uint8_t *)memory_at(&td->memory, FOUR_GIB - 17, 1) ^= 1;
	if (!td_populate(td, td->image_gpa, FOUR_GIB - td->image_gpa, true))
		return false;
	/* Linux can't accept memory without EFI, so its RAM is there from the start. */
	if (td->plan->kind == PLAN_LINUX && !td_populate(td, 0, td->plan->mem_mib << 20, false))
		return false;
	memory_discard_shared(&td->memory);
	if (td_ioctl(td->vm, KVM_TDX_FINALIZE_VM, 0, 0, &status))
		return td_fail(td, "KVM_TDX_FINALIZE_VM", status);
	return true;
}

static bool td_add_memory(struct td *td, uint64_t image_size)
{
	td->image_gpa = FOUR_GIB - image_size;
	if (memory_add(&td->memory, 0, td->plan->mem_mib << 20, true) ||
	    memory_add(&td->memory, td->image_gpa, image_size, true) ||
	    memory_add(&td->memory, MEMORY_WINDOW_GPA, CHANNEL_WINDOW_SIZE, false))
		return td_fail(td, "memory slots", 0);
	return true;
}

static bool td_unsupported(struct td *td, const char *what)
{
	td_end(td, 0, TD_END_UNSUPPORTED, 0, "%s", what);
	return false;
}

static unsigned int td_nr_devices(const struct td *td)
{
	if (td->plan->device == PLAN_NO_DEVICE)
		return 0;
	return td->which == TD_NEIGHBOUR ? 1 : td->plan->devices;
}

/* Can this host do what the plan asks for, also for a neighbour? Before anything is made of it. */
static bool td_check_devices(struct td *td)
{
	const struct assign *end = td->assign + td_nr_devices(td);

	if (td->which == TD_OF_TEST && end > td->assign)
		end += td->plan->neighbour;
	for (const struct assign *a = td->assign; a < end; a++) {
		if (!*a->cdev)
			return td_unsupported(td, "no device is assigned to vfio-pci in L1");
		if (ioctl(td->vm, KVM_CHECK_EXTENSION, UAPI_CAP_DMABUF_MMIO) <= 0)
			return td_unsupported(td, "this kernel has no dma-buf memslots");
		if (td->plan->device == PLAN_CONNECT_DEVICE && !a->connected)
			return td_unsupported(td, "the device is not connected to a TSM");
	}
	return true;
}

static bool td_add_device(struct td *td, const struct assign *assign)
{
	bool connect = td->plan->device == PLAN_CONNECT_DEVICE;
	struct vfio_device *device = vfio_open(&td->vfio, assign, td->vm, connect);
	uint64_t bytes = 0;

	if (!device)
		return td_fail(td, td->vfio.failed, 0);
	if (td->plan->probe && !probe_open(&td->probe[device->index], device))
		return td_fail(td, td->probe[device->index].failed, 0);
	for (unsigned int i = 0; i < device->nr_sections; i++)
		bytes += device->section[i].size;
	record_step(td->which, STEP_OPEN, 0, 0, bytes, assign->cdev);
	return true;
}

static bool td_add_devices(struct td *td)
{
	for (unsigned int n = 0; n < td_nr_devices(td); n++)
		if (!td_add_device(td, &td->assign[n]))
			return false;
	return true;
}

static void td_remove_devices(struct td *td)
{
	unsigned int devices = td->vfio.nr_devices;

	for (unsigned int n = 0; n < VFIO_MAX_DEVICES; n++)
		probe_close(&td->probe[n]);
	vfio_close(&td->vfio);
	while (devices--)
		record_step(td->which, STEP_CLOSE, 0, 0, 0, "");
}

/* One more mapping of the page where both TDs meet, in the place of a page of the window. */
static bool td_open_meeting(struct td *td, struct channel_window *window)
{
	void *place = (uint8_t *)window + CHANNEL_MEETING_OFFSET;

	if (!td->meeting)
		return true;
	window->flags |= CHANNEL_F_MEETING | (td->which == TD_NEIGHBOUR ? CHANNEL_F_NEIGHBOUR : 0);
	/* mremap(2): with an old size of 0 the shared mapping that is there stays. */
	return mremap(td->meeting, 0, MEMORY_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place ||
	       td_fail(td, "page to meet in", 0);
}

/* What the guest finds in the channel window (core/channel.h). */
static bool td_open_window(struct td *td)
{
	struct channel_window *window =
		memory_at(&td->memory, MEMORY_WINDOW_GPA, CHANNEL_WINDOW_SIZE);

	window->magic = CHANNEL_MAGIC;
	window->version = CHANNEL_VERSION;
	memcpy(window->test, td->plan->test, sizeof(window->test));
	window->seed = td->plan->seed;
	window->ram_bytes = td->plan->mem_mib << 20;
	window->nr_vcpus = td->plan->vcpus;
	window->flags = td->plan->flags;
	window->device = td->plan->device;
	window->nr_devices = td->which == TD_NEIGHBOUR ? 1 : td->plan->devices;
	memcpy(window->arg, td->plan->arg, sizeof(window->arg));
	ring_init(&td->ring, window);
	return td_open_meeting(td, window);
}

/* A step of loading failed: @load says which, and why. */
static bool td_load(struct td *td, const struct load *load, int result)
{
	errno = load->error;
	return result ? td_fail(td, load->what, 0) : true;
}

bool td_create(struct td *td)
{
	struct load load = { .plan = td->plan, .memory = &td->memory };
	bool ok = td_load(td, &load, load_open(&load)) && td_create_vm(td) &&
		  td_check_devices(td) &&
		  td_add_memory(td, load.image_size) && td_load(td, &load, load_place(&load));

	td->first_rcx = load.first_rcx;
	load_close(&load);
	if (!ok)
		return false;
	return td_open_window(td) && td_init_vm(td) && td_add_devices(td) &&
	       td_create_vcpus(td) && td_finalize(td);
}

void td_destroy(struct td *td)
{
	device_flush(&td->device);
	td_remove_devices(td);
	for (struct vcpu *vcpu = td->vcpu; vcpu < td->vcpu + PLAN_MAX_VCPUS; vcpu++) {
		if (vcpu->run)
			munmap(vcpu->run, td->run_size);
		if (vcpu->fd >= 0)
			close(vcpu->fd);
	}
	free(td->caps);
	memory_free(&td->memory);
	if (td->vm >= 0)
		close(td->vm);
	if (td->done >= 0)
		close(td->done);
	td->done = -1;
}

void td_drain(struct td *td)
{
	uint8_t payload[CHANNEL_PAYLOAD_MAX];
	struct record header;
	bool was_broken;

	if (!td->ring.window)
		return;
	pthread_mutex_lock(&td->drain_lock);
	was_broken = td->ring.broken;
	/* Bounded, as a guest may write as fast as this reads. */
	for (unsigned int i = 0; i < CHANNEL_RING_SIZE / sizeof(header); i++) {
		if (!ring_next(&td->ring, &header, payload))
			break;
		header.source = td->which == TD_NEIGHBOUR ? REC_FROM_NEIGHBOUR : REC_FROM_GUEST;
		record_forward(&header, payload);
	}
	record_flush();
	if (td->ring.broken && !was_broken)
		record_error("TD %s: %s; its later records are lost", td->plan->name,
			     td->ring.broken);
	pthread_mutex_unlock(&td->drain_lock);
}

void td_start(struct td *td)
{
	for (unsigned int i = 0; i < td->plan->vcpus; i++)
		if ((errno = vcpu_start(&td->vcpu[i])))
			td_fail(td, "vCPU thread", 0);
}

void td_stop(struct td *td)
{
	for (unsigned int i = 0; i < td->plan->vcpus; i++)
		vcpu_stop(&td->vcpu[i]);
}

void td_init(struct td *td, const struct plan_td *plan, enum channel_td which, int kvm,
	     const struct assign *assign, struct channel_meeting *meeting)
{
	unsigned int before = which == TD_NEIGHBOUR ? plan->devices : 0;

	*td = (struct td){
		.plan = plan, .which = which, .kvm = kvm, .vm = -1, .assign = assign + before,
		.meeting = meeting,
		.lock = PTHREAD_MUTEX_INITIALIZER, .drain_lock = PTHREAD_MUTEX_INITIALIZER,
		.done = eventfd(0, EFD_CLOEXEC), .end.td = which,
	};
	for (unsigned int i = 0; i < PLAN_MAX_VCPUS; i++)
		td->vcpu[i] = (struct vcpu){ .td = td, .index = i, .fd = -1 };
	device_init(&td->device);
	vfio_init(&td->vfio, VFIO_GUEST_BDF + VFIO_NEXT_BDF * before);
	for (unsigned int n = 0; n < VFIO_MAX_DEVICES; n++) {
		td->probe[n].config = -1;
		pthread_mutex_init(&td->tdcm_lock[n], NULL);
	}
	if (td->done < 0)
		td_fail(td, "eventfd", 0);
}
