/* SPDX-License-Identifier: MIT */
/* Counts system calls and their duration, separately on each CPU. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "syscount.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

const volatile struct config config;

/* Call in progress. */
struct call {
	unsigned long long start_ns;
	long nr;
};

/* By thread. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, unsigned int);
	__type(value, struct call);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8192);
	__type(key, unsigned int);
	__type(value, struct counter);
} counters SEC(".maps");

static const struct counter zero;

SEC("raw_tp/sys_enter")
int on_enter(struct bpf_raw_tracepoint_args *ctx)
{
	unsigned long long id = bpf_get_current_pid_tgid();
	unsigned int thread = id;
	struct call call = {.start_ns = bpf_ktime_get_ns(), .nr = ctx->args[1]};

	if (!config.pid || id >> 32 == config.pid)
		bpf_map_update_elem(&begun, &thread, &call, BPF_ANY);
	return 0;
}

/* The kernel's errors are the last 4095 values. */
static bool is_wanted(long result)
{
	bool has_failed = result < 0 && result >= -4095;

	if (config.errno)
		return result == -(long)config.errno;
	return has_failed || !config.only_failed;
}

static struct counter *counter_of(unsigned int key)
{
	struct counter *counter = bpf_map_lookup_elem(&counters, &key);

	if (counter)
		return counter;
	/* Values of other CPUs start at zero as well. */
	bpf_map_update_elem(&counters, &key, &zero, BPF_NOEXIST);
	return bpf_map_lookup_elem(&counters, &key);
}

SEC("raw_tp/sys_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	unsigned long long id = bpf_get_current_pid_tgid(), taken;
	unsigned int thread = id;
	const struct call *call = bpf_map_lookup_elem(&begun, &thread);
	long result = ctx->args[1];
	struct counter *counter;

	if (!call)
		return 0;
	if (!is_wanted(result))
		goto out;
	counter = counter_of(config.by_process ? id >> 32 : call->nr);
	if (!counter)
		goto out;
	/* No other program interrupts this CPU's here, so plain additions suffice. */
	taken = bpf_ktime_get_ns() - call->start_ns;
	counter->calls++;
	counter->failed += result < 0 && result >= -4095;
	counter->total_ns += taken;
	if (taken > counter->longest_ns)
		counter->longest_ns = taken;
	if (config.by_process)
		bpf_get_current_comm(counter->comm, sizeof(counter->comm));
out:
	bpf_map_delete_elem(&begun, &thread);
	return 0;
}

/* A thread ends in a call that does not return, and another one gets its number later. */
SEC("raw_tp/sched_process_exit")
int on_thread_exit(void *ctx)
{
	unsigned int thread = bpf_get_current_pid_tgid();

	bpf_map_delete_elem(&begun, &thread);
	return 0;
}

/* The numbers of system calls differ. */
#ifdef __TARGET_ARCH_x86
const volatile unsigned int is_x86 = 1;
#else
const volatile unsigned int is_x86 = 0;
#endif
