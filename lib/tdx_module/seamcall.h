/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the host leaves share: the SEAMCALL in progress and the checks that many leaves make.
 *
 * A handler returns its status. The locks it took are dropped by the dispatcher afterwards, so that
 * each is held for the whole leaf (fact sheet 6.4) and no error path can forget one.
 */
#ifndef TDX_MODULE_SEAMCALL_H
#define TDX_MODULE_SEAMCALL_H

#include "internal.h"

#define TDX_PAGE_SIZE	4096ULL
#define TDX_PAGE_MASK	(TDX_PAGE_SIZE - 1)
#define TDX_1G		(1ULL << 30)
#define TDX_CALL_LOCKS	32

enum tdx_lock_mode { LOCK_SHARED, LOCK_EXCL };

struct tdx_call {
	struct tdx_module *m;
	unsigned int lp, version;
	uint64_t *r;			/* L1's registers, indexed by enum tdx_gpr; in and out */
	uint64_t tdr_pa;		/* the TD concerned, once known (trace) */
	struct tdx_enter *enter;	/* VP.ENTER: what the platform needs */
	bool entered;			/* VP.ENTER went through */
	uint64_t *sept_entry;		/* S-EPT entry whose lock bit this call holds */
	struct {
		tdx_lock_t *lock;
		enum tdx_lock_mode mode;
	} held[TDX_CALL_LOCKS];
	unsigned int nr_held;
};

/* module.c. False: somebody else holds @lock. */
bool tdx_call_lock(struct tdx_call *c, tdx_lock_t *lock, enum tdx_lock_mode mode);
/* The lock outlives the call: VP.ENTER keeps TDR and TDVPR until the TD exit. */
void tdx_call_keep(struct tdx_call *c, tdx_lock_t *lock);
void tdx_trace(struct tdx_module *m, const struct tdx_trace_event *ev);
void tdx_wipe(struct tdx_module *m);

static inline void *tdx_ram(const struct tdx_module *m, uint64_t pa)
{
	return m->ops->ram(m->opaque, pa & ~TDX_PAGE_MASK);
}

/* ---- pamt.c ----------------------------------------------------------------- */

/* PAMT entry of the page at @pa; NULL outside the TDMRs and in 1 GiB blocks not yet initialised. */
struct tdx_pamt *tdx_pamt(const struct tdx_module *m, uint64_t pa);
/* The first eight bytes of @p, read without its lock. */
struct tdx_pamt tdx_pamt_peek(const struct tdx_pamt *p);
/* The page operand check of 2.2 except for the page type; leaves the PAMT entry locked. */
uint64_t tdx_page_lock(struct tdx_call *c, uint64_t pa, unsigned int operand,
		       enum tdx_lock_mode mode, struct tdx_pamt **out);
/* The whole check. */
uint64_t tdx_page_get(struct tdx_call *c, uint64_t pa, unsigned int operand,
		      enum tdx_lock_mode mode, enum tdx_pt pt, struct tdx_pamt **out);
/*
 * A free page becomes @td's, or the module's own (NULL), and the other way round. The entry
 * is locked exclusively.
 */
void tdx_page_assign(struct tdx_module *m, uint64_t pa, struct tdx_pamt *p, enum tdx_pt pt,
		     struct tdx_td *td, unsigned int slot);
void tdx_page_release(struct tdx_module *m, uint64_t pa, struct tdx_pamt *p);
/* L1 memory named by an operand (2.2): host pointer, or NULL if the operand is not acceptable. */
void *tdx_shared_operand(const struct tdx_module *m, uint64_t pa, uint64_t align);
uint64_t tdx_tdmrs_load(struct tdx_call *c, const uint64_t *info_pa, unsigned int count);
uint64_t tdx_tdmr_init_step(struct tdx_call *c, uint64_t base, uint64_t *next);
uint64_t tdx_pamt_count_live(const struct tdx_module *m);
void tdx_pamt_release_all(struct tdx_module *m);

/* ---- td.c and vcpu.c -------------------------------------------------------- */

#define OP_IN(state) (1u << (state))

/* @pa is a TDR operand: lock its PAMT entry and find the TD. */
uint64_t tdx_td_get(struct tdx_call *c, uint64_t pa, unsigned int operand, enum tdx_lock_mode mode,
		    struct tdx_td **out);
/*
 * "TD must be usable" (2.2), OP_STATE in @op_states; takes the op_state lock shared unless TDR is
 * exclusive.
 */
uint64_t tdx_td_usable(struct tdx_call *c, struct tdx_td *td, enum tdx_lock_mode tdr_mode,
		       unsigned int op_states);
/* @pa is a TDVPR operand: lock it in @mode and its TDR in @tdr_mode. */
uint64_t tdx_vcpu_get(struct tdx_call *c, uint64_t pa, unsigned int operand,
		      enum tdx_lock_mode mode, enum tdx_lock_mode tdr_mode, struct tdx_vcpu **out);
/* Bind the vCPU to the calling LP. */
uint64_t tdx_vcpu_associate(struct tdx_call *c, struct tdx_vcpu *v);

static inline unsigned int tdx_first_hkid(const struct tdx_module *m)
{
	return m->platform.mktme_keyids + 1;
}

static inline bool tdx_hkid_private(const struct tdx_module *m, uint64_t hkid)
{
	return hkid >= tdx_first_hkid(m) && hkid - tdx_first_hkid(m) < m->platform.tdx_keyids;
}

/* ---- sept.c ----------------------------------------------------------------- */

void tdx_sept_init_table(uint64_t *table);
void tdx_sept_unlock(uint64_t *entry);

/* ---- step.c ----------------------------------------------------------------- */

void tdx_step_exit(struct tdx_vcpu *v, const struct tdx_exit_info *info);
/*
 * May @v be resumed? OPERAND_BUSY|SEPT_TREE, or the status of the EPT violation at @gpa that the
 * host is to see instead of an entry.
 */
uint64_t tdx_step_enter(struct tdx_call *c, struct tdx_vcpu *v, uint64_t *gpa);

/* ---- leaf handlers ---------------------------------------------------------- */

uint64_t tdh_sys_init(struct tdx_call *c);
uint64_t tdh_sys_lp_init(struct tdx_call *c);
uint64_t tdh_sys_rd(struct tdx_call *c);
uint64_t tdh_sys_config(struct tdx_call *c);
uint64_t tdh_sys_key_config(struct tdx_call *c);
uint64_t tdh_sys_tdmr_init(struct tdx_call *c);
uint64_t tdh_sys_disable(struct tdx_call *c);
uint64_t tdh_phymem_page_rdmd(struct tdx_call *c);
uint64_t tdh_phymem_page_reclaim(struct tdx_call *c);
uint64_t tdh_phymem_page_wbinvd(struct tdx_call *c);
uint64_t tdh_phymem_cache_wb(struct tdx_call *c);
uint64_t tdh_mng_create(struct tdx_call *c);
uint64_t tdh_mng_key_config(struct tdx_call *c);
uint64_t tdh_mng_addcx(struct tdx_call *c);
uint64_t tdh_mng_init(struct tdx_call *c);
uint64_t tdh_mng_rd(struct tdx_call *c);
uint64_t tdh_mng_vpflushdone(struct tdx_call *c);
uint64_t tdh_mng_key_freeid(struct tdx_call *c);
uint64_t tdh_mr_extend(struct tdx_call *c);
uint64_t tdh_mr_finalize(struct tdx_call *c);
uint64_t tdh_vp_create(struct tdx_call *c);
uint64_t tdh_vp_addcx(struct tdx_call *c);
uint64_t tdh_vp_init(struct tdx_call *c);
uint64_t tdh_vp_rd(struct tdx_call *c);
uint64_t tdh_vp_wr(struct tdx_call *c);
uint64_t tdh_vp_flush(struct tdx_call *c);
uint64_t tdh_vp_enter(struct tdx_call *c);
uint64_t tdh_mem_sept_add(struct tdx_call *c);
uint64_t tdh_mem_page_add(struct tdx_call *c);
uint64_t tdh_mem_page_aug(struct tdx_call *c);
uint64_t tdh_mem_range_block(struct tdx_call *c);
uint64_t tdh_mem_track(struct tdx_call *c);
uint64_t tdh_mem_page_remove(struct tdx_call *c);

#endif
