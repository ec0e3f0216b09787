/* SPDX-License-Identifier: GPL-2.0 */
/* IDE key management (fact sheet tdx-connect.md 5.6): payloads after the protocol id byte. */
#ifndef TDISP_IDEKM_H
#define TDISP_IDEKM_H

#include <stdint.h>

enum idekm_id {
	IDEKM_QUERY, IDEKM_QUERY_RESP, IDEKM_KEY_PROG, IDEKM_KP_ACK, IDEKM_K_SET_GO,
	IDEKM_K_SET_STOP, IDEKM_GOSTOP_ACK
};

struct idekm_query {
	uint8_t id, reserved, port;
} __attribute__((packed));

struct idekm_query_resp {
	uint8_t id, reserved, port, devfn, bus, segment, max_port;
	uint8_t registers[];	/* the IDE extended capability, from its header on */
} __attribute__((packed));

/* K_SET_GO, K_SET_STOP, GOSTOP_ACK; KP_ACK with its status; the head of KEY_PROG. */
struct idekm_key {
	uint8_t id, reserved[2], stream, status, sub_stream, port;
} __attribute__((packed));

struct idekm_key_prog {
	struct idekm_key head;
	uint8_t key[32], ifv[8];
} __attribute__((packed));

/* Sub-stream byte. */
#define IDEKM_KEY_SET		(1 << 0)
#define IDEKM_TX		(1 << 1)
#define IDEKM_SUB_SHIFT		4
enum idekm_sub_stream { IDEKM_PR, IDEKM_NPR, IDEKM_CPL, IDEKM_SUB_STREAMS };
#define IDEKM_KEYS		(2 * IDEKM_SUB_STREAMS)	/* Rx and Tx of each */

enum idekm_status { IDEKM_OK, IDEKM_BAD_LENGTH, IDEKM_BAD_PORT, IDEKM_BAD_VALUE, IDEKM_OTHER };

#endif
