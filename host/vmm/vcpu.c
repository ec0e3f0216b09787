// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm_para.h>

#include "tdcm.h"
#include "tdx_abi/ghci.h"
#include "vcpu.h"

#define KICK_SIGNAL	SIGUSR1

/* Slots of rec_td_end.exits. */
enum exit_count {
	EXITS_IO, EXITS_MMIO, EXITS_HYPERCALL, EXITS_TDX, EXITS_MEMORY_FAULT, EXITS_SYSTEM_EVENT,
	EXITS_HLT, EXITS_OTHER,
};

static void vcpu_count(struct vcpu *vcpu, enum exit_count kind)
{
	__atomic_fetch_add(&vcpu->td->end.exits[kind], 1, __ATOMIC_RELAXED);
}

static void vcpu_io(struct vcpu *vcpu)
{
	struct td *td = vcpu->td;
	struct kvm_run *run = vcpu->run;
	uint8_t *data = (uint8_t *)run + run->io.data_offset;

	vcpu_count(vcpu, EXITS_IO);
	/* Fact sheet 4.5: TDVMCALL IO moves one datum; string I/O is the guest's own loop. */
	if (run->io.direction == KVM_EXIT_IO_OUT) {
		struct device_exit end;
		uint32_t value = 0;

		memcpy(&value, data, run->io.size);
		if (vfio_is_config_port(run->io.port)) {
			vfio_config_write(&td->vfio, run->io.port, run->io.size, value);
			return;
		}
		end = device_write(&td->device, run->io.port, run->io.size, value);
		if (end.ended)
			td_end(td, vcpu->index, TD_END_SHUTDOWN, end.code, "the guest shut down");
	} else {
		uint32_t value = vfio_is_config_port(run->io.port) ?
			vfio_config_read(&td->vfio, run->io.port, run->io.size) :
			device_read(&td->device, run->io.port, run->io.size);

		memcpy(data, &value, run->io.size);
	}
}

/* What the TD shares its device reaches by DMA, and nothing else. */
static int vcpu_convert(struct td *td, uint64_t gpa, uint64_t size, bool private)
{
	if ((private && vfio_share(&td->vfio, gpa, size, NULL)) ||
	    memory_convert(&td->memory, gpa, size, private))
		return -1;
	return private ? 0 :
	       vfio_share(&td->vfio, gpa, size, memory_at(&td->memory, gpa, size));
}

static void vcpu_map_gpa(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint64_t gpa = run->hypercall.args[0], pages = run->hypercall.args[1];
	bool private = run->hypercall.args[2] & KVM_MAP_GPA_RANGE_ENCRYPTED;

	vcpu_count(vcpu, EXITS_HYPERCALL);
	run->hypercall.ret = 0;
	/* A BAR is private while the device is bound, and shared else: the guest has no say (C 1.2). */
	if (run->hypercall.nr != KVM_HC_MAP_GPA_RANGE ||
	    vfio_owns(&vcpu->td->vfio, gpa, pages * MEMORY_PAGE) ||
	    vcpu_convert(vcpu->td, gpa, pages * MEMORY_PAGE, private))
		run->hypercall.ret = EINVAL;
}

/* An access of one kind to a page of the other: the guest's mistake, or Linux probing a page. */
static void vcpu_memory_fault(struct vcpu *vcpu)
{
	struct td *td = vcpu->td;
	struct kvm_run *run = vcpu->run;
	bool private = run->memory_fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE;

	vcpu_count(vcpu, EXITS_MEMORY_FAULT);
	if (!vfio_owns(&td->vfio, run->memory_fault.gpa, run->memory_fault.size) && (td->plan->convert || td->plan->kind == PLAN_LINUX) &&
	    !vcpu_convert(td, run->memory_fault.gpa, run->memory_fault.size, private))
		return;
	td_end(td, vcpu->index, TD_END_REFUSED, run->memory_fault.gpa,
	       "%s access to GPA %#llx, which is not", private ? "private" : "shared",
	       (unsigned long long)run->memory_fault.gpa);
}

/* KVM_SYSTEM_EVENT_TDX_FATAL has the guest's registers in KVM's order. */
static void vcpu_fatal(struct vcpu *vcpu)
{
	enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R12 = 12, R14 = 14, R15 };
	/* GHCI ReportFatalError, fact sheet 4.5: 64 bytes of text in these. */
	static const uint8_t text_order[] = { R14, R15, RBX, RDI, RSI, R8, R9, RDX };
	const uint64_t *reg = (const void *)vcpu->run->system_event.data;
	char text[sizeof(text_order) * 8 + 1] = "";

	for (unsigned int i = 0; i < sizeof(text_order); i++)
		memcpy(text + 8 * i, &reg[text_order[i]], 8);
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '.';
	td_end(vcpu->td, vcpu->index, TD_END_FATAL, reg[R12], "ReportFatalError %#llx: %s",
	       (unsigned long long)reg[R12], text);
}

static void vcpu_system_event(struct vcpu *vcpu)
{
	uint32_t type = vcpu->run->system_event.type;

	vcpu_count(vcpu, EXITS_SYSTEM_EVENT);
	if (type == KVM_SYSTEM_EVENT_TDX_FATAL)
		vcpu_fatal(vcpu);
	else
		td_end(vcpu->td, vcpu->index, TD_END_KVM_ERROR, KVM_EXIT_SYSTEM_EVENT,
		       "system event %u", type);
}

static void vcpu_unexpected(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	uint64_t status = 0;

	vcpu_count(vcpu, EXITS_OTHER);
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR && run->internal.ndata)
		status = run->internal.data[0];
	else if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		status = run->fail_entry.hardware_entry_failure_reason;
	td_end(vcpu->td, vcpu->index, TD_END_KVM_ERROR, run->exit_reason,
	       "KVM exit %u, suberror %u, TDX status %#llx", run->exit_reason,
	       run->exit_reason == KVM_EXIT_INTERNAL_ERROR ? run->internal.suberror : 0,
	       (unsigned long long)status);
}

static void vcpu_exit(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		vcpu_io(vcpu);
		break;
	case KVM_EXIT_MMIO:
		vcpu_count(vcpu, EXITS_MMIO);
		if (!run->mmio.is_write)
			memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
		break;
	case KVM_EXIT_HYPERCALL:
		vcpu_map_gpa(vcpu);
		break;
	case KVM_EXIT_TDX:
		/*
		 * KVM has filled in "not supported" (or, for GetTdVmCallInfo, "nothing optional").
		 */
		vcpu_count(vcpu, EXITS_TDX);
		if (vcpu->run->tdx.nr == GHCI_TDCM)
			tdcm_serve(vcpu);
		break;
	case KVM_EXIT_MEMORY_FAULT:
		vcpu_memory_fault(vcpu);
		break;
	case KVM_EXIT_SYSTEM_EVENT:
		vcpu_system_event(vcpu);
		break;
	case KVM_EXIT_SHUTDOWN:
		vcpu_count(vcpu, EXITS_OTHER);
		td_end(vcpu->td, vcpu->index, TD_END_TRIPLE_FAULT, 0, "triple fault");
		break;
	case KVM_EXIT_HLT:
		vcpu_count(vcpu, EXITS_HLT);
		break;
	default:
		vcpu_unexpected(vcpu);
	}
}

static void *vcpu_loop(void *opaque)
{
	struct vcpu *vcpu = opaque;

	while (!td_ended(vcpu->td)) {
		int result = ioctl(vcpu->fd, KVM_RUN, 0);

		if (!result || (errno == EFAULT && vcpu->run->exit_reason == KVM_EXIT_MEMORY_FAULT))
			vcpu_exit(vcpu);
		else if (errno != EINTR && errno != EAGAIN)
			td_end(vcpu->td, vcpu->index, TD_END_KVM_ERROR, -(uint64_t)errno,
			       "KVM_RUN: %s", strerror(errno));
	}
	return NULL;
}

static void vcpu_nothing(int signal)
{
	(void)signal;
}

void vcpu_init(void)
{
	struct sigaction action = { .sa_handler = vcpu_nothing };

	sigaction(KICK_SIGNAL, &action, NULL);
}

int vcpu_start(struct vcpu *vcpu)
{
	int error = pthread_create(&vcpu->thread, NULL, vcpu_loop, vcpu);

	vcpu->running = !error;
	return error;
}

void vcpu_stop(struct vcpu *vcpu)
{
	if (!vcpu->running)
		return;
	/* The flag covers a vCPU that is about to call KVM_RUN, the signal one that is inside. */
	__atomic_store_n(&vcpu->run->immediate_exit, 1, __ATOMIC_SEQ_CST);
	pthread_kill(vcpu->thread, KICK_SIGNAL);
	pthread_join(vcpu->thread, NULL);
	vcpu->running = false;
}
