/* SPDX-License-Identifier: GPL-2.0 */
/* TDVMCALL<TDCM>: the guest's requests about its device (tdx_abi/tdcm.h, fact sheet C 1.4). */
#ifndef VMM_TDCM_H
#define VMM_TDCM_H

#include "td.h"

/* Serve the exit in @vcpu->run; its ret field gets the GHCI status. */
void tdcm_serve(struct vcpu *vcpu);

#endif
