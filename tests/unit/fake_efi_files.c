/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_efi_files.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#define MAX_FILES 40u
#define DEVICE ((efi_handle)0x5678)
#define ERROR_NOT_FOUND EFI_ERROR(14)
#define ERROR_DEVICE EFI_ERROR(7)

struct fake_file {
	struct efi_file file; /* first */
	char path[600];
	const uint8_t *content;
	uint64_t size, position;
	bool is_open;
};

uint64_t fake_read_most;
bool fake_no_volume;
int fake_open_files;
uint8_t fake_file_path[4096];

static struct fake_file files[MAX_FILES], root;
static unsigned int nr_files;
static struct efi_loaded_image loaded_image;

static struct fake_file *of(struct efi_file *file)
{
	struct fake_file *fake = (struct fake_file *)file;

	assert_false(fake_exited);
	assert_true(fake->is_open);
	return fake;
}

static efi_status EFIAPI close_file(struct efi_file *self)
{
	of(self)->is_open = false;
	fake_open_files--;
	return EFI_SUCCESS;
}

static efi_status EFIAPI read_file(struct efi_file *self, uint64_t *size, void *buffer)
{
	struct fake_file *file = of(self);
	uint64_t left = file->size - file->position;

	if (!file->content)
		return ERROR_DEVICE;
	*size = *size < left ? *size : left;
	*size = *size < fake_read_most ? *size : fake_read_most;
	memcpy(buffer, file->content + file->position, *size);
	file->position += *size;
	return EFI_SUCCESS;
}

static efi_status EFIAPI get_position(struct efi_file *self, uint64_t *position)
{
	*position = of(self)->position;
	return EFI_SUCCESS;
}

static efi_status EFIAPI set_position(struct efi_file *self, uint64_t position)
{
	struct fake_file *file = of(self);

	assert_true(position == 0 || position == UINT64_MAX);
	file->position = position ? file->size : 0;
	return EFI_SUCCESS;
}

static efi_status EFIAPI open_file(struct efi_file *self, struct efi_file **opened,
				   const uint16_t *name, uint64_t mode, uint64_t attributes)
{
	char path[600];
	size_t length = 0;

	assert_ptr_equal(of(self), &root);
	assert_int_equal(mode, 1);
	assert_int_equal(attributes, 0);
	do {
		assert_true(length < sizeof(path) && name[length] < 128);
		path[length] = (char)name[length];
	} while (name[length++]);
	for (unsigned int i = 0; i < nr_files; i++) {
		if (strcmp(files[i].path, path) != 0)
			continue;
		assert_false(files[i].is_open);
		files[i].is_open = true;
		files[i].position = 0;
		fake_open_files++;
		*opened = &files[i].file;
		return EFI_SUCCESS;
	}
	return ERROR_NOT_FOUND;
}

static const struct efi_file functions = {
	.open = open_file,
	.close = close_file,
	.read = read_file,
	.get_position = get_position,
	.set_position = set_position,
};

static efi_status EFIAPI open_volume(struct efi_file_system *self, struct efi_file **opened)
{
	(void)self;
	assert_false(fake_exited);
	if (fake_no_volume)
		return ERROR_DEVICE;
	root.file = functions;
	root.is_open = true;
	fake_open_files++;
	*opened = &root.file;
	return EFI_SUCCESS;
}

static efi_status EFIAPI handle_protocol(efi_handle handle, const struct efi_guid *protocol,
					 void **interface)
{
	static struct efi_file_system file_system = { .open_volume = open_volume };

	assert_false(fake_exited);
	if (protocol->a == 0x5b1b31a1 && handle == FAKE_IMAGE)
		*interface = &loaded_image;
	else if (protocol->a == 0x964e5b22 && handle == DEVICE)
		*interface = &file_system;
	else
		return ERROR_NOT_FOUND;
	return EFI_SUCCESS;
}

static size_t put_node(size_t at, uint8_t type, uint8_t subtype, const char *text)
{
	size_t size = 4 + (text ? 2 * strlen(text) + 2 : 0);

	assert_true(at + size <= sizeof(fake_file_path));
	fake_file_path[at] = type;
	fake_file_path[at + 1] = subtype;
	fake_file_path[at + 2] = (uint8_t)size;
	fake_file_path[at + 3] = (uint8_t)(size >> 8);
	for (size_t i = 4; i < size; i += 2) {
		fake_file_path[at + i] = (uint8_t)text[(i - 4) / 2];
		fake_file_path[at + i + 1] = 0;
	}
	return at + size;
}

void fake_files_start(const char *const *nodes)
{
	size_t at = 0;

	memset(fake_file_path, 0xee, sizeof(fake_file_path));
	for (; nodes && *nodes; nodes++)
		at = put_node(at, 4, 4, *nodes);
	put_node(at, 0x7f, 0xff, NULL);
	loaded_image.device = nodes ? DEVICE : NULL;
	loaded_image.file_path = nodes ? fake_file_path : NULL;
	nr_files = 0;
	fake_read_most = UINT64_MAX;
	fake_no_volume = false;
	fake_open_files = 0;
	fake_handle_protocol = handle_protocol;
}

void fake_file(const char *path, const void *content, uint64_t size)
{
	struct fake_file *file = &files[nr_files++];

	assert_true(nr_files <= MAX_FILES && strlen(path) < sizeof(file->path));
	file->file = functions;
	strcpy(file->path, path);
	file->content = content;
	file->size = size;
	file->is_open = false;
}
