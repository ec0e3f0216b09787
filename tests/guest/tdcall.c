// SPDX-License-Identifier: GPL-2.0
/* TDCALL leaves other than ACCEPT and VEINFO.GET, and the calling convention all share. */
#include "guest.h"
#include "probe.h"
#include "tdx/ghci.h"
#include "tdx_abi/field.h"
#include "tdx_abi/td.h"
#include "x86/cpu.h"
#include "x86/mmu.h"

#define CONFIG_GPAW			(1ULL << 0)
#define CONFIG_FLEXIBLE_PENDING_VE	(1ULL << 1)
#define CONFIG_NO_RBP_MOD		(1ULL << 2)
#define CONFIG_CONNECT			(1ULL << 5)

static void tdcall_vp_info(void)
{
	struct vp_info info;

	CHECK_TDX(tdg_vp_info(&info), TDX_SUCCESS);
	CHECK_DEC(info.gpaw, cpu_boot[0].rbx);
	CHECK_DEC(info.nr_vcpus, guest_config()->nr_vcpus);
	CHECK(info.max_vcpus >= info.nr_vcpus);
	CHECK_DEC(info.index, 0);
	CHECK(info.sys_rd);
	CHECK_HEX(info.attributes & ~TDX_ATTR_SEPT_VE_DISABLE, 0);
}
TEST(tdcall_vp_info, "VP.INFO gives GPAW, attributes, vCPU counts and index of this TD",
     "fact sheet 9.4", "model: leave the maximum of vCPUs out of R8", NEEDS_NOTHING,
     tdcall_vp_info);

static void tdcall_preserves(void)
{
	struct tdcall c = {
		.rax = TDG_VP_INFO, .rbx = 0x1111, .rsi = 0x2222, .rdi = 0x3333,
		.r12 = 0x4444, .r13 = 0x5555, .r14 = 0x6666, .r15 = 0x7777,
	};

	CHECK_TDX(tdcall(&c), TDX_SUCCESS);
	CHECK_HEX(c.rbx, 0x1111);
	CHECK_HEX(c.rsi, 0x2222);
	CHECK_HEX(c.rdi, 0x3333);
	CHECK_HEX(c.r12, 0x4444);
	CHECK_HEX(c.r13, 0x5555);
	CHECK_HEX(c.r14, 0x6666);
	CHECK_HEX(c.r15, 0x7777);
}
TEST(tdcall_preserves, "registers that are no output of a leaf keep their values",
     "fact sheet 1, 5.1", "model: zero RDI on return from TDG.VP.INFO", NEEDS_NOTHING,
     tdcall_preserves);

static void tdcall_bad_rax(void)
{
	static const uint64_t rax[] = {
		0x0fff,				/* no such leaf */
		TDG_VP_INFO | 1 << 16,		/* version 1 */
		TDG_VP_INFO | 1ULL << 24,	/* reserved bits */
		TDG_VP_INFO | 1ULL << 32,
		TDG_VP_INFO | 1ULL << 63,
	};

	for (unsigned int n = 0; n < sizeof(rax) / sizeof(rax[0]); n++) {
		struct tdcall c = { .rax = rax[n] };

		if (!CHECK_TDX(tdcall(&c), TDX_STATUS(OPERAND_INVALID, TDX_OP_RAX)))
			test_log("RAX %llx", (unsigned long long)rax[n]);
	}
}
TEST(tdcall_bad_rax, "unknown leaf, unknown version and reserved bits are OPERAND_INVALID|RAX",
     "fact sheet 1, 5.1", "model: mask RAX to the leaf before the checks", NEEDS_NOTHING,
     tdcall_bad_rax);

static void tdcall_vmcall_mask(void)
{
	static const uint64_t bad[] = { 1 << 0, 1 << 1, 1 << 4, 1 << 5, 1ULL << 32, 1ULL << 63 };

	for (unsigned int n = 0; n < sizeof(bad) / sizeof(bad[0]); n++) {
		struct tdcall c = { .rax = TDG_VP_VMCALL, .rcx = GHCI_MASK | bad[n],
				    .r11 = GHCI_GET_TD_VMCALL_INFO };

		if (!CHECK_TDX(tdcall(&c), TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX)))
			test_log("mask bit %llx", (unsigned long long)bad[n]);
	}
}
TEST(tdcall_vmcall_mask, "TDG.VP.VMCALL refuses to expose RAX, RCX, RSP, RBP and reserved bits",
     "fact sheet 4.5", "model: test only the lower half of the mask", NEEDS_NOTHING,
     tdcall_vmcall_mask);

static void tdcall_vmcall_hides(void)
{
	struct tdcall c = {
		.rax = TDG_VP_VMCALL, .rcx = GHCI_MASK, .rdx = 0x1111, .rbx = 0x2222, .rsi = 0x3333,
		.rdi = 0x4444, .r8 = 0x5555, .r9 = 0x6666, .r11 = GHCI_GET_TD_VMCALL_INFO,
	};

	CHECK_TDX(tdcall(&c), TDX_SUCCESS);
	CHECK_HEX(c.rcx, GHCI_MASK);
	CHECK_HEX(c.rdx, 0x1111);
	CHECK_HEX(c.rbx, 0x2222);
	CHECK_HEX(c.rsi, 0x3333);
	CHECK_HEX(c.rdi, 0x4444);
	CHECK_HEX(c.r8, 0x5555);
	CHECK_HEX(c.r9, 0x6666);
}
TEST(tdcall_vmcall_hides, "registers outside the mask come back from the VMM unchanged",
     "fact sheet 4.1", "model: take R9 from the host after every TDVMCALL", NEEDS_NOTHING,
     tdcall_vmcall_hides);

static void tdcall_vm_rd(void)
{
	uint64_t flags, value = 1;
	struct tdcall c = { .rax = TDG_VM_RD, .rcx = 1, .rdx = TDX_FIELD_CONFIG_FLAGS };

	CHECK_TDX(tdg_vm_rd(TDX_FIELD_CONFIG_FLAGS, &flags), TDX_SUCCESS);
	CHECK_HEX(flags & CONFIG_GPAW, mmu_gpaw() == 52 ? CONFIG_GPAW : 0);
	CHECK_HEX(flags & CONFIG_FLEXIBLE_PENDING_VE, 0);
	CHECK_HEX(flags & CONFIG_NO_RBP_MOD, CONFIG_NO_RBP_MOD);
	CHECK_TDX(tdg_vm_rd(TDX_FIELD_TOPOLOGY_ENUM_CONFIGURED, &value), TDX_SUCCESS);
	CHECK_DEC(value, 1);

	CHECK_TDX(tdcall(&c), TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX));
}
TEST(tdcall_vm_rd, "VM.RD shows the configuration that KVM chose, of this TD only",
     "fact sheet 3.4", "KVM: leave CONFIG_FLAGS bit 2 out of TD_PARAMS", NEEDS_NOTHING,
     tdcall_vm_rd);

static void tdcall_vm_rd_bad(void)
{
	uint64_t value;

	CHECK_HEX(TDX_STATUS_HI(tdg_vm_rd(0x1110000300ffff16ULL, &value)),
		  TDX_HI_METADATA_FIELD_ID_INCORRECT);
	CHECK_HEX(value, 0);
	value = 0;
	CHECK_HEX(TDX_STATUS_HI(tdg_vm_wr(TDX_FIELD_CONFIG_FLAGS, &value, ~0ULL)),
		  TDX_HI_METADATA_FIELD_NOT_WRITABLE);
	CHECK_HEX(value, 0);
}
TEST(tdcall_vm_rd_bad, "an unknown field can't be read and a read-only one can't be written",
     "fact sheet 3.4, 2.1", "model: give CONFIG_FLAGS a write mask", NEEDS_NOTHING,
     tdcall_vm_rd_bad);

static void tdcall_td_ctls(void)
{
	bool disabled = guest_vp_info()->attributes & TDX_ATTR_SEPT_VE_DISABLE;
	uint64_t reset = disabled ? TDX_CTLS_PENDING_VE_DISABLE : 0;
	uint64_t value = TDX_CTLS_REDUCE_VE;

	CHECK_TDX(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, TDX_CTLS_REDUCE_VE), TDX_SUCCESS);
	CHECK_HEX(value, reset);
	CHECK_TDX(tdg_vm_rd(TDX_FIELD_TD_CTLS, &value), TDX_SUCCESS);
	CHECK_HEX(value, reset | TDX_CTLS_REDUCE_VE | TDX_CTLS_VIRT_CPUID2 | TDX_CTLS_ENUM_TOPOLOGY);
}
TEST(tdcall_td_ctls, "TD_CTLS starts as SEPT_VE_DISABLE, and REDUCE_VE brings its two companions",
     "fact sheet 3.4", "model: let REDUCE_VE leave VIRT_CPUID2 alone", NEEDS_NOTHING,
     tdcall_td_ctls);

static void tdcall_td_ctls_refused(void)
{
	bool disabled = guest_vp_info()->attributes & TDX_ATTR_SEPT_VE_DISABLE;
	uint64_t value = disabled ? 0 : TDX_CTLS_PENDING_VE_DISABLE;

	CHECK_HEX(TDX_STATUS_HI(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, TDX_CTLS_PENDING_VE_DISABLE)),
		  TDX_HI_METADATA_FIELD_VALUE_NOT_VALID);
	value = 1ULL << 40;
	CHECK_HEX(TDX_STATUS_HI(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, value)),
		  TDX_HI_METADATA_FIELD_VALUE_NOT_VALID);
}
TEST(tdcall_td_ctls_refused,
     "TD_CTLS: bit 0 is fixed without FLEXIBLE_PENDING_VE, reserved bits always", "fact sheet 3.4",
     "model: allow bit 0 without the configuration flag", NEEDS_NOTHING, tdcall_td_ctls_refused);

static void tdcall_td_ctls_lock(void)
{
	uint64_t value = TDX_CTLS_LOCK, locked;

	CHECK_TDX(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, TDX_CTLS_LOCK), TDX_SUCCESS);
	CHECK_TDX(tdg_vm_rd(TDX_FIELD_TD_CTLS, &locked), TDX_SUCCESS);
	CHECK(locked & TDX_CTLS_LOCK);

	value = TDX_CTLS_VIRT_CPUID2;
	CHECK_HEX(TDX_STATUS_HI(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, TDX_CTLS_VIRT_CPUID2)),
		  TDX_HI_METADATA_FIELD_VALUE_NOT_VALID);
	value = locked;
	CHECK_TDX(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, ~0ULL), TDX_SUCCESS);
}
TEST(tdcall_td_ctls_lock, "a locked TD_CTLS takes its own value and no other", "fact sheet 3.4",
     "model: forget LOCK", NEEDS_NOTHING, tdcall_td_ctls_lock);

static void tdcall_notify_enables(void)
{
	uint64_t value = 0;

	CHECK_TDX(tdg_vm_wr(TDX_FIELD_NOTIFY_ENABLES, &value, ~0ULL), TDX_SUCCESS);
	value = 1;
	CHECK_TDX(tdg_vm_wr(TDX_FIELD_NOTIFY_ENABLES, &value, 1), TDX_SUCCESS);
	CHECK_HEX(value, 0);
	CHECK_TDX(tdg_vm_rd(TDX_FIELD_NOTIFY_ENABLES, &value), TDX_SUCCESS);
	CHECK_HEX(value, 1);
}
TEST(tdcall_notify_enables, "NOTIFY_ENABLES takes Linux's write with a full mask, and bit 0 sticks",
     "fact sheet 3.4", "model: refuse a mask with read-only bits", NEEDS_NOTHING,
     tdcall_notify_enables);

static void tdcall_cpuidve(void)
{
	struct probe p = { .a = 0 };
	struct trap trap;

	CHECK(!trap_catch(&trap, probe_cpuid, &p));
	CHECK_TDX(tdg_vp_cpuidve_set(TD_CPUIDVE_SUPERVISOR), TDX_SUCCESS);
	p = (struct probe){ .a = 0 };
	if (CHECK(trap_catch(&trap, probe_cpuid, &p)))
		CHECK_VE(&trap, TDX_EXIT_CPUID, 0, 2);
	CHECK_TDX(tdg_vp_cpuidve_set(TD_CPUIDVE_USER), TDX_SUCCESS);
	p = (struct probe){ .a = 0 };
	CHECK(!trap_catch(&trap, probe_cpuid, &p));
}
TEST(tdcall_cpuidve, "CPUIDVE.SET makes every CPUID of the chosen privilege level a #VE",
     "fact sheet 5.1, 5.4", "model: swap the user and supervisor bits", NEEDS_NOTHING,
     tdcall_cpuidve);

#define SYS_FIELDS_MAX	1000	/* more than the module has */

static uint64_t sys_rd(uint64_t *field, uint64_t *value)
{
	struct tdcall c = { .rax = TDG_SYS_RD, .rdx = *field };

	tdcall(&c);
	*field = c.rdx;
	*value = c.r8;
	return c.rax;
}

static void tdcall_sys_rd(void)
{
	const uint64_t needed = TDX_FEATURES0_NO_RBP_MOD | TDX_FEATURES0_TOPOLOGY_ENUM;
	uint64_t field = TDX_FIELD_NULL, value, features = 0;
	unsigned int n;

	CHECK_TDX(sys_rd(&field, &value), TDX_STATUS(METADATA_FIRST_FIELD_ID_IN_CONTEXT, 0));
	for (n = 0; n < SYS_FIELDS_MAX && field != TDX_FIELD_NULL; n++) {
		bool wanted = !((field ^ TDX_FIELD_FEATURES0) & TDX_FIELD_KEY_MASK);

		if (!CHECK_TDX(sys_rd(&field, &value), TDX_SUCCESS))
			return;
		if (wanted)
			features = value;
	}
	CHECK_HEX(field, TDX_FIELD_NULL);
	CHECK_HEX(features & needed, needed);
	field = 0x0a00000300ffff08ULL;
	CHECK_TDX(sys_rd(&field, &value), TDX_STATUS(METADATA_FIELD_ID_INCORRECT, 0));
	CHECK_HEX(value, 0);
}
TEST(tdcall_sys_rd, "SYS.RD leads from the null id through the module's fields back to the null id",
     "fact sheet 3.1, C 2.2", "model: call the last field of SYS.RD its own successor",
     NEEDS_NOTHING, tdcall_sys_rd);

static void tdcall_vp_rd(void)
{
	static const uint64_t fields[] = {
		TDX_FIELD_POSTED_INTR_NV, TDX_FIELD_POSTED_INTR_DESC, TDX_FIELD_SHARED_EPT_POINTER,
	};

	for (unsigned int n = 0; n < sizeof(fields) / sizeof(fields[0]); n++) {
		struct tdcall rd = { .rax = TDG_VP_RD, .rdx = fields[n], .r8 = 1 };
		struct tdcall wr = { .rax = TDG_VP_WR, .rdx = fields[n], .r9 = ~0ULL };

		CHECK_TDX(tdcall(&rd), TDX_STATUS(METADATA_FIELD_NOT_READABLE, 0));
		CHECK_HEX(rd.r8, 0);
		CHECK_TDX(tdcall(&wr), TDX_STATUS(METADATA_FIELD_NOT_WRITABLE, 0));
		CHECK_HEX(wr.r8, 0);
	}
}
TEST(tdcall_vp_rd, "a TD neither reads nor writes the fields of its vCPU that are the host's",
     "fact sheet 3, 3.3", "model: let a TD read what the host may read of a vCPU", NEEDS_NOTHING,
     tdcall_vp_rd);

static void tdcall_no_connect(void)
{
	struct ghci g = { .r11 = GHCI_TDCM };
	uint64_t flags;

	CHECK_TDX(tdg_vm_rd(TDX_FIELD_CONFIG_FLAGS, &flags), TDX_SUCCESS);
	CHECK_HEX(flags & CONFIG_CONNECT, 0);
	CHECK_GHCI(ghci_call(&g), GHCI_STATUS_SUBFUNC_UNSUPPORTED);
}
TEST(tdcall_no_connect,
     "a TD that was not given TDX Connect sees that in CONFIG_FLAGS and has no TDCM",
     "fact sheet C 1.4, 7", "VMM: ask for TDX Connect in each TD", NEEDS_NOTHING,
     tdcall_no_connect);
