// SPDX-License-Identifier: MIT
/* One map of 1 GiB, which takes the kernel seconds. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8000000);
	__type(key, unsigned int);
	__type(value, char[64]);
} big SEC(".maps");

SEC("socket")
int use(void *ctx)
{
	return bpf_map_lookup_elem(&big, &(unsigned int){0}) != 0;
}
