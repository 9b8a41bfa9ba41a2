// SPDX-License-Identifier: MIT
/* threadsnoop: created threads. */
#include "tool.bpf.h"

#define CLONE_THREAD 0x10000

TOOL("threadsnoop", "show created threads");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");

struct event {
	__u32 pid;
	char comm[COMM_BYTES];
	__u32 parent_tid;
	__u32 tid;
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);

struct trace_event_raw_task_newtask {
	struct trace_entry ent;
	int pid;
	unsigned long clone_flags;
} __attribute__((preserve_access_index));

SEC("tp/task/task_newtask")
int on_task(struct trace_event_raw_task_newtask *ctx)
{
	struct event *event;

	if (!(ctx->clone_flags & CLONE_THREAD) || IS_OTHER(pid))
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	SET_ORIGIN(event);
	event->parent_tid = (__u32)bpf_get_current_pid_tgid();
	event->tid = ctx->pid;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
