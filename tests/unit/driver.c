// SPDX-License-Identifier: GPL-2.0
/* Drives a TD through its life cycle, the way KVM does (fact sheet 2.5). */
#include "platform.h"

#include <string.h>

/* ---- build ------------------------------------------------------------------ */

void td_begin(struct plat *p, struct td *td, uint64_t hkid)
{
	memset(td, 0, sizeof(*td));
	td->p = p;
	td->hkid = hkid;
	td->tdr = page_new(p);
	td->params_pa = PLAT_HOST + MiB + hkid * PAGE;
	td->params = page_ptr(p, td->params_pa);
	memset(td->params, 0, sizeof(*td->params));
	td->params->attributes = TDX_ATTR_SEPT_VE_DISABLE;
	td->params->xfam = 0xe7;
	td->params->max_vcpus = TD_VCPUS;
	td->params->eptp_controls = TD_EPTP_WB | TD_EPTP_4_LEVEL;
	td->params->config_flags = TDX_CONFIG_NO_RBP_MOD;
	td->params->tsc_frequency = 40;
}

void td_create(struct td *td)
{
	expect_ok(sc2(td->p, MNG_CREATE, td->tdr, td->hkid));
	expect_ok(sc1(td->p, MNG_KEY_CONFIG, td->tdr));
}

void td_addcx(struct td *td)
{
	while (td->nr_tdcs < TDX_TDCS_PAGES) {
		td->tdcs[td->nr_tdcs] = page_new(td->p);
		expect_ok(sc2(td->p, MNG_ADDCX, td->tdcs[td->nr_tdcs], td->tdr));
		td->nr_tdcs++;
	}
}

void td_init(struct td *td)
{
	expect_ok(sc2(td->p, MNG_INIT, td->tdr, td->params_pa));
}

uint64_t td_vcpu_new(struct td *td)
{
	uint64_t tdvpr = page_new(td->p);

	expect_ok(sc2(td->p, VP_CREATE, tdvpr, td->tdr));
	for (unsigned int i = 0; i < TDX_TDVPS_PAGES - 1; i++)
		expect_ok(sc2(td->p, VP_ADDCX, page_new(td->p), tdvpr));
	return tdvpr;
}

unsigned int td_vcpu_add(struct td *td)
{
	unsigned int i = td->nr_vcpus++;

	td->tdvpr[i] = td_vcpu_new(td);
	expect_ok(sc_raw(td->p, VP_INIT_V1, td->tdvpr[i], TD_INITIAL_RCX, i, 0));
	return i;
}

void td_sept(struct td *td)
{
	for (unsigned int level = 3; level; level--) {
		uint64_t gpa = TD_GPA & ~((1ULL << sept_shift(level)) - 1);

		td->sept[3 - level] = page_new(td->p);
		expect_ok(sc3(td->p, MEM_SEPT_ADD, gpa | level, td->tdr, td->sept[3 - level]));
	}
}

void td_page_add(struct td *td)
{
	uint64_t src = PLAT_HOST + 2 * MiB;

	memset(page_ptr(td->p, src), 0x11, PAGE);
	td->page = page_new(td->p);
	expect_ok(sc4(td->p, MEM_PAGE_ADD, TD_GPA, td->tdr, td->page, src));
}

void td_aug(struct td *td, uint64_t gpa, uint64_t pa)
{
	expect_ok(sc3(td->p, MEM_PAGE_AUG, gpa, td->tdr, pa));
}

void td_to(struct plat *p, struct td *td, uint64_t hkid, enum td_stage stage)
{
	struct tdx_event mce = { .kind = TDX_EV_MCE };
	struct tdx_gprs guest = { 0 };
	struct tdx_result res;

	td_begin(p, td, hkid);
	if (stage == STAGE_NO_TD)
		return;
	expect_ok(sc2(p, MNG_CREATE, td->tdr, hkid));
	if (stage == STAGE_HKID_ASSIGNED)
		return;
	expect_ok(sc1(p, MNG_KEY_CONFIG, td->tdr));
	if (stage == STAGE_KEYS_CONFIGURED)
		return;
	td_addcx(td);
	if (stage == STAGE_UNINITIALIZED)
		return;
	td_init(td);
	td_vcpu_add(td);
	td->uninit_vcpu = td_vcpu_new(td);
	td->bare_vcpu = page_new(p);
	expect_ok(sc2(p, VP_CREATE, td->bare_vcpu, td->tdr));
	td_sept(td);
	td_page_add(td);
	if (stage == STAGE_INITIALIZED)
		return;
	expect_ok(sc1(p, MR_FINALIZE, td->tdr));
	if (stage == STAGE_FATAL) {
		td_enter(td, 0);
		td_leave(td, &mce, &guest, &res);
	} else if (stage == STAGE_BLOCKED || stage == STAGE_TEARDOWN) {
		td_flush(td);
		expect_ok(sc1(p, MNG_VPFLUSHDONE, td->tdr));
		if (stage == STAGE_TEARDOWN)
			td_key_free(td);
	}
}

/* ---- end -------------------------------------------------------------------- */

/* VP.FLUSH of each vCPU on the LP that it is associated with. */
void td_flush(struct td *td)
{
	struct plat *p = td->p;
	unsigned int lp = p->lp;

	for (unsigned int i = 0; i < td->nr_vcpus; i++)
		for (p->lp = 0; p->lp < p->pf.nr_lps; p->lp++) {
			uint64_t status = sc1(p, VP_FLUSH, td->tdvpr[i]);

			if (status != TDX_STATUS(VCPU_NOT_ASSOCIATED, 0))
				expect_ok(status);
		}
	p->lp = lp;
}

/* From BLOCKED to TEARDOWN. */
void td_key_free(struct td *td)
{
	uint64_t status = sc1(td->p, PHYMEM_CACHE_WB, 0);

	while (status == TDX_STATUS(INTERRUPTED_RESUMABLE, 0))
		status = sc1(td->p, PHYMEM_CACHE_WB, 1);
	expect_ok(status);
	expect_ok(sc1(td->p, MNG_KEY_FREEID, td->tdr));
}

void td_reclaim(struct td *td)
{
	struct plat *p = td->p;

	for (uint64_t pa = PLAT_TDMR; pa < p->next_page; pa += PAGE) {
		struct tdx_pamt *pamt = tdx_pamt(p->m, pa);

		if (pamt->pt != PT_RSVD && pamt->owner_pfn == td->tdr / PAGE)
			expect_ok(sc1(p, PHYMEM_PAGE_RECLAIM, pa));
	}
	expect_ok(sc1(p, PHYMEM_PAGE_RECLAIM, td->tdr));
}

void td_destroy(struct td *td)
{
	td_flush(td);
	expect_ok(sc1(td->p, MNG_VPFLUSHDONE, td->tdr));
	td_key_free(td);
	td_reclaim(td);
}

/* A run that is over has given everything back. */
void expect_ledger_empty(struct plat *p)
{
	struct tdx_ledger l;

	tdx_ledger(p->m, &l);
	assert_int_equal(l.tds_live, 0);
	assert_int_equal(l.hkids_live, 0);
	assert_int_equal(l.pages_live, 0);
	assert_int_equal(l.vcpus_live, 0);
	assert_int_equal(l.sept_leaves_live, 0);
	assert_int_equal(l.tdis_live, 0);
	assert_int_equal(l.streams_live, 0);
	assert_int_equal(l.spdms_live, 0);
	assert_int_equal(l.iommus_live, 0);
	assert_int_equal(l.mmio_maps, l.mmio_unmaps);
	assert_int_equal(l.pages_donated, l.pages_returned);
}

/* ---- run -------------------------------------------------------------------- */

void td_enter(struct td *td, unsigned int i)
{
	expect_ok(sc1(td->p, VP_ENTER, td->tdvpr[i]));
	assert_true(tdx_lp_in_td(td->p->m, td->p->lp));
}

void td_leave(struct td *td, const struct tdx_event *ev, struct tdx_gprs *guest,
	      struct tdx_result *res)
{
	tdx_td_event(td->p->m, td->p->lp, ev, guest, &td->p->g, res);
	assert_int_equal(res->action, TDX_TD_EXIT);
	assert_false(tdx_lp_in_td(td->p->m, td->p->lp));
}

void td_interrupt(struct td *td)
{
	struct tdx_event ev = { .kind = TDX_EV_EXTINT, .vector = 0x20 };
	struct tdx_gprs guest = { 0 };
	struct tdx_result res;

	td_leave(td, &ev, &guest, &res);
}

void td_run_interrupted(struct td *td, unsigned int i)
{
	td_enter(td, i);
	td_interrupt(td);
}

uint64_t td_accept(struct td *td, uint64_t gpa_level, struct tdx_result *res)
{
	struct tdx_vcpu *v = td->p->m->lp[td->p->lp].running;
	struct tdx_gprs guest = { .r = { [TDX_RAX] = TDG_MEM_PAGE_ACCEPT, [TDX_RCX] = gpa_level } };

	*res = (struct tdx_result) { 0 };
	tdx_page_accept(td->p->m, td->p->lp, v, &guest, &td->p->g, res);
	return guest.r[TDX_RAX];
}

enum sept_state td_sept_state(struct td *td, uint64_t gpa, unsigned int level)
{
	const struct tdx_module *m = td->p->m;
	struct sept_pos pos;

	assert_true(sept_walk(m, &m->tds[tdx_pamt(m, td->tdr)->slot], gpa, level, SEPT_HOST, &pos));
	return sept_state(pos.value);
}
