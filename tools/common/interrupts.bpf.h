/* SPDX-License-Identifier: MIT */
/* Counts of interrupts and the time in their handlers: hardirqs and softirqs. */
#ifndef INTERRUPTS_BPF_H
#define INTERRUPTS_BPF_H

#include "tool.bpf.h"

OPTION(const volatile bool, dist, false, 'd', "histograms of durations");

struct counts {
	__u64 count;
	__u64 total_ns;
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

/* Defines the table `name` of counts, and the histograms shown in its place with --dist. */
#define INTERRUPTS(name, entries)                                                                  \
	COUNTS(PERCPU_HASH, name, entries, struct key, struct counts);                             \
	TABLE(name, SORT(-total_ns), IF(!dist));                                                   \
	COUNTS(PERCPU_HASH, durations, entries, struct key, struct histogram);                     \
	HISTOGRAM(durations, UNIT(usecs), IF(dist));                                               \
	static __always_inline int add_interrupt(const struct key *key, __u64 duration)            \
	{                                                                                          \
		struct histogram *histogram = dist ? durations_of(key) : NULL;                     \
		struct counts *counts = dist ? NULL : name##_of(key);                              \
                                                                                                   \
		if (histogram)                                                                     \
			histogram->slots[log2_slot(duration / 1000) & (SLOTS_LOG2 - 1)] += 1;      \
		if (counts) {                                                                      \
			counts->count += 1;                                                        \
			counts->total_ns += duration;                                              \
		}                                                                                  \
		return 0;                                                                          \
	}                                                                                          \
	_Static_assert(sizeof(struct key) > 0, "a key has members")

/* One at a time on each processor: an interrupt of a kind does not interrupt another one of it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} entry_start SEC(".maps");

static __always_inline int start_handler(void)
{
	__u32 first = 0;
	__u64 *since = bpf_map_lookup_elem(&entry_start, &first);

	if (since)
		*since = bpf_ktime_get_ns();
	return 0;
}

/* Returns the time since the handler started; 0 when its start was not seen. */
static __always_inline __u64 end_handler(void)
{
	__u32 first = 0;
	__u64 *since = bpf_map_lookup_elem(&entry_start, &first), duration;

	if (!since || !*since)
		return 0;
	duration = bpf_ktime_get_ns() - *since;
	*since = 0;
	return duration;
}

#endif
