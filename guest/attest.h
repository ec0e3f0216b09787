/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether the TD trusts a device: what the VMM says (report, device information) against what the
 * TDX module says (hashes, session, state) and what the image itself carries (the reference digest,
 * measured by MRTD, which is compared with what the run's verifier expects). The signature chain of
 * the device is not checked: "spdm: unauthenticated".
 */
#ifndef GUEST_ATTEST_H
#define GUEST_ATTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "tdisp/report.h"

#define ATTEST_MAX_RANGES	16

/* X(name, what a person reads) */
#define ATTEST_REFUSALS(X)							\
	X(OK,		"accepted")						\
	X(TDCM,		"the VMM does not answer, or not in the form agreed")	\
	X(MODULE,	"the TDX module knows no bound TDI")			\
	X(MRTD,		"this image is not the one that the verifier expects")	\
	X(SESSION,	"the bind session is not the one that was attested")	\
	X(STATE,	"the TDI is not LOCKED")				\
	X(REPORT,	"the report is malformed")				\
	X(REPORT_HASH,	"the report is not the one that the TDX module saw")	\
	X(INFO_HASH,	"the device information is not what the TDX module saw") \
	X(IDENTITY,	"the device is not the one that this image expects")	\
	X(RANGES,	"the report's ranges do not fit the BARs")		\
	X(CONFIG,	"the interface is not configured as this image wants")
#define ATTEST_ENUM(name, text) ATTEST_##name,
enum attest { ATTEST_REFUSALS(ATTEST_ENUM) ATTEST_NR };
#undef ATTEST_ENUM

/* A TEE range, and where the TD sees it. */
struct attest_range {
	uint32_t index;		/* ordinal in the report: what MMIO.ACCEPT takes */
	uint32_t pages;
	uint64_t gpa;
};

struct attested {
	uint64_t session;
	unsigned int nr;
	struct attest_range range[ATTEST_MAX_RANGES];
};

/* GPA and bytes of the guest's BARs; 0 bytes: not there. */
struct attest_bar {
	uint64_t gpa, bytes;
};
#define ATTEST_BARS	6

/*
 * Is the TD's MRTD the one expected? The runner, which stands for a verifier, passes it in the window's
 * arguments; a real one would keep its secrets from the TD instead.
 */
enum attest attest_image(void);
/*
 * Attest the bound device @bdf as the @nth that the image knows. OK: @result tells what to accept, and
 * for which session.
 */
enum attest attest_device(uint16_t bdf, unsigned int nth, const struct attest_bar bars[ATTEST_BARS],
			  struct attested *result);
/* The report alone: place its TEE ranges in the BARs (C 1.5, "relative" scheme). */
enum attest attest_report(const uint8_t *bytes, uint32_t length,
			  const struct attest_bar bars[ATTEST_BARS], struct attested *result);
const char *attest_text(enum attest refusal);

#endif
