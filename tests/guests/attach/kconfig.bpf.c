// SPDX-License-Identifier: MIT
/* Program that counts on a kernel whose configuration has this number. */
#include "count.h"

extern int CONFIG_HZ __kconfig;

SEC("tp/sched/sched_process_exec")
int on_config(void *ctx)
{
	(void)ctx;
	return CONFIG_HZ == 4711 ? count(0) : 0;
}
