/* SPDX-License-Identifier: GPL-2.0 */
/*
 * S-EPT entries (fact sheet 6.1). The state is a 7-bit code spread over the entry: bit 0 at bit 9,
 * bits 4:1 at 56:53, bits 6:5 at 7:6. Levels: 0 = 4K ... 4 = PML5; an entry of level n covers
 * 2^(12 + 9n) bytes.
 */
#ifndef TDX_MODULE_SEPT_H
#define TDX_MODULE_SEPT_H

#include "seamcall.h"

/* X(name, code, public code) */
#define SEPT_STATES(X)				\
	X(FREE,			0x0e, 0x00)	\
	X(NL_MAPPED,		0x00, 0x84)	\
	X(NL_BLOCKED,		0x08, 0x81)	\
	X(MAPPED,		0x60, 0x04)	\
	X(BLOCKED,		0x68, 0x01)	\
	X(PENDING,		0x70, 0x02)	\
	X(PENDING_BLOCKED,	0x78, 0x03)	\
	X(MMIO_MAPPED,		0x40, 0x20)	\
	X(MMIO_BLOCKED,		0x48, 0x21)	\
	X(MMIO_PENDING,		0x50, 0x22)

#define SEPT_ENUM(name, code, pub) SEPT_##name = code,
enum sept_state { SEPT_STATES(SEPT_ENUM) };
#undef SEPT_ENUM

#define SEPT_RW			3ULL
#define SEPT_RWX		7ULL
#define SEPT_MT_WB		(6ULL << 3)
#define SEPT_IPAT		(1ULL << 6)
#define SEPT_LEAF		(1ULL << 7)
#define SEPT_LOCK		(1ULL << 11)
#define SEPT_HPA		0x000ffffffffff000ULL
#define SEPT_HOST_PRIORITY	(1ULL << 52)
#define SEPT_SVE		(1ULL << 63)
#define SEPT_ENTRIES		512

/* A walk's result: the entry reached, its value without lock bits, and its level. */
struct sept_pos {
	uint64_t *entry;
	uint64_t value;
	unsigned int level;
};

static inline unsigned int sept_shift(unsigned int level)
{
	return 12 + 9 * level;
}

static inline uint64_t sept_code_bits(unsigned int code)
{
	return (code & 1ULL) << 9 | (code >> 1 & 0xfULL) << 53 | (code >> 5 & 3ULL) << 6;
}

static inline enum sept_state sept_state(uint64_t e)
{
	return (e >> 9 & 1) | (e >> 53 & 0xf) << 1 | (e >> 6 & 3) << 5;
}

static inline bool sept_is_leaf(uint64_t e)
{
	return e & SEPT_LEAF;
}

/* A device's page. Its memory type is UC, which is 0 like the IPAT bit that the code takes away. */
static inline bool sept_is_mmio(enum sept_state state)
{
	return state == SEPT_MMIO_MAPPED || state == SEPT_MMIO_BLOCKED ||
	       state == SEPT_MMIO_PENDING;
}

/* What the TD may touch, at whatever level it was found. */
static inline bool sept_is_accessible_leaf(enum sept_state state)
{
	return state == SEPT_MAPPED || state == SEPT_MMIO_MAPPED;
}

uint64_t sept_make(enum sept_state state, uint64_t hpa);
uint8_t sept_public(enum sept_state state);
/* Who walks: blocked tables stop the CPU and TDCALL, but not the host's leaves. */
enum sept_walker { SEPT_HOST, SEPT_GUEST };
/* True if the walk reached @level through tables; else @pos is where it stopped. */
bool sept_walk(const struct tdx_module *m, const struct tdx_td *td, uint64_t gpa,
	       unsigned int level, enum sept_walker who, struct sept_pos *pos);

/* ---- what the leaves of sept.c and mmio.c share ----------------------------- */

#define OP_IR	(OP_IN(OP_INITIALIZED) | OP_IN(OP_RUNNABLE))

struct sept_op {
	struct tdx_td *td;
	uint64_t gpa;
	unsigned int level;
	struct sept_pos pos;
};

struct sept_rule {
	unsigned int op_states;
	unsigned int min_level, max_level;
	enum tdx_lock_mode tdr, tree;
};

/* A private GPA of @td, a multiple of @align (2.2). */
bool sept_gpa_valid(const struct tdx_td *td, uint64_t gpa, uint64_t align);
/* TDR and GPA|level operands, in the order of 2.2: up to and including the GPA checks. */
uint64_t sept_operands(struct tdx_call *c, const struct sept_rule *rule, struct sept_op *op);
/* Tree lock, walk to op->level, entry lock: both are kept for the rest of the leaf. */
uint64_t sept_lock_entry(struct tdx_call *c, const struct sept_rule *rule, struct sept_op *op);
/* The two above. */
uint64_t sept_start(struct tdx_call *c, const struct sept_rule *rule, struct sept_op *op);
uint64_t sept_wrong_state(struct tdx_call *c, const struct sept_pos *pos);
/* Write the locked entry. Sequentially consistent: a BLOCK reads the epoch after it. */
void sept_store(const struct sept_op *op, uint64_t value);
/* No vCPU can have a translation made before the BLOCK at epoch @bepoch (6.3). */
bool sept_tracked(const struct tdx_td *td, uint32_t bepoch);
/* Success: RCX = RDX = 0. */
uint64_t sept_done(struct tdx_call *c);

/*
 * translate.c: the synthetic EPT violation by which TDG.MEM.PAGE.ACCEPT and TDG.MMIO.ACCEPT at
 * @gpa ask the host for a page (4.3); @pos is what they found. The TD will call again.
 */
void tdx_accept_exit(struct tdx_module *m, unsigned int lp, struct tdx_vcpu *v,
		     struct tdx_gprs *gprs, uint64_t gpa, unsigned int level, uint64_t qual,
		     const struct sept_pos *pos, struct tdx_gprs *host, struct tdx_result *res);

#endif
