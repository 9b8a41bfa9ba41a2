// SPDX-License-Identifier: MIT
/* oomkill: processes that the kernel kills since memory is short. */
#include "kernel.bpf.h"

TOOL("oomkill", "show processes that are killed since memory is short");

struct event {
	/* Process that needed memory. */
	__u32 pid;
	char comm[COMM_BYTES];
	/* Process that is killed. */
	__u32 tpid;
	char tcomm[COMM_BYTES];
	/* Pages that the machine, or the cgroup, may have. */
	__u64 pages;
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);

struct oom_control {
	struct task_struct *chosen;
	unsigned long totalpages;
} __attribute__((preserve_access_index));

struct trace_event_raw_mark_victim {
	struct trace_entry ent;
	int pid;
} __attribute__((preserve_access_index));

static __always_inline int show(struct event *event)
{
	SET_ORIGIN(event);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

static __always_inline int kill(struct oom_control *control)
{
	struct task_struct *task = BPF_CORE_READ(control, chosen);
	struct event *event = reserve_event();

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->tpid = BPF_CORE_READ(task, tgid);
	BPF_CORE_READ_STR_INTO(&event->tcomm, task, comm);
	event->pages = BPF_CORE_READ(control, totalpages);
	return show(event);
}

SEC("fentry/oom_kill_process")
int BPF_PROG(fentry_kill, struct oom_control *control)
{
	return kill(control);
}

SEC("kprobe/oom_kill_process")
int BPF_KPROBE(kprobe_kill, struct oom_control *control)
{
	return kill(control);
}

/* Has the number alone: name and pages are empty. */
SEC("tp/oom/mark_victim")
int on_victim(struct trace_event_raw_mark_victim *ctx)
{
	struct event *event = reserve_event();

	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	event->tpid = ctx->pid;
	return show(event);
}

WAYS(kill, fentry_kill, kprobe_kill, on_victim);
