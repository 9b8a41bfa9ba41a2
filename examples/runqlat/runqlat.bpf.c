/* SPDX-License-Identifier: MIT */
/* Measures how long runnable tasks wait for a CPU. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "runqlat.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define TASK_RUNNING 0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct task_struct {
	int pid;
	int tgid;
	unsigned int __state;
	char comm[COMM_LEN];
	struct pid *thread_pid;
};

/* Before Linux 5.14. */
struct task_struct___old {
	long state;
};

#pragma clang attribute pop

const volatile struct config config;

/* Start of each thread's wait: ns. Threads that end while they wait make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} waiting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 10240);
	__type(key, unsigned int);
	__type(value, struct histogram);
} histograms SEC(".maps");

static const struct histogram empty;

static void note_waiting(struct task_struct *task)
{
	unsigned int thread = BPF_CORE_READ(task, pid);
	unsigned long long now = bpf_ktime_get_ns();

	/* Thread 0 is each CPU's idle task. */
	if (!thread || (config.pid && BPF_CORE_READ(task, tgid) != config.pid))
		return;
	bpf_map_update_elem(&waiting, &thread, &now, BPF_ANY);
}

static bool is_running(struct task_struct *task)
{
	struct task_struct___old *old = (void *)task;

	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state) == TASK_RUNNING;
	return BPF_CORE_READ(old, state) == TASK_RUNNING;
}

/* Returns the slot of a value: its highest bit. */
static unsigned int log2_of(unsigned long long value)
{
	unsigned int bit = 0;

	for (unsigned int step = 32; step; step /= 2) {
		if (value >> step) {
			value >>= step;
			bit += step;
		}
	}
	return bit < SLOTS ? bit : SLOTS - 1;
}

/* A process has a number in its own namespace of processes, and in those around it. */
static unsigned int pid_namespace_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	unsigned int level = BPF_CORE_READ(pid, level);
	struct upid upid = {};

	bpf_core_read(&upid, sizeof(upid), &pid->numbers[level]);
	return BPF_CORE_READ(upid.ns, ns.inum);
}

static unsigned int key_of(struct task_struct *task)
{
	switch (config.group) {
	case GROUP_PROCESS:
		return BPF_CORE_READ(task, tgid);
	case GROUP_THREAD:
		return BPF_CORE_READ(task, pid);
	case GROUP_PID_NAMESPACE:
		return pid_namespace_of(task);
	default:
		return 0;
	}
}

static struct histogram *histogram_of(struct task_struct *task)
{
	unsigned int key = key_of(task);
	struct histogram *histogram = bpf_map_lookup_elem(&histograms, &key);

	if (histogram)
		return histogram;
	bpf_map_update_elem(&histograms, &key, &empty, BPF_NOEXIST);
	histogram = bpf_map_lookup_elem(&histograms, &key);
	if (histogram)
		BPF_CORE_READ_STR_INTO(&histogram->comm, task, comm);
	return histogram;
}

static void count_wait(struct task_struct *task)
{
	unsigned int thread = BPF_CORE_READ(task, pid);
	const unsigned long long *since = bpf_map_lookup_elem(&waiting, &thread);
	struct histogram *histogram;
	long long waited;

	if (!since)
		return;
	waited = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&waiting, &thread);
	histogram = waited < 0 ? NULL : histogram_of(task);
	if (histogram)
		__sync_fetch_and_add(
		    &histogram->slots[log2_of(waited / (config.milliseconds ? 1000000 : 1000))], 1);
}

/* Arguments of the raw tracepoint: (task). */
SEC("raw_tp/sched_wakeup")
int on_wakeup(struct bpf_raw_tracepoint_args *ctx)
{
	note_waiting((void *)ctx->args[0]);
	return 0;
}

SEC("raw_tp/sched_wakeup_new")
int on_wakeup_new(struct bpf_raw_tracepoint_args *ctx)
{
	note_waiting((void *)ctx->args[0]);
	return 0;
}

/* (preempt, previous, next) */
SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *previous = (void *)ctx->args[1];

	/* Preempted: it waits from now on. */
	if (is_running(previous))
		note_waiting(previous);
	count_wait((void *)ctx->args[2]);
	return 0;
}
