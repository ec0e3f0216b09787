/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A requester and a device around the security manager of host-patches/qemu/files/hw/tdisp: what
 * the responder_* tests share. Requests go in from buffers of exactly their size, so that ASan
 * sees a read past the end. The helpers assert; a test checks only what it is about.
 */
#ifndef UNIT_REQUESTER_H
#define UNIT_REQUESTER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "responder.h"

#define FUNC		0x0a18
#define STREAM		7
#define CHAIN_BYTES	2500		/* more than two portions of 400h */
#define MEASURE_BYTES	300
#define SPECIFIC_BYTES	2000
#define BAR0		0xc0000000ULL
#define BAR2		0xc0010000ULL
#define MMIO_OFFSET	0x0000123456789000ULL

struct requester {
	struct tdisp_dsm dsm;
	struct dsm_config config;
	uint8_t chain[CHAIN_BYTES], measurements[MEASURE_BYTES], specific[SPECIFIC_BYTES];

	/* The device, as the DSM's callbacks report it. */
	bool enabled, no_entropy;
	uint64_t base[DSM_BARS];
	uint64_t seed;
	unsigned int moves;		/* state_changed() calls, and the last one */
	enum tdisp_state from, to;

	uint32_t session;
	uint8_t nonce[TDISP_NONCE_BYTES];	/* of the last lock */

	/* The last answer: the whole object, and the innermost layer that ask_*() opened. */
	uint8_t object[DSM_MAX_OBJECT];
	size_t object_len;
	const uint8_t *answer;
};

/* A device with BAR 0 (16 TEE pages) and BAR 2 (TEE, non-TEE, TEE), powered on. */
struct requester *requester_new(void);
int requester_setup(void **state);
int requester_teardown(void **state);

/* The next number of the requester's seeded sequence. */
uint64_t requester_random(struct requester *r);

/* Give the DSM the @len bytes at @object as they are; length of its answer in r->object. */
size_t ask_raw(struct requester *r, const void *object, size_t len);
/*
 * An SPDM message in the clear, or in a record of the session. Checks all that is around the answer
 * and returns its length (in the clear with padding), r->answer; 0 if there is none.
 */
size_t ask_clear(struct requester *r, const void *message, size_t len);
size_t ask_session(struct requester *r, const void *message, size_t len);
/*
 * A payload of @protocol; the length of the answer's payload, or 0 and r->answer is SPDM's ERROR.
 */
size_t ask_vdm(struct requester *r, enum spdm_protocol protocol, const void *payload, size_t len);

/* The last answer is SPDM's ERROR. */
void expect_spdm_error(const struct requester *r, size_t len, uint8_t code, uint8_t data);

/* The profile's messages up to a stage, from power-on or after a lost session. */
void requester_connect(struct requester *r, enum dsm_stage stage);
/* Length of the answer to KEY_PROG, K_SET_GO or K_SET_STOP (@id) for key @key of six in @set. */
size_t ask_key(struct requester *r, enum idekm_id id, uint8_t stream, unsigned int key,
	       unsigned int set);
/* All six keys of STREAM, in the order of C 5.6. */
void requester_keys(struct requester *r, unsigned int set);

/*
 * C 5.2 and 5.3: each request with its size, its answer's (of a 16-byte report), and where it is
 * legal.
 */
#define TDISP_ROWS	7
extern const struct tdisp_row {
	enum tdisp_message req, rsp;
	size_t req_bytes, rsp_bytes;
	unsigned int legal;		/* bit n: in state n */
} tdisp_rows[TDISP_ROWS];
/* A request that is right in all but the state, START with r->nonce, in 64 @bytes; its length. */
size_t tdisp_request(const struct requester *r, const struct tdisp_row *row, uint8_t *bytes);
/*
 * A TDISP request whose body after the header is the @body_len bytes of @body; length, r->answer.
 */
size_t ask_tdisp(struct requester *r, enum tdisp_message type, const void *body, size_t body_len);
size_t ask_lock(struct requester *r);
size_t ask_start(struct requester *r, const uint8_t nonce[TDISP_NONCE_BYTES]);
/* From power-on, or any state of a keyed session, to @state; asserts that each step works. */
void requester_reach(struct requester *r, enum tdisp_state state);
/* The state as the device tells it; it must agree with dsm_state(). */
enum tdisp_state ask_state(struct requester *r);
/* The last answer, @len bytes, is TDISP_ERROR @code. */
void expect_tdisp_error(const struct requester *r, size_t len, enum tdisp_error code);

#endif
