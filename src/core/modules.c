/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images that the boot loader brings. Whoever wrote them to the disk is not trusted, nor is the
 * loader's word for where they are: what counts is the hash of the copy, which nobody else can
 * write to.
 */
#include "modules.h"
#include "core/format.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/string.h"

#define WHY_SIZE 160u
#define SHOWN 6u /* bytes of a hash in messages */

extern const uint8_t image_start[], image_end[]; /* hypervisor.ld */

static const struct boot_module *find(const struct boot_info *info, const char *name)
{
	for (unsigned int i = 0; i < info->nr_modules; i++)
		if (strcmp(info->modules[i].name, name) == 0)
			return &info->modules[i];
	return NULL;
}

/* The first bytes of a hash as one number. */
static unsigned long first_bytes(const uint8_t hash[SHA256_SIZE])
{
	unsigned long value = 0;

	for (unsigned int i = 0; i < SHOWN; i++)
		value = value << 8 | hash[i];
	return value;
}

/* Whether all of it can be read, and stays what it is while it is copied; if not, why. */
static bool is_readable(const struct boot_info *info, const struct boot_module *loaded, char *why)
{
	const uint64_t base = loaded->base, end = base + loaded->size;
	const char *where = NULL;

	if (end > BOOT_LIMIT)
		where = "not below 4 GiB";
	else if (base < (uint64_t)image_end && end > (uint64_t)image_start)
		where = "in the hypervisor's own memory";
	else if (boot_info_first_gap(info, base, loaded->size) != end)
		where = "not in usable RAM";
	if (where)
		fmt_snprintf(why, WHY_SIZE, "is at 0x%lx to 0x%lx, %s", (unsigned long)base,
			     (unsigned long)(end - 1), where);
	return !where;
}

static bool check_hash(const struct module *module, char *why)
{
	struct sha256 state;
	uint8_t hash[SHA256_SIZE];

	sha256_start(&state);
	sha256_add(&state, module->data, module->size);
	sha256_end(&state, hash);
	if (memcmp(hash, module->sha256, SHA256_SIZE) == 0)
		return true;
	fmt_snprintf(why, WHY_SIZE, "has SHA-256 %012lx..., expected %012lx...", first_bytes(hash),
		     first_bytes(module->sha256));
	return false;
}

/* Copies and checks one; if it is not right, why. */
static bool load(const struct boot_info *info, const struct module *module, char *why)
{
	const struct boot_module *loaded = find(info, module->name);

	if (!loaded) {
		fmt_snprintf(why, WHY_SIZE, "was not loaded, expected %lu bytes",
			     (unsigned long)module->size);
		return false;
	}
	if (loaded->size != module->size) {
		fmt_snprintf(why, WHY_SIZE, "has %lu bytes, expected %lu",
			     (unsigned long)loaded->size, (unsigned long)module->size);
		return false;
	}
	if (!is_readable(info, loaded, why))
		return false;
	memcpy(module->data, (const void *)loaded->base, module->size);
	return check_hash(module, why);
}

static void tell_cells(const struct module *module, const char *why)
{
	for (unsigned int c = 0; c < partition_table.nr_cells; c++) {
		const struct cell_config *cell = &partition_table.cells[c];

		for (unsigned int i = 0; i < cell->nr_modules; i++)
			if (cell->modules[i].module == module)
				log_printf("cell %s does not start: its %s, module %s (%s), %s\n",
					   cell->name, cell->modules[i].what, module->name,
					   cell->modules[i].source, why);
	}
}

static bool is_known(const struct boot_module *loaded)
{
	for (unsigned int i = 0; i < partition_table.nr_modules; i++)
		if (strcmp(partition_table.modules[i].name, loaded->name) == 0)
			return true;
	return false;
}

void modules_load(const struct boot_info *info)
{
	char why[WHY_SIZE];

	for (unsigned int i = 0; i < info->nr_modules; i++)
		if (!is_known(&info->modules[i]))
			log_printf("module %s is not one of this system: not used\n",
				   info->modules[i].name);
	for (unsigned int i = 0; i < partition_table.nr_modules; i++) {
		const struct module *module = &partition_table.modules[i];

		*module->checked = load(info, module, why);
		if (*module->checked)
			log_printf("module %s: %lu bytes, SHA-256 %012lx... as expected\n",
				   module->name, (unsigned long)module->size,
				   first_bytes(module->sha256));
		else
			tell_cells(module, why);
	}
}
