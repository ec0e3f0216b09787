// SPDX-License-Identifier: GPL-2.0
/*
 * Secure EPT: entries, and the host leaves that change them (TDH.MEM.*, TDH.MR.EXTEND). MMIO leaves
 * are mmio.c's. What the TD sees of both is in translate.c.
 *
 * The tables are the pages that L1 donated. A vCPU walks them while host leaves change them, so
 * every entry is read and written atomically; bit 11 of an entry is its lock, held until the leaf
 * returns.
 */
#include "sept.h"

#define OP_I	OP_IN(OP_INITIALIZED)

/* ---- entries ---------------------------------------------------------------- */

uint64_t sept_make(enum sept_state state, uint64_t hpa)
{
	uint64_t e = sept_code_bits(state) | SEPT_SVE | hpa;

	if (sept_is_leaf(e) && !sept_is_mmio(state))
		e |= SEPT_MT_WB;
	if (state == SEPT_MAPPED || state == SEPT_NL_MAPPED)
		e |= SEPT_RWX;
	if (state == SEPT_MMIO_MAPPED)
		e |= SEPT_RW;		/* a TD never executes from a device (C 2.6) */
	return e;
}

uint8_t sept_public(enum sept_state state)
{
#define SEPT_CASE(name, code, pub) case SEPT_##name: return pub;
	switch (state) {
	SEPT_STATES(SEPT_CASE)
	}
#undef SEPT_CASE
	return 0xff;
}

static uint64_t sept_load(const uint64_t *entry)
{
	return __atomic_load_n(entry, __ATOMIC_ACQUIRE) & ~(SEPT_LOCK | SEPT_HOST_PRIORITY);
}

void tdx_sept_init_table(uint64_t *table)
{
	for (unsigned int i = 0; i < SEPT_ENTRIES; i++)
		table[i] = sept_make(SEPT_FREE, 0);
}

void tdx_sept_unlock(uint64_t *entry)
{
	__atomic_fetch_and(entry, ~SEPT_LOCK, __ATOMIC_RELEASE);
}

bool sept_walk(const struct tdx_module *m, const struct tdx_td *td, uint64_t gpa,
	       unsigned int level, enum sept_walker who, struct sept_pos *pos)
{
	uint64_t table = td->sept_root;
	enum sept_state state;

	for (pos->level = td->ept_levels - 1;; pos->level--) {
		pos->entry = (uint64_t *)tdx_ram(m, table) +
			     (gpa >> sept_shift(pos->level)) % SEPT_ENTRIES;
		pos->value = sept_load(pos->entry);
		if (pos->level == level)
			return true;
		state = sept_state(pos->value);
		if (state != SEPT_NL_MAPPED && !(who == SEPT_HOST && state == SEPT_NL_BLOCKED))
			return false;
		table = pos->value & SEPT_HPA;
	}
}

/* ---- what the leaves below share -------------------------------------------- */

/* RCX and RDX on error: the sanitised entry, and where the walk ended (6.1). */
static uint64_t ext_error(struct tdx_call *c, const struct sept_pos *pos, uint64_t status)
{
	uint64_t e = pos->value;

	c->r[TDX_RCX] = sept_state(e) == SEPT_FREE ? SEPT_SVE :
			e & (SEPT_RWX | 7 << 3 | SEPT_IPAT | SEPT_LEAF | SEPT_HPA | SEPT_SVE);
	c->r[TDX_RDX] = pos->level | (uint64_t)sept_public(sept_state(e)) << 8;
	return status;
}

uint64_t sept_wrong_state(struct tdx_call *c, const struct sept_pos *pos)
{
	return ext_error(c, pos, TDX_STATUS(EPT_ENTRY_STATE_INCORRECT, TDX_OP_RCX));
}

/* A private GPA of @td, aligned for @level (2.2). */
bool sept_gpa_valid(const struct tdx_td *td, uint64_t gpa, uint64_t align)
{
	return !(gpa & (align - 1)) && !(gpa >> (td->gpaw - 1));
}

/* TDR and GPA|level operands, in the order of 2.2: up to and including the GPA checks. */
uint64_t sept_operands(struct tdx_call *c, const struct sept_rule *rule, struct sept_op *op)
{
	uint64_t rcx = c->r[TDX_RCX];
	unsigned int max_level = rule->max_level;
	uint64_t status = tdx_td_get(c, c->r[TDX_RDX], TDX_OP_RDX, rule->tdr, &op->td);

	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, op->td, rule->tdr, rule->op_states);
	if (status != TDX_SUCCESS)
		return status;
	op->level = rcx & 7;
	op->gpa = rcx & ~7ULL;
	if (max_level == 3 && op->td->ept_levels == 5)
		max_level = 4;
	if (op->level < rule->min_level || op->level > max_level ||
	    !sept_gpa_valid(op->td, op->gpa, 1ULL << sept_shift(op->level)))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	return TDX_SUCCESS;
}

/* Tree lock, walk to op->level, entry lock. */
uint64_t sept_lock_entry(struct tdx_call *c, const struct sept_rule *rule, struct sept_op *op)
{
	if (!tdx_call_lock(c, &op->td->sept_lock, rule->tree))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_SEPT_TREE);
	if (!sept_walk(c->m, op->td, op->gpa, op->level, SEPT_HOST, &op->pos))
		return ext_error(c, &op->pos, TDX_STATUS(EPT_WALK_FAILED, TDX_OP_RCX));
	if (__atomic_fetch_or(op->pos.entry, SEPT_LOCK, __ATOMIC_ACQUIRE) & SEPT_LOCK) {
		__atomic_fetch_or(op->pos.entry, SEPT_HOST_PRIORITY, __ATOMIC_RELAXED);
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	}
	c->sept_entry = op->pos.entry;
	/* This is the turn that the host waited for, whatever the leaf makes of it. */
	__atomic_fetch_and(op->pos.entry, ~SEPT_HOST_PRIORITY, __ATOMIC_RELAXED);
	op->pos.value = sept_load(op->pos.entry);
	return TDX_SUCCESS;
}

uint64_t sept_start(struct tdx_call *c, const struct sept_rule *rule, struct sept_op *op)
{
	uint64_t status = sept_operands(c, rule, op);

	return status == TDX_SUCCESS ? sept_lock_entry(c, rule, op) : status;
}

/* Sequentially consistent: RANGE.BLOCK reads the epoch after it. */
void sept_store(const struct sept_op *op, uint64_t value)
{
	__atomic_store_n(op->pos.entry, value | SEPT_LOCK, __ATOMIC_SEQ_CST);
}

uint64_t sept_done(struct tdx_call *c)
{
	c->r[TDX_RCX] = c->r[TDX_RDX] = 0;
	return TDX_SUCCESS;
}

/* ---- adding ----------------------------------------------------------------- */

uint64_t tdh_mem_sept_add(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 1, 3, LOCK_SHARED, LOCK_SHARED };
	uint64_t pa = c->r[TDX_R8];
	struct tdx_pamt *p;
	struct sept_op op;
	uint64_t status = sept_start(c, &rule, &op);

	if (status != TDX_SUCCESS)
		return status;
	if (sept_state(op.pos.value) != SEPT_FREE)
		return sept_wrong_state(c, &op.pos);
	status = tdx_page_get(c, pa, TDX_OP_R8, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	tdx_page_assign(c->m, pa, p, PT_EPT, op.td, 0);
	tdx_sept_init_table(tdx_ram(c->m, pa));
	sept_store(&op, sept_make(SEPT_NL_MAPPED, pa));
	return sept_done(c);
}

/* One 128-byte block of MRTD's stream names the operation and the GPA (2.3). */
static void measure(struct tdx_td *td, const char *name, size_t len, uint64_t gpa)
{
	uint8_t block[128] = { 0 };

	__builtin_memcpy(block, name, len);
	__builtin_memcpy(block + 16, &gpa, sizeof(gpa));
	sha384_update(&td->mrtd_ctx, block, sizeof(block));
}

uint64_t tdh_mem_page_add(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_I, 0, 0, LOCK_EXCL, LOCK_SHARED };
	uint64_t pa = c->r[TDX_R8];
	const void *src;
	struct tdx_pamt *p;
	struct sept_op op;
	uint64_t status = sept_start(c, &rule, &op);

	if (status != TDX_SUCCESS)
		return status;
	if (sept_state(op.pos.value) != SEPT_FREE)
		return sept_wrong_state(c, &op.pos);
	status = tdx_page_get(c, pa, TDX_OP_R8, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	src = tdx_shared_operand(c->m, c->r[TDX_R9], TDX_PAGE_SIZE);
	if (!src)
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_R9);
	tdx_page_assign(c->m, pa, p, PT_REG, op.td, 0);
	__builtin_memmove(tdx_ram(c->m, pa), src, TDX_PAGE_SIZE);
	measure(op.td, "MEM.PAGE.ADD", 12, op.gpa);
	sept_store(&op, sept_make(SEPT_MAPPED, pa));
	c->m->sept_leaves++;
	return sept_done(c);
}

/*
 * 4 KiB pages only: a level 1 request is refused as an operand error. KVM 7.3 asks for level 0.
 */
uint64_t tdh_mem_page_aug(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 0, 0, LOCK_SHARED, LOCK_SHARED };
	uint64_t pa = c->r[TDX_R8];
	struct tdx_pamt *p;
	struct sept_op op;
	uint64_t status = sept_start(c, &rule, &op);

	if (status != TDX_SUCCESS)
		return status;
	if (sept_state(op.pos.value) != SEPT_FREE)
		return sept_wrong_state(c, &op.pos);
	status = tdx_page_get(c, pa, TDX_OP_R8, LOCK_EXCL, PT_NDA, &p);
	if (status != TDX_SUCCESS)
		return status;
	tdx_page_assign(c->m, pa, p, PT_REG, op.td, 0);
	/* What L1 left there reads as garbage under the TD's key: only ACCEPT makes it zero. */
	__builtin_memset(tdx_ram(c->m, pa), 0x5a, TDX_PAGE_SIZE);
	sept_store(&op, sept_make(SEPT_PENDING, pa));
	c->m->sept_leaves++;
	return sept_done(c);
}

uint64_t tdh_mr_extend(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_I, 0, 0, LOCK_EXCL, LOCK_SHARED };
	uint64_t gpa = c->r[TDX_RCX];
	struct sept_op op = { .gpa = gpa };
	uint64_t status = tdx_td_get(c, c->r[TDX_RDX], TDX_OP_RDX, LOCK_EXCL, &op.td);

	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, op.td, LOCK_EXCL, rule.op_states);
	if (status != TDX_SUCCESS)
		return status;
	if (!sept_gpa_valid(op.td, gpa, 256))
		return TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
	if (!tdx_call_lock(c, &op.td->sept_lock, rule.tree))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_SEPT_TREE);
	if (!sept_walk(c->m, op.td, gpa, 0, SEPT_HOST, &op.pos))
		return ext_error(c, &op.pos, TDX_STATUS(EPT_ENTRY_NOT_PRESENT, TDX_OP_RCX));
	if (sept_state(op.pos.value) != SEPT_MAPPED)
		return ext_error(c, &op.pos, TDX_STATUS(EPT_ENTRY_NOT_PRESENT, 0));
	measure(op.td, "MR.EXTEND", 9, gpa);
	sha384_update(&op.td->mrtd_ctx,
		      (uint8_t *)tdx_ram(c->m, op.pos.value & SEPT_HPA) + (gpa & TDX_PAGE_MASK),
		      256);
	return sept_done(c);
}

/* ---- blocking, tracking, removing (6.2, 6.3) -------------------------------- */

/* The state that TDH.MEM.RANGE.BLOCK leads to; the same state if it can't be blocked. */
static enum sept_state blocked(enum sept_state state)
{
	switch (state) {
	case SEPT_MAPPED:
		return SEPT_BLOCKED;
	case SEPT_PENDING:
		return SEPT_PENDING_BLOCKED;
	case SEPT_NL_MAPPED:
		return SEPT_NL_BLOCKED;
	default:
		return state;
	}
}

static bool is_blocked(enum sept_state state)
{
	return state == SEPT_BLOCKED || state == SEPT_PENDING_BLOCKED || state == SEPT_NL_BLOCKED;
}

uint64_t tdh_mem_range_block(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 0, 3, LOCK_SHARED, LOCK_EXCL };
	struct sept_op op;
	uint64_t status = sept_start(c, &rule, &op);
	enum sept_state state;
	uint64_t hpa;

	if (status != TDX_SUCCESS)
		return status;
	state = sept_state(op.pos.value);
	if (is_blocked(state))
		return ext_error(c, &op.pos, TDX_STATUS(GPA_RANGE_ALREADY_BLOCKED, TDX_OP_RCX));
	if (blocked(state) == state)
		return sept_wrong_state(c, &op.pos);
	hpa = op.pos.value & SEPT_HPA;
	sept_store(&op, sept_make(blocked(state), hpa));
	/*
	 * The epoch is read after the entry is blocked: a vCPU that enters in a later epoch can't
	 * have seen the old entry.
	 */
	__atomic_store_n(&tdx_pamt(c->m, hpa)->bepoch,
			 __atomic_load_n(&op.td->epoch, __ATOMIC_SEQ_CST), __ATOMIC_RELEASE);
	return sept_done(c);
}

uint64_t tdh_mem_track(struct tdx_call *c)
{
	struct tdx_td *td;
	uint64_t status = tdx_td_get(c, c->r[TDX_RCX], TDX_OP_RCX, LOCK_SHARED, &td);

	if (status == TDX_SUCCESS)
		status = tdx_td_usable(c, td, LOCK_SHARED, OP_IR);
	if (status != TDX_SUCCESS)
		return status;
	if (!tdx_call_lock(c, &td->epoch_lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_TD_EPOCH);
	if (td->refcount[1 - (td->epoch & 1)])
		return TDX_STATUS(PREVIOUS_TLB_EPOCH_BUSY, 0);
	__atomic_store_n(&td->epoch, td->epoch + 1, __ATOMIC_SEQ_CST);
	return TDX_SUCCESS;
}

bool sept_tracked(const struct tdx_td *td, uint32_t bepoch)
{
	uint32_t previous = __atomic_load_n(&td->epoch, __ATOMIC_SEQ_CST) - 1;

	return bepoch < previous || (bepoch == previous && !td->refcount[bepoch & 1]);
}

uint64_t tdh_mem_page_remove(struct tdx_call *c)
{
	static const struct sept_rule rule = { OP_IR, 0, 2, LOCK_SHARED, LOCK_SHARED };
	struct sept_op op;
	struct tdx_pamt *p;
	uint64_t hpa, status = sept_start(c, &rule, &op);

	if (status != TDX_SUCCESS)
		return status;
	if (!sept_is_leaf(op.pos.value) || sept_is_mmio(sept_state(op.pos.value)))
		return sept_wrong_state(c, &op.pos);
	hpa = op.pos.value & SEPT_HPA;
	p = tdx_pamt(c->m, hpa);
	if (op.td->op_state == OP_RUNNABLE) {
		if (!is_blocked(sept_state(op.pos.value)))
			return ext_error(c, &op.pos, TDX_STATUS(GPA_RANGE_NOT_BLOCKED, 0));
		if (!sept_tracked(op.td, p->bepoch))
			return TDX_STATUS(TLB_TRACKING_NOT_DONE, 0);
	}
	if (!tdx_call_lock(c, &p->lock, LOCK_EXCL))
		return TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
	sept_store(&op, sept_make(SEPT_FREE, 0));
	tdx_page_release(c->m, hpa, p);
	op.td->chldcnt--;
	c->m->sept_leaves--;
	sept_done(c);
	c->r[TDX_RCX] = hpa;
	return TDX_SUCCESS;
}
