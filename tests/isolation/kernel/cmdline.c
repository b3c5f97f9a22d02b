/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"
#include "lib.h"

char cmdline[CMDLINE_SIZE];

const char *cmdline_value(const char *key, size_t *length)
{
	size_t key_length = strlen(key);
	const char *p = cmdline;

	while (*p) {
		size_t n = 0;

		while (p[n] && p[n] != ' ')
			n++;
		if (n > key_length && p[key_length] == '=' && text_equal(p, key_length, key)) {
			*length = n - key_length - 1;
			return p + key_length + 1;
		}
		p += n;
		while (*p == ' ')
			p++;
	}
	return NULL;
}

bool cmdline_lists(const char *key, const char *word)
{
	size_t length;
	const char *p = cmdline_value(key, &length);
	const char *end;

	if (!p)
		return false;
	end = p + length;
	while (p < end) {
		size_t n = 0;

		while (p + n < end && p[n] != ',')
			n++;
		if (text_equal(p, n, word))
			return true;
		p += n + 1;
	}
	return false;
}
