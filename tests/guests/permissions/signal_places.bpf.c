// SPDX-License-Identifier: MIT
/*
 * A kernel function that acts on any process, called from each place that a program can call from.
 * Nothing runs: each program is to be refused before the kernel sees it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct task_struct {
	int tgid;
} __attribute__((preserve_access_index));

#define SIGNAL_NONE 0

enum pid_type { PIDTYPE_PID, PIDTYPE_TGID };

extern int bpf_send_signal_task(struct task_struct *task, int sig, enum pid_type type,
				__u64 value) __ksym;
/* A kernel without it would have the call replaced. */
extern int bpf_send_signal_task___weak(struct task_struct *task, int sig, enum pid_type type,
				       __u64 value) __ksym __weak;
extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *task) __ksym;
/* Without a type: an address, not a call. */
extern const void kill_pgrp __ksym;

struct value {
	struct bpf_timer timer;
};

struct work {
	struct bpf_wq work;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct value);
} timers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct work);
} works SEC(".maps");

extern int bpf_wq_init(struct bpf_wq *wq, void *map, unsigned int flags) __ksym __weak;
extern int bpf_wq_start(struct bpf_wq *wq, unsigned int flags) __ksym __weak;
extern int bpf_wq_set_callback_impl(struct bpf_wq *wq,
				    int (*callback)(void *map, int *key, void *value),
				    unsigned int flags, void *aux) __ksym __weak;

static __always_inline int send(int pid)
{
	struct task_struct *task = bpf_task_from_pid(pid);

	if (task) {
		bpf_send_signal_task(task, SIGNAL_NONE, PIDTYPE_TGID, 0);
		bpf_task_release(task);
	}
	return 0;
}

static __noinline int send_statically(int pid)
{
	return send(pid);
}

/* Verified by itself. */
__noinline int send_globally(int pid)
{
	return send(pid) + pid;
}

static long send_each(void *map, int *key, void *value, void *context)
{
	return send(*key);
}

static long send_in_loop(__u32 index, void *context)
{
	return send((int)index);
}

static int send_later(void *map, int *key, void *value)
{
	return send(1);
}

SEC("tp_btf/sched_process_exit")
int static_function(void *ctx)
{
	return send_statically(1);
}

SEC("tp_btf/sched_process_exit")
int global_function(void *ctx)
{
	return send_globally(1) & 0;
}

SEC("tp_btf/sched_process_exit")
int loop_callback(void *ctx)
{
	bpf_loop(1, send_in_loop, NULL, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int element_callback(void *ctx)
{
	bpf_for_each_map_elem(&timers, send_each, NULL, 0);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int timer_callback(void *ctx)
{
	int key = 0;
	struct value *value = bpf_map_lookup_elem(&timers, &key);

	if (value) {
		bpf_timer_init(&value->timer, &timers, 1);
		bpf_timer_set_callback(&value->timer, send_later);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int work_callback(void *ctx)
{
	int key = 0;
	struct work *value = bpf_map_lookup_elem(&works, &key);

	if (value) {
		bpf_wq_init(&value->work, &works, 0);
		bpf_wq_set_callback_impl(&value->work, send_later, 0, NULL);
	}
	return 0;
}

SEC("tp_btf/sched_process_exit")
int weak_name(void *ctx)
{
	struct task_struct *task = bpf_task_from_pid(1);

	if (task) {
		if (bpf_send_signal_task___weak)
			bpf_send_signal_task___weak(task, SIGNAL_NONE, PIDTYPE_TGID, 0);
		bpf_task_release(task);
	}
	return 0;
}

/* Never reached, but part of the program. */
SEC("tp_btf/sched_process_exit")
int dead_code(void *ctx)
{
	volatile int zero = 0;

	return zero ? send(1) : 0;
}

/* A function that programs cannot call, by its address. */
SEC("tp_btf/sched_process_exit")
int by_register(void *ctx)
{
	int (*function)(void) = (void *)&kill_pgrp;

	return function() & 0;
}

/* Goes on in a program that is in an array, from the start or by a map of maps. */
int in_array(void *ctx);

struct programs {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(int));
	__array(values, int(void *));
} first SEC(".maps") = {.values = {[0] = (void *)&in_array}};

SEC("tp_btf/sched_process_exit")
int in_array(void *ctx)
{
	return send(1);
}

SEC("?freplace/static_function")
int replacement(void *ctx)
{
	return send(1);
}

SEC("?syscall")
int by_syscall(void *ctx)
{
	return send(1);
}
