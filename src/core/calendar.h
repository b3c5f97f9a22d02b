/* SPDX-License-Identifier: Apache-2.0 */
/* The Gregorian calendar, for clocks that tell dates. */
#ifndef CORE_CALENDAR_H
#define CORE_CALENDAR_H

#include "core/types.h"

#define SECONDS_PER_DAY 86400u
#define CALENDAR_UNIX_EPOCH UINT64_C(719162) /* 1970-01-01 as calendar_days() counts */

struct date {
	unsigned int year;  /* 1 to 9999 and beyond */
	unsigned int month; /* 1 to 12 */
	unsigned int day;   /* 1 to 31 */
};

/* Days from 0001-01-01 to @date. A month or day that does not exist counts on from its year. */
uint64_t calendar_days(const struct date *date);

/* The inverse: the date that is @days after 0001-01-01. */
struct date calendar_date(uint64_t days);

/* @month is 1 to 12. */
unsigned int calendar_days_in_month(unsigned int year, unsigned int month);

#endif
