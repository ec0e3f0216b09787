// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kmsg.h"
#include "record.h"

static int kmsg = -1;

void kmsg_open(bool all)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg >= 0 && !all)
		lseek(kmsg, 0, SEEK_END);
}

/* "6,123,456789,-;text\n" and perhaps dictionary lines: keep priority and text. */
static void kmsg_record(char *entry)
{
	char line[CHANNEL_PAYLOAD_MAX];
	char *text = strchr(entry, ';');

	if (!text)
		return;
	*text++ = '\0';
	text[strcspn(text, "\n")] = '\0';
	snprintf(line, sizeof(line), "<%.*s>%s", (int)strcspn(entry, ","), entry, text);
	record_write(REC_KMSG, NULL, 0, line);
}

void kmsg_forward(void)
{
	char entry[8192];

	for (;;) {
		ssize_t n = read(kmsg, entry, sizeof(entry) - 1);

		if (n > 0) {
			entry[n] = '\0';
			kmsg_record(entry);
		} else if (n < 0 && errno == EPIPE) {
			/* A line that is gone could have been the WARNING that fails a test. */
			record_error("the kernel log was overwritten before it was read");
		} else {
			break;
		}
	}
}

void kmsg_rearm_warnings(void)
{
	int fd = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1", 1) != 1)
		record_error("clear_warn_once: %s", strerror(errno));
	close(fd);
}
