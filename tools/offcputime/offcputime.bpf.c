// SPDX-License-Identifier: MIT
/* offcputime: time that threads do not run, by the stack at which they stop. */
#include "sched.bpf.h"
#include "stacks.bpf.h"

TOOL("offcputime", "sum up time that threads do not run, by stack");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u32, tid, 0, 't', "only this thread");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile bool, user_threads, false, 'u', "only threads of processes");
OPTION(const volatile bool, kernel_threads, false, 'k', "only threads of the kernel");
OPTION(const volatile __u64, min_us, 1, 'm', "only longer breaks than this, in microseconds");
OPTION(const volatile __u64, max_us, 0, 'M', "only shorter breaks than this, in microseconds");
OPTION(const volatile __u32, state, 0, 0, "only threads in one of these states, a bitmask: 2 is D");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__s32 user_stack_id;
	__s32 kernel_stack_id;
};

struct sums {
	__u64 total_ns;
	__u64 count;
};

struct stop {
	__u64 since;
	struct key key;
};

COUNTS(HASH, breaks, 10240, struct key, struct sums);
STACKS(breaks, IDS(stacks), SORT(-total_ns));

/* Threads that end make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct stop);
} stopped SEC(".maps");

static __always_inline void begin(void *ctx, struct task_struct *task)
{
	__u32 thread = BPF_CORE_READ(task, pid);
	struct stop stop = {};

	stop.key.pid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_STR_INTO(&stop.key.comm, task, comm);
	if (!thread || (tid && tid != thread) || is_other(pid, stop.key.pid) ||
	    is_other_name(name, stop.key.comm, COMM_BYTES) || is_task_elsewhere(task))
		return;
	if (is_dead(task) || (state && !(state & state_of(task))))
		return;
	if ((user_threads && is_kernel_thread(task)) || (kernel_threads && !is_kernel_thread(task)))
		return;
	/* The thread that stops is still the current one. */
	stop.key.user_stack_id = user_stack(ctx);
	stop.key.kernel_stack_id = kernel_stack(ctx, TRACEPOINT_FRAMES);
	stop.since = bpf_ktime_get_ns();
	bpf_map_update_elem(&stopped, &thread, &stop, BPF_ANY);
}

static __always_inline void end(struct task_struct *task)
{
	__u32 thread = BPF_CORE_READ(task, pid);
	struct stop *stop = bpf_map_lookup_elem(&stopped, &thread);
	struct sums *sums;
	struct key key;
	__u64 duration;

	if (!stop)
		return;
	duration = bpf_ktime_get_ns() - stop->since;
	key = stop->key;
	bpf_map_delete_elem(&stopped, &thread);
	if (duration / 1000 < min_us || (max_us && duration / 1000 > max_us))
		return;
	sums = breaks_of(&key);
	if (sums) {
		ADD(sums->total_ns, duration);
		ADD(sums->count, 1);
	}
}

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	begin(ctx, PREVIOUS_TASK(ctx));
	end(NEXT_TASK(ctx));
	return 0;
}
