/* SPDX-License-Identifier: Apache-2.0 */
/* Sections are those of the Devicetree Specification 0.4. */
#include "fdt.h"
#include "core/string.h"

/* 5.2: the header, all numbers big-endian */
#define MAGIC 0xd00dfeedu
#define VERSION 17u
#define HEADER_SIZE 40u
#define HEADER_TOTAL 4u
#define HEADER_STRUCTURE 8u
#define HEADER_STRINGS 12u
#define HEADER_RESERVATIONS 16u
#define HEADER_VERSION 20u
#define HEADER_LAST_COMPATIBLE 24u
#define HEADER_STRINGS_SIZE 32u
#define HEADER_STRUCTURE_SIZE 36u

#define RESERVATION_SIZE 16u /* 5.3 */

/* 5.4.1 */
#define TOKEN_BEGIN_NODE 1u
#define TOKEN_END_NODE 2u
#define TOKEN_PROPERTY 3u
#define TOKEN_NOP 4u
#define TOKEN_END 9u
#define PROPERTY_HEADER 12u /* token, size, offset of the name */

/* 2.3.5 */
#define DEFAULT_ADDRESS_CELLS 2u
#define DEFAULT_SIZE_CELLS 1u
#define MAX_CELLS 4u

static uint32_t read32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static uint64_t read64(const uint8_t *bytes)
{
	return (uint64_t)read32(bytes) << 32 | read32(bytes + 4);
}

static uint32_t align4(uint32_t offset)
{
	return (offset + 3) & ~3u;
}

/* The end of the string at @at, its NUL included; 0 when it does not end before @end. */
static uint32_t string_end(const struct fdt *fdt, uint32_t at, uint32_t end)
{
	for (; at < end; at++)
		if (fdt->blob[at] == '\0')
			return at + 1;
	return 0;
}

/* The token at @at; TOKEN_END where there is none. */
static uint32_t token_at(const struct fdt *fdt, uint32_t at)
{
	return at + 4 <= fdt->structure_end ? read32(fdt->blob + at) : TOKEN_END;
}

/* The offset behind the property at @at; 0 when it is damaged. */
static uint32_t skip_property(const struct fdt *fdt, uint32_t at)
{
	uint32_t size, name;

	if (fdt->structure_end - at < PROPERTY_HEADER)
		return 0;
	size = read32(fdt->blob + at + 4);
	name = read32(fdt->blob + at + 8);
	if (size > fdt->structure_end - at - PROPERTY_HEADER ||
	    name >= fdt->strings_end - fdt->strings ||
	    !string_end(fdt, fdt->strings + name, fdt->strings_end))
		return 0;
	return align4(at + PROPERTY_HEADER + size);
}

/* The offset behind the token at @at and what belongs to it; 0 when it is damaged. */
static uint32_t skip_token(const struct fdt *fdt, uint32_t at)
{
	uint32_t end;

	switch (token_at(fdt, at)) {
	case TOKEN_BEGIN_NODE:
		end = string_end(fdt, at + 4, fdt->structure_end);
		return end ? align4(end) : 0;
	case TOKEN_PROPERTY:
		return skip_property(fdt, at);
	case TOKEN_END_NODE:
	case TOKEN_NOP:
		return at + 4;
	default:
		return 0;
	}
}

static bool is_root(const struct fdt *fdt, uint32_t at)
{
	return at + 4 < fdt->structure_end && fdt->blob[at + 4] == '\0';
}

/* 5.4.2: one root without a name, properties before children, and everything that begins ends. */
static bool is_sound(const struct fdt *fdt)
{
	uint32_t at = fdt->structure, token;
	unsigned int depth = 0;
	bool children = false, begun = false;

	while ((token = token_at(fdt, at)) != TOKEN_END) {
		if (depth == 0 && begun)
			return false;
		if (token == TOKEN_BEGIN_NODE &&
		    (depth == FDT_MAX_DEPTH || (depth == 0 && !is_root(fdt, at))))
			return false;
		if (token == TOKEN_PROPERTY && (depth == 0 || children))
			return false;
		if (token == TOKEN_END_NODE && depth == 0)
			return false;
		if (token == TOKEN_BEGIN_NODE)
			depth++;
		if (token == TOKEN_END_NODE)
			depth--;
		if (token != TOKEN_PROPERTY && token != TOKEN_NOP)
			children = token == TOKEN_END_NODE;
		begun = begun || depth != 0;
		at = skip_token(fdt, at);
		if (at == 0 || at > fdt->structure_end)
			return false;
	}
	return begun && depth == 0 && at + 4 <= fdt->structure_end;
}

static bool find_block(const struct fdt *fdt, uint32_t total, uint32_t offset_at, uint32_t size_at,
		       uint32_t *begin, uint32_t *end)
{
	uint32_t offset = read32(fdt->blob + offset_at), size = read32(fdt->blob + size_at);

	*begin = offset;
	*end = offset + size;
	return offset >= HEADER_SIZE && offset <= total && size <= total - offset;
}

/* 5.3: the list ends with an entry of zeroes. */
static bool find_reservations(struct fdt *fdt, uint32_t total)
{
	uint32_t at = read32(fdt->blob + HEADER_RESERVATIONS);

	fdt->reservations = at;
	fdt->nr_reservations = 0;
	if (at < HEADER_SIZE || (at & 7) || at > total)
		return false;
	for (; total - at >= RESERVATION_SIZE; at += RESERVATION_SIZE) {
		if (read64(fdt->blob + at) == 0 && read64(fdt->blob + at + 8) == 0)
			return true;
		fdt->nr_reservations++;
	}
	return false;
}

int fdt_open(struct fdt *fdt, uint64_t address)
{
	const uint8_t *blob = (const uint8_t *)address;
	uint32_t total;

	memset(fdt, 0, sizeof(*fdt));
	if (address == 0 || (address & 7) || read32(blob) != MAGIC)
		return -EINVAL;
	total = read32(blob + HEADER_TOTAL);
	fdt->blob = blob;
	if (total < HEADER_SIZE || total > FDT_MAX_SIZE ||
	    read32(blob + HEADER_VERSION) < VERSION ||
	    read32(blob + HEADER_LAST_COMPATIBLE) > VERSION ||
	    !find_block(fdt, total, HEADER_STRUCTURE, HEADER_STRUCTURE_SIZE, &fdt->structure,
			&fdt->structure_end) ||
	    !find_block(fdt, total, HEADER_STRINGS, HEADER_STRINGS_SIZE, &fdt->strings,
			&fdt->strings_end) ||
	    (fdt->structure & 3) || !find_reservations(fdt, total) || !is_sound(fdt))
		return -EINVAL;
	return 0;
}

void fdt_reservation(const struct fdt *fdt, uint32_t i, uint64_t *base, uint64_t *size)
{
	const uint8_t *entry = fdt->blob + fdt->reservations + (size_t)i * RESERVATION_SIZE;

	*base = read64(entry);
	*size = read64(entry + 8);
}

void fdt_walk_start(struct fdt_walk *walk, const struct fdt *fdt)
{
	walk->fdt = fdt;
	walk->depth = 0;
	walk->at = fdt->structure;
}

const struct fdt_node *fdt_walk_next(struct fdt_walk *walk)
{
	const struct fdt *fdt = walk->fdt;
	uint32_t at, token;

	while ((token = token_at(fdt, walk->at)) != TOKEN_END) {
		at = walk->at;
		walk->at = skip_token(fdt, at);
		if (token == TOKEN_END_NODE)
			walk->depth--;
		if (token == TOKEN_BEGIN_NODE) {
			struct fdt_node *node = &walk->path[walk->depth];

			node->fdt = fdt;
			node->parent = walk->depth ? node - 1 : NULL;
			node->name = (const char *)fdt->blob + at + 4;
			node->properties = walk->at;
			walk->depth++;
			return node;
		}
	}
	return NULL;
}

const uint8_t *fdt_property(const struct fdt_node *node, const char *name, uint32_t *size)
{
	const struct fdt *fdt = node->fdt;
	uint32_t at = node->properties, token;

	for (; (token = token_at(fdt, at)) == TOKEN_PROPERTY || token == TOKEN_NOP;
	     at = skip_token(fdt, at)) {
		const uint8_t *property = fdt->blob + at;

		if (token == TOKEN_NOP ||
		    strcmp((const char *)fdt->blob + fdt->strings + read32(property + 8), name) !=
			    0)
			continue;
		*size = read32(property + 4);
		return property + PROPERTY_HEADER;
	}
	return NULL;
}

/* The number in @cells cells; what is in front of the last two is zero in all that can be seen. */
static uint64_t read_cells(const uint8_t *value, uint32_t cells)
{
	uint64_t number = 0;

	for (uint32_t i = 0; i < cells; i++)
		number = number << 32 | read32(value + (size_t)4 * i);
	return number;
}

int fdt_address(const struct fdt_node *node, const char *name, uint64_t *value)
{
	uint32_t size;
	const uint8_t *cells = fdt_property(node, name, &size);

	if (!cells || (size != 4 && size != 8))
		return -ENOENT;
	*value = read_cells(cells, size / 4);
	return 0;
}

uint32_t fdt_u32(const struct fdt_node *node, const char *name, uint32_t otherwise)
{
	uint32_t size;
	const uint8_t *value = fdt_property(node, name, &size);

	return value && size == 4 ? read32(value) : otherwise;
}

bool fdt_has_string(const struct fdt_node *node, const char *name, const char *string)
{
	uint32_t size, length = (uint32_t)strlen(string);
	const uint8_t *value = fdt_property(node, name, &size);
	uint32_t at = 0;

	while (value && at < size) {
		uint32_t end = at;

		while (end < size && value[end] != '\0')
			end++;
		if (end < size && end - at == length && memcmp(value + at, string, length) == 0)
			return true;
		at = end + 1;
	}
	return false;
}

bool fdt_enabled(const struct fdt_node *node)
{
	uint32_t size;

	return !fdt_property(node, "status", &size) || fdt_has_string(node, "status", "okay") ||
	       fdt_has_string(node, "status", "ok");
}

/* 2.3.8: @base as the parent of @bus sees it; false when it does not. */
static bool translate(const struct fdt_node *bus, uint64_t *base, uint64_t size)
{
	uint32_t child = fdt_u32(bus, "#address-cells", DEFAULT_ADDRESS_CELLS);
	uint32_t parent = fdt_u32(bus->parent, "#address-cells", DEFAULT_ADDRESS_CELLS);
	uint32_t sizes = fdt_u32(bus, "#size-cells", DEFAULT_SIZE_CELLS);
	uint32_t bytes, entry;
	const uint8_t *ranges = fdt_property(bus, "ranges", &bytes);

	if (!ranges || child > MAX_CELLS || parent > MAX_CELLS || sizes > MAX_CELLS)
		return false;
	if (bytes == 0)
		return true;
	entry = 4 * (child + parent + sizes);
	for (; entry && bytes >= entry; bytes -= entry, ranges += entry) {
		uint64_t from = read_cells(ranges, child);
		uint64_t to = read_cells(ranges + (size_t)4 * child, parent);
		uint64_t length = read_cells(ranges + (size_t)4 * (child + parent), sizes);

		if (*base >= from && *base - from <= length && size <= length - (*base - from)) {
			*base = to + (*base - from);
			return true;
		}
	}
	return false;
}

int fdt_reg(const struct fdt_node *node, unsigned int i, uint64_t *base, uint64_t *size)
{
	uint32_t addresses, sizes, bytes, entry;
	const uint8_t *reg = fdt_property(node, "reg", &bytes);

	if (!reg || !node->parent)
		return -ENOENT;
	addresses = fdt_u32(node->parent, "#address-cells", DEFAULT_ADDRESS_CELLS);
	sizes = fdt_u32(node->parent, "#size-cells", DEFAULT_SIZE_CELLS);
	if (addresses == 0 || addresses > MAX_CELLS || sizes > MAX_CELLS)
		return -ENOENT;
	entry = 4 * (addresses + sizes);
	if (i >= bytes / entry)
		return -ENOENT;
	reg += (size_t)i * entry;
	*base = read_cells(reg, addresses);
	*size = read_cells(reg + (size_t)4 * addresses, sizes);
	for (const struct fdt_node *bus = node->parent; bus->parent; bus = bus->parent)
		if (!translate(bus, base, *size))
			return -ENOENT;
	return 0;
}
