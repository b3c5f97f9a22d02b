/* SPDX-License-Identifier: Apache-2.0 */
/* Section numbers: UEFI Specification 2.10. */
#include "modules.h"
#include "core/string.h"
#include "memory.h"
#include "print.h"

#define LOW_4G 0x100000000u
#define PATH_MAX 512u         /* characters */
#define READ_CHUNK 0x100000u  /* some firmware cannot read much at once */
#define FILE_MODE_READ 1u     /* 13.5.2 */
#define TO_THE_END UINT64_MAX /* 13.5.9 */

/* 10.3.1: the header of a node, bytes: type, subtype, length (2), of which nothing is aligned. */
#define NODE_HEADER 4u
#define NODE_END 0x7fu
#define NODE_MEDIA 4u /* 10.3.5 */
#define MEDIA_FILE 4u

/* 9.1, 13.4 */
static const struct efi_guid loaded_image = {
	0x5b1b31a1, 0x9562, 0x11d2, { 0x8e, 0x3f, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};
static const struct efi_guid simple_file_system = {
	0x964e5b22, 0x6459, 0x11d2, { 0x8e, 0x39, 0x00, 0xa0, 0xc9, 0x69, 0x72, 0x3b }
};

struct path {
	uint16_t text[PATH_MAX];
	uint32_t length;
};

/* Makes the end of @path something else, from its character @at on; false when it is too long. */
static bool put(struct path *path, uint32_t at, uint16_t character)
{
	if (at >= PATH_MAX)
		return false;
	path->text[at] = character;
	path->length = at + 1;
	return true;
}

/* The file's path as the nodes tell it, and from it the folder: all up to the last backslash. */
static bool find_folder(const uint8_t *node, struct path *path)
{
	uint32_t size;

	path->length = 0;
	for (; node && node[0] != NODE_END; node += size) {
		size = node[2] | (uint32_t)node[3] << 8;
		if (size < NODE_HEADER)
			return false;
		if (node[0] != NODE_MEDIA || node[1] != MEDIA_FILE)
			continue;
		if (path->length && path->text[path->length - 1] != '\\' &&
		    !put(path, path->length, '\\'))
			return false;
		for (uint32_t i = NODE_HEADER; i + 1 < size && (node[i] || node[i + 1]); i += 2)
			if (!put(path, path->length, (uint16_t)(node[i] | node[i + 1] << 8)))
				return false;
	}
	while (path->length && path->text[path->length - 1] != '\\')
		path->length--;
	return true;
}

static struct efi_file *open_volume(const struct efi_boot_services *boot, efi_handle device)
{
	struct efi_file_system *system = NULL;
	struct efi_file *root = NULL;

	if (!device ||
	    boot->handle_protocol(device, &simple_file_system, (void **)&system) != EFI_SUCCESS ||
	    system->open_volume(system, &root) != EFI_SUCCESS)
		return NULL;
	return root;
}

static struct efi_file *open_file(struct efi_file *root, struct path *path, const char *name)
{
	const uint32_t folder = path->length;
	struct efi_file *file = NULL;
	bool fits = true;

	for (const char *c = name; *c && fits; c++)
		fits = put(path, path->length, (uint8_t)*c);
	fits = fits && put(path, path->length, 0);
	path->length = folder;
	if (!fits || root->open(root, &file, path->text, FILE_MODE_READ, 0) != EFI_SUCCESS)
		return NULL;
	return file;
}

static bool read_file(struct efi_file *file, struct efi_handover_module *module)
{
	uint64_t size = 0, done = 0, chunk;

	if (file->set_position(file, TO_THE_END) != EFI_SUCCESS ||
	    file->get_position(file, &size) != EFI_SUCCESS || size == 0 || size >= LOW_4G ||
	    file->set_position(file, 0) != EFI_SUCCESS)
		return false;
	module->size = size;
	module->base = memory_take(EFI_LOADER_DATA, size);
	if (!module->base)
		return false;
	for (; done < size; done += chunk) {
		chunk = size - done < READ_CHUNK ? size - done : READ_CHUNK;
		if (file->read(file, &chunk, (void *)(module->base + done)) != EFI_SUCCESS ||
		    chunk == 0 || chunk > size - done)
			return false;
	}
	return true;
}

static bool read_module(struct efi_file *root, struct path *path, const char *name,
			struct efi_handover_module *module)
{
	struct efi_file *file = open_file(root, path, name);
	bool read = file && strlen(name) < sizeof(module->name) && read_file(file, module);

	if (file)
		(void)file->close(file);
	if (!read)
		return false;
	memset(module->name, 0, sizeof(module->name));
	memcpy(module->name, name, strlen(name));
	return true;
}

uint32_t modules_read(const struct efi_boot_services *boot, efi_handle image, const char *names,
		      struct efi_handover_module *list)
{
	static struct path path;
	const struct efi_loaded_image *loaded = NULL;
	struct efi_file *root = NULL;
	uint32_t count = 0;

	if (*names &&
	    boot->handle_protocol(image, &loaded_image, (void **)&loaded) == EFI_SUCCESS &&
	    find_folder(loaded->file_path, &path))
		root = open_volume(boot, loaded->device);
	for (; *names; names += strlen(names) + 1) {
		if (count < EFI_HANDOVER_MODULES && root &&
		    read_module(root, &path, names, &list[count])) {
			print("  module %s: %lu bytes\n", names, (unsigned long)list[count].size);
			count++;
		} else {
			print("  warning: module %s: there is no such file beside this "
			      "application, or it cannot be read\n",
			      names);
		}
	}
	if (root)
		(void)root->close(root);
	return count;
}
