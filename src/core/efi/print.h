/* SPDX-License-Identifier: Apache-2.0 */
/* The firmware's console. */
#ifndef EFI_PRINT_H
#define EFI_PRINT_H

#include "efi.h"

void print_start(struct efi_text_output *out);

/* Formats as fmt_vsnprintf(), at most PRINT_MAX bytes a call; "\n" ends a line. */
#define PRINT_MAX 256u
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
