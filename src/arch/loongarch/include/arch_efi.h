/* SPDX-License-Identifier: Apache-2.0 */
/* What UEFI, ELF and PE have of their own on LoongArch. */
#ifndef ARCH_EFI_H
#define ARCH_EFI_H

/* The calling convention is that of C: UEFI Specification 2.10, 2.3.8.2. */
#define EFIAPI

#define EFI_ELF_MACHINE 258   /* EM_LOONGARCH */
#define EFI_PE_MACHINE 0x6264 /* IMAGE_FILE_MACHINE_LOONGARCH64 */

#endif
