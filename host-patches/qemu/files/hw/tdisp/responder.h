/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The security manager (DSM) of one TEE-IO function: DOE object in, DOE object out. Plain C without
 * a QEMU header, so that the unit tests run it as the device does. Behaviour is that of the fact
 * sheet tdx-connect.md: "C 5.2" in comments is its section 5.2.
 *
 *   responder.c   life cycle, DOE objects, secured records, fault knobs, what the BARs and DMA obey
 *   dsm_spdm.c    SPDM messages of the mock profile (C 5.5), vendor-defined messages
 *   dsm_idekm.c   IDE key management (C 5.6)
 *   dsm_tdisp.c   the TDISP state machine and its messages (C 4, 5.2 - 5.4)
 *
 * A device holds one struct tdisp_dsm, calls dsm_init() once, dsm_message() for each object that
 * its DOE mailbox received, and one of the event functions for what happens outside the mailbox.
 * Before it answers a memory request or starts DMA it asks dsm_access_allowed() or
 * dsm_dma_allowed(). Nothing here locks: the caller serialises (QEMU: the big lock).
 *
 * Requests are untrusted: any bytes of any length are safe, and one that is refused changes nothing
 * but the message counter of the fault knobs.
 */
#ifndef TDISP_RESPONDER_H
#define TDISP_RESPONDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/core/sha384.h"
#include "lib/tdisp/doe.h"
#include "lib/tdisp/idekm.h"
#include "lib/tdisp/report.h"
#include "lib/tdisp/spdm.h"
#include "lib/tdisp/tdisp.h"

#define DSM_BARS		6
#define DSM_MAX_RANGES		16
#define DSM_MAX_REPORT		0x10000
#define DSM_MAX_OBJECT		4096		/* of DOE, in either direction */
#define DSM_BAR_UNSET		UINT64_MAX

/* The device around the DSM. @opaque is that of struct dsm_config. */
struct dsm_ops {
	/* FUNCTION_ID now: requester id in 15:0, segment fields zero (C 5.2). */
	uint32_t (*func)(void *opaque);
	/* Fresh unpredictable bytes; false: not enough entropy, LOCK is refused. */
	bool (*random)(void *opaque, uint8_t *bytes, size_t length);
	/* Memory space and bus master are both enabled; LOCK needs them (C 5.2). */
	bool (*enabled)(void *opaque);
	/* Host-physical base of @bar, or DSM_BAR_UNSET; read once per BAR and LOCK. */
	uint64_t (*bar_base)(void *opaque, unsigned int bar);
	/* The IDE extended capability from its header on, at most @cap bytes; their number. */
	size_t (*ide_registers)(void *opaque, uint8_t *bytes, size_t cap);
	/* The TDISP state has changed (it is @to already). Optional. */
	void (*state_changed)(void *opaque, enum tdisp_state from, enum tdisp_state to);
};

/* One entry of the device interface report (C 5.4). */
struct dsm_range {
	uint8_t bar;
	uint64_t offset;		/* in the BAR; 4K aligned */
	uint32_t nr_pages;
	uint16_t attributes;		/* TDISP_RANGE_* */
};

/* What the device is. Constant while the DSM lives; the bytes pointed to belong to the device. */
struct dsm_config {
	const struct dsm_ops *ops;
	void *opaque;

	/* Identity: slot 0 of SPDM. Both together are the DEV_INFO blob of C 1.4. */
	const uint8_t *chain;
	uint16_t chain_bytes;
	const uint8_t *measurements;
	uint16_t measurement_bytes;
	uint8_t nr_measurements;	/* blocks in the record */

	uint64_t bar_bytes[DSM_BARS];	/* 0: no such BAR */
	struct dsm_range range[DSM_MAX_RANGES];
	unsigned int nr_ranges;
	uint16_t info;			/* TDISP_INFO_* */
	const uint8_t *specific;	/* device-specific bytes of the report */
	uint32_t specific_bytes;

	uint16_t portion;		/* most bytes of a report or chain in one answer */
	uint16_t lock_flags;		/* TDISP_LOCK_* that LOCK may ask for */
	uint8_t address_width;
};

/* The profile's values of the last three (C 5.2), for a designated initialiser. */
#define DSM_PROFILE	.portion = 0x400, .lock_flags = TDISP_LOCK_NO_FW_UPDATE, .address_width = 52

/*
 * Fault knobs, off when zero. Message n is the n-th that dsm_message() is given after
 * dsm_set_faults(), counted from 1 and whatever becomes of it.
 */
struct dsm_faults {
	uint32_t drop_at;	/* serve message n, but give no answer */
	uint32_t corrupt_at;	/* flip a bit in the answer to message n */
	uint32_t corrupt_bit;	/* which: from the start of the DOE object, modulo its size */
	uint32_t error_at;	/* dsm_config_violation() before message n is served */
	uint32_t report_bit;	/* 1 + bit to flip in each report made by LOCK from now on */
};

/* How far the requester has come (C 5.5). */
enum dsm_stage {
	DSM_NO_VERSION, DSM_VERSION, DSM_CAPABILITIES, DSM_NEGOTIATED,
	DSM_HANDSHAKE,		/* KEY_EXCHANGE done, FINISH is due */
	DSM_SESSION
};

/* Keys of the one IDE stream; bit n of a mask is the key (sub-stream << 1 | direction). */
struct dsm_stream {
	uint8_t id;
	uint8_t programmed[2];	/* by key set: KEY_PROG done, GO is due */
	uint8_t gone;		/* GOs of this SPDM session: all six make the stream keyed */
};

/* The device reads nothing in here; see the functions below. */
struct tdisp_dsm {
	const struct dsm_config *config;

	enum dsm_stage stage;
	uint32_t session;	/* from KEY_EXCHANGE on: responder << 16 | requester */
	uint16_t next_session;	/* responder's half of the next session */
	bool key_updated;	/* KEY_UPDATE of all keys done, verification is due */
	struct dsm_stream stream;

	enum tdisp_state state;
	uint8_t nonce[TDISP_NONCE_BYTES];
	uint32_t report_bytes;	/* 0 unless LOCKED or RUN */
	uint8_t report[DSM_MAX_REPORT];

	struct dsm_faults faults;
	uint32_t messages;	/* since dsm_set_faults() */
	uint8_t answer[SPDM_MAX_MESSAGE];
};

/* Power-on state. False: @config does not fit the formats (a range outside its BAR, say). */
bool dsm_init(struct tdisp_dsm *dsm, const struct dsm_config *config);

/*
 * Serve the DOE object @req of @len bytes. The answer, an object as well, is at most @cap and
 * never more than DSM_MAX_OBJECT bytes, and does not overlap @req. Returns its length; 0 if there
 * is none, as for an object that is not SPDM or whose header disagrees with @len; an answer that
 * does not fit is lost. DOE discovery is the mailbox's own business.
 */
size_t dsm_message(struct tdisp_dsm *dsm, const void *req, size_t len, void *rsp, size_t cap);

/* FLR: a LOCKED or RUN interface falls to ERROR. Session, keys and other states survive (C 4). */
void dsm_function_reset(struct tdisp_dsm *dsm);
/* Hot reset, link down, power loss: back to power-on; the fault knobs stay (C 4). */
void dsm_conventional_reset(struct tdisp_dsm *dsm);
/*
 * Bus master or memory space cleared, a BAR moved, a power state left, an injected fault: a LOCKED
 * or RUN interface falls to ERROR (C 4). Call it after the change; harmless in the other states.
 */
void dsm_config_violation(struct tdisp_dsm *dsm);
/* The stream was disabled in the IDE capability: no keys; LOCKED or RUN falls to ERROR (C 5.6). */
void dsm_ide_disable(struct tdisp_dsm *dsm);

enum tdisp_state dsm_state(const struct tdisp_dsm *dsm);
/* @stream has all six keys, set by the SPDM session that is, or that was the last. */
bool dsm_keyed(const struct tdisp_dsm *dsm, uint8_t stream);

/*
 * May a memory request be answered (C 8, row 12)? @tee_range: it hits a range without
 * TDISP_RANGE_NON_TEE; @t: it is a TEE transaction. Refused: read ones, drop the write, count it.
 */
bool dsm_access_allowed(const struct tdisp_dsm *dsm, bool tee_range, bool t);
/*
 * May the device send a memory request with this T bit? UNLOCKED: without; RUN: with; else never.
 */
bool dsm_dma_allowed(const struct tdisp_dsm *dsm, bool t);

/* Arm @faults, or disarm all with NULL; the message counter starts again. */
void dsm_set_faults(struct tdisp_dsm *dsm, const struct dsm_faults *faults);

#endif
