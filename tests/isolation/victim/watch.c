/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"
#include "console.h"

#define MAX_REPORTS 8

static unsigned int reports;

void watch_init(void)
{
	watched_init();
	for (unsigned int i = 0; i < nr_watched; i++)
		watched[i].set(watched[i].value);
}

unsigned int watch_check(void)
{
	unsigned int errors = 0;

	for (unsigned int i = 0; i < nr_watched; i++) {
		uint64_t found = watched[i].get();

		if (found == watched[i].value)
			continue;
		errors++;
		if (reports++ < MAX_REPORTS) {
			print("victim error: %s is 0x%lx, should be 0x%lx\n", watched[i].name,
			      found, watched[i].value);
		}
		watched[i].set(watched[i].value);
	}
	return errors;
}
