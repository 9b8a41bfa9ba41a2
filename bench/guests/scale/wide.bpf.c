// SPDX-License-Identifier: MIT
/*
 * Per-CPU arrays whose values, of all processors of a small machine together, are as long as
 * 8-byte values of 32, 128 and 512 processors.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

#define WIDE(name, bytes)                                                                          \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);                                           \
		__uint(max_entries, 1);                                                            \
		__uint(key_size, 4);                                                               \
		__uint(value_size, bytes);                                                         \
	} name SEC(".maps");

WIDE(w128, 128)
WIDE(w512, 512)
WIDE(w2048, 2048)
