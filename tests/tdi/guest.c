// SPDX-License-Identifier: GPL-2.0
/* A guest image of four tests that nobody runs: the runner reads their lines from the ELF file. */
#include "core/test.h"

static void nothing(void)
{
}

TEST(alpha, "the first test's sentence", "clause A", "break A", NEEDS_NOTHING, nothing);
TEST(beta, "the second test's sentence", "clause B", "break B", NEEDS_SMP, nothing);
TEST(beta2, "the third test's sentence", "clause C", "break C", NEEDS_VE, nothing);
TEST(gamma, "the fourth test's sentence", "clause D", "break D", NEEDS_NO_VE, nothing);
