// SPDX-License-Identifier: MIT
/* exitsnoop: ends of processes, with their age and reason. */
#include "tool.bpf.h"

TOOL("exitsnoop", "show ended processes, with age and reason");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile bool, failed, false, 'x', "only processes that failed");
OPTION(const volatile bool, threads, false, 'T', "threads as well");

struct event {
	char comm[COMM_BYTES];
	__u32 pid;
	__u32 ppid;
	__u32 tid;
	__u32 exit_code;
	__u32 signal;
	__u64 age_ns;
	__u64 cgroup_id HIDDEN;
};

EVENTS(struct event);

struct task_struct {
	__s32 pid;
	__s32 tgid;
	int exit_code;
	__u64 start_time;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

SEC("tp/sched/sched_process_exit")
int on_exit(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u32 tgid = current_tgid();
	int code = BPF_CORE_READ(task, exit_code);
	struct event *event;

	(void)ctx;
	if (IS_OTHER(pid) || (!threads && tid != tgid) || (failed && !code))
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	bpf_get_current_comm(event->comm, sizeof(event->comm));
	event->pid = tgid;
	event->cgroup_id = current_cgroup();
	event->tid = tid;
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->exit_code = (code >> 8) & 0xff;
	event->signal = code & 0x7f;
	event->age_ns = bpf_ktime_get_ns() - BPF_CORE_READ(task, start_time);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
