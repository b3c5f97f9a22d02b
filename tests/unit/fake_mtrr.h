/* SPDX-License-Identifier: Apache-2.0 */
/* Control registers and the flushing of caches by functions of the test's. Included before
 * everything else (flags: -include), after fake_x86.h. */
#ifndef FAKE_MTRR_H
#define FAKE_MTRR_H

#include "core/types.h"

uint64_t fake_read_cr(unsigned int number);
void fake_write_cr(unsigned int number, uint64_t value);
void fake_wbinvd(void);

#define read_cr0() fake_read_cr(0)
#define write_cr0(value) fake_write_cr(0, value)
#define read_cr3() fake_read_cr(3)
#define write_cr3(value) fake_write_cr(3, value)
#define read_cr4() fake_read_cr(4)
#define write_cr4(value) fake_write_cr(4, value)
#define wbinvd() fake_wbinvd()

#endif
