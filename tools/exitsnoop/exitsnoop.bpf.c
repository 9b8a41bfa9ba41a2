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

struct signal_struct {
	struct {
		int counter;
	} live;
	unsigned int flags;
	int group_exit_code;
} __attribute__((preserve_access_index));

struct task_struct {
	__s32 pid;
	__s32 tgid;
	int exit_code;
	__u64 start_time;
	char comm[COMM_BYTES];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct signal_struct *signal;
} __attribute__((preserve_access_index));

/* Flag of processes whose threads all end with one code. */
#define SIGNAL_GROUP_EXIT 4

struct process {
	__u64 start_time;
	__u64 pid;
};

/* Processes that were shown: their last two threads may end at the same time. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct process);
	__type(value, __u8);
} ended SEC(".maps");

/* Returns true if the process of a thread that ends has no other one. */
static __always_inline bool is_last(struct task_struct *task)
{
	struct process process = {.start_time = BPF_CORE_READ(task, group_leader, start_time),
				  .pid = current_tgid()};
	__u8 shown = 1;

	return !BPF_CORE_READ(task, signal, live.counter) &&
	       !bpf_map_update_elem(&ended, &process, &shown, BPF_NOEXIST);
}

/* Returns the status of a process as wait(2) has it, from its first thread. */
static __always_inline int status_of(struct task_struct *leader)
{
	if (BPF_CORE_READ(leader, signal, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(leader, signal, group_exit_code);
	return BPF_CORE_READ(leader, exit_code);
}

SEC("tp/sched/sched_process_exit")
int on_exit(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct event *event;
	int code;

	(void)ctx;
	if (IS_OTHER(pid) || (!threads && !is_last(task)))
		return 0;
	/* Of a process, name, age and status are those of its first thread. */
	if (!threads)
		task = BPF_CORE_READ(task, group_leader);
	code = threads ? BPF_CORE_READ(task, exit_code) : status_of(task);
	if (failed && !code)
		return 0;
	event = reserve_event();
	if (!event)
		return 0;
	BPF_CORE_READ_STR_INTO(&event->comm, task, comm);
	event->pid = current_tgid();
	event->cgroup_id = current_cgroup();
	event->tid = BPF_CORE_READ(task, pid);
	event->ppid = BPF_CORE_READ(task, real_parent, tgid);
	event->exit_code = (code >> 8) & 0xff;
	event->signal = code & 0x7f;
	event->age_ns = bpf_ktime_get_ns() - BPF_CORE_READ(task, start_time);
	bpf_ringbuf_submit(event, 0);
	return 0;
}
