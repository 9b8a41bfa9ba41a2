// SPDX-License-Identifier: MIT
/* wakeuptime: time that threads were blocked, by the one that wakes them, and its stack. */
#include "sched.bpf.h"
#include "stacks.bpf.h"

TOOL("wakeuptime", "sum up time that threads are blocked, by what wakes them");
OPTION(const volatile __u32, pid, 0, 'p', "only this process, which is blocked");
OPTION(const volatile comm_text, name, "", 'n', "only blocked processes of this name");
OPTION(const volatile bool, user_threads, false, 'u', "only blocked threads of processes");
OPTION(const volatile __u64, min_us, 1, 'm', "only longer blocks than this, in microseconds");
OPTION(const volatile __u64, max_us, 0, 'M', "only shorter blocks than this, in microseconds");

struct key {
	/* Thread that wakes, or that an interrupt meets. */
	__u32 pid;
	char comm[COMM_BYTES];
	char blocked[COMM_BYTES];
	__s32 user_stack_id;
	__s32 kernel_stack_id;
};

struct sums {
	__u64 total_ns;
	__u64 count;
};

COUNTS(HASH, wakeups, 10240, struct key, struct sums);
STACKS(wakeups, IDS(stacks), SORT(-total_ns));

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} blocked_since SEC(".maps");

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = PREVIOUS_TASK(ctx);
	__u32 thread = BPF_CORE_READ(task, pid);
	__u64 now = bpf_ktime_get_ns();
	char comm[COMM_BYTES] = {};

	if (!thread || is_running(task) || is_dead(task) ||
	    is_other(pid, BPF_CORE_READ(task, tgid)) || (user_threads && is_kernel_thread(task)) ||
	    is_task_elsewhere(task))
		return 0;
	BPF_CORE_READ_STR_INTO(&comm, task, comm);
	if (!is_other_name(name, comm, COMM_BYTES))
		bpf_map_update_elem(&blocked_since, &thread, &now, BPF_ANY);
	return 0;
}

SEC("raw_tp/sched_wakeup")
int on_wakeup(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *task = (void *)ctx->args[0];
	__u32 thread = BPF_CORE_READ(task, pid);
	__u64 *since = bpf_map_lookup_elem(&blocked_since, &thread), duration;
	struct sums *sums;
	struct key key = {};

	if (!since)
		return 0;
	duration = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&blocked_since, &thread);
	if (duration / 1000 < min_us || (max_us && duration / 1000 > max_us))
		return 0;
	SET_PROCESS(&key);
	BPF_CORE_READ_STR_INTO(&key.blocked, task, comm);
	key.user_stack_id = user_stack(ctx);
	key.kernel_stack_id = kernel_stack(ctx, TRACEPOINT_FRAMES);
	sums = wakeups_of(&key);
	if (sums) {
		ADD(sums->total_ns, duration);
		ADD(sums->count, 1);
	}
	return 0;
}
