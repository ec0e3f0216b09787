/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDX Connect inside the model (fact sheet tdx-connect.md 3; "C 3.1" in comments of these files):
 *
 *   connect.c   HPA arrays, the message sequence of an SPDM object, secured records
 *   iommu.c     TDH.IOMMU.*
 *   spdm.c      TDH.SPDM.*: session set-up, device information
 *   ide.c       TDH.IDE.STREAM.*
 *   tdimt.c     TDH.TDIMT.*, look-up of a TDI by function
 *   tdi.c       TDH.TDI.CREATE, REMOVE, RD
 *   tdisp.c     TDH.TDI.BIND, START, STOP, STATE: messages, report
 *   mmiomt.c    TDH.MMIOMT.*, the owner of an MMIO page
 *   mmio.c      TDH.MMIO.MAP, BLOCK, UNMAP
 *   tdg_tdi.c   TDG.TDI.RD, TDI.START, DMAR.ACCEPT, MMIO.ACCEPT
 */
#ifndef TDX_MODULE_CONNECT_H
#define TDX_MODULE_CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../core/sha384.h"
#include "../tdisp/doe.h"
#include "../tdisp/tdisp.h"
#include "../tdx_abi/connect.h"

struct tdx_call;
struct tdx_module;
struct tdx_td;

#define TDX_MAX_IOMMUS		4
#define TDX_MAX_SPDMS		16
#define TDX_MAX_STREAMS		16
#define TDX_MAX_TDIS		16
#define TDX_MAX_OBJECT_PAGES	8

/* Records after which an SPDM session wants new keys (chosen: beyond any run but a unit test's). */
#define TDX_SPDM_MAX_RECORDS	(1U << 20)

/* The pages that a CREATE took, in the host's order: DELETE gives the same back. */
struct tdx_donation {
	uint64_t page[TDX_MAX_OBJECT_PAGES];
	unsigned int count;
};

struct tdx_iommu {
	bool used;
	uint64_t reg_base;
	struct tdx_donation pages;
};

/*
 * A request/response sequence (C 3.1). The host calls the leaf again and again with the registers of
 * the first call; each call but the last leaves a DOE object on the request page and answers
 * SPDM_REQUEST. At most one an SPDM object.
 */
#define TDX_SEQ_OPERANDS	6	/* RCX, RDX, R8-R11 */
struct tdx_seq {
	uint16_t leaf;			/* 0: no sequence is under way */
	unsigned int step;		/* messages sent */
	uint32_t done;			/* the leaf's own progress inside a step (offset, sub-stream) */
	uint64_t operand[TDX_SEQ_OPERANDS];
	void *object;			/* the stream or TDI it works on, for the abort rules */
};

enum tdx_spdm_state { SPDM_FREE, SPDM_CREATED, SPDM_CONNECTED };

struct tdx_spdm {
	enum tdx_spdm_state state;
	uint32_t func;
	struct tdx_donation pages;
	tdx_lock_t lock;		/* exclusive during every leaf that names the object */
	struct tdx_seq seq;
	uint32_t session;		/* responder << 16 | requester */
	unsigned int nr_streams;
	uint32_t records;		/* sent since the last key update */
	uint8_t chain_digest[TDX_TDI_HASH_BYTES];
	uint8_t dev_info_hash[TDX_TDI_HASH_BYTES];
	/* while CONNECT or MNG collects device information */
	struct sha384 chain_hash, info_hash;
	uint32_t chain_bytes, dev_info_bytes;
};

enum tdx_stream_state { STREAM_FREE, STREAM_CONFIGURED, STREAM_KEYED };

struct tdx_stream {
	enum tdx_stream_state state;
	bool blocked;
	bool selective;
	struct tdx_spdm *spdm;
	uint8_t rp_devfn;
	uint16_t first_rid, last_rid;
	unsigned int key_set;
	struct tdx_donation pages;
	_Atomic uint32_t nr_tdis;
};

struct tdx_tdi {
	bool used;
	uint32_t func;
	uint16_t guest_id;		/* unique per TD */
	struct tdx_td *td;
	struct tdx_spdm *spdm;
	struct tdx_stream *stream;
	uint64_t page[TDX_TDI_PAGES];	/* R8 (control), R9, R10 of CREATE */
	tdx_lock_t lock;
	enum tdisp_state state;		/* the module's record, not the device's live state */
	bool bound, consent, dmar_mapped;
	uint64_t session;
	_Atomic uint32_t mmio_pages;
	uint8_t nonce[TDISP_NONCE_BYTES];
	uint8_t report_hash[TDX_TDI_HASH_BYTES];
	uint32_t report_bytes;
	uint8_t report[TDX_TDI_REPORT_MAX];
};

struct tdx_connect {
	bool enabled;			/* SYS.CONFIG version 1 asked for it */
	struct tdx_iommu iommu[TDX_MAX_IOMMUS];
	struct tdx_spdm spdm[TDX_MAX_SPDMS];	/* spdm_id = index */
	struct tdx_stream stream[TDX_MAX_STREAMS];	/* stream_id = index */
	struct tdx_tdi tdi[TDX_MAX_TDIS];
	tdx_lock_t object_lock;		/* allocation in the four tables above */
	/* CONNECT, DISCONNECT, MNG share one slot: whose it was last. Free once that ended. */
	tdx_lock_t session_lock;
	struct tdx_spdm *slot;
	uint64_t tdimt_root, mmiomt_root;	/* 0: not added */
	tdx_lock_t tdimt_lock, mmiomt_lock;
	_Atomic uint64_t bind_sessions;	/* counter; the first session is 1 */
	/* whole run, for the ledger */
	_Atomic uint64_t tdis_created, mmio_maps, mmio_unmaps, mmio_accepts;
};

/* ---- connect.c ---------------------------------------------------------------------------------- */

/* Take @count free pages, in PAMT type @pt, as the module's own; all or nothing. */
uint64_t tdx_donate_pages(struct tdx_call *c, const uint64_t *page, unsigned int operand,
			  unsigned int count, unsigned int pt, struct tdx_donation *d);
/* Lock what is to be given back, and give it back (PT_NDA). */
uint64_t tdx_donation_lock(struct tdx_call *c, const struct tdx_donation *d, unsigned int operand);
void tdx_donation_release(struct tdx_call *c, struct tdx_donation *d);
/* Take the pages of HPA_ARRAY_T @array, @count of them, as PAMT type @pt; all or nothing. */
uint64_t tdx_donate(struct tdx_call *c, uint64_t array, unsigned int operand, unsigned int count,
		    unsigned int pt, struct tdx_donation *d);
/* Give them back (PT_NDA), in HPA_ARRAY_T form for RCX; @list_page as DELETE's operand. */
uint64_t tdx_undonate(struct tdx_call *c, struct tdx_donation *d, uint64_t list_page,
		      unsigned int operand, uint64_t *released);

/* A page that is L1's own and stays so during the leaf. OPERAND_INVALID, BUSY|operand. */
uint64_t tdx_host_page(struct tdx_call *c, uint64_t pa, unsigned int operand, uint8_t **page);
/* HPA_ARRAY_T of at most @max such pages, to write device information or a report to. */
struct tdx_out {
	uint8_t *page[TDX_TDI_REPORT_PAGES];
	unsigned int count, operand;
};
uint64_t tdx_out_pages(struct tdx_call *c, uint64_t array, unsigned int operand, unsigned int max,
		       struct tdx_out *out);
/* False: it does not fit, nothing was written. */
bool tdx_out_write(const struct tdx_out *out, size_t offset, const void *data, size_t len);

/* SPDM object by id: lock it exclusively for the rest of the leaf. F44|operand, BUSY|operand. */
uint64_t tdx_spdm_get(struct tdx_call *c, uint64_t id, unsigned int operand, struct tdx_spdm **s);
/* Lock an object already known (through a TDI or a stream); BUSY|operand. */
uint64_t tdx_spdm_hold(struct tdx_call *c, struct tdx_spdm *s, unsigned int operand);

/*
 * Begin or continue @c's sequence on @s, whose operands are the first @nr of RCX, RDX, R8-R11.
 * SUCCESS: s->seq is this leaf's, step 0 if it is new. A leaf that may not start because another one
 * is under way: OPERAND_BUSY|1; an operand that changed: OPERAND_INVALID|that register (C 3.1).
 * @aborts: this leaf ends a foreign sequence instead of being refused.
 */
uint64_t tdx_seq_begin(struct tdx_call *c, struct tdx_spdm *s, unsigned int nr, bool aborts,
		       void *object);
void tdx_seq_end(struct tdx_spdm *s);
/* ... because of an answer: RCX = RDX = 0, and @status is the leaf's. */
uint64_t tdx_seq_fail(struct tdx_call *c, struct tdx_spdm *s, uint64_t status);

/* The pages of the loop: ordinary memory of L1, page aligned; OPERAND_INVALID|operand. */
struct tdx_msg_pages {
	uint8_t *rsp, *req;
	unsigned int rsp_operand;
};
uint64_t tdx_msg_pages(struct tdx_call *c, unsigned int rsp_reg, unsigned int req_reg,
		       struct tdx_msg_pages *p);

/* Put a request on the page, RCX = bytes; counts the step and answers SPDM_REQUEST. */
uint64_t tdx_send_spdm(struct tdx_call *c, struct tdx_spdm *s, struct tdx_msg_pages *p, bool secured,
		       const void *message, size_t len);
uint64_t tdx_send_vdm(struct tdx_call *c, struct tdx_spdm *s, struct tdx_msg_pages *p,
		      enum spdm_protocol protocol, const void *payload, size_t len);
/*
 * The answer to the last message: a copy (the host may change the page) in @buf of TDX_MSG_BYTES.
 * Returns the length of the SPDM message, or of the protocol's payload; -1 if malformed.
 */
int tdx_recv_spdm(struct tdx_spdm *s, const struct tdx_msg_pages *p, bool secured, uint8_t *buf);
int tdx_recv_vdm(struct tdx_spdm *s, const struct tdx_msg_pages *p, enum spdm_protocol protocol,
		 uint8_t *buf);

/* Every object is gone, and the pages of its making with it; the counters of the whole run stay. */
void tdx_connect_wipe(struct tdx_module *m);

/* ---- tdimt.c, mmiomt.c -------------------------------------------------------------------------- */

/* The TDI that @td's guest knows as @guest_id, or NULL. No lock. */
struct tdx_tdi *tdx_tdi_of_guest(struct tdx_module *m, const struct tdx_td *td, uint64_t guest_id);

/* MMIOMT entry of the page at @hpa (C 3.3), or NULL where the table ends above it. */
struct tdx_mmiomt_entry {
	uint64_t word;		/* DATA: 2:1 type, 3 mapped, 43:12 func; bit 0 is our lock */
	uint64_t bepoch;	/* TD epoch at MMIO.BLOCK */
	uint64_t reserved[2];
};
struct tdx_mmiomt_entry *tdx_mmiomt(const struct tdx_module *m, uint64_t hpa, unsigned int level);

/* ---- leaf handlers ------------------------------------------------------------------------------ */

#define TDX_CONNECT_HANDLERS(X)							\
	X(iommu_setup) X(iommu_clear) X(spdm_create) X(spdm_delete)		\
	X(ide_stream_create) X(ide_stream_block) X(ide_stream_delete) X(ide_stream_km) \
	X(tdi_create) X(tdi_remove) X(tdi_bind) X(tdi_start) X(tdi_stop) X(tdi_rd) X(tdi_state) \
	X(spdm_connect) X(spdm_disconnect) X(spdm_mng)				\
	X(mmiomt_add) X(mmiomt_set) X(mmiomt_rd) X(mmiomt_remove)		\
	X(mmio_map) X(mmio_block) X(mmio_unmap)					\
	X(tdimt_add) X(tdimt_remove) X(tdimt_rd)
#define TDX_DECLARE(name) uint64_t tdh_##name(struct tdx_call *c);
TDX_CONNECT_HANDLERS(TDX_DECLARE)
#undef TDX_DECLARE

#endif
