// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/falloc.h>
#include <linux/kvm.h>

#include "memory.h"

void memory_init(struct memory *memory, int vm)
{
	*memory = (struct memory){ .vm = vm };
}

static int memory_set_private(struct memory *memory, uint64_t gpa, uint64_t size, bool private)
{
	struct kvm_memory_attributes attributes = {
		.address = gpa,
		.size = size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	return ioctl(memory->vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes);
}

int memory_add(struct memory *memory, uint64_t gpa, uint64_t size, bool private)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = memory->nr,
		.guest_phys_addr = gpa,
		.memory_size = size,
	};
	struct kvm_create_guest_memfd create = { .size = size };
	struct memory_slot *slot = &memory->slot[memory->nr];

	if (memory->nr == MEMORY_MAX_SLOTS) {
		errno = ENOSPC;
		return -1;
	}
	*slot = (struct memory_slot){ .gpa = gpa, .size = size, .private = -1 };
	slot->shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (slot->shared == MAP_FAILED)
		return -1;
	memory->nr++;

	region.userspace_addr = (uintptr_t)slot->shared;
	if (private) {
		slot->private = ioctl(memory->vm, KVM_CREATE_GUEST_MEMFD, &create);
		if (slot->private < 0)
			return -1;
		region.flags = KVM_MEM_GUEST_MEMFD;
		region.guest_memfd = slot->private;
	}
	if (ioctl(memory->vm, KVM_SET_USER_MEMORY_REGION2, &region))
		return -1;
	return private ? memory_set_private(memory, gpa, size, true) : 0;
}

static const struct memory_slot *memory_find(const struct memory *memory, uint64_t gpa,
					     uint64_t size)
{
	for (unsigned int i = 0; i < memory->nr; i++) {
		const struct memory_slot *slot = &memory->slot[i];

		if (gpa >= slot->gpa && size <= slot->size && gpa - slot->gpa <= slot->size - size)
			return slot;
	}
	return NULL;
}

void *memory_at(const struct memory *memory, uint64_t gpa, uint64_t size)
{
	const struct memory_slot *slot = memory_find(memory, gpa, size);

	return slot ? slot->shared + (gpa - slot->gpa) : NULL;
}

void memory_discard_shared(struct memory *memory)
{
	for (struct memory_slot *slot = memory->slot; slot < memory->slot + memory->nr; slot++)
		if (slot->private >= 0)
			madvise(slot->shared, slot->size, MADV_DONTNEED);
}

int memory_convert(struct memory *memory, uint64_t gpa, uint64_t size, bool private)
{
	const struct memory_slot *slot = memory_find(memory, gpa, size);

	if (!slot || (private && slot->private < 0)) {
		errno = EINVAL;
		return -1;
	}
	if (slot->private < 0)
		return 0;
	if (memory_set_private(memory, gpa, size, private))
		return -1;
	if (private)
		return madvise(slot->shared + (gpa - slot->gpa), size, MADV_DONTNEED);
	return fallocate(slot->private, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			 gpa - slot->gpa, size);
}

void memory_free(struct memory *memory)
{
	for (struct memory_slot *slot = memory->slot; slot < memory->slot + memory->nr; slot++) {
		munmap(slot->shared, slot->size);
		if (slot->private >= 0)
			close(slot->private);
	}
	memory->nr = 0;
}
