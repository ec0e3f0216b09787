// SPDX-License-Identifier: GPL-2.0
/* TDG.TDI.RD and TDG.DMAR.ACCEPT: every field, and every operand that is refused. */
#include "tdi.h"
#include "tdisp/tdisp.h"
#include "tdx/memory.h"
#include "tdx/tdcall.h"

#define FILLER		0x5a
#define UNKNOWN_FIELD	6

/* The hash at the start of @page, and nothing behind it. */
static void check_hash(uint16_t bdf, enum tdx_tdi_field field, volatile uint8_t *page)
{
	unsigned int filled = 0;
	uint64_t length;

	for (unsigned int n = 0; n < PAGE_SIZE; n++)
		page[n] = FILLER;
	CHECK_TDX(tdg_tdi_rd(bdf, field, (void *)page, &length), TDX_SUCCESS);
	CHECK_DEC(length, TDX_TDI_HASH_BYTES);
	for (unsigned int n = TDX_TDI_HASH_BYTES; n < PAGE_SIZE; n++)
		filled += page[n] == FILLER;
	CHECK_DEC(filled, PAGE_SIZE - TDX_TDI_HASH_BYTES);
}

/* What the hashes are of, attestation has compared. */
static void connect_fields(void)
{
	uint8_t *page = memory_page();
	uint64_t value;
	struct tdi tdi;

	TEST_REQUIRE(page, "no RAM left");
	if (!tdi_lock(&tdi))
		return;
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_VERSION, NULL, &value), TDX_SUCCESS);
	CHECK_HEX(value, TDISP_VERSION);
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_STATE, NULL, &value), TDX_SUCCESS);
	CHECK_DEC(value, TDISP_CONFIG_LOCKED);
	CHECK_TDX(tdg_tdi_rd(tdi.dev.bdf, TDX_TDI_BIND_SESSION, NULL, &value), TDX_SUCCESS);
	CHECK_DEC(value, tdi.attested.session);
	check_hash(tdi.dev.bdf, TDX_TDI_REPORT_HASH, page);
	check_hash(tdi.dev.bdf, TDX_TDI_DEV_INFO_HASH, page);
	tdi_unbind(&tdi);
}
TEST(connect_fields, "TDI.RD gives version 1.0, state, session, and 48 bytes of each hash, no more",
     "fact sheet C 2.4", "model: say TDISP version 1.1", NEEDS_CONNECT, connect_fields);

static void check_rd(const struct tdi *tdi, struct tdcall c, uint64_t status)
{
	c.rax = TDG_TDI_RD;
	c.rcx |= tdi->dev.bdf;
	if (!CHECK_TDX(tdcall(&c), status))
		test_log("field %llx, R8 %llx, R9 %llx", (unsigned long long)c.rdx,
			 (unsigned long long)c.r8, (unsigned long long)c.r9);
}

static void connect_fields_refused(void)
{
	uint64_t page = (uintptr_t)memory_page(), pending = memory_reserve(PAGE_SIZE, PAGE_SIZE);
	struct tdi tdi;

	TEST_REQUIRE(page && pending, "no RAM left");
	if (!tdi_lock(&tdi) || !tdi_accept(&tdi))
		return;
	/* In the order in which they are checked: each has the errors of those below it as well. */
	check_rd(&tdi, (struct tdcall){ .rcx = 1 << 16, .rdx = UNKNOWN_FIELD, .r8 = 8, .r9 = 1 },
		 TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX));
	check_rd(&tdi, (struct tdcall){ .rdx = UNKNOWN_FIELD, .r8 = 8, .r9 = 1 },
		 TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	check_rd(&tdi, (struct tdcall){ .rdx = 0 }, TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_RECORD },
		 TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_BIND_SESSION, .r8 = page, .r9 = 1 },
		 TDX_STATUS(OPERAND_INVALID, TDX_OP_R8));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_REPORT_HASH, .r8 = 8, .r9 = 1 },
		 TDX_STATUS(OPERAND_INVALID, TDX_OP_R9));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_REPORT_HASH, .r8 = page + 64 },
		 TDX_STATUS(OPERAND_INVALID, TDX_OP_R8));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_REPORT_HASH, .r8 = page | mmu_shared_bit() },
		 TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_R8));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_REPORT_HASH, .r8 = 1ULL << mmu_gpaw() },
		 TDX_STATUS(OPERAND_ADDR_RANGE_ERROR, TDX_OP_R8));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_REPORT_HASH, .r8 = pending },
		 TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_R8));
	check_rd(&tdi, (struct tdcall){ .rdx = TDX_TDI_REPORT_HASH, .r8 = tdi.dev.bar0 },
		 TDX_STATUS(PAGE_METADATA_INCORRECT, TDX_OP_R8));
	check_rd(&tdi, (struct tdcall){ .rcx = 0x8000, .rdx = TDX_TDI_STATE },
		 TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
	tdi_unbind(&tdi);
}
TEST(connect_fields_refused,
     "TDI.RD refuses each wrong operand by its own status, in order, and a page that is not RAM",
     "fact sheet C 2.4", "model: take any page of TDI.RD that is mapped, a BAR's too",
     NEEDS_CONNECT, connect_fields_refused);

static uint64_t dmar_accept(uint64_t func, uint64_t target, unsigned int reg)
{
	struct tdcall c = { .rax = TDG_DMAR_ACCEPT, .rcx = func, .rdx = target };
	uint64_t *const regs[] = { &c.r8, &c.r9, &c.r10, &c.r11, &c.r12, &c.r13, &c.r14, &c.r15 };

	if (reg)
		*regs[reg - TDX_OP_R8] = 1;
	return tdcall(&c);
}

static void connect_dmar_refused(void)
{
	struct tdi tdi;

	if (!tdi_open(&tdi))
		return;
	CHECK_TDX(dmar_accept(tdi.dev.bdf, 0, 0), TDX_STATUS(TDI_NOT_PRESENT, TDX_OP_RCX));
	if (!tdi_bind(&tdi))
		return;
	CHECK_TDX(dmar_accept(tdi.dev.bdf, 1, TDX_OP_R8), TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	CHECK_TDX(dmar_accept(tdi.dev.bdf, 1 << 8, 0), TDX_STATUS(OPERAND_INVALID, TDX_OP_RDX));
	for (unsigned int reg = TDX_OP_R8; reg <= TDX_OP_R15; reg++)
		CHECK_TDX(dmar_accept(1 << 16, 0, reg), TDX_STATUS(OPERAND_INVALID, reg));
	CHECK_TDX(dmar_accept(tdi.dev.bdf | 1 << 16, 0, 0),
		  TDX_STATUS(OPERAND_INVALID, TDX_OP_RCX));
	CHECK_TDX(dmar_accept(tdi.dev.bdf, 0, 0), TDX_STATUS(DMAR_ENTRY_NOT_PRESENT, TDX_OP_DMAR));
	tdi_unbind(&tdi);
}
TEST(connect_dmar_refused,
     "DMAR.ACCEPT refuses wrong operands one by one, and good ones as there is no trusted DMA",
     "fact sheet C 2.7", "model: do not look at R15 of DMAR.ACCEPT", NEEDS_CONNECT,
     connect_dmar_refused);
