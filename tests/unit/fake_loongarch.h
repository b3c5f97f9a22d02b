/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A processor made of variables. Included before everything else (flags: -include), it takes the
 * place of what loongarch.h has in assembly; the numbers are its own.
 */
#ifndef FAKE_LOONGARCH_H
#define FAKE_LOONGARCH_H

#define _GNU_SOURCE /* as low_memory.c, which this comes before */

#define __ASSEMBLER__
#include "arch/loongarch/loongarch.h"
#undef __ASSEMBLER__

#include "core/types.h"

uint64_t fake_csr(unsigned int number);
uint32_t fake_cpucfg(uint32_t word);

#define csr_read(number) fake_csr(number)
#define cpucfg(word) fake_cpucfg(word)

#endif
