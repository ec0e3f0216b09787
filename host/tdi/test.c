// SPDX-License-Identifier: GPL-2.0
#define _GNU_SOURCE
#include <elf.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "core/channel.h"
#include "core/needs.h"
#include "test.h"

/* struct test of lib/core/test.h, as it lies in the guest's ELF file. */
struct elf_test {
	uint64_t id, sentence, clause, sabotage, run;
	uint32_t needs, pad;
};

/* RAM: KVM marks each page of it private, page by page, and that was a third of a test's time. */
static const struct test_config default_config = {
	.vcpus = 1, .gpaw = 48, .ve_disable = 1, .mem_mib = 16, .devices = 1,
	.timeout_ms = 10000,
};

struct elf {
	const uint8_t *data;
	size_t len;
	const Elf64_Ehdr *header;
	const Elf64_Shdr *sections;
};

static bool elf_open(struct elf *elf, const uint8_t *data, size_t len)
{
	const Elf64_Ehdr *h = (const Elf64_Ehdr *)data;

	*elf = (struct elf){ .data = data, .len = len, .header = h };
	if (len < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_machine != EM_X86_64 ||
	    h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shoff > len || h->e_shoff % 8 ||
	    (len - h->e_shoff) / sizeof(Elf64_Shdr) < h->e_shnum)
		return false;
	elf->sections = (const Elf64_Shdr *)(data + h->e_shoff);
	return true;
}

static bool elf_has(const struct elf *elf, const Elf64_Shdr *s)
{
	return s->sh_offset <= elf->len && s->sh_size <= elf->len - s->sh_offset;
}

/* What lies at address @va in the file, @n bytes of it, or NULL. */
static const void *elf_at(const struct elf *elf, uint64_t va, uint64_t n)
{
	for (unsigned int i = 0; i < elf->header->e_shnum; i++) {
		const Elf64_Shdr *s = &elf->sections[i];

		if (s->sh_type != SHT_PROGBITS || !(s->sh_flags & SHF_ALLOC) || va < s->sh_addr ||
		    va - s->sh_addr >= s->sh_size || n > s->sh_size - (va - s->sh_addr))
			continue;
		return !elf_has(elf, s) ? NULL : elf->data + s->sh_offset + (va - s->sh_addr);
	}
	return NULL;
}

static char *elf_string(const struct elf *elf, uint64_t va)
{
	const char *s = elf_at(elf, va, 1);
	size_t room = s ? elf->len - (size_t)((const uint8_t *)s - elf->data) : 0;

	return s && memchr(s, 0, room) ? xstrdup(s) : NULL;
}

static uint64_t symbol_in(const struct elf *elf, const Elf64_Shdr *symtab, const char *name)
{
	const Elf64_Shdr *strtab = &elf->sections[symtab->sh_link];
	const char *strings = (const char *)elf->data + strtab->sh_offset;

	if (!elf_has(elf, symtab) || !elf_has(elf, strtab))
		return 0;
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= symtab->sh_size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym sym;

		memcpy(&sym, elf->data + symtab->sh_offset + at, sizeof(sym));
		if (sym.st_name < strtab->sh_size &&
		    !strncmp(strings + sym.st_name, name, strtab->sh_size - sym.st_name))
			return sym.st_value;
	}
	return 0;
}

/* Value of a symbol, 0 if there is none. */
static uint64_t elf_symbol(const struct elf *elf, const char *name)
{
	for (unsigned int i = 0; i < elf->header->e_shnum; i++) {
		const Elf64_Shdr *s = &elf->sections[i];

		if (s->sh_type == SHT_SYMTAB && s->sh_link < elf->header->e_shnum)
			return symbol_in(elf, s, name);
	}
	return 0;
}

static struct test *tests_add(struct tests *tests, struct test test)
{
	tests->v = xrealloc(tests->v, (tests->n + 1) * sizeof(*tests->v));
	tests->v[tests->n] = test;
	return &tests->v[tests->n++];
}

static bool add_elf_test(struct tests *tests, const struct elf *elf, const struct elf_test *t)
{
	struct test test = {
		.kind = TEST_GUEST, .config = default_config,
		.id = elf_string(elf, t->id), .sentence = elf_string(elf, t->sentence),
		.clause = elf_string(elf, t->clause), .sabotage = elf_string(elf, t->sabotage),
	};

	if (t->needs & NEEDS_SMP)
		test.config.vcpus = 2;
	if (t->needs & NEEDS_VE)
		test.config.ve_disable = 0;
	/* The plan's "device": 1 shared, 2 one that the TD may bind. */
	test.config.device = t->needs & NEEDS_CONNECT ? 2 : t->needs & NEEDS_DEVICE ? 1 : 0;
	test.config.function = !!(t->needs & NEEDS_IMPOSTOR);
	test.config.devices = t->needs & NEEDS_PAIR ? 2 : 1;
	test.config.neighbour = !!(t->needs & NEEDS_NEIGHBOUR);
	test.config.probe = !!(t->needs & NEEDS_PROBE);
	if (t->needs & NEEDS_SCAN) {
		test.config.scan = 1;
		test.config.timeout_ms = 120000;
	}
	test.config.lie = NEEDS_LIE_OF(t->needs);
	test.refused = t->needs & EXPECT_REFUSED;
	test.fatal = t->needs & EXPECT_FATAL;
	tests_add(tests, test);
	return test.id && test.sentence && test.clause && test.sabotage;
}

bool tests_from_elf(struct tests *tests, const char *path, char **error)
{
	uint64_t begin, end;
	struct elf elf;
	size_t len;
	uint8_t *data = file_read(path, &len);
	const struct elf_test *table;
	bool ok = true;

	if (!data) {
		*error = xasprintf("%s: %s", path, strerror(errno));
		return false;
	}
	ok = elf_open(&elf, data, len);
	begin = ok ? elf_symbol(&elf, "tests_begin") : 0;
	end = ok ? elf_symbol(&elf, "tests_end") : 0;
	ok = begin < end && (end - begin) % sizeof(*table) == 0;
	table = ok ? elf_at(&elf, begin, end - begin) : NULL;
	ok = table;
	for (uint64_t i = 0; ok && i < (end - begin) / sizeof(*table); i++)
		ok = add_elf_test(tests, &elf, &table[i]);
	if (!ok)
		*error = xasprintf("%s has no table of tests", path);
	free(data);
	return ok;
}

void tests_add_linux(struct tests *tests)
{
	struct test *t = tests_add(tests, (struct test){ .kind = TEST_LINUX });

	t->config = default_config;
	t->id = xstrdup("linux.smp2");
	t->sentence = xstrdup("an unmodified Linux kernel boots as a TD with two CPUs");
	t->clause = xstrdup("fact sheet 4, 5");
	t->sabotage = xstrdup("VMM: do not enable vCPU 1 in the MADT");
	t->config.vcpus = 2;
	t->config.mem_mib = 0;		/* by the size of the kernel */
	t->config.timeout_ms = 120000;
	t->config.convert = 1;
}

void tests_add_image(struct tests *tests)
{
	struct test *t = tests_add(tests, (struct test){ .kind = TEST_IMAGE });

	t->config = default_config;
	t->id = xstrdup("image");
	t->sentence = xstrdup("the given image runs as a TD and ends by itself with code 0");
	t->clause = xstrdup("");
	t->sabotage = xstrdup("write another code to the exit port");
	t->config.mem_mib = 64;
	t->config.timeout_ms = 60000;
}

void tests_plant(struct tests *tests)
{
	struct tests planted = { 0 };

	for (size_t i = 0; i < tests->n; i++) {
		for (enum test_plant p = PLANT_NO_CHECKS; p <= PLANT_FLIP; p++) {
			const struct test *from = &tests->v[i];
			struct test *t;

			if (from->kind != TEST_GUEST)
				continue;
			t = tests_add(&planted, *from);
			t->id = xstrdup(from->id);
			t->sentence = xstrdup(from->sentence);
			t->clause = xstrdup(from->clause);
			t->sabotage = xstrdup(from->sabotage);
			t->plant = p;
			t->config.flags |= p == PLANT_FLIP ? CHANNEL_F_FLIP : CHANNEL_F_NO_CHECKS;
		}
	}
	tests_free(tests);
	*tests = planted;
}

static void test_free(struct test *t)
{
	free(t->id);
	free(t->sentence);
	free(t->clause);
	free(t->sabotage);
}

const char *tests_select(struct tests *tests, const struct strv *globs)
{
	bool *keep = xcalloc(tests->n, sizeof(*keep));
	const char *missed = NULL;
	size_t n = 0;

	for (size_t g = 0; g < globs->n && !missed; g++) {
		bool hit = false;

		for (size_t i = 0; i < tests->n; i++) {
			if (fnmatch(globs->v[g], tests->v[i].id, 0))
				continue;
			keep[i] = hit = true;
		}
		if (!hit)
			missed = globs->v[g];
	}
	for (size_t i = 0; i < tests->n; i++) {
		if (keep[i] || !globs->n)
			tests->v[n++] = tests->v[i];
		else
			test_free(&tests->v[i]);
	}
	tests->n = n;
	free(keep);
	return missed;
}

static bool set_one(struct test_config *c, const char *key, const char *value)
{
	const struct { const char *key; unsigned int *slot; } keys[] = {
		{ "vcpus", &c->vcpus }, { "gpaw", &c->gpaw }, { "ve_disable", &c->ve_disable },
		{ "mem_mib", &c->mem_mib }, { "timeout_ms", &c->timeout_ms },
		{ "flags", &c->flags },
		{ "convert", &c->convert }, { "device", &c->device },
		{ "function", &c->function }, { "devices", &c->devices },
		{ "neighbour", &c->neighbour },
		{ "lie", &c->lie }, { "probe", &c->probe }, { "scan", &c->scan },
	};
	unsigned long long number;
	char *end;

	if (*value < '0' || *value > '9')
		return false;
	errno = 0;
	number = strtoull(value, &end, 0);
	if (errno || *end)
		return false;
	if (!strncmp(key, "arg", 3) && key[3] >= '0' && key[3] <= '7' && !key[4]) {
		c->arg[key[3] - '0'] = number;
		return true;
	}
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(key, keys[i].key) || number > UINT32_MAX)
			continue;
		*keys[i].slot = (unsigned int)number;
		return true;
	}
	return false;
}

bool test_config_set(struct test_config *config, const char *text, char **error)
{
	char *copy = xstrdup(text);
	char *save = NULL;
	bool ok = true;

	for (char *word; ok && (word = strtok_r(save ? NULL : copy, ",", &save));) {
		char *value = strchr(word, '=');

		if (value)
			*value++ = 0;
		ok = value && set_one(config, word, value);
		if (!ok)
			*error = xasprintf("'%s%s%s' is no setting of a TD", word, value ? "=" : "",
					   value ? value : "");
	}
	free(copy);
	return ok;
}

void tests_free(struct tests *tests)
{
	for (size_t i = 0; i < tests->n; i++)
		test_free(&tests->v[i]);
	free(tests->v);
	*tests = (struct tests){ 0 };
}
