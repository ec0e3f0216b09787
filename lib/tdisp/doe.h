/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Outer layers of a message to a device's security manager (fact sheet tdx-connect.md 5.1): a DOE
 * object holds an SPDM message, or a secured record that holds one; a vendor-defined SPDM message
 * of the PCI-SIG holds IDE_KM or TDISP. All fields little-endian.
 */
#ifndef TDISP_DOE_H
#define TDISP_DOE_H

#include <stdint.h>

struct doe_header {
	uint16_t vendor;	/* DOE_VENDOR_PCISIG */
	uint8_t type;		/* enum doe_type */
	uint8_t reserved;
	uint32_t length_dw;	/* 17:0, header included */
} __attribute__((packed));

#define DOE_VENDOR_PCISIG	0x0001
#define DOE_LENGTH_MASK		0x3ffff
enum doe_type { DOE_DISCOVERY, DOE_CMA, DOE_SECURED_CMA };

/* Secured CMA: {session, length = 2 + app + 16}, then {app_length, app data, tag}. */
struct spdm_record {
	uint32_t session;	/* responder half << 16 | requester half */
	uint16_t length;
	uint16_t app_length;
	uint8_t app[];
} __attribute__((packed));
#define SPDM_RECORD_HEADER	8	/* up to app */
#define SPDM_TAG_BYTES		16	/* zero and unchecked in the mock profile (5.5) */
#define SPDM_RECORD_LENGTH(app)	(2 + (app) + SPDM_TAG_BYTES)

/* Vendor-defined message of the PCI-SIG: 11 bytes, then protocol id and payload. */
struct spdm_vdm {
	uint8_t version;	/* SPDM_VERSION */
	uint8_t code;		/* SPDM_VENDOR_DEFINED */
	uint8_t param1, param2;
	uint16_t standard;	/* SPDM_STANDARD_PCISIG */
	uint8_t vendor_length;	/* 2 */
	uint16_t vendor;	/* DOE_VENDOR_PCISIG */
	uint16_t length;	/* protocol id and payload */
	uint8_t protocol;	/* enum spdm_protocol */
	uint8_t payload[];
} __attribute__((packed));
#define SPDM_VDM_HEADER		12	/* up to payload */
#define SPDM_STANDARD_PCISIG	3
enum spdm_protocol { SPDM_PROTOCOL_IDE_KM, SPDM_PROTOCOL_TDISP };

#endif
