/* SPDX-License-Identifier: GPL-2.0 */
/* The build-time measurement that a flat image must have: the verifier's side (fact sheet 2.3). */
#ifndef TDI_MRTD_H
#define TDI_MRTD_H

#include <stddef.h>
#include <stdint.h>

#include "core/sha384.h"

/* @image ends at 4 GiB and is added and measured page by page, upwards; nothing else is. */
void mrtd_of_image(const void *image, size_t len, uint8_t mrtd[SHA384_SIZE]);

#endif
