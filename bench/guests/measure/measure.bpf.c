// SPDX-License-Identifier: MIT
/* The eBPF half of every measurement; the guest and its native twin load the same object. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "measure.h"
#include "stream.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, FILL_RING_SIZE);
} filled SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, NUMBERED_RING_SIZE);
} numbered SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} sampled SEC(".maps");

/* Number of events that the next bpf(2) puts into `filled`. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} order SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BATCH_TOTAL);
	__type(key, unsigned long long);
	__type(value, unsigned long long);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, HASH_USED);
	__type(key, unsigned long long);
	__type(value, unsigned long long);
} percpu SEC(".maps");

static long put_filled(unsigned int index, void *context)
{
	struct event event = {.number = index};

	(void)context;
	return bpf_ringbuf_output(&filled, &event, sizeof(event), BPF_RB_NO_WAKEUP) ? 1 : 0;
}

/*
 * Any process may call bpf(2): only "wasm-bpf" and "measure" may start the events that they
 * requested.
 */
static int is_measured(void)
{
	char name[16] = {};

	bpf_get_current_comm(name, sizeof(name));
	return !bpf_strncmp(name, 9, "wasm-bpf") || !bpf_strncmp(name, 8, "measure");
}

SEC("tp/syscalls/sys_exit_bpf")
int fill(void *context)
{
	unsigned int zero = 0, count;
	unsigned int *ordered = bpf_map_lookup_elem(&order, &zero);

	(void)context;
	if (!ordered || !*ordered || !is_measured())
		return 0;
	count = *ordered;
	*ordered = 0;
	bpf_loop(count, put_filled, NULL, 0);
	return 0;
}

/* One producer at a time, so plain counters do. */
static long put_numbered(unsigned int index, void *context)
{
	struct event *event = bpf_ringbuf_reserve(&numbered, sizeof(*event), 0);

	(void)index;
	(void)context;
	if (!event) {
		attempts++;
		drops++;
		return 0;
	}
	event->number = attempts++;
	event->dropped = drops;
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getpriority")
int produce(struct getpriority_args *args)
{
	if (args->which == PRODUCE_WHICH)
		bpf_loop(args->who, put_numbered, NULL, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getpriority")
int stream(struct getpriority_args *args)
{
	struct event *event = next_event(&filled, args);

	if (event)
		bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("tp/syscalls/sys_enter_getpriority")
int stream_perf(struct getpriority_args *args)
{
	struct event event = {};

	if (args->which != STREAM_WHICH)
		return 0;
	event.number = attempts++;
	event.dropped = drops;
	event.time = bpf_ktime_get_ns();
	if (bpf_perf_event_output(args, &sampled, BPF_F_CURRENT_CPU, &event, sizeof(event)))
		drops++;
	return 0;
}

SEC("uprobe")
int traced(void *context)
{
	(void)context;
	return put_numbered(0, NULL);
}
