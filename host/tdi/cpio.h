/* SPDX-License-Identifier: GPL-2.0 */
/* A newc cpio archive in memory: what the runner adds to L1's initramfs. No times, no owners. */
#ifndef TDI_CPIO_H
#define TDI_CPIO_H

#include <stddef.h>
#include <stdint.h>

struct cpio {
	uint8_t *data;
	size_t len;
	unsigned int nr;	/* entries so far, also the inode numbers */
};

/* Start behind other archives: @data is copied, and padded for the kernel's unpacker. */
void cpio_start(struct cpio *c, const void *data, size_t len);
void cpio_add(struct cpio *c, const char *name, const void *data, size_t len);
/* Write the trailer. */
void cpio_finish(struct cpio *c);
void cpio_free(struct cpio *c);

#endif
