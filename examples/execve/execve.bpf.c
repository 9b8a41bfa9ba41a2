/* SPDX-License-Identifier: MIT */
/* Sends an event for every execve(2), with its arguments, when its result is known. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "execve.h"

/* helpers that read kernel memory are for GPL-compatible programs only */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/* Fields that we need in the kernel's type; CO-RE relocates each access to this kernel's layout. */
struct task_struct {
	int tgid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

/* Records of the system call's tracepoints: a stable interface, so they need no CO-RE. */
struct execve_enter {
	unsigned long long common;
	long nr;
	const char *filename;
	const char *const *argv;
	const char *const *envp;
};

struct execveat_enter {
	unsigned long long common;
	long nr;
	long directory;
	const char *filename;
	const char *const *argv;
};

struct syscall_exit {
	unsigned long long common;
	long nr;
	long result;
};

const volatile struct config config = {.uid = ANY_UID, .max_args = DEFAULT_ARGS};

/* Calls in progress, by thread. Too large for the stack, so elements are copied from `blank`. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, unsigned int);
	__type(value, struct event);
} begun SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} events SEC(".maps");

static const struct event blank;

static void read_args(struct event *e, const char *const *argv)
{
	const char *arg = NULL;

	for (unsigned int i = 0; i < MAX_ARGS && i < config.max_args; i++) {
		long size;

		arg = NULL;
		if (bpf_probe_read_user(&arg, sizeof(arg), &argv[i]) || !arg)
			return;
		/* Proves to the verifier that another argument fits. */
		if (e->args_size > ARGS_LEN - ARG_LEN)
			return;
		size = bpf_probe_read_user_str(&e->args[e->args_size], ARG_LEN, arg);
		if (size < 0)
			return;
		e->args_size += size;
		e->arg_count++;
	}
	if (!bpf_probe_read_user(&arg, sizeof(arg), &argv[config.max_args]) && arg)
		e->more_args = 1;
}

static int enter(const char *const *argv)
{
	unsigned int thread = bpf_get_current_pid_tgid(), uid = bpf_get_current_uid_gid();
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct event *e;

	if (config.uid != ANY_UID && uid != config.uid)
		return 0;
	if (bpf_map_update_elem(&begun, &thread, &blank, BPF_ANY))
		return 0;
	e = bpf_map_lookup_elem(&begun, &thread);
	if (!e)
		return 0;
	e->pid = bpf_get_current_pid_tgid() >> 32;
	e->uid = uid;
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	read_args(e, argv);
	return 0;
}

SEC("tp/syscalls/sys_enter_execve")
int enter_execve(struct execve_enter *ctx)
{
	return enter(ctx->argv);
}

SEC("tp/syscalls/sys_enter_execveat")
int enter_execveat(struct execveat_enter *ctx)
{
	return enter(ctx->argv);
}

/* Arguments of the raw tracepoint: (task, number of the thread before). The new program runs in the
 * process's first thread, whatever thread called. */
SEC("raw_tp/sched_process_exec")
int on_exec(struct bpf_raw_tracepoint_args *ctx)
{
	unsigned int thread = bpf_get_current_pid_tgid(), before = ctx->args[1];
	struct event *e;

	if (thread == before)
		return 0;
	e = bpf_map_lookup_elem(&begun, &before);
	if (!e)
		return 0;
	bpf_map_update_elem(&begun, &thread, e, BPF_ANY);
	bpf_map_delete_elem(&begun, &before);
	return 0;
}

static int leave(struct syscall_exit *ctx)
{
	unsigned int thread = bpf_get_current_pid_tgid();
	struct event *e = bpf_map_lookup_elem(&begun, &thread);
	unsigned long size;

	if (!e)
		return 0;
	if (!ctx->result || config.failed_too) {
		e->result = ctx->result;
		bpf_get_current_comm(e->comm, sizeof(e->comm));
		size = __builtin_offsetof(struct event, args) + e->args_size;
		if (size <= sizeof(*e))
			bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, e, size);
	}
	bpf_map_delete_elem(&begun, &thread);
	return 0;
}

SEC("tp/syscalls/sys_exit_execve")
int exit_execve(struct syscall_exit *ctx)
{
	return leave(ctx);
}

SEC("tp/syscalls/sys_exit_execveat")
int exit_execveat(struct syscall_exit *ctx)
{
	return leave(ctx);
}
