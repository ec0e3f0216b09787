// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata fields (fact sheet 3, 3.2, 3.3, 3.4): who may read and write what, and the ids that Linux uses.
 *
 * Turns red: an id compared beyond bit 63, class and code; a write outside the mask that goes
 * through; TD_CTLS accepting a change after LOCK; PIN_BASED armed before NV and PID; a SYS.RD walk
 * that misses a field.
 */
#include "guest_td.h"

#define ALL		(~0ULL)
#define ERR(name)	TDX_STATUS(METADATA_FIELD_##name, 0)

/* ---- TDH.SYS.RD, TDG.SYS.RD ------------------------------------------------------------------ */

static void sys_values(void **state)
{
	static const struct {
		uint64_t id, value;
	} fields[] = {
		{ 0x0800000100000003, 5 },
		{ 0x0800000100000004, 1 },
		{ 0x9100000100000008, 64 },
		{ 0x9100000100000009, 16 },
		{ 0x9100000100000010, 16 },
		{ 0x9100000100000011, 16 },
		{ 0x9100000100000012, 16 },
		{ 0x9800000100000000, 0x1000 },
		{ 0x9800000100000200, 0x6000 },
		{ 0x1900000300000001, 0 },
		{ 0x1900000300000002, 0x602e7 & 0x6dbe7 },
		{ 0x1900000300000003, 3 },
		{ 0x9900000100000004, TDX_NR_CPUID_CONFIG },
		{ 0x9900000100000008, TDX_MAX_VCPUS },
	};
	struct guest *g = *state;
	uint64_t value, next;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		expect_ok(tdx_md_sys_rd(g->p->m, fields[i].id, &value, &next));
		assert_int_equal(value, fields[i].value);
		/* The same field through the TD. */
		expect_tdcall(g, tdcall(g, TDG_SYS_RD, 0, fields[i].id, 0), TDX_SUCCESS);
		assert_int_equal(g->g.r[TDX_R8], fields[i].value);
		assert_int_equal(g->g.r[TDX_RDX], next);
	}
	expect_ok(tdx_md_sys_rd(g->p->m, 0x0a00000300000008, &value, &next));
	assert_int_equal(value & (BIT64(18) | BIT64(20) | BIT64(1)), BIT64(18) | BIT64(20));
	expect_ok(tdx_md_sys_rd(g->p->m, 0x1900000300000000, &value, &next));
	assert_int_equal(value & BIT64(28), BIT64(28));
}

static void sys_ids(void **state)
{
	static const uint64_t bad[] = {
		0x9900000300000400 + TDX_NR_CPUID_CONFIG,
		0x9900000300000500 + 2 * TDX_NR_CPUID_CONFIG,
		0x1100000100000008, /* bit 63 */
		0x9100000101000008, /* bits 31:24 */
		0x9100000500000008, /* last element */
		0x9100400100000008, /* last field */
		0x9180000100000008,
		0xd100000100000008,
		0x3f00000000000000,
		0,
	};
	struct guest *g = *state;
	uint64_t value, next;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		value = 1;
		expect_status(tdx_md_sys_rd(g->p->m, bad[i], &value, &next), ERR(ID_INCORRECT));
		assert_int_equal(value, 0);
		assert_int_equal(next, ALL);
	}
	/* Size, inc, write-mask-valid and context are not part of the name. */
	expect_ok(tdx_md_sys_rd(g->p->m, 0x9100000100000008 ^ (3ULL << 32 | 0x1fULL << 50), &value,
				&next));
	assert_int_equal(value, 64);
}

/* From the null id through "next" to the null id: every CPUID_CONFIG entry comes by. */
static void sys_walk(void **state)
{
	struct guest *g = *state;
	uint64_t value, next, id;
	unsigned int fields = 0, leaves = 0, values = 0, connect = 0;

	expect_status(tdx_md_sys_rd(g->p->m, ALL, &value, &next),
		      TDX_STATUS(METADATA_FIRST_FIELD_ID_IN_CONTEXT, 0));
	for (id = next; id != ALL; id = next) {
		expect_ok(tdx_md_sys_rd(g->p->m, id, &value, &next));
		fields++;
		leaves += (id & ~0xffULL) == 0x9900000300000400;
		values += (id & ~0xffULL) == 0x9900000300000500;
		connect += (id & ~0x0100000000000007ULL) == 0x3000000100000000;
	}
	assert_int_equal(leaves, TDX_NR_CPUID_CONFIG);
	assert_int_equal(values, 2 * TDX_NR_CPUID_CONFIG);
	assert_int_equal(connect, 6);
	assert_int_equal(fields, 18 + leaves + values + connect);
}

static void cpuid_config(void **state)
{
	struct guest *g = *state;
	bool leaf1 = false, leaf7 = false, address_sizes = false;
	uint64_t id, value, next;

	for (unsigned int i = 0; i < TDX_NR_CPUID_CONFIG; i++) {
		expect_ok(tdx_md_sys_rd(g->p->m, 0x9900000300000400 + i, &id, &next));
		leaf1 |= id == 0xffffffff00000001;
		leaf7 |= id == 0x0000000000000007;
		if (id != 0xffffffff80000008)
			continue;
		address_sizes = true;
		expect_ok(tdx_md_sys_rd(g->p->m, 0x9900000300000500 + 2 * i, &value, &next));
		assert_int_equal(value, 0x200ULL << 32);
		expect_ok(tdx_md_sys_rd(g->p->m, 0x9900000300000501 + 2 * i, &value, &next));
		assert_int_equal(value, 0);
	}
	assert_true(leaf1 && leaf7 && address_sizes);
}

/* ---- TDG.VM.RD, TDG.VM.WR -------------------------------------------------------------------- */

static uint64_t vm_wr(struct guest *g, uint64_t id, uint64_t value, uint64_t mask)
{
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		g->g.r[i] = 0;
	g->g.r[TDX_RAX] = TDG_VM_WR;
	g->g.r[TDX_RDX] = id;
	g->g.r[TDX_R8] = value;
	g->g.r[TDX_R9] = mask;
	guest_event(g, TDX_EV_TDCALL);
	return g->g.r[TDX_RAX];
}

#define CONFIG_FLAGS	0x1110000300000016
#define TD_CTLS		0x1110000300000017
#define PARAVIRT	0x9110000300000022
#define NOTIFY		0x9100000000000010
#define TOPOLOGY	0x9100000000000019

static void vm_rd(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_VM_RD, 0, CONFIG_FLAGS, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_R8], TDX_CONFIG_NO_RBP_MOD);
	assert_int_equal(g->g.r[TDX_RDX], CONFIG_FLAGS);	/* no next id in version 0 */
	/* The other list of ids has bit 63 set for class 11h. */
	expect_tdcall(g, tdcall(g, TDG_VM_RD, 0, CONFIG_FLAGS | BIT64(63), 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_R8], TDX_CONFIG_NO_RBP_MOD);
	expect_tdcall(g, tdcall(g, TDG_VM_RD, 0, TD_CTLS, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_R8], TDX_CTLS_PENDING_VE_DISABLE);
	expect_tdcall(g, tdcall(g, TDG_VM_RD, 0, TOPOLOGY, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_R8], 1);

	expect_tdcall(g, tdcall(g, TDG_VM_RD | 1 << 16, 0, CONFIG_FLAGS, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_RDX], TD_CTLS);
	expect_tdcall(g, tdcall(g, TDG_VM_RD | 1 << 16, 0, PARAVIRT, 0), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_RDX], ALL);

	expect_tdcall(g, tdcall(g, TDG_VM_RD, 1, TD_CTLS, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_VM_RD, 0, 0x1110000300000018, 9), ERR(ID_INCORRECT));
	assert_int_equal(g->g.r[TDX_R8], 0);
	/* A field of the host's. */
	expect_tdcall(g, tdcall(g, TDG_VM_RD, 0, TDX_FIELD_TSC_OFFSET, 9), ERR(NOT_READABLE));
	assert_int_equal(g->g.r[TDX_R8], 0);
}

static void vm_wr_masks(void **state)
{
	struct guest *g = *state;

	/* Linux: value 0, mask all ones. Bits outside the field do not change, so that is fine. */
	expect_tdcall(g, vm_wr(g, NOTIFY, 0, ALL), TDX_SUCCESS);
	expect_tdcall(g, vm_wr(g, NOTIFY, 1, 1), TDX_SUCCESS);
	assert_int_equal(g->t->notify_enables, 1);
	expect_tdcall(g, vm_wr(g, NOTIFY, 3, ALL), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, NOTIFY, 0, 2), ERR(NOT_WRITABLE));
	expect_tdcall(g, vm_wr(g, NOTIFY, 0, 0), ERR(NOT_WRITABLE));
	assert_int_equal(g->t->notify_enables, 1);
	expect_tdcall(g, vm_wr(g, NOTIFY, 0, ALL), TDX_SUCCESS);
	assert_int_equal(g->g.r[TDX_R8], 1);	/* the old value */
	expect_tdcall(g, vm_wr(g, CONFIG_FLAGS, 0, ALL), ERR(NOT_WRITABLE));
	expect_tdcall(g, vm_wr(g, TOPOLOGY, 1, 1), ERR(NOT_WRITABLE));
	expect_tdcall(g, vm_wr(g, 0x1110000300000018, 0, ALL), ERR(ID_INCORRECT));
	g->g.r[TDX_RAX] = TDG_VM_WR;
	g->g.r[TDX_RCX] = 1;
	guest_event(g, TDX_EV_TDCALL);
	expect_tdcall(g, g->g.r[TDX_RAX], INVALID_OPERAND(RCX));
}

static void td_ctls(void **state)
{
	struct guest *g = *state;

	/* PENDING_VE_DISABLE is the owner's choice unless FLEXIBLE_PENDING_VE. */
	expect_tdcall(g, vm_wr(g, TD_CTLS, 0, 1), ERR(VALUE_NOT_VALID));
	g->t->config_flags |= TDX_CONFIG_FLEXIBLE_PENDING_VE;
	expect_tdcall(g, vm_wr(g, TD_CTLS, 0, 1), TDX_SUCCESS);
	assert_int_equal(g->t->td_ctls, 0);
	/* REDUCE_VE brings its companions. */
	expect_tdcall(g, vm_wr(g, TD_CTLS, 8, 8), TDX_SUCCESS);
	assert_int_equal(g->t->td_ctls, 8 | 2 | 4);
	/* ... and keeps them as long as it is set. */
	expect_tdcall(g, vm_wr(g, TD_CTLS, 0, 2), TDX_SUCCESS);
	assert_int_equal(g->t->td_ctls, 8 | 2 | 4);
	expect_tdcall(g, vm_wr(g, TD_CTLS, 0, 8 | 2), TDX_SUCCESS);
	assert_int_equal(g->t->td_ctls, 4);
	expect_tdcall(g, vm_wr(g, TD_CTLS, 16, 16), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, TD_CTLS, BIT64(62), BIT64(62)), ERR(VALUE_NOT_VALID));
	/* No topology, no ENUM_TOPOLOGY: also not through REDUCE_VE. */
	g->t->topology_enum_configured = false;
	expect_tdcall(g, vm_wr(g, TD_CTLS, 2, 2), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, TD_CTLS, 8, 8), ERR(VALUE_NOT_VALID));
	assert_int_equal(g->t->td_ctls, 4);
}

static void lock(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, vm_wr(g, PARAVIRT, 0x10, ALL), TDX_SUCCESS);
	expect_tdcall(g, vm_wr(g, PARAVIRT, BIT64(12), ALL), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, TD_CTLS, TDX_CTLS_LOCK, TDX_CTLS_LOCK), TDX_SUCCESS);
	expect_tdcall(g, vm_wr(g, TD_CTLS, 4, 4), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, TD_CTLS, 0, TDX_CTLS_LOCK), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, TD_CTLS, 1 | TDX_CTLS_LOCK, ALL), TDX_SUCCESS); /* no change */
	expect_tdcall(g, vm_wr(g, PARAVIRT, 0, ALL), ERR(VALUE_NOT_VALID));
	expect_tdcall(g, vm_wr(g, PARAVIRT, 0x10, ALL), TDX_SUCCESS);
	assert_int_equal(g->t->feature_paravirt, 0x10);
}

/* The vCPU fields of this model are all the host's. */
static void guest_vcpu_fields(void **state)
{
	struct guest *g = *state;

	expect_tdcall(g, tdcall(g, TDG_VP_RD, 0, TDX_FIELD_SHARED_EPT_POINTER, 0),
		      ERR(NOT_READABLE));
	expect_tdcall(g, tdcall(g, TDG_VP_WR, 0, TDX_FIELD_PEND_NMI, 1), ERR(NOT_WRITABLE));
	expect_tdcall(g, tdcall(g, TDG_VP_RD, 0, 0x2000000000000099, 0), ERR(ID_INCORRECT));
	expect_tdcall(g, tdcall(g, TDG_VP_RD, 1, TDX_FIELD_PEND_NMI, 0), INVALID_OPERAND(RCX));
	expect_tdcall(g, tdcall(g, TDG_VP_WR, 1, TDX_FIELD_PEND_NMI, 0), INVALID_OPERAND(RCX));
	assert_false(g->v->pend_nmi);
}

/* ---- TDH.MNG.RD ------------------------------------------------------------------------------ */

#define CPUID_ID(leaf, subleaf, element)						\
	(0x9410000300000000 | ((leaf) >> 31) << 16 | ((leaf) & 0x7f) << 9 |		\
	 ((subleaf) < 0 ? 0x1feULL : (uint64_t)(subleaf) << 1) | (element))

static void mng_rd(void **state)
{
	struct guest *g = *state;
	uint64_t value;

	expect_ok(tdx_md_td_rd(g->p->m, g->t, 0x110000000000000a, &value));
	assert_int_equal(value, g->t->tsc_offset);
	expect_ok(tdx_md_td_rd(g->p->m, g->t, 0x110000000000000b, &value));
	assert_int_equal(value, g->t->tsc_multiplier);
	value = 1;
	expect_status(tdx_md_td_rd(g->p->m, g->t, TD_CTLS, &value), ERR(NOT_READABLE));
	assert_int_equal(value, 0);
	expect_status(tdx_md_td_rd(g->p->m, g->t, 0x1100000000000055, &value), ERR(ID_INCORRECT));
}

static void mng_rd_cpuid(void **state)
{
	struct guest *g = *state;
	uint64_t value;

	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0ULL, -1, 0), &value));
	assert_int_equal(value, 0x756e654700000023);
	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0ULL, -1, 1), &value));
	assert_int_equal(value, 0x49656e696c65746e);
	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0x80000000ULL, -1, 0), &value));
	assert_int_equal((uint32_t)value, 0x80000008);
	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0x21ULL, 0, 0), &value));
	assert_int_equal(value, 0x65746e4900000000);
	/* Leaves with subleaves only through a subleaf, the others only without. */
	expect_status(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(7ULL, -1, 0), &value),
		      ERR(NOT_READABLE));
	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(7ULL, 0, 0), &value));
	expect_status(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(7ULL, 3, 0), &value), ERR(NOT_READABLE));
	expect_status(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(1ULL, 0, 0), &value), ERR(NOT_READABLE));
	/* Leaves that are fixed at zero answer to both. */
	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0x12ULL, -1, 0), &value));
	expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0x12ULL, 1, 1), &value));
	assert_int_equal(value, 0);
	expect_status(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(0ULL, -1, 0) | 1 << 17, &value),
		      ERR(ID_INCORRECT));
}

/*
 * As KVM_TDX_GET_CPUID does it: element 1 never fails where element 0 succeeded, and the walk ends.
 */
static void kvm_cpuid_walk(void **state)
{
	static const uint64_t base[] = { 0, 0x80000000 };
	struct guest *g = *state;
	unsigned int entries = 0;
	uint64_t value, max;

	for (unsigned int range = 0; range < 2; range++) {
		expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(base[range], -1, 0), &max));
		for (uint64_t leaf = base[range]; leaf <= (uint32_t)max; leaf++) {
			int subleaf = -1;

			if (tdx_md_td_rd(g->p->m, g->t, CPUID_ID(leaf, -1, 0), &value))
				subleaf = 0;
			while (!tdx_md_td_rd(g->p->m, g->t, CPUID_ID(leaf, subleaf, 0), &value)) {
				expect_ok(tdx_md_td_rd(g->p->m, g->t, CPUID_ID(leaf, subleaf, 1),
						       &value));
				entries++;
				if (subleaf < 0)
					break;
				assert_in_range(++subleaf, 0, 63);
			}
		}
	}
	assert_in_range(entries, 30, 256);	/* KVM_MAX_CPUID_ENTRIES */
}

/* ---- TDH.VP.RD, TDH.VP.WR -------------------------------------------------------------------- */

static uint64_t vp_wr(struct guest *g, uint64_t id, uint64_t value, uint64_t mask)
{
	uint64_t old;

	return tdx_md_vcpu_wr(g->p->m, g->v, id, value, mask, &old);
}

/* KVM's order: NV, descriptor, then arm. */
static void posted_interrupts(void **state)
{
	const uint64_t pid = PLAT_HOST + 0x40;
	struct guest *g = *state;
	uint64_t value;

	expect_status(vp_wr(g, 0x4000, 0x80, 0x80), TDX_STATUS(TD_VMCS_FIELD_NOT_INITIALIZED, 0x2));
	expect_status(vp_wr(g, 0x2, 0x100, 0xffff), ERR(VALUE_NOT_VALID));
	expect_ok(vp_wr(g, 0x2, 0xf2, 0xffff));
	expect_status(vp_wr(g, 0x4000, 0x80, 0x80),
		      TDX_STATUS(TD_VMCS_FIELD_NOT_INITIALIZED, 0x2016));
	expect_status(vp_wr(g, 0x2016, pid | 1, ALL), ERR(VALUE_NOT_VALID));
	expect_status(vp_wr(g, 0x2016, BIT64(PLAT_PA_BITS) * 2 | pid, ALL), ERR(VALUE_NOT_VALID));
	expect_status(vp_wr(g, 0x2016, g->td.page, ALL),
		      ERR(VALUE_NOT_VALID)); /* the TD's own page */
	assert_int_equal(tdx_notification_vector(g->p->m, 0), -1);
	expect_ok(vp_wr(g, 0x2016, pid, ALL));
	assert_int_equal(g->v->pid_pa, pid);
	expect_ok(vp_wr(g, 0x4000, 0x80, 0x80));
	assert_int_equal(tdx_notification_vector(g->p->m, 0), 0xf2);
	expect_status(vp_wr(g, 0x4000, 0x81, 0xff), ERR(VALUE_NOT_VALID));
	expect_status(vp_wr(g, 0x4000, 1, 1), ERR(NOT_WRITABLE));
	expect_ok(tdx_md_vcpu_rd(g->p->m, g->v, 0x2016, &value));
	assert_int_equal(value, pid);
}

static void vcpu_fields(void **state)
{
	const uint64_t root = PLAT_HOST + MiB;
	struct guest *g = *state;
	uint64_t value, old;

	expect_ok(vp_wr(g, 0x203c, root, ALL));
	assert_int_equal(g->v->shared_eptp, root);
	expect_status(vp_wr(g, 0x203c, root | 6, ALL), ERR(VALUE_NOT_VALID));
	expect_status(vp_wr(g, 0x203c, g->td.tdr, ALL), ERR(VALUE_NOT_VALID));
	assert_int_equal(g->v->shared_eptp, root);
	expect_ok(tdx_md_vcpu_wr(g->p->m, g->v, 0x203c, root + PAGE, ALL, &old));
	assert_int_equal(old, root);

	expect_ok(vp_wr(g, 0x401e, BIT64(31) | BIT64(30), BIT64(31) | BIT64(30)));
	expect_status(vp_wr(g, 0x401e, 1, 1), ERR(NOT_WRITABLE));
	expect_ok(vp_wr(g, 0x4024, 1234, 0xffffffff));
	expect_ok(vp_wr(g, 0x200000000000000b, 1, 0xff));
	assert_true(g->v->pend_nmi);

	expect_ok(tdx_md_vcpu_rd(g->p->m, g->v, 0x9100000000000100, &value));
	assert_int_equal(value, 0);
	expect_status(vp_wr(g, 0x9100000000000100, 1, 1), ERR(NOT_WRITABLE));
	/* Bit 63 is part of a vCPU field's name. */
	expect_status(tdx_md_vcpu_rd(g->p->m, g->v, 0x1100000000000100, &value), ERR(ID_INCORRECT));
	expect_status(tdx_md_vcpu_rd(g->p->m, g->v, 0x6800, &value), ERR(ID_INCORRECT));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		guest_test(sys_values),
		guest_test(sys_ids),
		guest_test(sys_walk),
		guest_test(cpuid_config),
		guest_test(vm_rd),
		guest_test(vm_wr_masks),
		guest_test(td_ctls),
		guest_test(lock),
		guest_test(guest_vcpu_fields),
		guest_test(mng_rd),
		guest_test(mng_rd_cpuid),
		guest_test(kvm_cpuid_walk),
		guest_test(posted_interrupts),
		guest_test(vcpu_fields),
	};

	return cmocka_run_group_tests_name("guest_metadata", tests, NULL, NULL);
}
