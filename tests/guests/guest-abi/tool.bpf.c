// SPDX-License-Identifier: MIT
/* Maps and programs for the examples of docs/guest-abi.md. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

/* Alone in its section, so that its offset is 0. */
const volatile unsigned int config = 1;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} commands SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 4);
	__type(value, unsigned int);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} programs SEC(".maps");

SEC("xdp")
int count_packets(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

SEC("xdp")
int parse_tcp(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}

/* Sends an event at every call of getrandom(), with the setting. */
SEC("tp/syscalls/sys_enter_getrandom")
int trace(void *ctx)
{
	unsigned int value = config;

	(void)ctx;
	bpf_ringbuf_output(&ring, &value, sizeof(value), 0);
	return 0;
}

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* Prints one line, after the last task. */
SEC("iter/task")
int dump_tasks(struct bpf_iter__task *ctx)
{
	static const char text[] = "all tasks seen\n";

	if (!ctx->task)
		bpf_seq_write(ctx->meta->seq, text, sizeof(text) - 1);
	return 0;
}
