// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"

#define WORDS_OF_PAGE	512	/* of 64 bits, the most that one access reads */

enum field_kind { COUNT, LIVE, VIOLATION };

static const struct field {
	const char *name;
	size_t offset;
	enum field_kind kind;
	const char *meaning;
} fields[] = {
#define MODULE(f, kind, meaning) { #f, offsetof(struct ledger, module.f), kind, meaning }
#define PLATFORM(f, meaning) { #f, offsetof(struct ledger, f), VIOLATION, meaning }
	MODULE(seamcalls, COUNT, NULL), MODULE(tdcalls, COUNT, NULL), MODULE(td_exits, COUNT, NULL),
	MODULE(tds_created, COUNT, NULL), MODULE(pages_donated, COUNT, NULL),
	MODULE(pages_returned, COUNT, NULL), MODULE(tdis_created, COUNT, NULL),
	MODULE(mmio_maps, COUNT, NULL), MODULE(mmio_unmaps, COUNT, NULL),
	MODULE(mmio_accepts, COUNT, NULL),
	MODULE(tds_live, LIVE, "TDs still exist"),
	MODULE(hkids_live, LIVE, "KeyIDs were not returned"),
	MODULE(pages_live, LIVE, "pages are still the module's"),
	MODULE(vcpus_live, LIVE, "vCPUs still exist"),
	MODULE(sept_leaves_live, LIVE, "secure-EPT leaves still map pages"),
	MODULE(tdis_live, LIVE, "TDIs still exist"),
	MODULE(spdms_live, LIVE, "SPDM sessions still exist"),
	MODULE(streams_live, LIVE, "IDE streams still exist"),
	MODULE(iommus_live, LIVE, "IOMMUs were not cleared"),
	PLATFORM(l1_read, "reads of private memory by L1"),
	PLATFORM(l1_write, "writes to private memory by L1"),
	PLATFORM(l1_fetch, "fetches from private memory by L1"),
	PLATFORM(dma_read, "reads of private memory by a device"),
	PLATFORM(dma_write, "writes to private memory by a device"),
};

#define NR_FIELDS (sizeof(fields) / sizeof(fields[0]))

static uint64_t *slot(struct ledger *ledger, const struct field *f)
{
	return (uint64_t *)((char *)ledger + f->offset);
}

static bool add_count(const json_t *device, const char *name, uint64_t *sum)
{
	json_t *count = json_object_get(device, name);

	*sum += (uint64_t)json_integer_value(count);
	return json_is_integer(count);
}

static bool read_devices(struct ledger *ledger, const json_t *devices)
{
	json_t *device;
	size_t i;

	json_array_foreach(devices, i, device)
		if (!add_count(device, "refused", &ledger->refused) ||
		    !add_count(device, "refused_dma", &ledger->refused_dma))
			return false;
	return json_is_array(devices);
}

bool ledger_read(struct ledger *ledger, const char *path, char **error)
{
	json_error_t why;
	json_t *root;

	*error = NULL;
	memset(ledger, 0, sizeof(*ledger));
	if (access(path, R_OK)) {
		if (errno != ENOENT)
			*error = xasprintf("%s: %s", path, strerror(errno));
		return false;
	}
	root = json_load_file(path, 0, &why);
	for (size_t i = 0; root && !*error && i < NR_FIELDS; i++) {
		json_t *value = json_object_get(root, fields[i].name);

		if (json_is_integer(value))
			*slot(ledger, &fields[i]) = (uint64_t)json_integer_value(value);
		else
			*error = xasprintf("%s: field %s is missing", path, fields[i].name);
	}
	if (!root)
		*error = xasprintf("%s: %s", path, why.text);
	else if (!*error && !read_devices(ledger, json_object_get(root, "devices")))
		*error = xasprintf("%s: field devices is missing, or a "
				   "device's field refused or refused_dma", path);
	json_decref(root);
	return !*error;
}

static void report(const struct ledger *ledger, enum field_kind kind, struct strv *lines)
{
	for (size_t i = 0; i < NR_FIELDS; i++) {
		uint64_t value = *slot((struct ledger *)(uintptr_t)ledger, &fields[i]);

		if (fields[i].kind == kind && value)
			strv_addf(lines, "%s = %llu, expected 0: %s", fields[i].name,
				  (unsigned long long)value, fields[i].meaning);
	}
}

void ledger_imbalance(const struct ledger *ledger, struct strv *lines)
{
	const struct tdx_ledger *m = &ledger->module;

	report(ledger, LIVE, lines);
	if (m->mmio_maps != m->mmio_unmaps)
		strv_addf(lines, "mmio_unmaps = %llu, expected %llu: each page that was mapped is "
			  "unmapped", (unsigned long long)m->mmio_unmaps,
			  (unsigned long long)m->mmio_maps);
}

void ledger_violations(const struct ledger *ledger, struct strv *lines)
{
	report(ledger, VIOLATION, lines);
}

static void at_least(struct strv *lines, const char *name, uint64_t got, uint64_t expected,
		     const char *meaning)
{
	if (!expected)
		expected = 1;
	if (got < expected)
		strv_addf(lines, "%s = %llu, expected %llu or more: %s", name,
			  (unsigned long long)got, (unsigned long long)expected, meaning);
}

void ledger_scanned(struct ledger *ledger, uint64_t pages, struct strv *lines)
{
	uint64_t words = ledger->module.mmio_maps * WORDS_OF_PAGE;

	at_least(lines, "l1_read", ledger->l1_read, pages, "L1 scanned the TD's RAM");
	at_least(lines, "dma_read", ledger->dma_read, pages, "a device scanned the TD's RAM");
	at_least(lines, "refused", ledger->refused - ledger->refused_dma, words,
		 "L1 scanned the TD's device");
	at_least(lines, "refused_dma", ledger->refused_dma, words,
		 "a device scanned the TD's device");
	ledger->l1_read = ledger->dma_read = ledger->refused = ledger->refused_dma = 0;
}

void ledger_refused(const struct ledger *ledger, struct strv *lines)
{
	if (ledger->refused)
		strv_addf(lines, "refused = %llu, expected 0: accesses from outside to a TD's device",
			  (unsigned long long)ledger->refused);
}
