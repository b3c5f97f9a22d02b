/* SPDX-License-Identifier: Apache-2.0 */
#include "seed.h"
#include "core/arch.h"
#include "core/sha256.h"
#include "core/string.h"

/* As Linux has it (struct linux_efi_random_seed of include/linux/efi.h). */
struct random_seed {
	uint32_t size;
	uint8_t bits[SHA256_SIZE];
};
static_assert(sizeof(struct random_seed) == LOONGARCH_SEED_SIZE,
	      "what the generator leaves room for");

static uint8_t secret[SHA256_SIZE];
static bool taken;

/* dt-schema, schemas/chosen.yaml: of any size; less than a hash is not worth its name. */
void seed_take(const struct fdt *fdt)
{
	const struct fdt_node *node;
	struct fdt_walk walk;

	taken = false;
	fdt_walk_start(&walk, fdt);
	while (!taken && (node = fdt_walk_next(&walk)) != NULL) {
		struct sha256 state;
		uint32_t size;
		const uint8_t *seed = fdt_property(node, "rng-seed", &size);

		if (!seed || size < SHA256_SIZE || strcmp(node->name, "chosen") != 0)
			continue;
		sha256_start(&state);
		sha256_add(&state, seed, size);
		sha256_end(&state, secret);
		taken = true;
	}
}

/* No cell's seed tells another's or the next one: a hash does not lead back to the secret. */
void seed_cell(const struct cell *cell)
{
	const struct {
		uint64_t index;
		uint64_t now; /* another one in each life */
	} which = { cell->index, arch_now() };
	const uint64_t gpa = cell->config->arch.seed;
	const struct mem_region *region = cell_region(cell, gpa);
	struct random_seed seed = { .size = sizeof(seed.bits) };
	struct sha256 state;

	if (!taken || !region)
		return;
	sha256_start(&state);
	sha256_add(&state, secret, sizeof(secret));
	sha256_add(&state, &which, sizeof(which));
	sha256_end(&state, seed.bits);
	arch_fill_memory(region->hpa + (gpa - region->gpa), (const uint8_t *)&seed, sizeof(seed));
}
