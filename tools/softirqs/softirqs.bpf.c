// SPDX-License-Identifier: MIT
/* softirqs: soft interrupts, how many, and the time in them. */
#include "tool.bpf.h"

TOOL("softirqs", "count soft interrupts, with durations");
OPTION(const volatile bool, dist, false, 'd', "histograms of durations");

enum softirq { HI, TIMER, NET_TX, NET_RX, BLOCK, IRQ_POLL, TASKLET, SCHED, HRTIMER, RCU, SOFTIRQS };

struct key {
	enum softirq softirq;
};

struct counts {
	__u64 count;
	__u64 total_ns;
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

COUNTS(PERCPU_HASH, softirqs, SOFTIRQS, struct key, struct counts);
TABLE(softirqs, SORT(-total_ns), IF(!dist));
COUNTS(PERCPU_HASH, durations, SOFTIRQS, struct key, struct histogram);
HISTOGRAM(durations, UNIT(usecs), IF(dist));

/* One at a time on each processor: a soft interrupt does not interrupt another. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} entry_start SEC(".maps");

SEC("raw_tp/softirq_entry")
int on_entry(void *ctx)
{
	__u32 first = 0;
	__u64 *since = bpf_map_lookup_elem(&entry_start, &first);

	if (since)
		*since = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/softirq_exit")
int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
	struct key key = {.softirq = (__u32)ctx->args[0]};
	struct histogram *histogram;
	struct counts *counts;
	__u32 first = 0;
	__u64 *since = bpf_map_lookup_elem(&entry_start, &first), duration;

	if (!since || !*since)
		return 0;
	duration = bpf_ktime_get_ns() - *since;
	*since = 0;
	if (dist) {
		histogram = durations_of(&key);
		if (histogram)
			histogram->slots[log2_slot(duration / 1000) & (SLOTS_LOG2 - 1)] += 1;
		return 0;
	}
	counts = softirqs_of(&key);
	if (counts) {
		counts->count += 1;
		counts->total_ns += duration;
	}
	return 0;
}
