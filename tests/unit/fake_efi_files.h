/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file system for fake_efi.h's firmware, and the application's own place in it. Every file that
 * is opened must be closed before the boot services end.
 */
#ifndef FAKE_EFI_FILES_H
#define FAKE_EFI_FILES_H

#include "fake_efi.h"

/* Set by tests. */
extern uint64_t fake_read_most; /* what one Read() gives */
extern bool fake_no_volume;

/* What happened: files, the root among them, that are open. */
extern int fake_open_files;

/* The application was started from the file that @nodes, strings up to a NULL, name one after the
 * other; NULL: it was not started from a file. There are no files yet. */
void fake_files_start(const char *const *nodes);

/* A file of @size bytes: those at @content, or without them an unreadable one. */
void fake_file(const char *path, const void *content, uint64_t size);

/* The device path, to be damaged: bytes. */
extern uint8_t fake_file_path[4096];

#endif
