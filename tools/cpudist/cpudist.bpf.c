// SPDX-License-Identifier: MIT
/* cpudist: time that tasks run, or do not, without a break. */
#include "sched.bpf.h"

TOOL("cpudist", "show how long tasks run at a time, as a histogram");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, offcpu, false, 'O', "time off the processor instead");
OPTION(const volatile bool, milliseconds, false, 'm', "count in milliseconds");
OPTION(const volatile bool, pids, false, 'P', "a histogram of each process");
OPTION(const volatile bool, tids, false, 'L', "a histogram of each thread");

struct all {
	__u32 all HIDDEN;
};

struct part {
	__u32 pid;
	char comm[COMM_BYTES];
};

struct thread_part {
	__u32 tid;
	char comm[COMM_BYTES];
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

COUNTS(HASH, times, 1, struct all, struct histogram);
COUNTS(HASH, times_by_pid, 10240, struct part, struct histogram);
COUNTS(HASH, times_by_tid, 10240, struct thread_part, struct histogram);
HISTOGRAM(times, UNIT(milliseconds ? msecs : usecs), IF(!pids && !tids));
HISTOGRAM(times_by_pid, UNIT(milliseconds ? msecs : usecs), IF(pids && !tids));
HISTOGRAM(times_by_tid, UNIT(milliseconds ? msecs : usecs), IF(tids));

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} since_switch SEC(".maps");

static __always_inline bool is_wanted(struct task_struct *task)
{
	return BPF_CORE_READ(task, pid) && !is_other(pid, BPF_CORE_READ(task, tgid)) &&
	       !is_task_elsewhere(task);
}

static __always_inline void start(struct task_struct *task, __u64 now)
{
	__u32 thread = BPF_CORE_READ(task, pid);

	if (is_wanted(task))
		bpf_map_update_elem(&since_switch, &thread, &now, BPF_ANY);
}

static __always_inline struct histogram *histogram_of(struct task_struct *task)
{
	struct thread_part thread = {};
	struct part part = {};
	struct all all = {};

	if (tids) {
		thread.tid = BPF_CORE_READ(task, pid);
		BPF_CORE_READ_STR_INTO(&thread.comm, task, comm);
		return times_by_tid_of(&thread);
	}
	if (!pids)
		return times_of(&all);
	part.pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_STR_INTO(&part.comm, task, comm);
	return times_by_pid_of(&part);
}

static __always_inline void end(struct task_struct *task, __u64 now)
{
	__u32 thread = BPF_CORE_READ(task, pid);
	__u64 *since = bpf_map_lookup_elem(&since_switch, &thread);
	struct histogram *histogram;
	__u64 slot;

	if (!since)
		return;
	histogram = now >= *since ? histogram_of(task) : NULL;
	if (histogram) {
		slot = log2_slot((now - *since) / (milliseconds ? 1000000 : 1000));
		ADD(histogram->slots[slot & (SLOTS_LOG2 - 1)], 1);
	}
	bpf_map_delete_elem(&since_switch, &thread);
}

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *previous = PREVIOUS_TASK(ctx), *next = NEXT_TASK(ctx);
	__u64 now = bpf_ktime_get_ns();

	if (offcpu) {
		if (!is_dead(previous))
			start(previous, now);
		end(next, now);
	} else {
		end(previous, now);
		start(next, now);
	}
	return 0;
}
