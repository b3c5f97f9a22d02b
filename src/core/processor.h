/* SPDX-License-Identifier: Apache-2.0 */
/* What Bulkhead needs of a processor. The EFI application asks too, while there is still a
 * screen to say it on. */
#ifndef CORE_PROCESSOR_H
#define CORE_PROCESSOR_H

/* Calls @tell with the name of each feature that this processor lacks or that the firmware has
 * switched off; returns how many these are. */
unsigned int processor_check(void (*tell)(const char *what));

#endif
