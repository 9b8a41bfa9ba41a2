// SPDX-License-Identifier: MIT
/* Map whose numbers tests change: each is the length of an array, unique in the object. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct shape {
	__uint(type, 101);
	__uint(map_flags, 102);
	__uint(max_entries, 103);
	__uint(key_size, 104);
	__uint(value_size, 105);
} shape SEC(".maps");
