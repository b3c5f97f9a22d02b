/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CPUCFG tells a cell: the processor, without what cells do not have.
 *
 * Every CPUCFG of a guest exits, at any privilege level.
 */
#ifndef LOONGARCH_CPUCFG_H
#define LOONGARCH_CPUCFG_H

#include "core/types.h"

/*
 * The word @index as a cell sees it. @host reads the CPU's own; it is asked for words that the
 * manual defines only. @euen: which units CSR.EUEN of the host lets guests use.
 */
uint32_t cell_cpucfg(uint64_t index, uint32_t (*host)(uint32_t index), uint64_t euen);

#endif
