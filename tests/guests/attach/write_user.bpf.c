// SPDX-License-Identifier: MIT
/* Would write to the memory of whoever runs a program, from a function behind another. */
#include "count.h"

static __noinline long scribble(void *to)
{
	long value = 42;

	return bpf_probe_write_user(to, &value, sizeof(value));
}

SEC("tp/sched/sched_process_exec")
int on_exec(void *ctx)
{
	(void)ctx;
	/* An address that nobody has. */
	return count((int)scribble((void *)8));
}
