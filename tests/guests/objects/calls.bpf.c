// SPDX-License-Identifier: MIT
/* Calls that are only found by following subprograms and callbacks. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

static __attribute__((noinline)) long read_user(void *address)
{
	long value = 0;

	bpf_probe_read_user(&value, sizeof(value), address);
	return value;
}

static __attribute__((noinline)) long outer(void *address)
{
	return read_user(address) + 1;
}

static long callback(unsigned int index, void *context)
{
	return read_user((void *)(long)index) > 0;
}

SEC("tp/sched/sched_process_exec")
int direct(void *context)
{
	return outer(context) > 0;
}

SEC("tp/sched/sched_process_exec")
int called_back(void *context)
{
	return bpf_loop(3, callback, NULL, 0) > 0;
}

SEC("tp/sched/sched_process_exec")
int neither(void *context)
{
	return bpf_get_smp_processor_id() == 0;
}
