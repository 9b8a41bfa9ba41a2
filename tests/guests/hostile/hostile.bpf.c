// SPDX-License-Identifier: MIT
/* Small object with a bit of everything, quick to load and attach, for calls with hostile
 * arguments. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define MAP(name, map_type, entries, key_type, value_type)                                         \
	struct {                                                                                   \
		__uint(type, map_type);                                                            \
		__uint(max_entries, entries);                                                      \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, 8, unsigned int, unsigned long long);
MAP(array, BPF_MAP_TYPE_ARRAY, 8, unsigned int, unsigned long long);
MAP(per_cpu, BPF_MAP_TYPE_PERCPU_HASH, 8, unsigned long long, unsigned int);
MAP(programs, BPF_MAP_TYPE_PROG_ARRAY, 4, unsigned int, unsigned int);
MAP(devices, BPF_MAP_TYPE_DEVMAP, 4, unsigned int, struct bpf_devmap_val);
MAP(perf, BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, unsigned int, unsigned int);

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 8);
	__type(value, unsigned long long);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, unsigned long long);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} commands SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} inner SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__array(values, struct inner);
} outer SEC(".maps");

unsigned int variable = 7;

struct bpf_iter_meta {
	struct seq_file *seq;
} __attribute__((preserve_access_index));

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} __attribute__((preserve_access_index));

/* Iterators attach and detach without a wait. Each run sends an event. */
SEC("iter/task")
int iterate(struct bpf_iter__task *ctx)
{
	static const char text[] = "one task\n";

	if (!ctx->task)
		bpf_ringbuf_output(&ring, (void *)text, sizeof(text), 0);
	bpf_seq_write(ctx->meta->seq, text, sizeof(text) - 1);
	return variable & 0;
}
