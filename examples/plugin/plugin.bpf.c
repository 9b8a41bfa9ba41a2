/* SPDX-License-Identifier: MIT */
/* Counts events of the kernel: task switches, wakeups, system calls, new processes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "plugin.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Each CPU has its own counters, so they need no atomics. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNTS);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} counts SEC(".maps");

static int count(unsigned int what)
{
	unsigned long long *number = bpf_map_lookup_elem(&counts, &what);

	if (number)
		++*number;
	return 0;
}

SEC("raw_tp/sched_switch")
int on_switch(void *ctx)
{
	return count(COUNT_SWITCHES);
}

SEC("raw_tp/sched_wakeup")
int on_wakeup(void *ctx)
{
	return count(COUNT_WAKEUPS);
}

SEC("raw_tp/sys_enter")
int on_syscall(void *ctx)
{
	return count(COUNT_SYSCALLS);
}

SEC("raw_tp/sched_process_fork")
int on_fork(void *ctx)
{
	return count(COUNT_FORKS);
}
