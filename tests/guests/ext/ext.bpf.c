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

/* struct trace_event_raw_sys_enter of the system call's own tracepoint. */
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

/* Not on the stack, which has room for little. */
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

SEC("tp/syscalls/sys_enter_getrandom")
int produce(struct getrandom_args *ctx)
{
	struct emission emission = {.ctx = ctx, .order = ctx->size >> 16};

	if (emission.order < ORDER_RING || emission.order > ORDER_LONG || !is_ours())
		return 0;
	bpf_loop(ctx->size & 0xffff, emit, &emission, 0);
	return 0;
}
