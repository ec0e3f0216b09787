/* SPDX-License-Identifier: GPL-2.0 */
/* Which party a failed TDCM operation blames: fact sheet tdx-connect.md 1.4, "Host failure". */
#ifndef VMM_BLAME_H
#define VMM_BLAME_H

#include <stdint.h>

#include "tdx_abi/tdcm.h"

/* Of a call into the kernel that failed with @error: tdx-host gives each party its errno. */
enum tdcm_error blame_errno(int error);
/* Of what the TDX module answered, not success. */
enum tdcm_error blame_status(uint64_t status);

#endif
