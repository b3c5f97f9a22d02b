/* SPDX-License-Identifier: Apache-2.0 */
/* What differs from system to system: the hypervisor's ELF file, and what layout.h says of it. */
#include "layout.h"

	.section .rodata.payload, "a", @progbits
	.globl payload_system, payload_modules, payload_console
	.globl payload_loadables, payload_loadables_size, payload_start, payload_end
payload_system:
	.asciz BULKHEAD_SYSTEM
payload_modules:
	.asciz BULKHEAD_MODULES
payload_console:
	.asciz BULKHEAD_CONSOLE
	.balign 8
payload_loadables:
	.quad BULKHEAD_LOADABLES
payload_loadables_size:
	.quad BULKHEAD_LOADABLES_SIZE
	.balign 16
payload_start:
	.incbin PAYLOAD
payload_end:

	.section .note.GNU-stack, "", @progbits
