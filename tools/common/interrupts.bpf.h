/* SPDX-License-Identifier: MIT */
/* Counts of interrupts and the time in their handlers: hardirqs and softirqs. */
#ifndef INTERRUPTS_BPF_H
#define INTERRUPTS_BPF_H

#include "tool.bpf.h"

OPTION(const volatile bool, dist, false, 'd', "histograms of durations");
OPTION(const volatile bool, counts, false, 'C', "number of interrupts, without the time");
OPTION(const volatile bool, nanoseconds, false, 'N', "durations in nanoseconds");

struct counts {
	__u64 count;
	__u64 total_ns;
};

/* Counts without units, for --nanoseconds. */
struct exact_counts {
	__u64 count;
	__u64 total_ns FORMAT(dec);
};

struct number {
	__u64 count;
};

struct histogram {
	__u32 slots[SLOTS_LOG2];
};

/* Defines the tables of counts, and the histograms shown in their place with --dist. */
#define INTERRUPTS(name, entries)                                                                  \
	COUNTS(PERCPU_HASH, name, entries, struct key, struct counts);                             \
	COUNTS(PERCPU_HASH, name##_exact, entries, struct key, struct exact_counts);               \
	COUNTS(PERCPU_HASH, name##_number, entries, struct key, struct number);                    \
	COUNTS(PERCPU_HASH, durations, entries, struct key, struct histogram);                     \
	TABLE(name, SORT(-total_ns), IF(!dist && !counts && !nanoseconds));                        \
	TABLE(name##_exact, SORT(-total_ns), IF(!dist && !counts && nanoseconds));                 \
	TABLE(name##_number, SORT(-count), IF(!dist && counts));                                   \
	HISTOGRAM(durations, UNIT(nanoseconds ? nsecs : usecs), IF(dist));                         \
	static __always_inline int add_time(const struct key *key, __u64 duration)                 \
	{                                                                                          \
		struct exact_counts *exact = nanoseconds ? name##_exact_of(key) : NULL;            \
		struct counts *sums = nanoseconds ? NULL : name##_of(key);                         \
                                                                                                   \
		if (exact) {                                                                       \
			exact->count += 1;                                                         \
			exact->total_ns += duration;                                               \
		}                                                                                  \
		if (sums) {                                                                        \
			sums->count += 1;                                                          \
			sums->total_ns += duration;                                                \
		}                                                                                  \
		return 0;                                                                          \
	}                                                                                          \
	static __always_inline int add_to_histogram(const struct key *key, __u64 duration)         \
	{                                                                                          \
		struct histogram *histogram = durations_of(key);                                   \
		__u64 value = nanoseconds ? duration : duration / 1000;                            \
                                                                                                   \
		if (histogram)                                                                     \
			histogram->slots[log2_slot(value) & (SLOTS_LOG2 - 1)] += 1;                \
		return 0;                                                                          \
	}                                                                                          \
	/* Counts an interrupt at its end, if its start was seen or is not needed. */              \
	static __always_inline int add_interrupt(const struct key *key)                            \
	{                                                                                          \
		__u64 duration = counts && !dist ? 0 : end_handler();                              \
		struct number *number;                                                             \
                                                                                                   \
		if (is_elsewhere())                                                                \
			return 0;                                                                  \
		if (counts && !dist) {                                                             \
			number = name##_number_of(key);                                            \
			if (number)                                                                \
				number->count += 1;                                                \
			return 0;                                                                  \
		}                                                                                  \
		if (!duration)                                                                     \
			return 0;                                                                  \
		return dist ? add_to_histogram(key, duration) : add_time(key, duration);           \
	}                                                                                          \
	ONLY_IF(!counts || dist, on_entry)

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
