// SPDX-License-Identifier: MIT
/* Produces numbered events on demand, and defines a map of every kind that the ABI test uses. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"

char LICENSE[] SEC("license") = "GPL";

const volatile unsigned int read_only = 42;
unsigned int read_write = 7;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 * 1024);
} ring SEC(".maps"), other_ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(int));
	__uint(value_size, sizeof(int));
} perf SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8);
	__type(key, unsigned int);
	__type(value, unsigned int);
} numbers SEC(".maps"), dropped SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, unsigned long long);
	__type(value, unsigned long long);
} hash SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	/* Rounded up to 8 for each CPU. */
	__type(value, unsigned int);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 2);
	__type(value, unsigned int);
} queue SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} wasm_bpf_test_pin SEC(".maps");

/* struct trace_event_raw_sys_enter of this system call's tracepoint. */
struct getrandom_args {
	unsigned long long common;
	long nr;
	unsigned long buf;
	unsigned long size;
	unsigned long flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} claim SEC(".maps");

static unsigned int owner;

/* Every process may call getrandom(2), and other guests like this one may run. */
static int is_ours(unsigned int order, unsigned int count)
{
	unsigned int process = bpf_get_current_pid_tgid() >> 32, zero = 0;
	unsigned int *number = bpf_map_lookup_elem(&claim, &zero);

	if (!owner && order == ORDER_CLAIM && number && *number && *number == count)
		owner = process;
	return owner == process;
}

static void count_drop(unsigned int order)
{
	unsigned int *count = bpf_map_lookup_elem(&dropped, &order);

	if (count)
		__sync_fetch_and_add(count, 1);
}

/* Not on the stack, which is too small. */
static const char long_text[LONG_SIZE] = "long";

/* Filled by the first order. */
static unsigned char pattern[SIZED_MAX];

static void emit_sized(unsigned int size)
{
	for (int i = 0; i < SIZED_MAX && !pattern[1]; i++)
		pattern[SIZED_MAX - 1 - i] = (SIZED_MAX - 1 - i) & 0xff;
	if (size <= SIZED_MAX)
		bpf_ringbuf_output(&ring, pattern, size, 0);
}

struct emission {
	void *ctx;
	unsigned int order;
};

static long emit(unsigned int index, struct emission *emission)
{
	unsigned int order = emission->order;
	unsigned int *number = bpf_map_lookup_elem(&numbers, &order);
	struct event event = {.order = order};
	long err = 0;

	(void)index;
	if (!number)
		return 1;
	event.number = (*number)++;
	if (order == ORDER_RING) {
		err = bpf_ringbuf_output(&ring, &event, sizeof(event), 0);
	} else if (order == ORDER_OTHER_RING) {
		err = bpf_ringbuf_output(&other_ring, &event, sizeof(event), 0);
	} else if (order == ORDER_PERF) {
		err = bpf_perf_event_output(emission->ctx, &perf, BPF_F_CURRENT_CPU, &event,
					    sizeof(event));
	} else if (order == ORDER_LONG) {
		err = bpf_ringbuf_output(&ring, (void *)long_text, sizeof(long_text), 0);
	} else {
		struct event *slot = bpf_ringbuf_reserve(&ring, sizeof(event), 0);

		if (slot)
			bpf_ringbuf_discard(slot, 0);
	}
	if (err)
		count_drop(order);
	return 0;
}

SEC("tp/syscalls/sys_enter_getrandom")
int produce(struct getrandom_args *ctx)
{
	struct emission emission = {.ctx = ctx, .order = ctx->size >> 16};

	if (!is_ours(emission.order, ctx->size & 0xffff) || emission.order < ORDER_RING ||
	    emission.order > ORDER_SIZED)
		return 0;
	if (emission.order == ORDER_SIZED) {
		emit_sized(ctx->size & 0xffff);
		return 0;
	}
	bpf_loop(ctx->size & 0xffff, emit, &emission, 0);
	return 0;
}

SEC("tp/syscalls/sys_exit_getrandom")
int unused(void *ctx)
{
	return 0;
}

/* A name that exists in no kernel. */
SEC("tp/syscalls/sys_enter_no_such_call")
int nowhere(void *ctx)
{
	return 0;
}
