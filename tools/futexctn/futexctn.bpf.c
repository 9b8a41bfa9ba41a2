// SPDX-License-Identifier: MIT
/* futexctn: waits for locks of processes, by lock. */
#include "tool.bpf.h"

/* Commands of futex(2) that wait, and the bits that are not part of one. */
#define FUTEX_WAIT 0
#define FUTEX_LOCK_PI 6
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAIT_REQUEUE_PI 11
#define FUTEX_LOCK_PI2 13
#define FUTEX_COMMAND 127

TOOL("futexctn", "count waits for locks of processes, with durations");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u32, tid, 0, 't', "only this thread");
OPTION(const volatile comm_text, name, "", 'n', "only processes whose name begins with this");
OPTION(const volatile __u64, lock, 0, 'l', "only the lock at this address");
OPTION(const volatile __u64, min_us, 0, 0, "only longer waits than this, in microseconds");
OPTION(const volatile bool, milliseconds, false, 'm', "times in milliseconds");
/* Users of other tools type it. */
OPTION(const volatile bool, summary, false, 's', "no stacks, which are not shown anyway");

struct key {
	__u32 pid;
	char comm[COMM_BYTES];
	__u64 lock FORMAT(hex);
};

struct counts {
	__u64 count;
	__u64 average_ns COMPUTED(total_ns / count) SHOWN_IF(!milliseconds);
	__u64 max_ns SHOWN_IF(!milliseconds);
	__u64 total_ns SHOWN_IF(!milliseconds);
	__u64 average_ms COMPUTED(total_ns / count / 1000000) FORMAT(dec) SHOWN_IF(milliseconds);
	__u64 max_ms COMPUTED(max_ns / 1000000) FORMAT(dec) SHOWN_IF(milliseconds);
	__u64 total_ms COMPUTED(total_ns / 1000000) FORMAT(dec) SHOWN_IF(milliseconds);
};

struct wait {
	__u64 lock;
	__u64 since;
};

COUNTS(HASH, locks, 10240, struct key, struct counts);
TABLE(locks, SORT(-total_ns), LIMIT(20));
STATE(wait_start, __u32, struct wait);

SEC("tp/syscalls/sys_enter_futex")
int enter_futex(struct trace_event_raw_sys_enter *ctx)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct wait wait = {.lock = ctx->args[0], .since = bpf_ktime_get_ns()};
	int command = ctx->args[1] & FUTEX_COMMAND;

	if (command != FUTEX_WAIT && command != FUTEX_LOCK_PI && command != FUTEX_WAIT_BITSET &&
	    command != FUTEX_WAIT_REQUEUE_PI && command != FUTEX_LOCK_PI2)
		return 0;
	if (!IS_OTHER(pid) && (!tid || tid == thread) && (!lock || lock == wait.lock) &&
	    !is_other_comm(name))
		bpf_map_update_elem(&wait_start, &thread, &wait, BPF_ANY);
	return 0;
}

SEC("tp/syscalls/sys_exit_futex")
int exit_futex(struct trace_event_raw_sys_exit *ctx)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct wait *wait = bpf_map_lookup_elem(&wait_start, &thread);
	__u64 duration = bpf_ktime_get_ns();
	struct counts *counts = NULL;
	struct key key = {};

	if (!wait)
		return 0;
	duration -= wait->since;
	SET_PROCESS(&key);
	key.lock = wait->lock;
	if (!min_us || duration / 1000 > min_us)
		counts = locks_of(&key);
	if (counts) {
		ADD(counts->count, 1);
		ADD(counts->total_ns, duration);
		/* Of two threads at the same moment, the longer wait may be lost. */
		if (duration > counts->max_ns)
			counts->max_ns = duration;
	}
	bpf_map_delete_elem(&wait_start, &thread);
	return 0;
}
