/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The mock SPDM profile (fact sheet tdx-connect.md 5.5): messages, sizes and order of SPDM 1.2 with
 * SHA-384, P-384, AES-256-GCM; randoms, DH points, signatures, verify data and tags are zero and
 * unchecked. Nothing here authenticates a device: reports say "spdm: unauthenticated".
 */
#ifndef TDISP_SPDM_H
#define TDISP_SPDM_H

#include <stdint.h>

struct spdm_header {
	uint8_t version, code, param1, param2;
} __attribute__((packed));

#define SPDM_VERSION_10		0x10	/* GET_VERSION only */
#define SPDM_VERSION		0x12
#define SPDM_VERSION_ENTRY	0x1200	/* the one entry of the VERSION answer */
#define SPDM_SLOT_MASK		0x01
#define SPDM_HASH_BYTES		48
#define SPDM_MAX_MESSAGE	0x0f00	/* both size fields of CAPABILITIES */
#define SPDM_CAPABILITY_FLAGS	0x000042d6

/* X(name, request, response) */
#define SPDM_MESSAGES(X)				\
	X(DIGESTS,		0x81, 0x01)	\
	X(CERTIFICATE,		0x82, 0x02)	\
	X(VERSION,		0x84, 0x04)	\
	X(MEASUREMENTS,		0xe0, 0x60)	\
	X(CAPABILITIES,		0xe1, 0x61)	\
	X(ALGORITHMS,		0xe3, 0x63)	\
	X(KEY_EXCHANGE,		0xe4, 0x64)	\
	X(FINISH,		0xe5, 0x65)	\
	X(HEARTBEAT,		0xe8, 0x68)	\
	X(KEY_UPDATE,		0xe9, 0x69)	\
	X(END_SESSION,		0xec, 0x6c)	\
	X(VENDOR_DEFINED,	0xfe, 0x7e)
#define SPDM_ENUM(name, req, rsp) SPDM_REQ_##name = req, SPDM_RSP_##name = rsp,
enum spdm_code { SPDM_MESSAGES(SPDM_ENUM) SPDM_RSP_ERROR = 0x7f };
#undef SPDM_ENUM

/* Bytes of requests and fixed answers, SPDM header included. */
enum spdm_size {
	SPDM_GET_VERSION_BYTES = 4,		SPDM_VERSION_BYTES = 8,
	SPDM_GET_CAPABILITIES_BYTES = 20,	SPDM_CAPABILITIES_BYTES = 20,
	SPDM_NEGOTIATE_BYTES = 32 + 4 * 4,	SPDM_ALGORITHMS_BYTES = 36 + 4 * 4,
	SPDM_GET_DIGESTS_BYTES = 4,		SPDM_DIGESTS_BYTES = 4 + SPDM_HASH_BYTES,
	SPDM_GET_CERTIFICATE_BYTES = 8,		SPDM_CERTIFICATE_HEADER = 8,
	SPDM_KEY_EXCHANGE_BYTES = 138,		SPDM_KEY_EXCHANGE_RSP_BYTES = 282,
	SPDM_FINISH_BYTES = 4 + SPDM_HASH_BYTES, SPDM_FINISH_RSP_BYTES = 4,
	SPDM_GET_MEASUREMENTS_BYTES = 4,	SPDM_MEASUREMENTS_HEADER = 8,
	SPDM_MEASUREMENTS_TAIL = 32 + 2,	/* nonce, opaque length */
	SPDM_SHORT_BYTES = 4,			/* HEARTBEAT, KEY_UPDATE, END_SESSION, ERROR */
};
#define SPDM_NEGOTIATE_TABLES		4	/* param1: DHE, AEAD, requester's key, key schedule */
#define SPDM_MEASUREMENT_LENGTH_OFFSET	5	/* u24 */
#define SPDM_KEY_UPDATE_ALL_KEYS	2	/* param1, then */
#define SPDM_KEY_UPDATE_VERIFY		3

#define SPDM_ERROR_INVALID_REQUEST	0x01
#define SPDM_ERROR_UNEXPECTED_REQUEST	0x04
#define SPDM_ERROR_UNSUPPORTED_REQUEST	0x07

#endif
