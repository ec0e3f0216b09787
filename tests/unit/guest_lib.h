/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The guest's library and the model in one program: both call these leaves by their names, so the
 * guest's get others (unit.mk compiles lib/tdx/tdi.c with this).
 */
#ifndef UNIT_GUEST_LIB_H
#define UNIT_GUEST_LIB_H

#define tdg_tdi_rd	guest_tdg_tdi_rd
#define tdg_tdi_start	guest_tdg_tdi_start
#define tdg_dmar_accept	guest_tdg_dmar_accept
#define tdg_mmio_accept	guest_tdg_mmio_accept

#endif
