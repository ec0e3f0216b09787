/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TD whose vCPU 0 runs on LP 0: where every guest_* test starts. Events go in as a platform would
 * report them; what the model wants done comes out.
 */
#ifndef UNIT_GUEST_TD_H
#define UNIT_GUEST_TD_H

#include "platform.h"

#include <stdlib.h>
#include <string.h>

#include "../../lib/tdx_module/guest.h"

struct guest {
	struct plat *p;
	struct td td;
	struct tdx_td *t;
	struct tdx_vcpu *v;
	struct tdx_event ev;		/* template: CPL 0, 64-bit mode, paging on */
	struct tdx_gprs g;
	struct tdx_result res;
};

/* A page that the TD owns but has not accepted, next to TD_GPA; and one that nobody mapped. */
#define GPA_PENDING	(TD_GPA + 4096)
#define GPA_FREE	(TD_GPA + 8192)
#define GPA_SHARED	(1ULL << 47 | 0x5000)

static inline void guest_enter(struct guest *g)
{
	td_enter(&g->td, 0);
	g->v = g->p->m->lp[0].running;
	g->t = g->v->td;
}

static inline int guest_setup(void **state)
{
	struct guest *g = calloc(1, sizeof(*g));

	g->p = plat_ready();
	td_to(g->p, &g->td, 2, STAGE_RUNNABLE);
	td_aug(&g->td, GPA_PENDING, page_new(g->p));
	g->ev = (struct tdx_event) {
		.insn_len = 4, .long_mode = true, .rip = 0x1000,
		.cr0 = CR0_PE | CR0_NE | CR0_WP | CR0_PG, .cr4 = CR4_PAE | CR4_MCE | CR4_OSXSAVE,
		.efer = EFER_SCE | EFER_LME | EFER_LMA | BIT64(11), .xcr0 = 1,
	};
	guest_enter(g);
	*state = g;
	return 0;
}

static inline int guest_teardown(void **state)
{
	struct guest *g = *state;

	plat_free(g->p);
	free(g);
	return 0;
}

#define guest_test(name) cmocka_unit_test_setup_teardown(name, guest_setup, guest_teardown)

/* Report @kind with the template's other members; host registers end in p->g. */
static inline enum tdx_td_action guest_event(struct guest *g, enum tdx_event_kind kind)
{
	g->ev.kind = kind;
	tdx_td_event(g->p->m, 0, &g->ev, &g->g, &g->p->g, &g->res);
	return g->res.action;
}

static inline void expect_exception(const struct guest *g, uint8_t vector)
{
	assert_int_equal(g->res.action, TDX_TD_INJECT);
	assert_int_equal(g->res.vector, vector);
	assert_int_equal(g->res.has_error, vector == TDX_VEC_GP || vector == TDX_VEC_DF);
	assert_int_equal(g->res.error, 0);
}

/* #VE with @reason and @qual; takes it, so that the next one is no double fault. */
static inline void expect_ve(struct guest *g, uint32_t reason, uint64_t qual)
{
	expect_exception(g, TDX_VEC_VE);
	assert_true(g->v->ve.valid);
	assert_int_equal(g->v->ve.reason, reason);
	assert_int_equal(g->v->ve.qual, qual);
	g->v->ve.valid = false;
}

/* TD exit with RAX = @hi:@reason. */
static inline void expect_exit(struct guest *g, uint32_t hi, uint32_t reason)
{
	assert_int_equal(g->res.action, TDX_TD_EXIT);
	assert_int_equal(g->p->g.r[TDX_RAX], (uint64_t)hi << 32 | reason);
	assert_false(tdx_lp_in_td(g->p->m, 0));
}

static inline struct tdx_cpuid_value *guest_cpuid_entry(struct guest *g, uint32_t leaf,
							uint32_t subleaf)
{
	for (unsigned int i = 0; i < g->t->nr_cpuid; i++)
		if (g->t->cpuid[i].leaf == leaf && g->t->cpuid[i].subleaf == subleaf)
			return &g->t->cpuid[i];
	fail_msg("no CPUID entry %#x.%#x", leaf, subleaf);
	return NULL;
}

/* TDCALL with RAX and three operands; returns RAX. Other registers hold recognisable values. */
static inline uint64_t tdcall(struct guest *g, uint64_t rax, uint64_t rcx, uint64_t rdx,
			      uint64_t r8)
{
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		g->g.r[i] = 0xbeef000000000000 | i;
	g->g.r[TDX_RAX] = rax;
	g->g.r[TDX_RCX] = rcx;
	g->g.r[TDX_RDX] = rdx;
	g->g.r[TDX_R8] = r8;
	guest_event(g, TDX_EV_TDCALL);
	return g->g.r[TDX_RAX];
}

static inline void expect_tdcall(struct guest *g, uint64_t got, uint64_t want)
{
	assert_int_equal(g->res.action, TDX_TD_NEXT);
	expect_status(got, want);
}

#define INVALID_OPERAND(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)

#endif
