/* SPDX-License-Identifier: GPL-2.0 */
/* TDISP messages and states (fact sheet tdx-connect.md 4, 5.2, 5.3). */
#ifndef TDISP_TDISP_H
#define TDISP_TDISP_H

#include <stdint.h>

#define TDISP_VERSION		0x10

enum tdisp_state {
	TDISP_CONFIG_UNLOCKED, TDISP_CONFIG_LOCKED, TDISP_RUN, TDISP_ERROR_STATE
};

struct tdisp_header {
	uint8_t version, type;
	uint16_t reserved;
	uint32_t func;		/* FUNCTION_ID, the physical one */
	uint64_t reserved2;
} __attribute__((packed));
#define TDISP_HEADER		16

/* X(name, request, request bytes, response, response bytes); n: plus versions; k: plus a portion */
#define TDISP_MESSAGES(X)				\
	X(VERSION,	0x81, 16, 0x01, 17)	/* n */	\
	X(CAPABILITIES,	0x82, 20, 0x02, 44)		\
	X(LOCK,		0x83, 36, 0x03, 48)		\
	X(REPORT,	0x84, 20, 0x04, 20)	/* k */	\
	X(STATE,	0x85, 16, 0x05, 17)		\
	X(START,	0x86, 48, 0x06, 16)		\
	X(STOP,		0x87, 16, 0x07, 16)
#define TDISP_ENUM(name, req, req_bytes, rsp, rsp_bytes)	\
	TDISP_REQ_##name = req, TDISP_RSP_##name = rsp,	\
	TDISP_REQ_##name##_BYTES = req_bytes, TDISP_RSP_##name##_BYTES = rsp_bytes,
enum tdisp_message { TDISP_MESSAGES(TDISP_ENUM) TDISP_RSP_ERROR = 0x7f, TDISP_RSP_ERROR_BYTES = 24 };
#undef TDISP_ENUM

#define TDISP_ERRORS(X)					\
	X(INVALID_REQUEST,		0x0001)		\
	X(BUSY,				0x0003)		\
	X(INVALID_INTERFACE_STATE,	0x0004)		\
	X(UNSPECIFIED,			0x0005)		\
	X(UNSUPPORTED_REQUEST,		0x0007)		\
	X(VERSION_MISMATCH,		0x0041)		\
	X(VENDOR_SPECIFIC,		0x00ff)		\
	X(INVALID_INTERFACE,		0x0101)		\
	X(INVALID_NONCE,		0x0102)		\
	X(INSUFFICIENT_ENTROPY,		0x0103)		\
	X(INVALID_DEVICE_CONFIGURATION,	0x0104)
#define TDISP_ENUM_ERROR(name, code) TDISP_ERR_##name = code,
enum tdisp_error { TDISP_ERRORS(TDISP_ENUM_ERROR) };
#undef TDISP_ENUM_ERROR

#define TDISP_NONCE_BYTES	32

struct tdisp_capabilities {	/* answer */
	struct tdisp_header head;
	uint32_t dsm_caps;
	uint8_t requests[16];	/* bit n: request 80h + n is served */
	uint16_t lock_flags;
	uint8_t reserved[3];
	uint8_t address_width;
	uint8_t outstanding_this, outstanding_all;
} __attribute__((packed));

struct tdisp_lock {
	struct tdisp_header head;
	uint16_t flags;		/* TDISP_LOCK_* */
	uint8_t stream, reserved;
	uint64_t mmio_offset;	/* added to every address in the report */
	uint64_t p2p_mask;
} __attribute__((packed));
#define TDISP_LOCK_NO_FW_UPDATE		(1 << 0)
#define TDISP_LOCK_CACHE_LINE_128	(1 << 1)
#define TDISP_LOCK_MSIX			(1 << 2)
#define TDISP_LOCK_BIND_P2P		(1 << 3)
#define TDISP_LOCK_ALL_REDIRECT		(1 << 4)

struct tdisp_nonce {		/* LOCK's answer, START's request */
	struct tdisp_header head;
	uint8_t nonce[TDISP_NONCE_BYTES];
} __attribute__((packed));

struct tdisp_report_req {
	struct tdisp_header head;
	uint16_t offset, length;
} __attribute__((packed));

struct tdisp_report_rsp {
	struct tdisp_header head;
	uint16_t portion, remainder;
	uint8_t bytes[];
} __attribute__((packed));

struct tdisp_state_rsp {
	struct tdisp_header head;
	uint8_t state;		/* enum tdisp_state */
} __attribute__((packed));

struct tdisp_error_rsp {
	struct tdisp_header head;
	uint32_t code, data;
} __attribute__((packed));

#endif
