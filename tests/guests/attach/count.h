/* SPDX-License-Identifier: MIT */
/* Common part of every eBPF object of this directory: one counter, and programs that only count. */
#ifndef COUNT_H
#define COUNT_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, unsigned int);
	__type(value, unsigned long long);
} counts SEC(".maps");

/* Receives no event: polling it sleeps until an interrupt ends it with an error. */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

static __always_inline int count(int result)
{
	unsigned int key = 0;
	unsigned long long *value = bpf_map_lookup_elem(&counts, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	return result;
}

/* Defines a program on_NAME of that section that counts its runs and returns `result`. */
#define COUNTER(section, name, result)                                                             \
	SEC(section) int on_##name(void *ctx)                                                      \
	{                                                                                          \
		(void)ctx;                                                                         \
		return count(result);                                                              \
	}

#endif
