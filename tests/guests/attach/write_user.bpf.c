// SPDX-License-Identifier: MIT
/* Would write to the memory of the current process, from a function called by another. */
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
	/* An address that is never mapped. */
	return count((int)scribble((void *)8));
}
