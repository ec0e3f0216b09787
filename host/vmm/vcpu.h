/* SPDX-License-Identifier: GPL-2.0 */
/* vCPU threads: KVM_RUN, and an answer to each of its exits. */
#ifndef VMM_VCPU_H
#define VMM_VCPU_H

#include "td.h"

/* Once, before any TD: the signal that makes KVM_RUN return. */
void vcpu_init(void);
/* 0, or an errno. */
int vcpu_start(struct vcpu *vcpu);
/* Make a started vCPU leave the guest for good, once td_ended(). */
void vcpu_stop(struct vcpu *vcpu);

#endif
