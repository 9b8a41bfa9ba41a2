// SPDX-License-Identifier: GPL-2.0
/* Maps that hold other things than results by the look of their type. */
#include "common.h"

#ifdef WITH_HIST
struct {
	__uint(type, MAP_TYPE);
	__uint(max_entries, 32);
	__type(key, __u32);
	__type(value, __u64);
} latency_hist SEC(".maps");
#elif defined(WITH_COUNTERS)
/* Counters of perf events that are read, and no records. */
PERF(counters);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8);
	__type(key, __u32);
	__type(value, __u64);
} readings SEC(".maps");
#else
/* Its loader sets the number of entries, most of which are never written. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
} unsized SEC(".maps");
#endif

SEC("tp/syscalls/sys_enter_getpgid")
int handle(void *ctx)
{
	__u32 key = 5;

	if (!is_wanted())
		return 0;
#ifdef WITH_HIST
	__u64 *slot = bpf_map_lookup_elem(&latency_hist, &key);

	if (slot)
		__sync_fetch_and_add(slot, 3);
#elif defined(WITH_COUNTERS)
	__u64 one = bpf_perf_event_read(&counters, 0) ? 1 : 2;

	bpf_map_update_elem(&readings, &key, &one, BPF_ANY);
#else
	__u64 *value = bpf_map_lookup_elem(&unsized, &key);

	if (value)
		*value = 7;
#endif
	return 0;
}
