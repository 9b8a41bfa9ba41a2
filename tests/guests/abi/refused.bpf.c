// SPDX-License-Identifier: MIT
/* Program that the verifier rejects after a long log. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int[64]);
} table SEC(".maps");

SEC("raw_tp/sys_enter")
int reads_beyond(void *ctx)
{
	unsigned int key = 0, sum = 0;
	unsigned int *values = bpf_map_lookup_elem(&table, &key);

	if (!values)
		return 0;
#pragma unroll
	for (int i = 0; i < 64; i++)
		sum += values[i] * i;
	return sum + values[64 + bpf_get_prandom_u32() % 8];
}
