// SPDX-License-Identifier: GPL-2.0
/*
 * Guest physical addresses as the TD uses them: second-stage translation through the S-EPT or the
 * shared EPT (fact sheet 5.2), copies for TDCALL operands, TDG.MEM.PAGE.ACCEPT (6.2, C 2.2).
 */
#include "sept.h"
#include "../tdx_abi/exit.h"

#define EPT_RWX		7ULL
#define EPT_MT(e)	((e) >> 3 & 7)
#define EPT_NL_RESERVED	(0xfULL << 3)	/* bits 6:3 of an entry that points to a table */

static bool fault(struct tdx_event *ev, unsigned int rwx, uint64_t entry)
{
	ev->ept_rwx = rwx;
	ev->suppress_ve = entry & SEPT_SVE;
	return false;
}

/* ---- private ---------------------------------------------------------------- */

/*
 * A device's page is read and written, never executed; the module has no #VE for one (C 2.2, 2.6).
 * RAM leaves are 4K, MMIO leaves of any size end the walk.
 */
static bool translate_mmio(const struct sept_pos *pos, uint64_t gpa, unsigned int access,
			   struct tdx_xlate *x, struct tdx_event *ev)
{
	uint64_t offset = gpa & ((1ULL << sept_shift(pos->level)) - 1);

	if (access & ~SEPT_RW)
		return fault(ev, SEPT_RW, pos->value);
	*x = (struct tdx_xlate) {
		.hpa = (pos->value & SEPT_HPA) | (offset & ~TDX_PAGE_MASK),
		.page_shift = sept_shift(pos->level), .rwx = SEPT_RW, .mmio = true, .tee = true,
	};
	return true;
}

static bool translate_private(struct tdx_module *m, const struct tdx_td *td, uint64_t gpa,
			      unsigned int access, struct tdx_xlate *x, struct tdx_event *ev)
{
	struct sept_pos pos;
	bool reached = sept_walk(m, td, gpa, 0, SEPT_GUEST, &pos);

	if (sept_state(pos.value) == SEPT_MMIO_MAPPED)
		return translate_mmio(&pos, gpa, access, x, ev);
	if (!reached || sept_state(pos.value) != SEPT_MAPPED) {
		ev->pending = sept_state(pos.value) == SEPT_PENDING;
		return fault(ev, 0, pos.value);
	}
	*x = (struct tdx_xlate) { .hpa = pos.value & SEPT_HPA, .page_shift = 12, .rwx = SEPT_RWX };
	return true;
}

/* ---- shared ----------------------------------------------------------------- */

/* Reserved bits and combinations that make a present shared entry an EPT misconfiguration. */
static bool malformed(const struct tdx_module *m, uint64_t e, unsigned int level, bool leaf)
{
	uint64_t maxpa = SEPT_HPA & ~((1ULL << m->platform.pa_bits) - 1);

	if ((e & maxpa) || (e & 3) == 2)		/* writable but not readable */
		return true;
	if (!leaf)
		return e & (level > 2 ? EPT_NL_RESERVED | SEPT_LEAF : EPT_NL_RESERVED);
	return EPT_MT(e) == 2 || EPT_MT(e) == 3 || EPT_MT(e) == 7 ||
	       (e & SEPT_HPA & ((1ULL << sept_shift(level)) - 1));
}

/* The SHARED bit takes part in the index; code is never fetched from shared memory (5.2). */
static bool translate_shared(struct tdx_module *m, const struct tdx_vcpu *v, uint64_t gpa,
			     unsigned int access, struct tdx_xlate *x, struct tdx_event *ev)
{
	uint64_t table = v->shared_eptp & SEPT_HPA, e;
	unsigned int rwx = TDX_ACCESS_READ | TDX_ACCESS_WRITE, level;
	bool leaf;

	if (access & TDX_ACCESS_FETCH) {
		ev->reserved = true;
		return fault(ev, 0, SEPT_SVE);
	}
	for (level = v->td->ept_levels - 1;; level--) {
		const uint64_t *entries = tdx_ram(m, table);

		if (!table || !entries)
			return fault(ev, 0, SEPT_SVE);
		e = __atomic_load_n(&entries[(gpa >> sept_shift(level)) % SEPT_ENTRIES],
				    __ATOMIC_ACQUIRE);
		leaf = !level || (level <= 2 && (e & SEPT_LEAF));
		if (!(e & EPT_RWX))
			return fault(ev, 0, e);
		if (malformed(m, e, level, leaf)) {
			ev->misconfig = true;
			return fault(ev, 0, e);
		}
		rwx &= e;
		if (leaf)
			break;
		table = e & SEPT_HPA;
	}
	if ((access & rwx) != access)
		return fault(ev, rwx, e);
	*x = (struct tdx_xlate) { .page_shift = sept_shift(level), .rwx = rwx };
	x->hpa = (e & SEPT_HPA) | (gpa & ((1ULL << x->page_shift) - 1) & ~TDX_PAGE_MASK);
	x->mmio = !tdx_ram(m, x->hpa);
	/* Nothing can be read through a shared mapping of a TD's page: KVM must not build one. */
	if (tdx_pa_private(m, x->hpa)) {
		ev->misconfig = true;
		return fault(ev, rwx, e);
	}
	return true;
}

bool tdx_translate(struct tdx_module *m, unsigned int lp, uint64_t gpa, unsigned int access,
		   struct tdx_xlate *x, struct tdx_event *ev)
{
	const struct tdx_vcpu *v = m->lp[lp].running;
	unsigned int shared_bit = v->td->gpaw - 1;

	ev->gpa = gpa;
	ev->access = access;
	ev->shared = gpa >> shared_bit & 1;
	ev->reserved = gpa >> v->td->gpaw;
	ev->misconfig = ev->pending = false;
	if (ev->reserved)
		return fault(ev, 0, SEPT_SVE);
	return ev->shared ? translate_shared(m, v, gpa, access, x, ev) :
			    translate_private(m, v->td, gpa, access, x, ev);
}

int tdx_mmio_stale(struct tdx_module *m, unsigned int lp, uint64_t gpa, uint64_t hpa, int last)
{
	const struct tdx_vcpu *v = m->lp[lp].running;
	struct tdx_trace_event ev = {
		.kind = TDX_TRACE_STALE, .lp = (uint16_t)lp, .leaf = (uint16_t)v->index,
		.tdr = v->td->tdr_pa, .in = { gpa, hpa },
	};
	struct tdx_event unused = { 0 };
	struct sept_pos pos;
	struct tdx_xlate x;

	sept_walk(m, v->td, gpa, 0, SEPT_GUEST, &pos);
	if (sept_state(pos.value) == SEPT_MMIO_MAPPED &&
	    translate_mmio(&pos, gpa, TDX_ACCESS_READ, &x, &unused) && x.hpa == hpa)
		return -1;
	ev.status = sept_public(sept_state(pos.value));
	if ((int)ev.status != last)
		tdx_trace(m, &ev);
	return (int)ev.status;
}

bool tdx_guest_copy(struct tdx_module *m, unsigned int lp, uint64_t gpa, void *buf, size_t len,
		    bool write, struct tdx_event *ev)
{
	uint8_t *bytes = buf;

	while (len) {
		uint64_t offset = gpa & TDX_PAGE_MASK;
		size_t part = len < TDX_PAGE_SIZE - offset ? len : TDX_PAGE_SIZE - offset;
		struct tdx_xlate x;
		uint8_t *page;

		if (!tdx_translate(m, lp, gpa, write ? TDX_ACCESS_WRITE : TDX_ACCESS_READ, &x, ev))
			return false;
		if (x.mmio) {	/* a device register is no operand */
			ev->misconfig = ev->shared;
			return fault(ev, x.rwx, SEPT_SVE);
		}
		page = tdx_ram(m, x.hpa);
		if (write)
			__builtin_memcpy(page + offset, bytes, part);
		else
			__builtin_memcpy(bytes, page + offset, part);
		bytes += part;
		gpa += part;
		len -= part;
	}
	return true;
}

/* ---- TDG.MEM.PAGE.ACCEPT ---------------------------------------------------- */

/* PENDING -> MAPPED, zeroed. A host leaf that met the lock meanwhile keeps its priority. */
static bool accept_entry(struct tdx_module *m, const struct sept_pos *pos)
{
	uint64_t raw = __atomic_load_n(pos->entry, __ATOMIC_ACQUIRE), mapped;

	if (raw & (SEPT_LOCK | SEPT_HOST_PRIORITY) || sept_state(raw) != SEPT_PENDING ||
	    !__atomic_compare_exchange_n(pos->entry, &raw, raw | SEPT_LOCK, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	__builtin_memset(tdx_ram(m, raw & SEPT_HPA), 0, TDX_PAGE_SIZE);
	mapped = sept_make(SEPT_MAPPED, raw & SEPT_HPA);
	raw |= SEPT_LOCK;
	while (!__atomic_compare_exchange_n(pos->entry, &raw, mapped | (raw & SEPT_HOST_PRIORITY),
					    true, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
	return true;
}

void tdx_accept_exit(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		     struct tdx_gprs *gprs, uint64_t gpa, unsigned int level, uint64_t qual,
		     const struct sept_pos *pos, struct tdx_gprs *host, struct tdx_result *res)
{
	struct tdx_exit_info info = {
		.status_hi = TDX_HI_SUCCESS,
		.reason = TDX_EXIT_EPT_VIOLATION,
		.qual = qual,
		.ext_qual = TDX_EEQ_ACCEPT | TDX_EEQ_ACCEPT_REQ_LEVEL(level) |
			    TDX_EEQ_ACCEPT_LEVEL(pos->level) |
			    TDX_EEQ_ACCEPT_STATE(sept_public(sept_state(pos->value))) |
			    (sept_is_leaf(pos->value) ? TDX_EEQ_ACCEPT_LEAF : 0),
		.gpa = gpa,
		.kind = EXIT_ASYNC_FAULT,
	};

	tdx_td_exit(m, lp, v, gprs, &info, host, res);
}

void tdx_page_accept(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		     struct tdx_gprs *gprs, struct tdx_gprs *host, struct tdx_result *res)
{
	unsigned int level = gprs->r[TDX_RCX] & 7;
	uint64_t gpa = gprs->r[TDX_RCX] & ~7ULL, *rax = &gprs->r[TDX_RAX];
	enum sept_state state;
	struct sept_pos pos;
	bool reached;

	res->action = TDX_TD_NEXT;
	if (level > 1 || (gpa & ((1ULL << sept_shift(level)) - 1)) || gpa >> (v->td->gpaw - 1)) {
		*rax = TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX);
		return;
	}
	reached = sept_walk(m, v->td, gpa, level, SEPT_GUEST, &pos);
	state = sept_state(pos.value);
	if (sept_is_accessible_leaf(state))
		*rax = TDX_STATUS(PAGE_ALREADY_ACCEPTED, pos.level);
	else if (reached && state == SEPT_NL_MAPPED)
		*rax = TDX_STATUS(PAGE_SIZE_MISMATCH, level);
	else if (!reached || state != SEPT_PENDING)
		tdx_accept_exit(m, lp, v, gprs, gpa, level,
				TDX_QUAL_WRITE | (pos.value & SEPT_RWX) << TDX_QUAL_RWX_SHIFT, &pos,
				host, res);
	else if (accept_entry(m, &pos))
		*rax = TDX_SUCCESS;
	else	/* 6.4's timeout is left out: the host is done long before a second has passed */
		*rax = TDX_STATUS(OPERAND_BUSY, TDX_OP_RCX);
}
