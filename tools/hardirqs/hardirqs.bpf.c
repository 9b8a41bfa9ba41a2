// SPDX-License-Identifier: MIT
/* hardirqs: interrupts of devices, how many, and the time in their handlers. */
#include "tool.bpf.h"

#define NAME_BYTES 32

TOOL("hardirqs", "count interrupts of devices, with durations");
OPTION(const volatile bool, dist, false, 'd', "histograms of durations");

struct irqaction {
	const char *name;
} __attribute__((preserve_access_index));

struct key {
	char hardirq[NAME_BYTES];
};

struct counts {
	__u64 count;
	__u64 total_ns;
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

COUNTS(PERCPU_HASH, hardirqs, 1024, struct key, struct counts);
TABLE(hardirqs, SORT(-total_ns), IF(!dist));
COUNTS(PERCPU_HASH, durations, 1024, struct key, struct histogram);
HISTOGRAM(durations, UNIT(usecs), IF(dist));

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} entry_start SEC(".maps");

SEC("raw_tp/irq_handler_entry")
int on_entry(void *ctx)
{
	__u32 first = 0;
	__u64 *since = bpf_map_lookup_elem(&entry_start, &first);

	if (since)
		*since = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/irq_handler_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct irqaction *action = (void *)ctx->args[1];
	struct histogram *histogram;
	struct counts *counts;
	struct key key = {};
	__u32 first = 0;
	__u64 *since = bpf_map_lookup_elem(&entry_start, &first), duration;

	if (!since || !*since)
		return 0;
	duration = bpf_ktime_get_ns() - *since;
	*since = 0;
	bpf_probe_read_kernel_str(key.hardirq, NAME_BYTES, BPF_CORE_READ(action, name));
	if (dist) {
		histogram = durations_of(&key);
		if (histogram)
			histogram->slots[log2_slot(duration / 1000) & (SLOTS_LOG2 - 1)] += 1;
		return 0;
	}
	counts = hardirqs_of(&key);
	if (counts) {
		counts->count += 1;
		counts->total_ns += duration;
	}
	return 0;
}
