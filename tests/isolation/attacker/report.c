/* SPDX-License-Identifier: Apache-2.0 */
#include "attack.h"
#include "boot.h"
#include "console.h"
#include "lib.h"

#define MAX_LINES 18
#define RANGE_LINES 2
#define LINE_WIDTH 96

void attack_begin(struct attack *attack, const char *name)
{
	*attack = (struct attack){ .name = name };
	print("attack %s begin\n", name);
}

void attack_note(struct attack *attack, const char *fmt, ...)
{
	char text[200];
	va_list args;

	if (attack->lines++ >= MAX_LINES)
		return;
	va_start(args, fmt);
	text_vformat(text, sizeof(text), fmt, args);
	va_end(args);
	print("  %s\n", text);
}

void attack_count(struct attack *attack, bool leaked)
{
	attack->tried++;
	if (leaked)
		attack->leaked++;
	else
		attack->denied++;
}

void attack_must_raise(struct attack *attack, const char *what, int vector, int should)
{
	attack_count(attack, vector != should);
	if (vector != should)
		attack_note(attack, "LEAK %s: exception %d, should be %d", what, vector, should);
}

void attack_end(const struct attack *attack)
{
	print("attack %s end tried=%lu denied=%lu leaked=%lu\n", attack->name, attack->tried,
	      attack->denied, attack->leaked);
}

void ranges_add(struct ranges *ranges, uint64_t first, uint64_t last)
{
	unsigned int n = ranges->count;

	if (n && first >= ranges->first[n - 1] && first <= ranges->last[n - 1] + 1) {
		if (last > ranges->last[n - 1])
			ranges->last[n - 1] = last;
		return;
	}
	if (n == MAX_RANGES) {
		ranges->dropped++;
		return;
	}
	ranges->first[n] = first;
	ranges->last[n] = last;
	ranges->count++;
}

void ranges_note(struct attack *attack, const char *what, const struct ranges *ranges)
{
	char line[LINE_WIDTH + 48];
	size_t used;
	unsigned int lines = 1;
	unsigned int i;

	if (!ranges->count)
		return;
	used = text_format(line, sizeof(line), "%s:", what);
	for (i = 0; i < ranges->count; i++) {
		if (used > LINE_WIDTH - 30) {
			if (lines++ == RANGE_LINES)
				break;
			attack_note(attack, "%s", line);
			used = text_format(line, sizeof(line), "%s:", what);
		}
		used += text_format(line + used, sizeof(line) - used, " %lx", ranges->first[i]);
		if (ranges->last[i] != ranges->first[i])
			used += text_format(line + used, sizeof(line) - used, "-%lx",
					    ranges->last[i]);
	}
	if (i < ranges->count || ranges->dropped) {
		text_format(line + used, sizeof(line) - used, " and %lu more",
			    ranges->count - i + ranges->dropped);
	}
	attack_note(attack, "%s", line);
}

bool wanted(const char *word)
{
	return !cmdline_lists("skip", word);
}

unsigned int option_numbers(const char *key, uint64_t *list, unsigned int max)
{
	size_t length;
	const char *p = cmdline_value(key, &length);
	const char *end;
	unsigned int n = 0;

	if (!p)
		return 0;
	end = p + length;
	while (n < max && p < end && text_number(&p, end, 16, &list[n])) {
		n++;
		if (p < end && *p == ',')
			p++;
	}
	if (p < end)
		print("warning: %s= has something unreadable, or more than %u numbers\n", key, max);
	return n;
}
