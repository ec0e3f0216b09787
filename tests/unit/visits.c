// SPDX-License-Identifier: GPL-2.0
/*
 * What the tests really make the model do: stands between a test program and the model's entry
 * points, and notes what passes. Only mk/coverage.sh links it, by the linker's --wrap, and reads
 * what it leaves in $UNIT_VISITS at the end of the program:
 *
 *   leaf NAME STATUS		a leaf gave this status
 *   operand NAME		a status named this operand
 *   field ID			a metadata field was read or written, by this id
 *   exit NAME			a TD exit with this reason
 *   ve NAME			a #VE with this reason
 *   sept ACCESS STATE ANSWER	the S-EPT entry was in STATE, and this is what the access made of it
 *
 * Of S-EPT leaves only those answers are counted that tell of the entry: one that was refused for
 * another operand, or met a lock, has not seen the state.
 */
#define _GNU_SOURCE
#include "platform.h"
#include "../../lib/tdx_abi/exit.h"
#include "../../lib/tdx_abi/field.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE		96
#define MAX_LINES	4096

static char lines[MAX_LINES][LINE];
static unsigned int nr_lines;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static void __attribute__((format(printf, 1, 2))) visit(const char *format, ...)
{
	char line[LINE];
	unsigned int i;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	pthread_mutex_lock(&mutex);
	for (i = 0; i < nr_lines && strcmp(lines[i], line); i++)
		;
	if (i == MAX_LINES)
		abort();
	if (i == nr_lines)
		strcpy(lines[nr_lines++], line);
	pthread_mutex_unlock(&mutex);
}

static void __attribute__((destructor)) leave(void)
{
	const char *dir = getenv("UNIT_VISITS");
	char path[4096];
	FILE *out;

	if (!dir)
		return;
	snprintf(path, sizeof(path), "%s/%s", dir, program_invocation_short_name);
	out = fopen(path, "w");
	if (!out)
		abort();
	for (unsigned int i = 0; i < nr_lines; i++)
		fprintf(out, "%s\n", lines[i]);
	if (fclose(out))
		abort();
}

/* ---- names ------------------------------------------------------------------ */

#define NAME(name, nr) case nr: return #name;

static const char *host_leaf(uint64_t nr)
{
	switch (nr) {
	TDH_LEAVES(NAME)
	TDH_CONNECT_LEAVES(NAME)
	}
	return "unknown";
}

static const char *guest_leaf(uint64_t nr)
{
	switch (nr) {
	TDG_LEAVES(NAME)
	TDG_CONNECT_LEAVES(NAME)
	}
	return "unknown";
}

static const char *reason_name(uint32_t nr)
{
	switch (nr) {
	TDX_EXIT_REASONS(NAME)
	}
	return "unknown";
}

static const char *operand_name(uint32_t id)
{
	switch (id) {
	TDX_OPERANDS(NAME)
	}
	return NULL;
}

#undef NAME

/* ---- leaves ----------------------------------------------------------------- */

/* Which status with which operand; ids below 40h may be a level or a count, but not of these. */
static void answered(const char *prefix, const char *leaf, uint64_t status)
{
	uint32_t hi = TDX_STATUS_HI(status), id = (uint32_t)status;
	bool names = id >= TDX_OP_ATTRIBUTES || hi == TDX_HI_OPERAND_INVALID ||
		     hi == TDX_HI_OPERAND_BUSY || hi == TDX_HI_OPERAND_ADDR_RANGE_ERROR;

	visit("leaf %s%s %s", prefix, leaf, status_name(status));
	if (names && operand_name(id))
		visit("operand %s", operand_name(id));
}

/* The tests of metadata.c call it without a leaf, too. */
static uint64_t accessed_field(const char *leaf, uint64_t id, uint64_t status)
{
	answered("", leaf, status);
	if (status == TDX_SUCCESS)
		visit("field %016llx", (unsigned long long)(id & TDX_FIELD_KEY_MASK));
	return status;
}

/* ---- S-EPT ------------------------------------------------------------------ */

/* The entry that an access is about, before it. */
struct look {
	const struct tdx_td *td;	/* NULL: not about an entry */
	const char *access;
	uint64_t gpa;
	unsigned int level;
	enum sept_walker who;
	const char *state;
};

static const char *sept_name(const struct tdx_module *m, const struct look *l)
{
	struct sept_pos pos;
	bool reached = sept_walk(m, l->td, l->gpa, l->level, l->who, &pos);

#define NAME(name, code, pub) case code: return #name;
	if (reached || sept_is_leaf(pos.value) || sept_state(pos.value) == SEPT_NL_BLOCKED)
		switch (sept_state(pos.value)) {
		SEPT_STATES(NAME)
		}
#undef NAME
	return "none";
}

static void look(const struct tdx_module *m, struct look *l)
{
	if (l->td && (!l->td->sept_root || l->level >= l->td->ept_levels ||
		      l->gpa >> (l->td->gpaw - 1)))
		l->td = NULL;
	if (l->td)
		l->state = sept_name(m, l);
}

static bool of_entry(uint64_t status)
{
	switch (TDX_STATUS_HI(status)) {
	case TDX_HI_EPT_ENTRY_STATE_INCORRECT:
	case TDX_HI_EPT_WALK_FAILED:
	case TDX_HI_EPT_ENTRY_NOT_PRESENT:
	case TDX_HI_GPA_RANGE_NOT_BLOCKED:
	case TDX_HI_GPA_RANGE_ALREADY_BLOCKED:
	case TDX_HI_TLB_TRACKING_NOT_DONE:
	case TDX_HI_PAGE_ALREADY_ACCEPTED:
	case TDX_HI_PAGE_SIZE_MISMATCH:
	case TDX_HI_MMIO_ACCEPT_SIZE_MISMATCH:
		return true;
	}
	return false;
}

static void seen(const struct tdx_module *m, const struct look *l, uint64_t status)
{
	if (!l->td)
		return;
	if (status == TDX_SUCCESS)
		visit("sept %s %s ->%s", l->access, l->state, sept_name(m, l));
	else if (of_entry(status))
		visit("sept %s %s %s", l->access, l->state, status_name(status));
}

static const struct tdx_td *td_at(const struct tdx_module *m, uint64_t tdr)
{
	for (unsigned int i = 0; i < TDX_MAX_TDS; i++)
		if (m->tds[i].used && m->tds[i].tdr_pa == tdr)
			return &m->tds[i];
	return NULL;
}

static struct look host_look(const struct tdx_module *m, const uint64_t *r)
{
	struct look l = { .gpa = r[TDX_RCX] & ~7ULL, .level = r[TDX_RCX] & 7, .who = SEPT_HOST };

	l.access = host_leaf(r[TDX_RAX] & TDX_LEAF_MASK);
	switch (r[TDX_RAX] & TDX_LEAF_MASK) {
	case TDH_MEM_SEPT_ADD:
	case TDH_MEM_PAGE_ADD:
	case TDH_MEM_PAGE_AUG:
	case TDH_MR_EXTEND:
	case TDH_MEM_RANGE_BLOCK:
	case TDH_MEM_PAGE_REMOVE:
	case TDH_MMIO_MAP:
	case TDH_MMIO_BLOCK:
	case TDH_MMIO_UNMAP:
		l.td = td_at(m, r[TDX_RDX]);
		look(m, &l);
	}
	return l;
}

static struct look guest_look(const struct tdx_module *m, unsigned int lp, const char *access,
			      uint64_t gpa_level)
{
	struct look l = { .access = access, .gpa = gpa_level & ~7ULL, .level = gpa_level & 7,
			  .who = SEPT_GUEST, .td = m->lp[lp].running->td };

	look(m, &l);
	return l;
}

/* ---- what is wrapped -------------------------------------------------------- */

enum tdx_seam_action __real_tdx_seamcall(struct tdx_module *m, unsigned int lp,
					 struct tdx_gprs *host, struct tdx_enter *enter);
enum tdx_seam_action __wrap_tdx_seamcall(struct tdx_module *m, unsigned int lp,
					 struct tdx_gprs *host, struct tdx_enter *enter);

enum tdx_seam_action __wrap_tdx_seamcall(struct tdx_module *m, unsigned int lp,
					 struct tdx_gprs *host, struct tdx_enter *enter)
{
	const char *leaf = host_leaf(host->r[TDX_RAX] & TDX_LEAF_MASK);
	uint64_t status = TDX_SUCCESS;
	struct look l = host_look(m, host->r);
	enum tdx_seam_action action = __real_tdx_seamcall(m, lp, host, enter);

	if (action == TDX_SEAM_INVALID)
		return action;
	if (action == TDX_SEAM_RETURN)
		status = host->r[TDX_RAX];
	answered("TDH_", leaf, status);
	seen(m, &l, status);
	return action;
}

void __real_tdx_td_event(struct tdx_module *m, unsigned int lp, const struct tdx_event *ev,
			 struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res);
void __wrap_tdx_td_event(struct tdx_module *m, unsigned int lp, const struct tdx_event *ev,
			 struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res);

void __wrap_tdx_td_event(struct tdx_module *m, unsigned int lp, const struct tdx_event *ev,
			 struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res)
{
	const struct tdx_vcpu *v = m->lp[lp].running;
	uint64_t nr = gprs->r[TDX_RAX];
	struct look l = { .td = NULL };

	/* One page: of more, the entry that stopped it need not be the first. */
	if (ev->kind == TDX_EV_TDCALL && nr == TDG_MMIO_ACCEPT &&
	    (uint32_t)gprs->r[TDX_R9] >> 9 * (gprs->r[TDX_RCX] & 7) == 1)
		l = guest_look(m, lp, "MMIO_ACCEPT", gprs->r[TDX_RCX]);
	__real_tdx_td_event(m, lp, ev, gprs, host, res);
	if (res->action == TDX_TD_EXIT) {
		visit("exit %s", reason_name((uint32_t)host->r[TDX_RAX]));
		answered("TDH_", "VP_ENTER", host->r[TDX_RAX]);
		if (ev->kind == TDX_EV_TDCALL && nr == TDG_VP_VMCALL)
			answered("TDG_", "VP_VMCALL", TDX_SUCCESS);
		if (l.td)
			visit("sept %s %s exit", l.access, l.state);
	} else if (ev->kind == TDX_EV_TDCALL && res->action == TDX_TD_NEXT) {
		answered("TDG_", guest_leaf(nr), gprs->r[TDX_RAX]);
		seen(m, &l, gprs->r[TDX_RAX]);
	} else if (res->action == TDX_TD_INJECT && res->vector == TDX_VEC_VE) {
		visit("ve %s", reason_name(v->ve.reason));
	}
}

void __real_tdx_page_accept(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
			    struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res);
void __wrap_tdx_page_accept(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
			    struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res);

void __wrap_tdx_page_accept(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
			    struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res)
{
	struct look l = guest_look(m, lp, "PAGE_ACCEPT", gprs->r[TDX_RCX]);

	__real_tdx_page_accept(m, lp, v, gprs, host, res);
	if (res->action == TDX_TD_NEXT) {
		answered("TDG_", "MEM_PAGE_ACCEPT", gprs->r[TDX_RAX]);
		seen(m, &l, gprs->r[TDX_RAX]);
	} else if (l.td) {
		visit("sept %s %s exit", l.access, l.state);
	}
}

/* A load, store or fetch of the TD, or the module's own for an operand. */
static void accessed(const struct look *l, bool done, const struct tdx_event *ev)
{
	if (l->td)
		visit("sept %s %s %s", l->access, l->state,
		      done ? "ok" : ev->pending ? "pending" : "fault");
}

bool __real_tdx_translate(struct tdx_module *m, unsigned int lp, uint64_t gpa, unsigned int access,
			  struct tdx_xlate *x, struct tdx_event *ev);
bool __wrap_tdx_translate(struct tdx_module *m, unsigned int lp, uint64_t gpa, unsigned int access,
			  struct tdx_xlate *x, struct tdx_event *ev);

bool __wrap_tdx_translate(struct tdx_module *m, unsigned int lp, uint64_t gpa, unsigned int access,
			  struct tdx_xlate *x, struct tdx_event *ev)
{
	const char *name = access & TDX_ACCESS_FETCH ? "fetch" :
			   access & TDX_ACCESS_WRITE ? "write" : "read";
	struct look l = guest_look(m, lp, name, gpa & ~(PAGE - 1));
	bool done = __real_tdx_translate(m, lp, gpa, access, x, ev);

	accessed(&l, done, ev);
	return done;
}

bool __real_tdx_guest_copy(struct tdx_module *m, unsigned int lp, uint64_t gpa, void *buf,
			   size_t len, bool write, struct tdx_event *ev);
bool __wrap_tdx_guest_copy(struct tdx_module *m, unsigned int lp, uint64_t gpa, void *buf,
			   size_t len, bool write, struct tdx_event *ev);

bool __wrap_tdx_guest_copy(struct tdx_module *m, unsigned int lp, uint64_t gpa, void *buf,
			   size_t len, bool write, struct tdx_event *ev)
{
	struct look l = guest_look(m, lp, write ? "operand-out" : "operand-in", gpa & ~(PAGE - 1));
	bool done = __real_tdx_guest_copy(m, lp, gpa, buf, len, write, ev);

	/* Of a copy that crosses a page only the first one is known. */
	if (gpa / PAGE == (gpa + len - 1) / PAGE)
		accessed(&l, done, ev);
	return done;
}

/* Fields by id, by the leaf or without it. */
#define WRAP_FIELD(name, leaf, parameters, ...) \
	uint64_t __real_##name parameters; \
	uint64_t __wrap_##name parameters; \
	uint64_t __wrap_##name parameters \
	{ \
		return accessed_field(leaf, id, __real_##name(__VA_ARGS__)); \
	}

WRAP_FIELD(tdx_md_sys_rd, "SYS.RD",
	   (struct tdx_module *m, uint64_t id, uint64_t *value, uint64_t *next), m, id, value, next)
WRAP_FIELD(tdx_md_td_rd, "MNG.RD",
	   (struct tdx_module *m, struct tdx_td *td, uint64_t id, uint64_t *value),
	   m, td, id, value)
WRAP_FIELD(tdx_md_td_guest_rd, "VM.RD",
	   (struct tdx_module *m, struct tdx_td *td, uint64_t id, uint64_t *value, uint64_t *next),
	   m, td, id, value, next)
WRAP_FIELD(tdx_md_td_guest_wr, "VM.WR",
	   (struct tdx_module *m, struct tdx_td *td, uint64_t id, uint64_t value, uint64_t mask,
	    uint64_t *old), m, td, id, value, mask, old)
WRAP_FIELD(tdx_md_vcpu_rd, "VP.RD",
	   (struct tdx_module *m, struct tdx_vcpu *v, uint64_t id, uint64_t *value),
	   m, v, id, value)
WRAP_FIELD(tdx_md_vcpu_wr, "VP.WR",
	   (struct tdx_module *m, struct tdx_vcpu *v, uint64_t id, uint64_t value, uint64_t mask,
	    uint64_t *old), m, v, id, value, mask, old)
