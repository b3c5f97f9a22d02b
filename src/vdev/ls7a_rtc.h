/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The clock of the 7A bridge (Loongson 7A1000 User Manual, chapter 13): a calendar ("TOY") and a
 * counter of 32768 Hz ("RTC"), with three alarms each.
 *
 * compatible: "loongson,ls7a-rtc"
 * ranges:     0 = the registers, 0x100 bytes
 * line:       the alarms': high from a match until that match register is written
 * timer:      one, for the alarms
 * parameter:  not used
 *
 * It starts as firmware leaves it: running, set to the wall clock. While one of the clocks is
 * disabled, its registers read as 0 and cannot be set, but its time goes on.
 */
#ifndef VDEV_LS7A_RTC_H
#define VDEV_LS7A_RTC_H

#include "core/device.h"

#define LS7A_RTC_ALARMS 3 /* of each clock */

struct ls7a_rtc {
	uint32_t control;
	int64_t toy_offset;      /* seconds that the calendar is ahead of the wall clock */
	uint32_t toy_written;    /* the latest TOYWRITE0, */
	uint64_t toy_written_at; /* and when: wall clock, or NEVER */
	uint32_t rtc_offset;     /* ticks that the counter is ahead of device_now() */
	uint32_t toy_match[LS7A_RTC_ALARMS];
	uint32_t rtc_match[LS7A_RTC_ALARMS];
	uint64_t deadlines[2 * LS7A_RTC_ALARMS]; /* TOY, then RTC; device_now() or TIMER_OFF */
	uint8_t matched;                         /* alarms that went off, in the same order */
	bool line;
};

extern const struct device_ops ls7a_rtc_ops;

#endif
