// SPDX-License-Identifier: GPL-2.0
/* The plan parser: one table of keys, one loop. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan.h"

#define PLAN_LINE_MAX	4096

struct plan_key {
	const char *name;
	enum { KEY_TEXT, KEY_NUMBER, KEY_KIND } type;
	size_t offset;
	uint64_t min, max;	/* KEY_NUMBER: range. KEY_TEXT: max is the size of the field */
};

#define TEXT(key) \
	{ #key, KEY_TEXT, offsetof(struct plan_td, key), 0, sizeof(((struct plan_td *)0)->key) }
#define NUMBER(key, min, max)	{ #key, KEY_NUMBER, offsetof(struct plan_td, key), min, max }
#define ARG(n) \
	{ "arg" #n, KEY_NUMBER, offsetof(struct plan_td, arg[n]), 0, UINT64_MAX }

static const struct plan_key plan_keys[] = {
	TEXT(name), TEXT(test), TEXT(image), TEXT(initrd), TEXT(cmdline),
	{ "kind", KEY_KIND, offsetof(struct plan_td, kind), 0, 0 },
	NUMBER(vcpus, 1, PLAN_MAX_VCPUS),
	NUMBER(gpaw, 48, 52),
	NUMBER(ve_disable, 0, 1),
	/* The channel window is at 2 GiB: RAM ends at or below it. */
	NUMBER(mem_mib, 1, 2048),
	NUMBER(device, PLAN_NO_DEVICE, PLAN_CONNECT_DEVICE),
	NUMBER(function, 0, PLAN_MAX_FUNCTIONS - 1),
	NUMBER(devices, 1, PLAN_MAX_FUNCTIONS),
	NUMBER(neighbour, 0, 1),
	NUMBER(lie, TEST_LIE_NONE, TEST_LIE_NR - 1),
	NUMBER(probe, 0, 1),
	NUMBER(scan, 0, 1),
	NUMBER(convert, 0, 1),
	NUMBER(seed, 0, UINT64_MAX),
	NUMBER(timeout_ms, 1, 3600000),
	NUMBER(flags, 0, UINT32_MAX),
	ARG(0), ARG(1), ARG(2), ARG(3), ARG(4), ARG(5), ARG(6), ARG(7),
};

static const struct plan_td plan_defaults = {
	.kind = PLAN_FLAT, .vcpus = 1, .gpaw = 48, .ve_disable = 1, .mem_mib = 64,
	.devices = 1, .timeout_ms = 10000,
};

struct plan_parser {
	unsigned int line;
	char *error;
};

static int __attribute__((format(printf, 2, 3)))
plan_fail(struct plan_parser *parser, const char *format, ...)
{
	int length = snprintf(parser->error, PLAN_ERROR_MAX, "plan line %u: ", parser->line);
	va_list args;

	va_start(args, format);
	vsnprintf(parser->error + length, PLAN_ERROR_MAX - length, format, args);
	va_end(args);
	return -1;
}

static bool plan_number(const char *text, uint64_t *value)
{
	char *end;

	/* strtoull() would take white space, a sign and octal numbers. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	return !errno && !*end;
}

static int plan_set(struct plan_parser *parser, struct plan_td *td, const char *key,
		    const char *value)
{
	const struct plan_key *k = plan_keys;
	const struct plan_key *end = plan_keys + sizeof(plan_keys) / sizeof(plan_keys[0]);
	uint64_t number;
	char *field;

	while (k < end && strcmp(k->name, key))
		k++;
	if (k == end)
		return plan_fail(parser, "unknown key '%.32s'", key);

	field = (char *)td + k->offset;
	switch (k->type) {
	case KEY_TEXT:
		if (!*value || strlen(value) >= k->max)
			return plan_fail(parser, "%s is empty or longer than %u characters", key,
					 (unsigned int)k->max - 1);
		strcpy(field, value);
		return 0;
	case KEY_NUMBER:
		if (!plan_number(value, &number) || number < k->min || number > k->max)
			return plan_fail(parser, "bad value '%.32s' of %s", value, key);
		break;
	default:
		if (strcmp(value, "flat") && strcmp(value, "linux"))
			return plan_fail(parser, "bad value '%.32s' of kind", value);
		number = strcmp(value, "linux") ? PLAN_FLAT : PLAN_LINUX;
	}
	memcpy(field, &number, sizeof(number));
	return 0;
}

static int plan_check(struct plan_parser *parser, const struct plan_td *td)
{
	if (!*td->name || !*td->image)
		return plan_fail(parser, "%s is missing", *td->name ? "image" : "name");
	if (td->kind == PLAN_FLAT && !*td->test)
		return plan_fail(parser, "test is missing");
	if (td->gpaw != 48 && td->gpaw != 52)
		return plan_fail(parser, "bad value '%u' of gpaw", (unsigned int)td->gpaw);
	if (td->function + td->devices > PLAN_MAX_FUNCTIONS)
		return plan_fail(parser, "bad value '%u' of devices", (unsigned int)td->devices);
	if (td->neighbour && (td->kind != PLAN_FLAT || td->scan ||
			      td->function + td->devices == PLAN_MAX_FUNCTIONS))
		return plan_fail(parser, "bad value '%u' of neighbour", (unsigned int)td->neighbour);
	return 0;
}

static int plan_parse_td(struct plan_parser *parser, struct plan_td *td, char *words)
{
	char *key;

	*td = plan_defaults;
	while ((key = words + strspn(words, " \t")), *key) {
		size_t length = strcspn(key, " \t");
		char *value = memchr(key, '=', length);

		if (!value)
			return plan_fail(parser, "'%.*s' is not key=value",
					 length > 32 ? 32 : (int)length, key);
		*value++ = '\0';
		words = strcmp(key, "cmdline") ? key + length : value + strlen(value);
		if (*words)
			*words++ = '\0';
		if (plan_set(parser, td, key, value))
			return -1;
	}
	return plan_check(parser, td);
}

static int plan_parse_line(struct plan_parser *parser, struct plan *plan, char *line)
{
	struct plan_td *td;

	line += strspn(line, " \t");
	if (!*line || *line == '#')
		return 0;
	if (strncmp(line, "td", 2) || !strchr(" \t", line[2]))
		return plan_fail(parser, "unknown action in '%.32s'", line);

	td = realloc(plan->td, (plan->nr + 1) * sizeof(*td));
	if (!td)
		return plan_fail(parser, "out of memory");
	plan->td = td;
	return plan_parse_td(parser, &td[plan->nr++], line + 2);
}

int plan_parse(struct plan *plan, const char *text, char error[PLAN_ERROR_MAX])
{
	struct plan_parser parser = { .error = error };
	char line[PLAN_LINE_MAX];

	*plan = (struct plan){ 0 };
	while (*text) {
		size_t length = strcspn(text, "\n");

		parser.line++;
		if (length >= sizeof(line)) {
			plan_fail(&parser, "longer than %u characters", PLAN_LINE_MAX - 1);
			goto fail;
		}
		memcpy(line, text, length);
		line[length] = '\0';
		if (plan_parse_line(&parser, plan, line))
			goto fail;
		text += length + (text[length] == '\n');
	}
	return 0;

fail:
	plan_free(plan);
	return -1;
}

void plan_free(struct plan *plan)
{
	free(plan->td);
	*plan = (struct plan){ 0 };
}
