/* SPDX-License-Identifier: MIT */
/* Sends an event for every process that starts a program and for every process that ends. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "bootstrap.h"

/* helpers that read kernel memory are for GPL-compatible programs only */
char LICENSE[] SEC("license") = "Dual MIT/GPL";

/*
 * Fields that we need in the kernel's types, under the kernel's names. CO-RE relocates each access
 * to the running kernel's layout, so vmlinux.h is not needed.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct signal_struct {
	int group_exit_code;
};

struct task_struct {
	int tgid;
	int exit_code;
	char comm[COMM_LEN];
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct signal_struct *signal;
};

struct trace_event_raw_sched_process_exec {
	/* position of the path in the record: offset in the low half, length in the high */
	unsigned int __data_loc_filename;
};

/* Linux 6.16 and newer; older kernels have another record type, without group_dead. */
struct trace_event_raw_sched_process_exit {
	bool group_dead;
};

#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

/* Start of each running process's program: tgid -> ns since boot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} starts SEC(".maps");

/* Written by the guest between load and attach. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, struct config);
} config SEC(".maps");

/* Read by the guest at the end. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, struct stats);
} stats SEC(".maps");

static unsigned long long min_duration_ns(void)
{
	unsigned int zero = 0;
	const struct config *c = bpf_map_lookup_elem(&config, &zero);

	return c ? c->min_duration_ns : 0;
}

static struct event *reserve_event(void)
{
	struct event *e = bpf_ringbuf_reserve(&rb, sizeof(*e), 0);
	unsigned int zero = 0;
	struct stats *s;

	if (!e) {
		s = bpf_map_lookup_elem(&stats, &zero);
		if (s)
			__sync_fetch_and_add(&s->lost, 1);
	}
	return e;
}

/* Fills the fields that EXEC and EXIT share. A process's name is its leader's, whichever thread
 * runs. */
static void fill_event(struct event *e, unsigned int kind, unsigned long long now,
		       struct task_struct *task)
{
	e->time_ns = now;
	e->kind = kind;
	e->pid = BPF_CORE_READ(task, tgid);
	e->ppid = BPF_CORE_READ(task, real_parent, tgid);
	BPF_CORE_READ_STR_INTO(&e->comm, task, group_leader, comm);
}

/*
 * Returns true once a process: not for a thread, even the leader, that ends while others continue.
 * Kernels before 6.16 do not report the last thread; there the leader's end counts.
 */
static bool process_ended(struct trace_event_raw_sched_process_exit *ctx)
{
	unsigned long long id = bpf_get_current_pid_tgid();

	if (bpf_core_field_exists(ctx->group_dead))
		return ctx->group_dead;
	return id >> 32 == (unsigned int)id;
}

/*
 * Returns the status that the parent's wait(2) will report. The last thread need not be the leader;
 * the kernel then keeps the process's status separately from the threads'.
 */
static int wait_status(struct trace_event_raw_sched_process_exit *ctx, struct task_struct *task)
{
	if (bpf_core_field_exists(ctx->group_dead))
		return BPF_CORE_READ(task, signal, group_exit_code);
	return BPF_CORE_READ(task, exit_code);
}

SEC("tp/sched/sched_process_exec")
int handle_exec(struct trace_event_raw_sched_process_exec *ctx)
{
	unsigned int pid = bpf_get_current_pid_tgid() >> 32;
	unsigned long long now = bpf_ktime_get_boot_ns();
	unsigned int filename = ctx->__data_loc_filename & 0xffff;
	struct event *e;

	bpf_map_update_elem(&starts, &pid, &now, BPF_ANY);

	/* With a minimum duration, processes are reported at their end, not now. */
	if (min_duration_ns())
		return 0;

	e = reserve_event();
	if (!e)
		return 0;
	fill_event(e, EVENT_EXEC, now, (struct task_struct *)bpf_get_current_task());
	e->duration_ns = 0;
	e->wait_status = 0;
	if (bpf_probe_read_kernel_str(e->filename, sizeof(e->filename), (void *)ctx + filename) < 0)
		e->filename[0] = '\0';
	bpf_ringbuf_submit(e, 0);
	return 0;
}

SEC("tp/sched/sched_process_exit")
int handle_exit(struct trace_event_raw_sched_process_exit *ctx)
{
	unsigned int pid = bpf_get_current_pid_tgid() >> 32;
	unsigned long long now = bpf_ktime_get_boot_ns();
	unsigned long long duration = 0, *start;
	struct task_struct *task;
	struct event *e;

	if (!process_ended(ctx))
		return 0;

	start = bpf_map_lookup_elem(&starts, &pid);
	if (start) {
		duration = now - *start;
		bpf_map_delete_elem(&starts, &pid);
	}
	/* Without a start (it ran before us, or never called exec) the duration counts as 0. */
	if (duration < min_duration_ns())
		return 0;

	e = reserve_event();
	if (!e)
		return 0;
	task = (struct task_struct *)bpf_get_current_task();
	fill_event(e, EVENT_EXIT, now, task);
	e->duration_ns = duration;
	e->wait_status = wait_status(ctx, task);
	e->filename[0] = '\0';
	bpf_ringbuf_submit(e, 0);
	return 0;
}
