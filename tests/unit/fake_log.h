/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log that a test reads: what log_printf() said, from the beginning or since forget_log().
 * Included once, by the test itself.
 */
#ifndef FAKE_LOG_H
#define FAKE_LOG_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/log.h"

static char said[4096];

void log_printf(const char *fmt, ...)
{
	size_t used = strlen(said);
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(said + used, sizeof(said) - used, fmt, args);
	va_end(args);
}

static inline void forget_log(void)
{
	said[0] = '\0';
}

#endif
