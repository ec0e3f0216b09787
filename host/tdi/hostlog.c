// SPDX-License-Identifier: GPL-2.0
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "hostlog.h"
#include "util.h"

/* Headings of what lib/bug.c, kernel/locking, mm/kasan, kernel/rcu, kernel/hung_task.c report. */
static const char *const bad[] = {
	"(^|[^[:alnum:]_])(WARNING|BUG):",
	"kernel BUG at",
	"Oops",
	"KASAN|KCSAN|KFENCE|UBSAN",
	"(possible|inconsistent) .*(locking|lock|deadlock|state)",
	"bad unlock balance|suspicious RCU usage",
	"held lock freed|lock held when returning|DEBUG_LOCKS_WARN_ON",
	"rcu:.*stall",
	"general protection",
	"INFO: task",
	"unable to handle",
	"scheduling while atomic|sleeping function called",
	"soft lockup|hard LOCKUP",
	"refcount_t:",
	"Kernel panic",
};

bool hostlog_bad(const char *line)
{
	static regex_t re[sizeof(bad) / sizeof(bad[0])];
	static bool ready;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!ready && regcomp(&re[i], bad[i], REG_EXTENDED | REG_NOSUB))
			die("internal error: host log pattern %zu does not compile", i);
	}
	ready = true;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (!regexec(&re[i], line, 0, NULL, 0))
			return true;
	}
	return false;
}

char *hostlog_last_words(const char *text)
{
	const char *found = NULL;

	for (const char *p = text; (p = strstr(p, "Kernel panic")); p++)
		found = p;
	if (!found)
		return NULL;

	size_t len = strcspn(found, "\r\n");
	char *line = xasprintf("%.*s", (int)len, found);

	return line;
}
