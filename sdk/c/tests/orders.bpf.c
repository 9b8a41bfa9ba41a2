// SPDX-License-Identifier: MIT
/* Sends numbered events, and counts, when a process reads random bytes with an order as their
   count. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "orders.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} second_rb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} pb SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, unsigned int);
	__type(value, unsigned int);
} per_cpu SEC(".maps");

const volatile struct settings settings = {.factor = 1};
const volatile unsigned int scale = 1;
unsigned int first_number = 100;
unsigned int calls;
unsigned long long sum;

/* struct trace_event_raw_sys_enter of the system call's own tracepoint. */
struct getrandom_args {
	unsigned long long common;
	long nr;
	unsigned long buf;
	unsigned long size;
	unsigned long flags;
};

static const char long_text[LONG_SIZE] = "long";

struct emission {
	void *ctx;
	unsigned int order;
};

static long emit(unsigned int index, struct emission *emission)
{
	struct event event = {.number = first_number++, .text = "event"};

	if (emission->order == ORDER_RING)
		bpf_ringbuf_output(&rb, &event, sizeof(event), 0);
	else if (emission->order == ORDER_SECOND_RING)
		bpf_ringbuf_output(&second_rb, &event, sizeof(event), 0);
	else if (emission->order == ORDER_PERF)
		bpf_perf_event_output(emission->ctx, &pb, BPF_F_CURRENT_CPU, &event, sizeof(event));
	else
		bpf_ringbuf_output(&rb, (void *)long_text, sizeof(long_text), 0);
	return 0;
}

static __noinline int is_ours(void)
{
	const char name[] = "wasm-bpf";
	char comm[16] = {};

	bpf_get_current_comm(comm, sizeof(comm));
	for (int i = 0; i < (int)sizeof(name) - 1; i++)
		if (comm[i] != name[i])
			return 0;
	return 1;
}

SEC("tp/syscalls/sys_enter_getrandom")
int produce(struct getrandom_args *ctx)
{
	struct emission emission = {.ctx = ctx, .order = ctx->size >> 16};

	if (emission.order < ORDER_RING || emission.order > ORDER_LONG || !is_ours())
		return 0;
	calls++;
	sum += scale * settings.factor + settings.addend;
	bpf_loop(ctx->size & 0xffff, emit, &emission, 0);
	return 0;
}

/* Its section has no interface, so attaching everything leaves it out. */
SEC("xdp")
int pass(struct xdp_md *ctx)
{
	return XDP_PASS;
}

/* Loaded only on request. */
SEC("?tp/no_such/tracepoint")
int optional(void *ctx)
{
	return 0;
}
