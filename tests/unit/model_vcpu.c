// SPDX-License-Identifier: GPL-2.0
/* TDH.VP.*: building a vCPU, its LP, entry and exit (fact sheet 2.3, 4.1, 4.2, 6.3, 7). */
#include "platform.h"
#include "../../lib/tdx_abi/field.h"

#include <string.h>

#define INVALID(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)
#define VCPU_STATE	TDX_STATUS(VCPU_STATE_INCORRECT, 0)
#define VMCALL_REASON	77

static struct tdx_td *td_of(struct td *td)
{
	return &td->p->m->tds[tdx_pamt(td->p->m, td->tdr)->slot];
}

/* Turned red by: a count or state check that is lost, a refused VP.INIT that uses up an index. */
static void build(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);	/* index 0 is taken */
	expect_status(sc2(p, VP_ADDCX, page_new(p), td.uninit_vcpu),
		      TDX_STATUS(TDCX_NUM_INCORRECT, 0));
	expect_status(sc2(p, VP_ADDCX, page_new(p), td.tdvpr[0]), VCPU_STATE);
	expect_status(sc2(p, VP_ADDCX, PLAT_HOST, td.bare_vcpu),
		      TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_RCX));
	expect_status(sc_raw(p, VP_INIT_V1, td.bare_vcpu, 0, 1, 0),
		      TDX_STATUS(TDCX_NUM_INCORRECT, 0));
	expect_status(sc2(p, VP_RD, td.bare_vcpu, TDX_FIELD_PEND_NMI),
		      TDX_STATUS(TDCX_NUM_INCORRECT, 0));
	expect_status(sc2(p, VP_RD, td.uninit_vcpu, TDX_FIELD_PEND_NMI), VCPU_STATE);
	expect_status(sc_raw(p, VP_INIT_V1, td.tdvpr[0], 0, 9, 0), VCPU_STATE);
	expect_status(sc_raw(p, VP_INIT_V1, td.uninit_vcpu, 0, 1ULL << 32, 0), INVALID(R8));
	expect_status(sc_raw(p, VP_INIT_V1, td.uninit_vcpu, 0, 0, 0),
		      TDX_STATUS(X2APIC_ID_NOT_UNIQUE, 0));
	assert_int_equal(td_of(&td)->num_vcpus, 1);
	td_vcpu_add(&td);
	expect_status(sc_raw(p, VP_INIT_V1, td_vcpu_new(&td), 0, 1, 0),
		      TDX_STATUS(X2APIC_ID_NOT_UNIQUE, 1));
	td_vcpu_add(&td);
	assert_true(td_of(&td)->topology_enum_configured);
	expect_ok(sc1(p, VP_INIT, td.uninit_vcpu));	/* version 0 */
	assert_false(td_of(&td)->topology_enum_configured);
	expect_status(sc_raw(p, VP_INIT_V1, td_vcpu_new(&td), 0, 77, 0),
		      TDX_STATUS(MAX_VCPUS_EXCEEDED, 0));
	assert_int_equal(td_of(&td)->num_vcpus, TD_VCPUS);
	plat_free(p);
}

/* Turned red by: an association that is lost, duplicated, or not made by a failing access. */
static void association(void **state)
{
	const uint64_t taken = TDX_STATUS(VCPU_ASSOCIATED, 0);
	const uint64_t none = TDX_STATUS(VCPU_NOT_ASSOCIATED, 0);
	struct plat *p = plat_ready();
	uint64_t tdvpr;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);	/* VP.INIT was on LP 0 */
	tdvpr = td.tdvpr[0];
	p->lp = 1;
	expect_status(sc1(p, VP_FLUSH, tdvpr), none);
	expect_status(sc2(p, VP_RD, tdvpr, TDX_FIELD_PEND_NMI), taken);
	expect_status(sc4(p, VP_WR, tdvpr, TDX_FIELD_PEND_NMI, 1, 1), taken);
	assert_int_equal(p->g.r[TDX_R8], 0);
	expect_status(sc1(p, VP_ENTER, tdvpr), taken);
	p->lp = 0;
	expect_status(sc1(p, MNG_VPFLUSHDONE, td.tdr), TDX_STATUS(FLUSHVP_NOT_DONE, 0));
	assert_int_equal(p->flushes, 0);
	expect_ok(sc1(p, VP_FLUSH, tdvpr));
	assert_int_equal(p->flushes, 1);
	expect_status(sc1(p, VP_FLUSH, tdvpr), none);
	p->lp = 1;
	expect_status(sc2(p, VP_RD, tdvpr, 0x7f00000000000000),
		      TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0));
	p->lp = 0;
	expect_status(sc2(p, VP_RD, tdvpr, TDX_FIELD_PEND_NMI), taken);
	p->lp = 1;
	expect_ok(sc1(p, VP_FLUSH, tdvpr));
	expect_ok(sc1(p, MNG_VPFLUSHDONE, td.tdr));
	plat_free(p);
}

/* Turned red by: a refusal that touches a register, an order of checks other than 4.1's. */
static void enter_operands(void **state)
{
	struct tdx_event nmi = { .kind = TDX_EV_NMI }, task = { .kind = TDX_EV_TASK_SWITCH };
	struct tdx_gprs guest = { 0 };
	struct plat *p = plat_ready();
	struct tdx_result res;
	uint64_t tdvpr;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	tdvpr = td.tdvpr[0];
	expect_status(sc1(p, VP_ENTER, tdvpr | 1), INVALID(RCX));
	expect_status(sc1(p, VP_ENTER, tdvpr | 1ULL << 54), INVALID(RCX));
	expect_status(sc1(p, VP_ENTER, tdvpr | 1ULL << 53), INVALID(RCX));
	expect_status(sc1(p, VP_ENTER, tdvpr | 1ULL << 52), INVALID(RCX));
	expect_status(sc1(p, VP_ENTER, tdvpr | 1ULL << PLAT_PA_BITS), INVALID(RCX));
	expect_status(sc1(p, VP_ENTER, td.tdr), TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RCX));
	for (unsigned int i = TDX_R10; i < TDX_NR_GPRS; i++)
		assert_int_equal(p->g.r[i], 0xdead000000000000 | i);
	assert_int_equal(p->g.r[TDX_RCX], td.tdr);
	/* The hint is for after an exit that is a trap. */
	td_enter(&td, 0);
	td_leave(&td, &task, &guest, &res);
	expect_status(sc1(p, VP_ENTER, tdvpr | 1ULL << 52), INVALID(RCX));
	td_enter(&td, 0);
	td_leave(&td, &nmi, &guest, &res);
	expect_ok(sc1(p, VP_ENTER, tdvpr | 1ULL << 52));
	td_leave(&td, &nmi, &guest, &res);
	p->tsc = 0;
	expect_status(sc1(p, VP_ENTER, tdvpr), TDX_STATUS(TSC_ROLLBACK, 0));
	plat_free(p);
}

/* The registers of section 7. */
static void first_entry(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	td_vcpu_add(&td);
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	td_enter(&td, 1);
	assert_true(p->enter.first);
	assert_int_equal(p->enter.init_rbx, 48);
	assert_int_equal(p->enter.xfam_lo, 0xe7);
	assert_int_equal(p->enter.inject_vector, -1);
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++) {
		uint64_t want = i == TDX_RBX ? 48 : i == TDX_RCX || i == TDX_R8 ? TD_INITIAL_RCX :
				i == TDX_RDX ? 0x000806f8 : i == TDX_RSI ? 1 : 0;

		assert_int_equal(p->enter.gprs.r[i], want);
	}
	td_interrupt(&td);
	plat_free(p);
}

/* Turned red by: any register of an asynchronous exit that differs from 4.2. */
static void async_exit(void **state)
{
	struct tdx_event irq = { .kind = TDX_EV_EXTINT, .vector = 0x31 };

	(void)state;
	for (int keep_rbp = 0; keep_rbp < 2; keep_rbp++) {
		struct plat *p = plat_ready();
		struct tdx_gprs guest;
		struct tdx_result res;
		struct td td;

		td_to(p, &td, 2, STAGE_RUNNABLE);
		td_of(&td)->config_flags = keep_rbp ? TDX_CONFIG_NO_RBP_MOD : 0;
		memset(&guest, 0x55, sizeof(guest));
		td_enter(&td, 0);
		td_leave(&td, &irq, &guest, &res);
		assert_false(res.advance);
		assert_true(res.scrub);
		assert_int_equal(res.xmm_mask, 0);
		for (unsigned int i = 0; i < TDX_NR_GPRS; i++) {
			uint64_t want = i == TDX_RAX ? 1 : i == TDX_R9 ? 0x80000031 :
					i == TDX_RSP || (i == TDX_RBP && keep_rbp) ?
					(0xdead000000000000 | i) : 0;

			assert_int_equal(p->g.r[i], want);
		}
		/* The TD resumes with what it had. */
		td_enter(&td, 0);
		assert_false(p->enter.first);
		assert_memory_equal(&p->enter.gprs, &guest, sizeof(guest));
		assert_int_equal(p->enter.xmm_mask, 0);
		td_interrupt(&td);
		plat_free(p);
	}
}

/* TDG.VP.VMCALL: the host sees the registers that RCX selects, and answers in them. */
static void vmcall(void **state)
{
	struct tdx_event ev = { .kind = TDX_EV_TDCALL, .insn_len = 4, .long_mode = true };
	const uint64_t mask = 0xac0c | 5 << 16;	/* RDX RBX R10 R11 R13 R15, XMM0 and XMM2 */
	struct plat *p = plat_ready();
	struct tdx_gprs guest;
	struct tdx_result res;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		guest.r[i] = 0x1000 + i;
	guest.r[TDX_RAX] = TDG_VP_VMCALL;
	guest.r[TDX_RCX] = mask;
	td_leave(&td, &ev, &guest, &res);
	assert_true(res.advance);
	assert_int_equal(res.xmm_mask, 5);
	assert_int_equal(p->g.r[TDX_RAX], VMCALL_REASON);
	assert_int_equal(p->g.r[TDX_RCX], mask);
	for (unsigned int i = TDX_RDX; i < TDX_NR_GPRS; i++) {
		bool kept = i == TDX_RSP || i == TDX_RBP;
		uint64_t seen = mask >> i & 1 ? 0x1000 + i : 0;

		assert_int_equal(p->g.r[i], kept ? (0xdead000000000000 | i) : seen);
	}

	/* A refused entry must not lose the answer, so the host's second try still delivers it. */
	assert_true(tdx_trylock_excl(&td_of(&td)->epoch_lock));
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), TDX_STATUS(OPERAND_BUSY, TDX_OP_TD_EPOCH));
	tdx_unlock_excl(&td_of(&td)->epoch_lock);
	td_enter(&td, 0);
	assert_int_equal(p->enter.xmm_mask, 5);
	assert_int_equal(p->enter.gprs.r[TDX_RAX], TDX_SUCCESS);
	assert_int_equal(p->enter.gprs.r[TDX_RCX], mask);
	assert_int_equal(p->enter.gprs.r[TDX_RDX], 0);			/* as sc1() passed it */
	assert_int_equal(p->enter.gprs.r[TDX_R10], 0xdead000000000000 | TDX_R10);
	assert_int_equal(p->enter.gprs.r[TDX_R12], 0x1000 + TDX_R12);	/* not selected */
	td_interrupt(&td);
	plat_free(p);
}

static void triple_fault(void **state)
{
	struct tdx_event ev = { .kind = TDX_EV_TRIPLE_FAULT };
	struct tdx_gprs guest = { 0 };
	struct plat *p = plat_ready();
	struct tdx_result res;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	td_enter(&td, 0);
	td_leave(&td, &ev, &guest, &res);
	assert_int_equal(p->g.r[TDX_RAX], 0x4000000100000002);
	expect_status(sc1(p, VP_ENTER, td.tdvpr[0]), VCPU_STATE);
	expect_ok(sc2(p, VP_RD, td.tdvpr[0], TDX_FIELD_VCPU_STATE_DETAILS));
	expect_status(sc4(p, VP_WR, td.tdvpr[0], TDX_FIELD_PEND_NMI, 1, 1), VCPU_STATE);
	td_destroy(&td);
	plat_free(p);
}

/* Turned red by: a vCPU that goes on in a TD that another one has killed. */
static void fatal(void **state)
{
	struct tdx_event mce = { .kind = TDX_EV_MCE };
	struct tdx_gprs guest = { 0 };
	struct plat *p = plat_ready();
	struct tdx_result res;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	td_vcpu_add(&td);
	expect_ok(sc1(p, VP_FLUSH, td.tdvpr[1]));
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	td_enter(&td, 0);
	p->lp = 1;
	td_enter(&td, 1);
	p->lp = 0;
	td_leave(&td, &mce, &guest, &res);
	assert_int_equal(p->g.r[TDX_RAX], 0x6000000500000000);
	p->lp = 1;
	td_interrupt(&td);
	assert_int_equal(p->g.r[TDX_RAX], 0x6000000500000001);
	expect_status(sc1(p, VP_ENTER, td.tdvpr[1]), TDX_STATUS(TD_FATAL, 0));
	td_destroy(&td);
	plat_free(p);
}

/* When the LP must drop its translations before the TD runs (6.3). */
static void flush_on_entry(void **state)
{
	struct plat *p = plat_ready();
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_INITIALIZED);
	td_vcpu_add(&td);
	expect_ok(sc1(p, MR_FINALIZE, td.tdr));
	td_run_interrupted(&td, 0);
	td_run_interrupted(&td, 0);
	assert_false(p->enter.flush);		/* nothing happened in between */
	td_run_interrupted(&td, 1);
	assert_true(p->enter.flush);		/* another vCPU ran here last */
	td_run_interrupted(&td, 0);
	assert_true(p->enter.flush);
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	td_run_interrupted(&td, 0);
	assert_true(p->enter.flush);		/* a new epoch */
	td_run_interrupted(&td, 0);
	assert_false(p->enter.flush);
	expect_ok(sc1(p, VP_FLUSH, td.tdvpr[0]));
	p->lp = 1;
	td_run_interrupted(&td, 0);
	assert_true(p->enter.flush);		/* this LP last ran something else */
	plat_free(p);
}

/* Each SEAMCALL, entry and exit is reported once. */
static void traced(void **state)
{
	struct plat *p = plat_ready();
	unsigned int seamcalls;
	struct tdx_ledger l;
	struct td td;

	(void)state;
	td_to(p, &td, 2, STAGE_RUNNABLE);
	seamcalls = p->traced[TDX_TRACE_SEAMCALL];
	expect_ok(sc1(p, MEM_TRACK, td.tdr));
	assert_int_equal(p->traced[TDX_TRACE_SEAMCALL], seamcalls + 1);
	assert_int_equal(p->last_trace.leaf, TDH_MEM_TRACK);
	assert_int_equal(p->last_trace.tdr, td.tdr);
	assert_int_equal(p->last_trace.in[0], td.tdr);
	td_enter(&td, 0);
	assert_int_equal(p->traced[TDX_TRACE_SEAMCALL], seamcalls + 1);
	assert_int_equal(p->traced[TDX_TRACE_TD_ENTER], 1);
	assert_int_equal(p->last_trace.leaf, 0);
	td_interrupt(&td);
	assert_int_equal(p->traced[TDX_TRACE_TD_EXIT], 1);
	assert_int_equal(p->last_trace.status, 1);
	expect_status(sc1(p, VP_ENTER, td.tdr), TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_RCX));
	assert_int_equal(p->traced[TDX_TRACE_SEAMCALL], seamcalls + 2);
	tdx_ledger(p->m, &l);
	assert_int_equal(l.td_exits, 1);
	assert_int_equal(l.seamcalls,
			 p->traced[TDX_TRACE_SEAMCALL] + p->traced[TDX_TRACE_TD_ENTER]);
	plat_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(build),	  cmocka_unit_test(association),
		cmocka_unit_test(enter_operands), cmocka_unit_test(first_entry),
		cmocka_unit_test(async_exit),	  cmocka_unit_test(vmcall),
		cmocka_unit_test(triple_fault),	  cmocka_unit_test(fatal),
		cmocka_unit_test(flush_on_entry), cmocka_unit_test(traced),
	};

	return cmocka_run_group_tests_name("model_vcpu", tests, NULL, NULL);
}
