/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the tests of TDX Connect share: a platform with it switched on, the message loop of a host,
 * and a device that answers by the book but for the one answer that a test spoils.
 */
#ifndef UNIT_CONNECT_H
#define UNIT_CONNECT_H

#include "platform.h"
#include "../../lib/tdisp/idekm.h"
#include "../../lib/tdisp/spdm.h"

struct plat *plat_connect(void);	/* SYS_READY, TDMRs initialised, Connect on */
/* SYS.CONFIG in @version with @r9 on a platform after plat_sys_init() and plat_write_tdmrs(). */
uint64_t plat_sys_config_features(struct plat *p, unsigned int version, uint64_t r9);

uint64_t sc6(struct plat *p, unsigned int leaf, uint64_t rcx, uint64_t rdx, uint64_t r8,
	     uint64_t r9, uint64_t r10, uint64_t r11);

uint64_t host_page(struct plat *p);	/* an L1 page outside the TDMRs, zeroed */
/* @count new pages as HPA_ARRAY_T; where the list is, if there is one, they lie in its order. */
uint64_t page_array(struct plat *p, unsigned int count, bool donate);

/* IOMMU.SETUP of PLAT_IOMMU with new pages; returns the list operand. */
uint64_t iommu_list(struct plat *p, uint64_t page[6]);
uint64_t iommu_up(struct plat *p);

#define DEV_FUNC	0x0018U
#define DEV_ORDER	64

/* The other side of a loop, and what a host keeps for it. */
struct peer {
	struct plat *p;
	uint16_t func;
	uint64_t config, rsp, req, out;		/* out: HPA_ARRAY_T of four pages */
	uint64_t spdm, stream;			/* ids */
	uint8_t chain[0x1234];			/* does not fit one answer, nor whole dwords */
	uint8_t record[101];
	uint32_t chain_bytes, record_bytes;
	uint16_t session_half;
	uint32_t session;
	unsigned int answers;			/* of the loop under way */
	int spoil_at;				/* index of the answer to spoil, -1: none */
	void (*spoil)(struct peer *d, uint8_t *doe);
	bool silent;				/* leave the response page as it is */
	/* What came, in order: SPDM codes, | 200h in a record; 100h | id of IDE_KM, and its key. */
	uint16_t order[DEV_ORDER];
	uint8_t sub_stream[DEV_ORDER];
	unsigned int nr_order;
};

void peer_init(struct peer *d, struct plat *p);
void peer_answer(struct peer *d);
/* The leaf, again and again with the same operands, until it answers something else. */
uint64_t peer_loop(struct peer *d, unsigned int leaf, const uint64_t op[6]);

uint64_t spdm_create(struct peer *d);		/* ... a step each; the status is returned */
uint64_t spdm_connect(struct peer *d);
uint64_t spdm_disconnect(struct peer *d);
uint64_t spdm_mng(struct peer *d, enum tdx_spdm_mng_op op);
uint64_t spdm_delete(struct peer *d);
uint64_t stream_create(struct peer *d);
uint64_t stream_km(struct peer *d, enum tdx_ide_km_op op);
uint64_t stream_delete(struct peer *d);
void peer_connected(struct peer *d, struct plat *p);	/* create and connect */

static inline struct tdx_spdm *spdm_of(struct peer *d)
{
	return &d->p->m->connect.spdm[d->spdm];
}

/* One call of CONNECT, without an answer. */
static inline uint64_t connect_once(struct peer *d)
{
	return sc6(d->p, TDH_SPDM_CONNECT, d->spdm, d->config, d->rsp, d->req, d->out, 0);
}

#define INVALID(op)	TDX_STATUS(OPERAND_INVALID, TDX_OP_##op)
#define BUSY(op)	TDX_STATUS(OPERAND_BUSY, TDX_OP_##op)
#define REQUEST		TDX_STATUS(SPDM_REQUEST, 0)
#define BAD_MESSAGE	TDX_STATUS(SPDM_INVALID_MESSAGE, TDX_OP_R8)
#define NONE		TDX_SPDM_MNG_NONE

#endif
