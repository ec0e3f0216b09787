/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Between the files of the security manager. Every handler gets @len untrusted bytes at @req,
 * writes its answer to @rsp, which has room for the largest one the profile allows, and returns
 * its length.
 */
#ifndef TDISP_DSM_H
#define TDISP_DSM_H

#include "responder.h"

/* ---- dsm_spdm.c ------------------------------------------------------------------------------ */

/* An SPDM message, from inside a record of the session (@secured) or in the clear. */
size_t dsm_spdm_message(struct tdisp_dsm *dsm, bool secured, const uint8_t *req, size_t len,
			uint8_t *rsp);
/* The session, if there is one, is over: LOCKED and RUN fall to ERROR; keys stay (C 5.6). */
void dsm_session_end(struct tdisp_dsm *dsm, enum dsm_stage stage);

/* ---- dsm_idekm.c, dsm_tdisp.c: payload after the protocol id --------------------------------- */

/* What a protocol answers when its own format has no word for the refusal. */
struct dsm_refusal {
	uint8_t code, data;	/* of SPDM ERROR */
};
/* Length of the answer, which is at most DSM_MAX_PAYLOAD; 0: SPDM ERROR with @refusal instead. */
size_t dsm_idekm_message(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp,
			 struct dsm_refusal *refusal);
size_t dsm_tdisp_message(struct tdisp_dsm *dsm, const uint8_t *req, size_t len, uint8_t *rsp,
			 struct dsm_refusal *refusal);
#define DSM_MAX_PAYLOAD		(SPDM_MAX_MESSAGE - SPDM_VDM_HEADER)

/* A new session: the GOs of the one before no longer count. */
void dsm_idekm_new_session(struct tdisp_dsm *dsm);
/* LOCKED or RUN: to ERROR. */
void dsm_tdisp_fail(struct tdisp_dsm *dsm);
/* Any state: to UNLOCKED, nonce and report wiped. */
void dsm_tdisp_unlock(struct tdisp_dsm *dsm);

#endif
