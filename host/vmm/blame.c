// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "blame.h"
#include "tdx_abi/status.h"

/* The sheet gives the whole class of IDE statuses, also those without a name in our table. */
#define IDE_FIRST	0xc0000f18
#define IDE_LAST	0xc0000f24

enum tdcm_error blame_errno(int error)
{
	switch (error) {
	case EREMOTEIO:
	case ENXIO:
	case ENODEV:
	case EOPNOTSUPP:
		return TDCM_ERR_TDXIO_DEVICE;
	case EPROTO:
		return TDCM_ERR_SPDM_MESSAGE;
	case ENOLINK:
		return TDCM_ERR_IDE_KM_MESSAGE;
	case EBADMSG:
		return TDCM_ERR_TDISP_MESSAGE;
	case EBADFD:
		return TDCM_ERR_INVALID_STATE;
	default:
		return TDCM_ERR_TDX_MODULE;
	}
}

enum tdcm_error blame_status(uint64_t status)
{
	switch (TDX_STATUS_HI(status)) {
	case TDX_HI_SPDM_INVALID_STATE:
	case TDX_HI_SPDM_AUTH_FAILED:
	case TDX_HI_SPDM_ENTRY_NOT_PRESENT:
	case TDX_HI_SPDM_SESSION_KEY_REQUIRE_REFRESH:
	case TDX_HI_SPDM_INVALID_MESSAGE:
		return TDCM_ERR_SPDM_MESSAGE;
	case IDE_FIRST ... IDE_LAST:
		return TDCM_ERR_IDE_KM_MESSAGE;
	case TDX_HI_TDISP_INVALID_MESSAGE:
	case TDX_HI_INVALID_TDI_CONFIGURATION:
	case TDX_HI_TDISP_INVALID_REPORT:
		return TDCM_ERR_TDISP_MESSAGE;
	case TDX_HI_TDISP_INVALID_STATE:
	case TDX_HI_TDI_INVALID_STATE:
	case TDX_HI_TDISP_OUTSTANDING_REQ:
	case TDX_HI_TDISP_ERROR_STATE:
		return TDCM_ERR_INVALID_STATE;
	default:
		return TDCM_ERR_TDX_MODULE;
	}
}
