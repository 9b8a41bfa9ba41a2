// SPDX-License-Identifier: MIT
/* llcstat: references and misses of the last level cache, by process. */
#include "tool.bpf.h"

TOOL("llcstat", "count references and misses of the processor's cache");
OPTION(const volatile __u32, pid, 0, 'p', "only this process");
OPTION(const volatile __u32, frequency, 99, 'f', "samples of each counter a second");
OPTION(const volatile bool, tids, false, 't', "by thread");
NUMBERS(SECONDS);

/* Offset of `sample_period` in struct bpf_perf_event_data: after the registers. */
#if defined(__TARGET_ARCH_x86)
#define SAMPLE_PERIOD 168
#else
#define SAMPLE_PERIOD 272
#endif

struct key {
	__u32 pid;
	__u32 tid SHOWN_IF(tids);
	char comm[COMM_BYTES];
	__u32 cpu;
};

struct counts {
	__u64 references;
	__u64 misses;
	__u64 hit_percent COMPUTED(100 * (references - misses) / references) UNIT_OF(percent);
};

COUNTS(HASH, cache, 10240, struct key, struct counts);
TABLE(cache, SORT(-references), LIMIT(20));
PLACE(on_reference, "hardware:cache-references@{frequency}");
PLACE(on_miss, "hardware:cache-misses@{frequency}");

static __always_inline struct counts *counts_of(void)
{
	struct key key = {};

	if (IS_OTHER(pid))
		return NULL;
	SET_PROCESS(&key);
	if (tids)
		key.tid = (__u32)bpf_get_current_pid_tgid();
	key.cpu = bpf_get_smp_processor_id();
	return cache_of(&key);
}

/* A sample counts as many events as there were since the one before. */
SEC("perf_event")
int on_reference(void *ctx)
{
	struct counts *counts = counts_of();

	if (counts)
		ADD(counts->references, *(__u64 *)(ctx + SAMPLE_PERIOD));
	return 0;
}

SEC("perf_event")
int on_miss(void *ctx)
{
	struct counts *counts = counts_of();

	if (counts)
		ADD(counts->misses, *(__u64 *)(ctx + SAMPLE_PERIOD));
	return 0;
}
