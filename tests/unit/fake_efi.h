/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UEFI firmware made of variables: boot services that allocate from a map of memory, only part of
 * which is really there. It fails the test when it is called after its boot services have ended.
 */
#ifndef FAKE_EFI_H
#define FAKE_EFI_H

#include "core/efi/efi.h"
#include "core/efi_handover.h"

#define FAKE_ARENA_PAGES 64u
#define FAKE_IMAGE ((efi_handle)0x1234)
#define FAKE_RUNTIME (0xfu | EFI_MEMORY_RUNTIME)

extern struct efi_system_table fake_system;

/* What was printed, without carriage returns. */
extern char fake_said[8192];

/* Set by tests. */
extern unsigned int fake_stale;     /* so many calls of ExitBootServices() come with a stale key */
extern void (*fake_on_stale)(void); /* what the firmware does at each of them */
extern void (*fake_on_map)(void);   /* and after each GetMemoryMap() */
extern bool fake_secure_boot;
extern bool fake_no_map;
extern efi_status(EFIAPI *fake_handle_protocol)(efi_handle handle, const struct efi_guid *protocol,
						void **interface); /* NULL: nothing has any */
extern const struct efi_graphics_mode *fake_graphics;              /* NULL: no such protocol */
extern bool fake_protects; /* has EFI_MEMORY_ATTRIBUTE_PROTOCOL */

/* What happened. */
extern unsigned int fake_exits; /* calls of ExitBootServices() */
extern bool fake_exited;
extern uint64_t fake_executable; /* a page that was made executable and read-only; 0: none */

/* A firmware without memory, tables and protocols. */
void fake_efi_reset(void);

/* Describes [base, base + pages). Memory from FAKE_ARENA_PAGES pages on fake_arena() can be used.
 */
void fake_memory(uint32_t type, uint64_t base, uint64_t pages, uint64_t attributes);
void fake_retype(uint64_t base, uint32_t type);
uint64_t fake_arena(void);
void fake_table(uint32_t first_word_of_guid, uint64_t address);

/* Pages of @type within [base, base + pages). */
uint64_t fake_pages(uint32_t type, uint64_t base, uint64_t pages);

/* The map as GetMemoryMap() would tell it; returns its size. */
uint64_t fake_map(uint8_t *map, uint64_t room);

#endif
