// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's library (lib/tdx) against the model (fact sheet 1, 4.5, 5.1, 6.2, 9.4; C 1.3, 1.4,
 * 2.3 - 2.7). TDCALL and STI fault in a process: the signal's handler hands the registers to the
 * model, and plays the VMM for what leaves the TD. So insn.S is tested too.
 */
#define _GNU_SOURCE
#define tdcall tdcall_event	/* guest_td.h has another one */
#include "tdi_td.h"
#undef tdcall
#include "guest_lib.h"
#include "../../lib/tdx/ghci.h"
#include "../../lib/tdx/memory.h"
#include "../../lib/tdx/tdcall.h"
#include "../../lib/tdx/tdi.h"
#include "../../lib/x86/mmu.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#define SHARED_BIT	(1ULL << 47)
#define RAM_START	0x200000ULL	/* where lib/tdx/memory.c starts, and TD_GPA */

static struct tdis *tdis;
/* The VMM: @r is what L1 sees of a TDVMCALL, and what it answers with. */
static void (*vmm)(uint64_t *r);
static unsigned int calls, stis;
static sigjmp_buf fatal;

uint64_t mmu_shared_bit(void)
{
	return SHARED_BIT;
}

/* Identity-mapped either way: a process has no second mapping to choose from. */
bool mmu_set_shared(uint64_t gpa, uint64_t size, bool shared)
{
	return gpa && size && shared;
}

/* ---- the CPU ---------------------------------------------------------------- */

static const int greg[TDX_NR_GPRS] = {
	REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
	REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

static void leave_and_enter(struct guest *g)
{
	struct tdx_gprs host = g->p->g;

	calls++;
	assert_int_equal(host.r[TDX_RAX], TDX_EXIT_TDCALL);
	vmm(host.r);
	host.r[TDX_RAX] = TDH_VP_ENTER;
	host.r[TDX_RCX] = g->td.tdvpr[0];
	assert_int_equal(tdx_seamcall(g->p->m, 0, &host, &g->p->enter), TDX_SEAM_ENTER);
	g->g = g->p->enter.gprs;
}

static void execute(int sig, siginfo_t *info, void *context)
{
	static const uint8_t instruction[] = { 0x66, 0x0f, 0x01, 0xcc };
	gregset_t *regs = &((ucontext_t *)context)->uc_mcontext.gregs;
	const uint8_t *rip = (const uint8_t *)(*regs)[REG_RIP];
	struct guest *g = &tdis->g;

	(void)info;
	if (*rip == 0xfb) {
		stis++;
		(*regs)[REG_RIP]++;
		return;
	}
	if (memcmp(rip, instruction, sizeof(instruction))) {
		signal(sig, SIG_DFL);		/* a real one: happens again */
		return;
	}
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		g->g.r[i] = (*regs)[greg[i]];
	if (guest_event(g, TDX_EV_TDCALL) == TDX_TD_EXIT)
		leave_and_enter(g);
	else
		assert_int_equal(g->res.action, TDX_TD_NEXT);
	for (unsigned int i = 0; i < TDX_NR_GPRS; i++)
		if (i != TDX_RSP)
			(*regs)[greg[i]] = g->g.r[i];
	(*regs)[REG_RIP] += sizeof(instruction);
}

/* cmocka has handlers of its own while a test runs, but not yet in the set-up. */
static void run(void)
{
	struct sigaction action = { .sa_sigaction = execute, .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	calls = stis = 0;
	vmm = NULL;
}

static int setup(void **state)
{
	(void)state;
	tdis = tdis_bound();
	td_aug(&tdis->g.td, TD_GPA + PAGE, page_new(tdis->p));
	td_aug(&tdis->g.td, TD_GPA + 2 * PAGE, page_new(tdis->p));
	enter(tdis);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tdis_free(tdis);
	return 0;
}

/* ---- TDCALL leaves ---------------------------------------------------------- */

/* Break: a register that insn.S stores at another's place; an output taken from the wrong one. */
static void leaves(void **state)
{
	struct vp_info info;
	struct ve_info ve;
	uint64_t value;

	(void)state;
	run();
	expect_ok(tdg_vp_info(&info));
	assert_int_equal(info.gpaw, 48);
	assert_int_equal(info.attributes, TDX_ATTR_SEPT_VE_DISABLE);
	assert_int_equal(info.nr_vcpus, 1);
	assert_int_equal(info.max_vcpus, TD_VCPUS);
	assert_int_equal(info.index, 0);
	assert_true(info.sys_rd);

	expect_status(tdg_vp_veinfo_get(&ve), TDX_STATUS(NO_VALID_VE_INFO, 0));
	tdis->g.v->ve = (struct tdx_ve_info){ true, 48, 0x182, 0x1111, 0x2222, 3, 7 };
	expect_ok(tdg_vp_veinfo_get(&ve));
	assert_int_equal(ve.reason, 48);
	assert_int_equal(ve.qual, 0x182);
	assert_int_equal(ve.gla, 0x1111);
	assert_int_equal(ve.gpa, 0x2222);
	assert_int_equal(ve.insn_len, 3);
	assert_int_equal(ve.insn_info, 7);

	expect_ok(tdg_mem_page_accept(TD_GPA + PAGE, 0));
	expect_status(tdg_mem_page_accept(TD_GPA, 1), TDX_STATUS(PAGE_SIZE_MISMATCH, 1));
	expect_ok(tdg_mr_rtmr_extend((void *)TD_GPA, 2));
	expect_status(tdg_mr_rtmr_extend((void *)TD_GPA, 4), INVALID(RDX));
	expect_ok(tdg_mr_report((void *)TD_GPA, (void *)(TD_GPA + PAGE), 0));
	expect_status(tdg_mr_report((void *)TD_GPA, (void *)(TD_GPA + PAGE), 1), INVALID(R8));
	expect_ok(tdg_vm_rd(TDX_FIELD_TD_CTLS, &value));
	assert_int_equal(value, tdis->g.t->td_ctls);
	value = TDX_CTLS_ENUM_TOPOLOGY;
	tdis->g.t->topology_enum_configured = true;
	expect_ok(tdg_vm_wr(TDX_FIELD_TD_CTLS, &value, TDX_CTLS_ENUM_TOPOLOGY));
	assert_int_equal(value & TDX_CTLS_ENUM_TOPOLOGY, 0);		/* the old one */
	assert_true(tdx_td_is(tdis->g.t, TDX_CTLS_ENUM_TOPOLOGY));
	expect_ok(tdg_vp_cpuidve_set(TD_CPUIDVE_USER));
	assert_true(tdis->g.v->cpuidve_user);
	assert_false(tdis->g.v->cpuidve_super);
}

/* Break: an operand of a TDX Connect leaf in another register, or an output that is dropped. */
static void connect_leaves(void **state)
{
	struct mmio_accept accept = { GPA_OF(BAR0), 0, 2 };
	uint64_t value;

	(void)state;
	run();
	map(tdis, 0, 2);
	expect_ok(guest_tdg_tdi_rd(GUEST_ID, TDX_TDI_BIND_SESSION, NULL, &value));
	assert_int_equal(value, tdis->tdi->session);
	expect_status(guest_tdg_tdi_rd(GUEST_ID, TDX_TDI_REPORT_HASH, (void *)1ULL, &value),
		      INVALID(R8));
	expect_ok(guest_tdg_tdi_rd(GUEST_ID, TDX_TDI_REPORT_HASH, (void *)TD_GPA, &value));
	assert_int_equal(value, TDX_TDI_HASH_BYTES);
	expect_ok(guest_tdg_mmio_accept(GUEST_ID, 0, &accept));
	assert_int_equal(accept.gpa, GPA_OF(BAR0) + 2 * PAGE);
	assert_int_equal(accept.offset, 2);
	assert_int_equal(accept.pages, 0);
	expect_status(guest_tdg_dmar_accept(GUEST_ID, 0),
		      TDX_STATUS(DMAR_ENTRY_NOT_PRESENT, TDX_OP_DMAR));
	expect_status(guest_tdg_dmar_accept(GUEST_ID, 1), INVALID(RDX));
	expect_status(guest_tdg_tdi_start(GUEST_ID, tdis->tdi->session + 1), INVALID(RDX));
	expect_ok(guest_tdg_tdi_start(GUEST_ID, tdis->tdi->session));
	assert_true(tdis->tdi->consent);
}

/* ---- TDVMCALL --------------------------------------------------------------- */

static uint64_t asked[TDX_NR_GPRS], answer[TDX_NR_GPRS];

static void answers(uint64_t *r)
{
	memcpy(asked, r, sizeof(asked));
	for (unsigned int i = TDX_R10; i <= TDX_R15; i++)
		r[i] = answer[i];
}

#define ASKED(fn, a, b, c, d) \
	do { \
		assert_int_equal(asked[TDX_R10], 0); \
		assert_int_equal(asked[TDX_R11], fn); \
		assert_int_equal(asked[TDX_R12], a); \
		assert_int_equal(asked[TDX_R13], b); \
		assert_int_equal(asked[TDX_R14], c); \
		assert_int_equal(asked[TDX_R15], d); \
	} while (0)

/* Break: an argument in another register; a status or a value that is not the VMM's. */
static void vmcalls(void **state)
{
	struct ghci out;
	uint32_t cpuid[4], value32;
	uint64_t value;

	(void)state;
	run();
	vmm = answers;
	for (unsigned int i = TDX_R10; i <= TDX_R15; i++)
		answer[i] = 0x7777000100000000 + i;
	assert_int_equal(ghci_cpuid(2, 3, cpuid), answer[TDX_R10]);
	ASKED(GHCI_CPUID, 2, 3, 0, 0);
	for (unsigned int i = 0; i < 4; i++)
		assert_int_equal(cpuid[i], TDX_R12 + i);
	assert_int_equal(ghci_io_read(0x71, 2, &value32), answer[TDX_R10]);
	ASKED(GHCI_IO, 2, 0, 0x71, 0);
	assert_int_equal(value32, TDX_R11);
	assert_int_equal(ghci_io_write(0x71, 4, 99), answer[TDX_R10]);
	ASKED(GHCI_IO, 4, 1, 0x71, 99);
	assert_int_equal(ghci_rdmsr(0x1b, &value), answer[TDX_R10]);
	ASKED(GHCI_RDMSR, 0x1b, 0, 0, 0);
	assert_int_equal(value, answer[TDX_R11]);
	ghci_wrmsr(0x1b, 1ULL << 40);
	ASKED(GHCI_WRMSR, 0x1b, 1ULL << 40, 0, 0);
	ghci_mmio_read(SHARED_BIT | 8, 8, &value);
	ASKED(GHCI_MMIO, 8, 0, SHARED_BIT | 8, 0);
	assert_int_equal(value, answer[TDX_R11]);
	ghci_mmio_write(SHARED_BIT | 8, 4, 5);
	ASKED(GHCI_MMIO, 4, 1, SHARED_BIT | 8, 5);
	ghci_get_td_vmcall_info(1, &out);
	ASKED(GHCI_GET_TD_VMCALL_INFO, 1, 0, 0, 0);
	assert_int_equal(out.r11, answer[TDX_R11]);
	assert_int_equal(out.r15, answer[TDX_R15]);
	assert_int_equal(stis, 0);
	assert_int_equal(ghci_hlt(), answer[TDX_R10]);
	assert_int_equal(asked[TDX_R11], GHCI_HLT);
	assert_int_equal(asked[TDX_R12], 0);
	assert_int_equal(stis, 1);
	assert_int_equal(calls, 9);
}

static uint64_t step;

static void map_in_steps(uint64_t *r)
{
	assert_int_equal(r[TDX_R11], GHCI_MAP_GPA);
	r[TDX_R10] = r[TDX_R13] > step ? GHCI_STATUS_RETRY : GHCI_STATUS_SUCCESS;
	r[TDX_R11] = r[TDX_R12] + step;
}

/* Break: RETRY from the start, not from where the VMM stopped; one that goes back, or for ever. */
static void map_gpa(void **state)
{
	uint64_t failed;

	(void)state;
	run();
	vmm = map_in_steps;
	step = 2 * PAGE;
	assert_int_equal(ghci_map_gpa(TD_GPA, 7 * PAGE, &failed), GHCI_STATUS_SUCCESS);
	assert_int_equal(calls, 4);
	step = -PAGE;
	vmm = answers;
	answer[TDX_R10] = GHCI_STATUS_RETRY;
	answer[TDX_R11] = TD_GPA - PAGE;
	assert_int_equal(ghci_map_gpa(TD_GPA, PAGE, &failed), GHCI_STATUS_INVALID_OPERAND);
	assert_int_equal(failed, TD_GPA - PAGE);
	answer[TDX_R11] = TD_GPA + PAGE;
	assert_int_equal(ghci_map_gpa(TD_GPA, PAGE, &failed), GHCI_STATUS_INVALID_OPERAND);
	answer[TDX_R11] = TD_GPA;
	assert_int_equal(ghci_map_gpa(TD_GPA, PAGE, &failed), GHCI_STATUS_RETRY);
	answer[TDX_R10] = GHCI_STATUS_ALIGN_ERROR;
	assert_int_equal(ghci_map_gpa(TD_GPA, PAGE, &failed), GHCI_STATUS_ALIGN_ERROR);
}

static void dies(uint64_t *r)
{
	memcpy(asked, r, sizeof(asked));
	siglongjmp(fatal, 1);
}

/* Break: two registers of the text swapped. */
static void fatal_error(void **state)
{
	static const unsigned int order[] = {
		TDX_R14, TDX_R15, TDX_RBX, TDX_RDI, TDX_RSI, TDX_R8, TDX_R9, TDX_RDX,
	};
	static const char text[] =
		"a text of more than eight bytes, which goes into eight registers";

	(void)state;
	run();
	vmm = dies;
	if (!sigsetjmp(fatal, 1))
		ghci_report_fatal_error(3, text);
	assert_int_equal(asked[TDX_R11], GHCI_REPORT_FATAL_ERROR);
	assert_int_equal(asked[TDX_R12], 3);
	for (unsigned int i = 0; i < 8; i++)
		assert_memory_equal(&asked[order[i]], text + 8 * i, 8);
}

/* ---- memory and TDCM -------------------------------------------------------- */

/* Break: a page outside, or one that was accepted before, handed out as new. */
static void memory(void **state)
{
	uint64_t *entry;
	struct sept_pos pos;

	(void)state;
	run();
	memory_init(RAM_START + 64 * PAGE);
	assert_false(memory_owns(RAM_START - 1));
	assert_true(memory_owns(RAM_START + 64 * PAGE - 1));
	assert_false(memory_owns(RAM_START + 64 * PAGE));
	assert_null(memory_page());			/* RAM_START is TD_GPA: accepted */
	assert_ptr_equal(memory_page(), TD_GPA + PAGE);
	assert_true(sept_walk(tdis->p->m, tdis->g.t, TD_GPA + 2 * PAGE, 0, SEPT_HOST, &pos));
	entry = pos.entry;
	*entry |= SEPT_LOCK;				/* the host never lets go */
	assert_false(memory_accept(TD_GPA + 2 * PAGE, PAGE));
	*entry &= ~SEPT_LOCK;
	assert_true(memory_accept(TD_GPA + 2 * PAGE, PAGE));
	assert_int_equal(memory_reserve(PAGE, 16 * PAGE), RAM_START + 16 * PAGE);
	assert_int_equal(memory_reserve(64 * PAGE, PAGE), 0);
	assert_int_equal(memory_reserve(PAGE, 128 * PAGE), 0);
}

static struct tdcm_buffer reply;
static uint32_t reply_bytes;

static void serve(uint64_t *r)
{
	if (r[TDX_R11] == GHCI_TDCM) {
		volatile struct tdcm_buffer *buffer = tdcm_buffer();

		memcpy(asked, r, sizeof(asked));
		assert_int_equal(buffer->operation, TDCM_OP_GET_TDI_STATE);
		assert_int_equal(buffer->status, TDCM_WAIT);
		for (uint32_t i = 0; i < 4; i++)
			buffer->data[i] = (uint8_t)(0x50 + i);
		buffer->data_length = reply_bytes;
		buffer->error = reply.error;
		buffer->status = reply.status;
	}
	r[TDX_R10] = answer[TDX_R10];
}

/* Break: a length that is not checked against what the caller allows, or what the buffer holds. */
static void tdcm(void **state)
{
	struct tdcm_result result;
	uint8_t data[8] = { 0 };
	void *ram;

	(void)state;
	run();
	memory_init(0);
	assert_false(tdcm_init(PAGE));			/* no RAM */
	memory_init(RAM_START + 64 * PAGE);
	vmm = serve;
	answer[TDX_R10] = GHCI_STATUS_INVALID_OPERAND;
	assert_false(tdcm_init(PAGE));			/* not converted */
	ram = mmap((void *)RAM_START, 64 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	assert_ptr_equal(ram, RAM_START);
	answer[TDX_R10] = GHCI_STATUS_SUCCESS;
	assert_true(tdcm_init(PAGE));
	assert_int_equal(tdcm_gpa(), (uintptr_t)tdcm_buffer() | SHARED_BIT);
	reply.status = TDCM_COMPLETED;
	reply_bytes = 4;
	result = tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 1, 8);
	assert_true(result.ok);
	assert_int_equal(result.length, 4);
	assert_memory_equal(data, "\x50\x51\x52\x53\0\0\0\0", 8);
	assert_int_equal(asked[TDX_R12], 0x8);
	assert_int_equal(asked[TDX_R13], tdcm_gpa());
	assert_int_equal(asked[TDX_R14], PAGE);
	assert_false(tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 5, 8).ok);
	assert_false(tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 0, 3).ok);
	reply_bytes = PAGE;
	assert_false(tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 0, PAGE).ok);
	reply.status = TDCM_ERROR;
	reply.error = TDCM_ERR_INVALID_STATE;
	reply_bytes = 4;
	result = tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 0, 8);
	assert_false(result.ok);
	assert_int_equal(result.error, TDCM_ERR_INVALID_STATE);
	reply.status = TDCM_WAIT;			/* it never comes to an end */
	assert_int_equal(tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 0, 8).status, TDCM_WAIT);
	answer[TDX_R10] = GHCI_STATUS_SUBFUNC_UNSUPPORTED;
	assert_int_equal(tdcm_call(0x8, TDCM_OP_GET_TDI_STATE, data, 0, 8).ghci,
			 GHCI_STATUS_SUBFUNC_UNSUPPORTED);
	munmap(ram, 64 * PAGE);
}

#define lib_test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		lib_test(leaves),
		lib_test(connect_leaves),
		lib_test(vmcalls),
		lib_test(map_gpa),
		lib_test(fatal_error),
		lib_test(memory),
		lib_test(tdcm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
