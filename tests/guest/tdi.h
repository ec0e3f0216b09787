/* SPDX-License-Identifier: GPL-2.0 */
/* The steps of a private device's life, as tests put them together. */
#ifndef TESTS_TDI_H
#define TESTS_TDI_H

#include "attest.h"
#include "tdx/tdi.h"
#include "testdev.h"

struct tdi {
	unsigned int nth;	/* of the devices that the image knows */
	struct testdev dev;
	struct attested attested;
};

/* Each records what it checks and returns whether the test can go on. */
bool tdi_open(struct tdi *tdi);			/* find the device, make the TDCM buffer */
bool tdi_open_second(struct tdi *tdi);		/* after it, of a pair */
bool tdi_bind(struct tdi *tdi);			/* CHECK, BIND; map the BARs private */
bool tdi_attest(struct tdi *tdi);
enum attest tdi_judge(struct tdi *tdi);		/* the verdict alone, said in a log line */
bool tdi_accept(struct tdi *tdi);		/* every TEE range */
bool tdi_start(struct tdi *tdi);		/* consent, START, state RUN */
bool tdi_unbind(struct tdi *tdi);		/* UNBIND; map the BARs shared */
bool tdi_lock(struct tdi *tdi);			/* open to attested */
bool tdi_to_run(struct tdi *tdi);		/* bind to RUN, with every range accepted */
bool tdi_run(struct tdi *tdi);			/* the same from the start, open */

/* TEST_MARK_* in the module's trace. */
void tdi_mark(uint64_t mark);

#define CHECK_TDCM(result, error_)					\
	({								\
		struct tdcm_result r_ = (result);			\
		bool ok_ = CHECK_GHCI(r_.ghci, GHCI_STATUS_SUCCESS) &&	\
			   test_check(KIND_TDCM_ERROR, r_.error, error_,	\
				      TEST_WHERE(#result " error")) &&		\
			   test_check(KIND_TDCM_STATUS, r_.status,	\
				      (error_) ? TDCM_ERROR : TDCM_COMPLETED, \
				      TEST_WHERE(#result " status"));		\
		ok_;							\
	})

#endif
