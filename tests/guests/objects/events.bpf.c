// SPDX-License-Identifier: MIT
/* Sends events in each pass of an iterator, which no other process runs. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} perf SEC(".maps");

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

char bytes[2000];

SEC("iter/task")
int send_one(struct bpf_iter__task *ctx)
{
	if (!ctx->task)
		bpf_ringbuf_output(&ring, bytes, 8, 0);
	return 0;
}

/* 200 KB: more than a batch, less than the buffer of one CPU. */
SEC("iter/task")
int send_many(struct bpf_iter__task *ctx)
{
	if (ctx->task)
		return 0;
	for (int i = 0; i < 100; i++)
		bpf_perf_event_output(ctx, &perf, BPF_F_CURRENT_CPU, bytes, sizeof(bytes));
	return 0;
}

/* The kernel takes some milliseconds to detach it. */
SEC("tp/sched/sched_process_exec")
int nothing(void *ctx)
{
	return 0;
}
