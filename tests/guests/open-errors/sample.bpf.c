// SPDX-License-Identifier: MIT
/* Object with a map and a program, whose file the guest changes before it opens it. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned int);
} counts SEC(".maps");

SEC("socket")
int use(void *ctx)
{
	return bpf_map_lookup_elem(&counts, &(unsigned int){0}) != 0;
}
