// SPDX-License-Identifier: MIT
/* Program that the verifier rejects only after tens of megabytes of log. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

SEC("raw_tp/sched_process_exit")
int long_log(void *context)
{
	__u64 sum = 0;
	__u64 *value;
	__u32 key;

	for (int i = 0; i < 36000; i++)
		sum += bpf_get_prandom_u32();
	key = (__u32)sum;
	value = bpf_map_lookup_elem(&counts, &key);
	/* It may be NULL. */
	return (int)*value;
}
