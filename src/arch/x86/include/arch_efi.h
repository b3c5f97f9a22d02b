/* SPDX-License-Identifier: Apache-2.0 */
/* What UEFI, ELF and PE have of their own on x64. */
#ifndef ARCH_EFI_H
#define ARCH_EFI_H

/* The calling convention: UEFI Specification 2.10, 2.3.4.2. */
#define EFIAPI __attribute__((ms_abi))

#define EFI_ELF_MACHINE 62    /* EM_X86_64 */
#define EFI_PE_MACHINE 0x8664 /* IMAGE_FILE_MACHINE_AMD64 */

#endif
