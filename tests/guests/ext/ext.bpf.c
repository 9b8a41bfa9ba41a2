// SPDX-License-Identifier: MIT
/* Sends numbered events on demand. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "ext.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 512 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__type(value, unsigned int);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100000);
	__type(key, unsigned long long);
	__type(value, unsigned long long);
} large SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16);
	__type(key, unsigned int);
	__type(value, unsigned int);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct prefix);
	__type(value, unsigned int);
} trie SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, unsigned int);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} commands SEC(".maps");

const volatile unsigned int read_only[4] = {1, 2, 3, 4};
unsigned int initialised[4] = {5, 6, 7, 8};
unsigned long long zero[4];
/* Only static variables: the kernel's map cannot be mapped. */
static volatile unsigned int hidden SEC(".data.hidden") = 9;

/* struct trace_event_raw_sys_enter of this system call's tracepoint. */
struct getrandom_args {
	unsigned long long common;
	long nr;
	unsigned long buf;
	unsigned long size;
	unsigned long flags;
};

static int is_ours(void)
{
	const char name[] = "wasm-bpf";
	char comm[16] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < (int)sizeof(name) - 1; i++)
		if (comm[i] != name[i])
			return 0;
	return 1;
}

static unsigned int next_number;

/* Not on the stack, which is too small. */
static const char long_text[LONG_SIZE] = "long";

struct emission {
	void *ctx;
	unsigned int order;
};

static long emit(unsigned int index, struct emission *emission)
{
	struct event event = {.number = next_number++, .text = "event"};

	(void)index;
	if (emission->order == ORDER_RING)
		bpf_ringbuf_output(&ring, &event, sizeof(event), 0);
	else if (emission->order == ORDER_PERF)
		bpf_perf_event_output(emission->ctx, &perf, BPF_F_CURRENT_CPU, &event,
				      sizeof(event));
	else
		bpf_ringbuf_output(&ring, (void *)long_text, sizeof(long_text), 0);
	return 0;
}

static long take_command(struct bpf_dynptr *sample, void *ctx)
{
	unsigned int number = 0;

	(void)ctx;
	bpf_dynptr_read(&number, sizeof(number), sample, 0, 0);
	zero[0]++;
	zero[1] += number;
	return 0;
}

SEC("tp/syscalls/sys_exit_getrandom")
int drain(void *ctx)
{
	(void)ctx;
	if (is_ours())
		bpf_user_ringbuf_drain(&commands, take_command, NULL, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getrandom")
int show_globals(struct getrandom_args *ctx)
{
	if (ctx->size >> 16 != ORDER_GLOBALS || !is_ours())
		return 0;
	zero[2] = read_only[0] + read_only[3] * 100 + initialised[1] * 10000;
	zero[3] += hidden;
	return 0;
}

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

SEC("iter/task")
int print_tasks(struct bpf_iter__task *ctx)
{
	static const char line[] = "task\n";

	if (ctx->task)
		bpf_seq_write(ctx->meta->seq, line, sizeof(line) - 1);
	return 0;
}

SEC("tp/syscalls/sys_enter_getrandom")
int produce(struct getrandom_args *ctx)
{
	struct emission emission = {.ctx = ctx, .order = ctx->size >> 16};

	if (emission.order < ORDER_RING || emission.order > ORDER_LONG || !is_ours())
		return 0;
	bpf_loop(ctx->size & 0xffff, emit, &emission, 0);
	return 0;
}
