/* SPDX-License-Identifier: Apache-2.0 */
#include "core/calendar.h"

#define DAYS_PER_400_YEARS 146097u
#define DAYS_BEFORE_MARCH 306u /* from 0000-03-01 to 0001-01-01 */

static bool is_leap(unsigned int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

unsigned int calendar_days_in_month(unsigned int year, unsigned int month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Years are counted from March, so that leap days come last; five months have 153 days then. */
uint64_t calendar_days(const struct date *date)
{
	bool last_year = date->month <= 2;
	uint64_t year = date->year - last_year;
	unsigned int month = date->month + (last_year ? 9 : 0) - (last_year ? 0 : 3);

	return 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + date->day -
	       1 - DAYS_BEFORE_MARCH;
}

struct date calendar_date(uint64_t days)
{
	struct date date = { .month = 1, .day = 1 };

	/* The mean length of a year leads to the right one or a neighbour. */
	date.year = (unsigned int)(days * 400 / DAYS_PER_400_YEARS) + 1;
	while (days < calendar_days(&date))
		date.year--;
	while (days - calendar_days(&date) >= (is_leap(date.year) ? 366u : 365u))
		date.year++;
	days -= calendar_days(&date);
	while (days >= calendar_days_in_month(date.year, date.month))
		days -= calendar_days_in_month(date.year, date.month++);
	date.day = (unsigned int)days + 1;
	return date;
}
