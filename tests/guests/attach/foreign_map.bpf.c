// SPDX-License-Identifier: MIT
/* Refers to a map by a descriptor of the process, after a constant with two equal halves. */
#include "count.h"

SEC("tp/sched/sched_process_exec")
int on_exec(void *ctx)
{
	long map;

	(void)ctx;
	/* r1 = 0x1800000018 ll; r1 = map_fd 7 */
	asm volatile(".byte 0x18, 1, 0, 0, 0x18, 0, 0, 0, 0, 0, 0, 0, 0x18, 0, 0, 0\n"
		     ".byte 0x18, 0x11, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0\n"
		     "%0 = r1"
		     : "=r"(map)
		     :
		     : "r1");
	return count(map != 0);
}
