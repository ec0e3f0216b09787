/* SPDX-License-Identifier: GPL-2.0 */
/* What a scan of a TD's memory (host/vmm/scan.h) must run into. */
#ifndef TDI_SCAN_H
#define TDI_SCAN_H

#include <stdint.h>

/* 4 KiB pages of RAM that a boot's one TD had at its guest's first TEST_MARK_BEGIN; 0: no mark. */
uint64_t scan_td_pages(const char *trace);

#endif
