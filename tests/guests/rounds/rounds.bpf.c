// SPDX-License-Identifier: MIT
/* One resource of each kind that a guest can hold: maps, a buffer, a user ring, programs to
 * attach. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, unsigned int);
	__type(value, unsigned int);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} commands SEC(".maps");

unsigned int variable;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__bpf_map {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
} __attribute__((preserve_access_index));

SEC("iter/bpf_map")
int iterate(struct bpf_iter__bpf_map *ctx)
{
	variable++;
	bpf_ringbuf_output(&ring, &variable, sizeof(variable), 0);
	bpf_seq_write(ctx->meta->seq, &variable, sizeof(variable));
	return 0;
}

SEC("raw_tp/task_newtask")
int on_task(void *ctx)
{
	return 0;
}
