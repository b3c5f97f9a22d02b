/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"
#include "core/format.h"

static struct efi_text_output *console;

void print_start(struct efi_text_output *out)
{
	console = out;
}

void print(const char *fmt, ...)
{
	uint16_t wide[2 * PRINT_MAX]; /* UCS-2; each "\n" becomes two */
	char text[PRINT_MAX];
	size_t at = 0;
	va_list args;

	if (!console) /* a machine without any */
		return;
	va_start(args, fmt);
	(void)fmt_vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	for (const char *p = text; *p; p++) {
		if (*p == '\n')
			wide[at++] = '\r';
		wide[at++] = (uint8_t)*p;
	}
	wide[at] = 0;
	(void)console->output_string(console, wide);
}
