// SPDX-License-Identifier: GPL-2.0
#include "x86/mmio.h"

#define REX_W	8u
#define REX_R	4u
#define MODRM_MOD(byte)	((byte) >> 6)
#define MODRM_REG(byte)	((byte) >> 3 & 7)
#define MODRM_RM(byte)	((byte) & 7)
#define RM_SIB		4
#define RM_RIP		5	/* with MOD 0: disp32 */

static uint64_t *frame_reg(struct trap_frame *frame, unsigned int nr)
{
	uint64_t *reg[16] = {
		&frame->rax, &frame->rcx, &frame->rdx, &frame->rbx,
		&frame->rsp, &frame->rbp, &frame->rsi, &frame->rdi,
		&frame->r8, &frame->r9, &frame->r10, &frame->r11,
		&frame->r12, &frame->r13, &frame->r14, &frame->r15,
	};

	return reg[nr];
}

/* Bytes behind the ModRM byte at @p: SIB and displacement. */
static unsigned int operand_length(const uint8_t *p)
{
	unsigned int mod = MODRM_MOD(p[0]), rm = MODRM_RM(p[0]);
	unsigned int length = rm == RM_SIB;

	if (mod == 1)
		return length + 1;
	if (mod == 2)
		return length + 4;
	return length + (rm == RM_RIP || (rm == RM_SIB && MODRM_RM(p[1]) == 5) ? 4 : 0);
}

bool mmio_decode(struct trap_frame *frame, struct mmio_insn *insn)
{
	const uint8_t *start = (const uint8_t *)frame->rip;
	const uint8_t *p = start;
	unsigned int reg, rex = 0;
	bool word = false;
	uint8_t opcode;

	if (*p == 0x66) {
		word = true;
		p++;
	}
	if ((*p & 0xf0) == 0x40)
		rex = *p++;
	opcode = *p++;
	if (opcode < 0x88 || opcode > 0x8b || MODRM_MOD(*p) == 3)
		return false;

	insn->write = opcode <= 0x89;
	insn->size = !(opcode & 1) ? 1 : rex & REX_W ? 8 : word ? 2 : 4;
	reg = MODRM_REG(*p) | (rex & REX_R ? 8 : 0);
	if (insn->size == 1 && !rex && reg >= 4)
		return false;
	insn->reg = frame_reg(frame, reg);
	insn->length = (unsigned int)(p - start) + 1 + operand_length(p);
	return true;
}
