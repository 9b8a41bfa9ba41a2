// SPDX-License-Identifier: MIT
/*
 * Kills a process that the test has started with a kernel function: by its name, by another name
 * for it, and by its ID alone.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int tgid;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* Tests replace this number with the process's PID. */
const volatile int victim = 0x7ac7ed01;

#define SIGKILL 9

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

extern int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type,
				__u64 value) __ksym;
/* libbpf looks for what precedes the three underscores. */
extern int bpf_send_signal_task___bpf_task_acquire(struct task_struct *task, int sig,
						   enum pid_type type, __u64 value) __ksym;

SEC("iter/task")
int by_name(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && task->tgid == victim)
		bpf_send_signal_task(task, SIGKILL, PIDTYPE_TGID, 0);
	return 0;
}

SEC("iter/task")
int by_other_name(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && task->tgid == victim)
		bpf_send_signal_task___bpf_task_acquire(task, SIGKILL, PIDTYPE_TGID, 0);
	return 0;
}

/* Tests replace 0x7ac7ed02 with the function's ID; no relocation reveals the call. */
SEC("iter/task")
int by_number(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && task->tgid == victim)
		asm volatile("r1 = %[task]\n"
			     "r2 = 9\n"
			     "r3 = 1\n"
			     "r4 = 0\n"
			     ".byte 0x85, 0x20, 0, 0\n"
			     ".long 0x7ac7ed02\n"
			     :
			     : [task] "r"(task)
			     : "r0", "r1", "r2", "r3", "r4", "r5");
	return 0;
}

/* Makes the same call in a separate function, and with the index of a missing kernel module. */
static __noinline int send(struct task_struct *task)
{
	asm volatile("r1 = %[task]\n"
		     "r2 = 9\n"
		     "r3 = 1\n"
		     "r4 = 0\n"
		     ".byte 0x85, 0x20, 0xff, 0x7f\n"
		     ".long 0x7ac7ed02\n"
		     :
		     : [task] "r"(task)
		     : "r0", "r1", "r2", "r3", "r4", "r5");
	return 0;
}

SEC("iter/task")
int by_module(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (task && task->tgid == victim)
		return send(task);
	return 0;
}
