// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cpio.h"
#include "util.h"

#define CPIO_HEADER	110

static void cpio_append(struct cpio *c, const void *data, size_t len)
{
	static const uint8_t zero[4];
	size_t pad = -(c->len + len) & 3;

	c->data = xrealloc(c->data, c->len + len + pad);
	if (len)
		memcpy(c->data + c->len, data, len);
	memcpy(c->data + c->len + len, zero, pad);
	c->len += len + pad;
}

void cpio_start(struct cpio *c, const void *data, size_t len)
{
	*c = (struct cpio){ 0 };
	cpio_append(c, data, len);
}

void cpio_add(struct cpio *c, const char *name, const void *data, size_t len)
{
	size_t namesize = strlen(name) + 1;
	char *entry = xrealloc(NULL, CPIO_HEADER + namesize);

	snprintf(entry, CPIO_HEADER + namesize,
		 "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", ++c->nr,
		 S_IFREG | 0755, 0, 0, 1, 0, (unsigned int)len, 0, 0, 0, 0, (unsigned int)namesize,
		 0);
	memcpy(entry + CPIO_HEADER, name, namesize);
	cpio_append(c, entry, CPIO_HEADER + namesize);
	cpio_append(c, data, len);
	free(entry);
}

void cpio_finish(struct cpio *c)
{
	cpio_add(c, "TRAILER!!!", NULL, 0);
}

void cpio_free(struct cpio *c)
{
	free(c->data);
}
