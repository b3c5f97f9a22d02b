/* SPDX-License-Identifier: Apache-2.0 */
/* Boot modules of the partition table. */
#ifndef CORE_MODULES_H
#define CORE_MODULES_H

#include "core/boot_info.h"

/*
 * Copies the boot modules that the table names to their places and checks length and hash of the
 * copies. Logs what became of each; for one that is not right, which cells do not start. Comes
 * before anything writes to a cell's memory, where the loader may have put them.
 */
void modules_load(const struct boot_info *info);

#endif
