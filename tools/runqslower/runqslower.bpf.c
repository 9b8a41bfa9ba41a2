// SPDX-License-Identifier: MIT
/* runqslower: waits for a processor that are longer than a limit. */
#include "sched.bpf.h"

TOOL("runqslower", "show waits for a processor that are longer than a limit");
OPTION(const volatile __u64, min_us, 10000, 'm', "longer waits than this, in microseconds");
NUMBERS(min_us);
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u32, tid, 0, 't', "only this thread");
/* Users of other tools type it. */
OPTION(const volatile bool, previous, false, 'P', "the task before, which is shown anyway");

struct event {
	char comm[COMM_BYTES];
	__u32 tid;
	__u64 lat_ns;
	/* Task that ran before. */
	char prev_comm[COMM_BYTES];
	__u32 prev_tid;
};

EVENTS(struct event);

/* Starts of waits. Threads that end while they wait make room for others. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, __u64);
} waiting SEC(".maps");

static __always_inline int note_waiting(struct task_struct *task)
{
	__u32 thread = BPF_CORE_READ(task, pid);
	__u64 now = bpf_ktime_get_ns();

	/* Thread 0 is each processor's idle task. */
	if (thread && (!tid || tid == thread) && !is_other(pid, BPF_CORE_READ(task, tgid)) &&
	    !is_task_elsewhere(task))
		bpf_map_update_elem(&waiting, &thread, &now, BPF_ANY);
	return 0;
}

SEC("raw_tp/sched_wakeup")
int on_wakeup(struct bpf_raw_tracepoint_args *ctx)
{
	return note_waiting((void *)ctx->args[0]);
}

SEC("raw_tp/sched_wakeup_new")
int on_wakeup_new(struct bpf_raw_tracepoint_args *ctx)
{
	return note_waiting((void *)ctx->args[0]);
}

SEC("raw_tp/sched_switch")
int on_switch(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *previous = PREVIOUS_TASK(ctx), *next = NEXT_TASK(ctx);
	__u32 thread = BPF_CORE_READ(next, pid);
	struct event *event;
	__u64 *since, waited;

	/* A task that is preempted waits again. */
	if (is_running(previous))
		note_waiting(previous);
	since = bpf_map_lookup_elem(&waiting, &thread);
	if (!since)
		return 0;
	waited = bpf_ktime_get_ns() - *since;
	bpf_map_delete_elem(&waiting, &thread);
	if (waited / 1000 <= min_us)
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->tid = thread;
	event->lat_ns = waited;
	BPF_CORE_READ_STR_INTO(&event->comm, next, comm);
	event->prev_tid = BPF_CORE_READ(previous, pid);
	BPF_CORE_READ_STR_INTO(&event->prev_comm, previous, comm);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
