/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TDG.VP.VMCALL<TDCM> (GHCI_TDCM): R12 = device id (bus << 8 | dev << 3 | fn in the guest's view),
 * R13 = shared buffer (GPA with the SHARED bit, page aligned), R14 = its bytes, R15 = 0 or a vector.
 * Source: fact sheet tdx-connect.md 1.4; widths and limits marked there are our choice.
 */
#ifndef TDX_ABI_TDCM_H
#define TDX_ABI_TDCM_H

#include <stdint.h>

/* The VMM writes data, data_length, error, and status last. */
struct tdcm_buffer {
	uint16_t operation;	/* enum tdcm_op */
	uint8_t version;	/* 0 */
	uint8_t reserved0[5];
	uint8_t status;		/* enum tdcm_status; the guest writes TDCM_WAIT */
	uint8_t error;		/* enum tdcm_error, valid with TDCM_ERROR */
	uint8_t reserved1[6];
	uint32_t data_length;	/* in: bytes of the command; out: of the response */
	uint8_t data[];
} __attribute__((packed));
#define TDCM_HEADER_BYTES	0x14
#define TDCM_BUFFER_MAX		0x40000	/* chosen */

#define TDCM_OPS(X)			\
	X(CHECK_TEEIO_SUPP,	1)	\
	X(BIND,			2)	\
	X(GET_DEV_INFO,		3)	\
	X(GET_TDI_REPORT,	4)	\
	X(START_TDI,		5)	\
	X(GET_TDI_STATE,	6)	\
	X(UNBIND,		7)

#define TDCM_STATUSES(X)		\
	X(WAIT,			0)	\
	X(COMPLETED,		1)	\
	X(ERROR,		2)

#define TDCM_ERRORS(X)			\
	X(TDX_MODULE,		10)	\
	X(TDXIO_DEVICE,		11)	\
	X(SPDM_MESSAGE,		12)	\
	X(IDE_KM_MESSAGE,	13)	\
	X(TDISP_MESSAGE,	14)	\
	X(INVALID_STATE,	15)

#define TDCM_ENUM_OP(name, nr) TDCM_OP_##name = nr,
#define TDCM_ENUM_STATUS(name, nr) TDCM_##name = nr,
#define TDCM_ENUM_ERROR(name, nr) TDCM_ERR_##name = nr,
enum tdcm_op { TDCM_OPS(TDCM_ENUM_OP) };
enum tdcm_status { TDCM_STATUSES(TDCM_ENUM_STATUS) };
enum tdcm_error { TDCM_ERRORS(TDCM_ENUM_ERROR) };
#undef TDCM_ENUM_OP
#undef TDCM_ENUM_STATUS
#undef TDCM_ENUM_ERROR

#endif
