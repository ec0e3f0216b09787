// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "blame.h"
#include "record.h"
#include "scan.h"
#include "tdcm.h"
#include "tdisp/report.h"
#include "tdx_abi/connect.h"
#include "tdx_abi/ghci.h"
#include "tdx_abi/tdcm.h"
#include "uapi.h"

/* kvm_run's tdx.tdcm, by its place in the kernel's "unknown" form: ret, then these. */
enum { TDCM_DEVID, TDCM_GPA, TDCM_SIZE, TDCM_VECTOR };

#define MSI_ADDRESS(apic_id)	(0xfee00000u | (apic_id) << 12)

/* One request: what the guest asked, read once, and what it gets. */
struct tdcm {
	struct td *td;
	struct vfio_device *device;
	struct tdcm_buffer *buffer;	/* in the guest's shared memory: write-only from here on */
	uint32_t room;			/* for the response */
	uint16_t operation;
	uint8_t version;
	uint32_t command_bytes;
	uint8_t error;			/* enum tdcm_error; 0: completed */
	uint32_t length;		/* of the response in @data */
	uint8_t *data;			/* room bytes */
};

/* Of two devices of a test it says which; there is only one function, 0, of each. */
static void step(const struct tdcm *t, enum vmm_step step, int error, uint64_t status,
		 uint64_t value)
{
	char which[16] = "", text[96];

	if (t->td->vfio.nr_devices > 1 || t->td->meeting)
		snprintf(which, sizeof(which), "%02x:%02x.0", t->device->bdf >> 8,
			 t->device->bdf >> 3 & 0x1f);
	snprintf(text, sizeof(text), "%s%s%s", which, *which && error ? ": " : "",
		 error ? strerror(error) : "");
	record_step(t->td->which, step, error, status, value, text);
}

static void tdcm_check(struct tdcm *t)
{
	t->data[0] = t->device->assign->connected && t->device->vdevice_id;
	t->length = 1;
	step(t, STEP_CHECK, 0, 0, t->data[0]);
}

static void tdcm_bind(struct tdcm *t)
{
	int error;

	if (!t->device->vdevice_id) {
		t->error = TDCM_ERR_TDXIO_DEVICE;
		return;
	}
	error = vfio_bind(t->device) ? errno : 0;
	if (error)
		t->error = blame_errno(error);
	step(t, STEP_BIND, error, 0, t->device->bdf);
}

static void tdcm_unbind(struct tdcm *t)
{
	int error = 0;

	if (t->device->bound && vfio_unbind(t->device))
		error = errno;
	if (error)
		t->error = blame_errno(error);
	step(t, STEP_UNBIND, error, 0, t->device->bdf);
}

static void tdcm_request(struct tdcm *t, enum uapi_tsm_req op, enum vmm_step what)
{
	uint32_t length = t->room;
	uint64_t status = 0;
	int error;

	error = vfio_tsm_request(t->device, op, t->data, &length, &status) ? errno : 0;
	if (error == EMSGSIZE || error == ENOSPC || length > t->room)
		t->error = TDCM_ERR_INVALID_STATE;	/* the buffer is too small for it */
	else if (error)
		t->error = blame_errno(error);
	else if (status)
		t->error = blame_status(status);
	else
		t->length = length;
	step(t, what, error, status, t->length ? t->data[0] : 0);
}

/* The lies about a report; see enum test_lie. */
static void tdcm_lie(struct tdcm *t)
{
	struct tdisp_range *range = (struct tdisp_range *)(t->data + sizeof(struct tdisp_report));
	struct tdisp_range first;

	switch (t->td->plan->lie) {
	case TEST_LIE_FLIP_REPORT:
		t->data[t->length - 1] ^= 1;
		break;
	case TEST_LIE_PERMUTE_RANGES:
		if (t->length < sizeof(struct tdisp_report) + 2 * sizeof(*range))
			break;
		first = range[0];
		range[0] = range[1];
		range[1] = first;
		break;
	case TEST_LIE_REBIND:
		if (vfio_unbind(t->device) || vfio_bind(t->device))
			record_error("rebind behind the guest: %s", strerror(errno));
		break;
	}
}

static void tdcm_dispatch(struct tdcm *t)
{
	if (t->version || t->command_bytes) {
		t->error = TDCM_ERR_INVALID_STATE;
		return;
	}
	switch (t->operation) {
	case TDCM_OP_CHECK_TEEIO_SUPP:
		tdcm_check(t);
		return;
	case TDCM_OP_UNBIND:
		tdcm_unbind(t);
		return;
	case TDCM_OP_BIND:
		if (!t->device->bound) {
			tdcm_bind(t);
			return;
		}
		break;
	case TDCM_OP_GET_DEV_INFO:
	case TDCM_OP_GET_TDI_REPORT:
	case TDCM_OP_START_TDI:
	case TDCM_OP_GET_TDI_STATE:
		if (t->device->bound) {
			static const struct { enum uapi_tsm_req op; enum vmm_step step; } requests[] = {
				[TDCM_OP_GET_DEV_INFO] = { UAPI_TSM_GET_DEVINFO, STEP_DEV_INFO },
				[TDCM_OP_GET_TDI_REPORT] = { UAPI_TSM_GET_REPORT, STEP_REPORT },
				[TDCM_OP_START_TDI] = { UAPI_TSM_START, STEP_START },
				[TDCM_OP_GET_TDI_STATE] = { UAPI_TSM_GET_STATE, STEP_STATE },
			};

			tdcm_request(t, requests[t->operation].op, requests[t->operation].step);
			if (t->operation == TDCM_OP_GET_TDI_REPORT && !t->error)
				tdcm_lie(t);
			return;
		}
		break;
	}
	t->error = TDCM_ERR_INVALID_STATE;
}

static void tdcm_scan(const struct tdcm *t)
{
	const char *failed;

	if (!scan_run(t->device->assign, t->td->plan->seed, &failed))
		record_error("scan of L1's memory: %s: %s", failed, strerror(errno));
}

/* Also of a device that the request is not about: what one is must not show in the other. */
static void tdcm_probe(const struct tdcm *t)
{
	for (unsigned int n = 0; n < t->td->vfio.nr_devices; n++)
		probe_run(&t->td->probe[n], t->operation);
}

/* Data, length, error, and only then the status that the guest polls. */
static void tdcm_answer(const struct tdcm *t)
{
	uint32_t length = t->error ? 0 : t->length;

	memcpy(t->buffer->data, t->data, length);
	t->buffer->data_length = length;
	t->buffer->error = t->error;
	__atomic_store_n(&t->buffer->status, t->error ? TDCM_ERROR : TDCM_COMPLETED,
			 __ATOMIC_RELEASE);
}

static void raise_vector(struct vcpu *vcpu, uint8_t vector)
{
	struct kvm_msi msi = { .address_lo = MSI_ADDRESS(vcpu->index), .data = vector };

	if (ioctl(vcpu->td->vm, KVM_SIGNAL_MSI, &msi) < 0)
		record_error("KVM_SIGNAL_MSI: %s", strerror(errno));
}

void tdcm_serve(struct vcpu *vcpu)
{
	uint64_t *arg = (uint64_t *)vcpu->run->tdx.unknown.data;
	struct tdcm t = {
		.td = vcpu->td, .device = vfio_find(&vcpu->td->vfio, arg[TDCM_DEVID]),
	};
	uint64_t *ret = (uint64_t *)&vcpu->run->tdx.unknown.ret;
	pthread_mutex_t *lock;

	if (vcpu->td->plan->device != PLAN_CONNECT_DEVICE) {
		*ret = GHCI_STATUS_SUBFUNC_UNSUPPORTED;
		return;
	}
	*ret = GHCI_STATUS_INVALID_OPERAND;
	if (!arg[TDCM_SIZE] || arg[TDCM_SIZE] % MEMORY_PAGE || arg[TDCM_SIZE] > TDCM_BUFFER_MAX) {
		/* KVM answers these itself; and our answer must not stand for its. */
		record_error("KVM lets a TDCM buffer of %#llx bytes pass",
			     (unsigned long long)arg[TDCM_SIZE]);
		return;
	}
	if (!t.device)
		return;
	t.buffer = memory_at(&t.td->memory, arg[TDCM_GPA], arg[TDCM_SIZE]);
	if (!t.buffer)
		return;
	t.room = arg[TDCM_SIZE] - TDCM_HEADER_BYTES;
	t.data = calloc(1, t.room);
	if (!t.data)
		return;
	t.operation = *(volatile uint16_t *)&t.buffer->operation;
	t.version = *(volatile uint8_t *)&t.buffer->version;
	t.command_bytes = *(volatile uint32_t *)&t.buffer->data_length;

	*ret = GHCI_STATUS_SUCCESS;
	lock = &t.td->tdcm_lock[t.device->index];
	if (pthread_mutex_trylock(lock)) {
		t.error = TDCM_ERR_INVALID_STATE;	/* one outstanding request a device */
	} else {
		td_drain(t.td);
		tdcm_dispatch(&t);
		if (t.td->plan->probe)
			tdcm_probe(&t);
		if (t.td->plan->scan && t.operation == TDCM_OP_GET_TDI_STATE)
			tdcm_scan(&t);
		pthread_mutex_unlock(lock);
	}
	tdcm_answer(&t);
	free(t.data);
	if (arg[TDCM_VECTOR])
		raise_vector(vcpu, arg[TDCM_VECTOR]);
}
