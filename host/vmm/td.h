/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One TD, from KVM_CREATE_VM to the last close(). The order of calls in td_create() is fact sheet
 * 8's "minimal order"; everything taken is given back by td_destroy(), from whatever step
 * td_create() failed at.
 */
#ifndef VMM_TD_H
#define VMM_TD_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include <linux/kvm.h>

#include "core/channel.h"
#include "device.h"
#include "memory.h"
#include "plan.h"
#include "probe.h"
#include "ring.h"
#include "vfio.h"

struct td;

struct vcpu {
	struct td *td;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool running;
};

struct td {
	const struct plan_td *plan;
	enum channel_td which;	/* of the TDs of this line of the plan */
	int kvm, vm;
	int done;		/* eventfd: readable once the TD has ended */
	struct kvm_tdx_capabilities *caps;
	struct memory memory;
	uint64_t image_gpa;	/* the image ends at 4 GiB */
	uint64_t first_rcx;	/* RCX and R8 at the first instruction (fact sheet 7) */
	struct vcpu vcpu[PLAN_MAX_VCPUS];
	size_t run_size;	/* of one struct kvm_run mapping */
	struct device device;
	struct ring ring;
	const struct assign *assign;	/* of the first device; those of the others follow */
	struct channel_meeting *meeting;	/* the page for the line's two TDs; NULL: it has one */
	struct vfio vfio;
	struct probe probe[VFIO_MAX_DEVICES];
	pthread_mutex_t tdcm_lock[VFIO_MAX_DEVICES];	/* while a TDCM request is served */
	pthread_mutex_t drain_lock;	/* the reader's end of the ring */

	pthread_mutex_t lock;	/* the three below */
	bool ended;
	struct rec_td_end end;
	char reason[256];
};

/*
 * A TD of which nothing is made yet. @kvm is /dev/kvm, @assign the devices for the TDs of the line that
 * were given to vfio-pci.
 */
void td_init(struct td *td, const struct plan_td *plan, enum channel_td which, int kvm,
	     const struct assign *assign, struct channel_meeting *meeting);
/* False: the TD has ended before it began. */
bool td_create(struct td *td);
/* Let its vCPUs enter the guest; make each leave it for good, once td_ended(). */
void td_start(struct td *td);
void td_stop(struct td *td);
/* Give back what was taken, however far td_create() came. */
void td_destroy(struct td *td);

/*
 * The TD ends for @reason, with a text for people. The first call wins; later ones are ignored, as
 * what follows the end is its consequence. line_run() then makes every vCPU leave the guest.
 */
void td_end(struct td *td, unsigned int vcpu, enum td_end reason, uint64_t detail,
	    const char *format, ...)
	__attribute__((format(printf, 5, 6)));
bool td_ended(struct td *td);
/* Pass on what the guest has recorded so far: what the caller records next comes after it. */
void td_drain(struct td *td);

#endif
